"""Places where two articles differ, found ahead of any question, and for those who may read both."""

from collections.abc import Iterator
from pathlib import Path
from threading import Event
from typing import Any

import httpx
import pytest

from index.records import EVERYTHING, FOR_EVERYONE, Access
from service.api.app import create_app
from service.assistant import LocalAssistant
from service.conflicts import likeliest
from service.schemas.conflicts import Conflict, ConflictsRequest
from tests.cli_fixtures import Run
from tests.http_server import serving_app
from tests.service_fixtures import assistant_over, index_into, settings_for, write

ARTICLES = {
    "travel.md": "# Travel\n\nMeals on business trips are paid up to **28 euros** a day. Trains are booked by the office.\n",
    "expenses.md": "# Expenses\n\nReceipts are kept.\n\nOn business trips, up to 35 euros a day are paid for meals.\n",
    "hotels.md": "# Hotels\n\nHotels on business trips are paid up to 120 euros a night.\n",
    "old.md": "# Old\n\nIn 2014, up to 19 euros a day were paid for meals on business trips.\n",
    "same.md": "# Again\n\nUp to 28 euros a day are paid for meals on business trips.\n",
    "board.md": "---\ngroups: [board]\n---\n# Board\n\nThe merger with Meridian was valued at $2.4 billion.\n",
    "press.md": "# Press\n\nThe merger with Meridian was valued at $3.1 billion.\n",
    "steps.md": "# Steps\n\n**Step 5**: The recruiter declines all other candidates for the position.\n",
    "more-steps.md": "# More steps\n\n**Step 7**: The recruiter declines all other candidates for the position.\n",
}


@pytest.fixture(scope="module")
def assistant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAssistant]:
    place = tmp_path_factory.mktemp("conflicts")
    with assistant_over(settings_for(place / "data")) as assistant:
        index_into(assistant, write(place / "articles", ARTICLES))
        yield assistant


def found(assistant: LocalAssistant, access: Access, **request: float) -> list[Conflict]:
    response = assistant.conflicts(ConflictsRequest.model_validate(request), access)
    assert response.compared == response.passages
    for side in (side for conflict in response.conflicts for side in (conflict.one, conflict.other)):
        text = assistant.article(side.article_id, access, side.article_version).text
        assert text[side.start : side.end] == side.quote
    return response.conflicts


def values(conflicts: list[Conflict]) -> set[frozenset[str]]:
    return {frozenset((conflict.one.value, conflict.other.value)) for conflict in conflicts}


def test_what_differs_is_found_and_what_is_of_something_else_is_not(assistant: LocalAssistant) -> None:
    conflicts = found(assistant, EVERYTHING)
    assert values(conflicts) == {
        frozenset(("up to 35 euros", "up to 28 euros")),
        frozenset(("up to 35 euros", "Up to 28 euros")),
        frozenset(("$2.4 billion", "$3.1 billion")),
    }
    likelihoods = [conflict.likelihood for conflict in conflicts]
    assert likelihoods == sorted(likelihoods, reverse=True)


def test_articles_that_one_may_not_read_conflict_with_nothing(assistant: LocalAssistant) -> None:
    assert not any("Meridian" in conflict.model_dump_json() for conflict in found(assistant, FOR_EVERYONE))
    board = found(assistant, Access(frozenset({"board"})))
    assert frozenset(("$2.4 billion", "$3.1 billion")) in values(board)


def test_it_ends_in_time_and_is_gone_on_with(assistant: LocalAssistant, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = assistant.conflicts(ConflictsRequest(), EVERYTHING)
    monkeypatch.setattr("service.conflicts._AT_ONCE", 2)
    parts = [assistant.conflicts(ConflictsRequest(seconds=1e-9), EVERYTHING)]
    while after := parts[-1].next_after:
        parts.append(assistant.conflicts(ConflictsRequest(seconds=1e-9, after=after), EVERYTHING))
    assert [part.compared for part in parts] == [2, 4, 6, 8, 9]
    assert {part.passages for part in parts} == {len(ARTICLES)}
    found_in_parts = likeliest(conflict for part in parts for conflict in part.conflicts)
    assert values(found_in_parts) == values(whole.conflicts)
    assert len(found_in_parts) == len(whole.conflicts)
    assert assistant.conflicts(ConflictsRequest(after="~"), EVERYTHING).compared == len(ARTICLES)


def test_one_search_is_made_at_a_time_and_ends_when_the_client_goes_away(
    assistant: LocalAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on, parts = Event(), Event(), []

    def held(*given: Any) -> Iterator[Any]:
        parts.append(given)
        begun.set()
        assert go_on.wait(60)
        return iter(())

    monkeypatch.setattr("service.conflicts._pairs", held)
    monkeypatch.setattr("service.conflicts._AT_ONCE", 1)
    app = create_app(assistant, settings=assistant.settings, owner_token="owner")
    headers = {"Authorization": "Bearer owner"}
    with serving_app(app) as url:
        with pytest.raises(httpx.ReadTimeout):  # the client hangs up
            httpx.post(f"{url}/api/conflicts", json={}, headers=headers, timeout=httpx.Timeout(60, read=1))
        assert begun.wait(60)
        refused = httpx.post(f"{url}/api/conflicts", json={}, headers=headers, timeout=60)
        assert (refused.status_code, refused.json()["type"]) == (429, "/problems/search-under-way")
        assert refused.headers["Retry-After"] == "5"
        go_on.set()
        assert assistant.finding_conflicts.acquire(timeout=60)
        assistant.finding_conflicts.release()
        assert len(parts) < len(ARTICLES)
        assert httpx.post(f"{url}/api/conflicts", json={}, headers=headers, timeout=60).json()["next_after"] is None


def test_the_likeliest_are_shown(assistant: LocalAssistant) -> None:
    response = assistant.conflicts(ConflictsRequest(limit=1), EVERYTHING)
    assert (len(response.conflicts), response.left_out) == (1, 2)


def test_the_command_prints_both_sides(footnote: Run, tmp_path: Path) -> None:
    articles = write(tmp_path / "articles", {name: ARTICLES[name] for name in ("travel.md", "expenses.md")})
    footnote("index", str(articles))
    told = footnote("conflicts")
    assert "in travel (Travel)" in told.out
    assert "On business trips, up to 35 euros a day are paid for meals." in told.out
    assert "1 possible conflicts." in told.out
    assert (told.code, told.err) == (0, "")


def test_what_one_may_not_read_and_what_one_article_repeats_hide_no_conflict(tmp_path: Path) -> None:
    part = f"Meals on business trips are paid up to 28 euros a day. {'Meals on business trips are paid later. ' * 20}"
    long = "".join(f"## Part {n}\n\n{part}\n\n" for n in range(12))
    articles = {"long.md": f"# Trips\n\n{long}", "expenses.md": ARTICLES["expenses.md"]} | {
        f"board{n}.md": f"---\ngroups: [board]\n---\n{ARTICLES['expenses.md']}\nPage {n}.\n" for n in range(12)
    }
    with assistant_over(settings_for(tmp_path / "data")) as assistant:
        index_into(assistant, write(tmp_path / "articles", articles))
        assert values(found(assistant, FOR_EVERYONE)) == {frozenset(("up to 28 euros", "up to 35 euros"))}
