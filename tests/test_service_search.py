"""Which hits are read: of the right time, of each source and thing that is named, and never fewer than there are."""

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.ingest.sync import sync
from index.records import EVERYTHING, FOR_EVERYONE, Access, Filters
from index.retrieval import retrieve
from index.stores.store import Index
from service.answer.analysis import analyse
from service.answer.models import Answer, NoAnswer, Preferences, Question
from service.answer.pipeline import answer
from service.answer.retrieval.search import Selected, select_hits
from service.settings import Settings

NewPlace = Callable[[], AbstractContextManager[Path]]
OpenedIn = Callable[..., AbstractContextManager[Index]]

MONDAYS = [date(2026, 1, 5) + timedelta(days=7 * week) for week in range(24)]
LEVELS = {day: f"{40 + week}.{week % 10} percent" for week, day in enumerate(MONDAYS)}
AS_OF = date(2026, 6, 17)
SETTINGS = Settings(_env_file=None)


def weekly(day: date) -> dict[str, object]:
    text = f"The Orrin reservoir is filled to {LEVELS[day]}, the water board said. Little snow has come down."
    return {"id": f"orrin-{day}", "title": "The Orrin reservoir", "text": text, "published": day.isoformat()}


def tram(stops: int) -> dict[str, object]:
    text = f"The new tram line in Brackwell opens with {stops} stops, as the council and the mayor decided."
    return {"id": f"tram-{stops}", "title": "The tram", "text": text, "publisher": "Brackwell Observer"}


ARTICLES: list[dict[str, object]] = [
    *map(weekly, MONDAYS),
    {"id": "dam", "title": "The dam", "text": "The Orrin dam was built in 1958 by Ada Lund."},
    {"id": "wall", "title": "Lissen", "text": "Lissen builds a sea wall 640 metres long.", "published": "2025-11-20"},
    {
        "id": "secret",
        "title": "The Orrin reservoir",
        "text": "The Orrin reservoir is filled to 99.9 percent, a memo of the water board says.",
        "published": "2026-06-16",
        "groups": ["staff"],
    },
    *map(tram, range(20, 35)),
    {"id": "echo", "title": "Rails", "text": "On rails, Brackwell spends too much.", "publisher": "Valley Echo"},
]


@pytest.fixture(scope="module")
def indexed(new_place: NewPlace, opened_in: OpenedIn) -> Iterator[Index]:
    with new_place() as place, opened_in(place / "data") as index:
        (place / "feed.jsonl").write_text("\n".join(map(json.dumps, ARTICLES)))
        assert sync(index, [place / "feed.jsonl"]).added == len(ARTICLES)
        yield index


def asked(text: str, as_of: date | None = AS_OF, access: Access = FOR_EVERYONE) -> Question:
    return Question(text, access=access, as_of=as_of)


def selected_for(index: Index, question: Question, *, time_preference: bool = True) -> Selected:
    return select_hits(
        index, question.text, analyse(question, longest=500, completed=None, time_preference=time_preference)
    )


def first(selected: Selected) -> str:
    return selected.hits[0].passage.article.id


@pytest.mark.parametrize(
    ("question", "best", "preferences"),
    [
        ("How full is the Orrin reservoir this week?", "orrin-2026-06-15", Preferences(date(2026, 6, 15), AS_OF)),
        ("How full was the Orrin reservoir on 9 March?", "orrin-2026-03-09", Preferences(*[date(2026, 3, 9)] * 2)),
        ("How full was Orrin before 12 January 2026?", "orrin-2026-01-05", Preferences(None, date(2026, 1, 11))),
        ("What is the latest on the Orrin reservoir?", "orrin-2026-06-15", Preferences(None, AS_OF)),
    ],
)
def test_the_article_of_the_right_week_comes_first(
    indexed: Index, question: str, best: str, preferences: Preferences
) -> None:
    selected = selected_for(indexed, asked(question))
    assert first(selected) == best
    assert selected.preferences == preferences
    assert selected_for(indexed, asked(question), time_preference=False).preferences == Preferences()


def test_the_day_of_the_question_counts_a_little_where_it_names_no_time(indexed: Index) -> None:
    selected = selected_for(indexed, asked("How full is the Orrin reservoir?", date(2026, 2, 24)))
    assert first(selected) in {"orrin-2026-02-16", "orrin-2026-02-23"}
    assert selected.preferences == Preferences(date(2026, 2, 10), date(2026, 2, 24))


def test_a_question_without_time_or_names_is_left_as_it_is(indexed: Index) -> None:
    plain = retrieve(indexed, "Who built the dam?", access=EVERYTHING, filters=Filters())
    selected = selected_for(indexed, asked("Who built the dam?", None, EVERYTHING))
    assert selected.hits == plain.hits
    assert selected.preferences == Preferences()


def test_a_source_of_another_time_is_found_when_it_is_the_only_one(indexed: Index) -> None:
    question = asked("How long is the sea wall that Lissen builds this week?")
    selected, before = (selected_for(indexed, question, time_preference=on) for on in (True, False))
    assert first(selected) == "wall"
    assert selected.hits[0].score == before.hits[0].score
    assert selected.hits[0].timely


def test_figures_of_another_week_are_no_disagreement(indexed: Index) -> None:
    result = answer(asked("How full is the Orrin reservoir this week?"), index=indexed, settings=SETTINGS)
    assert isinstance(result, Answer)
    assert LEVELS[date(2026, 6, 15)] in result.text
    assert {citation.article_id for citation in result.citations} == {"orrin-2026-06-15"}
    assert result.disagreements == ()
    assert result.preferences == Preferences(date(2026, 6, 15), AS_OF)


def test_what_may_not_be_read_stays_hidden_however_well_its_day_suits(indexed: Index) -> None:
    question = "How full is the Orrin reservoir this week?"
    theirs = selected_for(indexed, asked(question, access=Access(frozenset({"staff"}))))
    others = selected_for(indexed, asked(question))
    assert "secret" in {hit.passage.article.id for hit in theirs.hits[:2]}
    assert "secret" not in {hit.passage.article.id for hit in others.hits}


def test_filters_hold_whatever_time_the_question_names(indexed: Index) -> None:
    question = Question(
        "the Orrin reservoir this week", filters=Filters(published_before=date(2026, 3, 1)), as_of=AS_OF
    )
    selected = selected_for(indexed, question)
    days = {hit.passage.article.published for hit in selected.hits}
    assert days
    assert all(day is not None and day <= date(2026, 3, 1) for day in days)


def test_each_source_that_is_named_is_among_the_first(indexed: Index) -> None:
    question = "What do Brackwell Observer and Valley Echo say about the new tram line in Brackwell?"
    sources = [hit.passage.article.publisher for hit in selected_for(indexed, asked(question, None)).hits]
    assert "Valley Echo" in sources[:4]
    assert "Brackwell Observer" in sources[:4]


def test_each_thing_that_is_compared_is_among_the_first(indexed: Index) -> None:
    question = "Compare the stops of the new tram line in Brackwell with the sea wall of Lissen"
    found = answer(asked(question, None), index=indexed, settings=SETTINGS)
    assert isinstance(found, Answer | NoAnswer)
    ids = [hit.passage.article.id for hit in found.hits[:4]]
    assert "wall" in ids
    assert any(id_.startswith("tram") for id_ in ids)


@given(
    st.sampled_from(["this week", "in March", "since May 2026", "latest", "before 2020", "two years ago", ""]),
    st.dates(),
    st.sampled_from(["Orrin reservoir", "Valley Echo on rails", "compare Lissen with Orrin"]),
)
def test_hits_come_best_first_and_none_is_lost(indexed: Index, time: str, as_of: date, about: str) -> None:
    text = f"{about} {time}".strip()
    plain = retrieve(indexed, text, access=FOR_EVERYONE, filters=Filters())
    selected = selected_for(indexed, asked(text, as_of))
    scores = [hit.score for hit in selected.hits]
    assert scores == sorted(scores, reverse=True)
    assert len({hit.passage.id for hit in selected.hits}) == len(selected.hits) >= len(plain.hits)
