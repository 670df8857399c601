"""Streams that are read on after their connection broke: by their asker alone, without asking again, and not for ever."""

import asyncio
import shutil
import subprocess
import threading
from collections.abc import AsyncGenerator, Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from index.errors import NotInHistory
from index.records import Access
from service.api.app import create_app
from service.api.resuming import ResumableStreams
from service.auth.askers import ANYONE, Asker
from service.auth.rate_limits import RateLimits
from service.auth.state import AuthState
from service.schemas.api import AskEvent, HitsEvent, SearchingEvent
from service.settings import Settings
from tests.fake_assistant import FakeAssistant, answered, citation, streamed
from tests.http_server import served, serving_app
from tests.service_fixtures import assistant_over, index_into, settings_for, write
from tests.skipping import not_installed
from tests.test_service_streaming import PATIENCE, events_of, send_request

WHOLE = answered("It rained.", "Ferries stopped.", "All went home.", citations=[citation(1), citation(2), citation(3)])
QUESTION = {"question": "Why?", "stream": True, "resumable": True}
STREAM = f"/api/answers/{WHOLE.id}/stream"
AL = Asker("key:al", Access(frozenset({"staff"})))
BO = Asker("key:bo", Access(frozenset({"staff"})))
ENDLESS: list[Any] = [lambda: threading.Event().wait(0.05), SearchingEvent(queries=[])] * 1_000
RAIN = "# Rain\n\nIt rained for 40 days in Hamburg. The Elbe rose by two metres."


class Paced(FakeAssistant):
    """Makes an answer of five events, and waits after the second until it is let go on."""

    def __init__(self) -> None:
        super().__init__()
        self.go_on = threading.Event()
        hits, first, *rest = streamed(WHOLE)
        self.steps = [hits, first, lambda: self.go_on.wait(PATIENCE), *rest]
        self.unreadable: set[str] = set()

    def check_readable(self, article_ids: Collection[str], access: Access) -> None:
        if self.unreadable & set(article_ids):
            raise NotInHistory("An article was closed.")


@pytest.fixture
def assistant() -> Iterator[Paced]:
    assistant = Paced()
    yield assistant
    assistant.go_on.set()


def settings(**chosen: Any) -> Settings:
    return Settings(_env_file=None, **chosen)


def leave_half_way(url: str, headers: dict[str, str] | None = None) -> str:
    """Ask, read two events, and break the connection. Returns the number of the last event."""
    with httpx.stream("POST", f"{url}/api/ask", json=QUESTION, headers=headers, timeout=PATIENCE) as response:
        lines = response.iter_lines()
        assert next(line for line in lines if line.startswith("event: sentence"))
    return "2"


def names(response: httpx.Response) -> list[str]:
    return [name for name, _ in events_of(response.text)]


def resumed(url: str, after: str, headers: dict[str, str] | None = None) -> httpx.Response:
    sent = {"Last-Event-ID": after} | (headers or {})
    return httpx.get(f"{url}{STREAM}", headers=sent, timeout=PATIENCE)


def test_a_stream_goes_on_where_it_broke_and_nothing_is_asked_again(assistant: Paced) -> None:
    with served(assistant) as url:
        last = leave_half_way(url)
        assistant.go_on.set()
        rest = resumed(url, last)
        assert names(rest) == ["sentence", "sentence", "answer"]
        assert [line for line in rest.text.splitlines() if line.startswith("id:")] == ["id: 3", "id: 4", "id: 5"]
        assert names(httpx.get(f"{url}{STREAM}?after=4")) == ["answer"]
        assert names(httpx.get(f"{url}{STREAM}")) == ["hits", "sentence", "sentence", "sentence", "answer"]
        assert resumed(url, "5").status_code == 204
    assert [name for name, *_ in assistant.calls].count("ask") == 1
    assert events_of(rest.text)[-1][1]["id"] == WHOLE.id


def test_two_readers_get_the_same_while_the_answer_is_made(assistant: Paced) -> None:
    with served(assistant) as url:
        leave_half_way(url)
        got: list[list[str]] = []
        readers = [threading.Thread(target=lambda: got.append(names(resumed(url, "1")))) for _ in range(2)]
        for reader in readers:
            reader.start()
        assistant.go_on.set()
        for reader in readers:
            reader.join()
    assert got == [["sentence", "sentence", "sentence", "answer"]] * 2


@pytest.mark.skipif(not shutil.which("curl"), reason=not_installed("curl"))
def test_a_reader_that_is_killed_half_way_can_come_back(assistant: Paced) -> None:
    body = '{"question": "Why?", "stream": true, "resumable": true}'
    with served(assistant) as url:
        command = ["curl", "-sN", "-H", "Content-Type: application/json", "-d", body, f"{url}/api/ask"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as reader:
            assert reader.stdout
            assert next(line for line in reader.stdout if line.startswith("event: sentence"))
            reader.kill()
        assistant.go_on.set()
        assert names(resumed(url, "2")) == ["sentence", "sentence", "answer"]


def test_an_answer_that_nobody_comes_back_to_is_ended(assistant: Paced) -> None:
    assistant.steps[2:] = ENDLESS
    with served(assistant, settings(stream_resume_seconds=0.2)) as url:
        leave_half_way(url)
        assert assistant.closed.wait(PATIENCE)
        assert resumed(url, "2").status_code == 404
    assert assistant.made < len(assistant.steps)


def test_without_time_for_it_an_answer_ends_with_its_connection(assistant: Paced) -> None:
    hung_up = threading.Event()
    assistant.steps = [*assistant.steps[:2], lambda: hung_up.wait(PATIENCE), *[SearchingEvent(queries=[])] * 1_000]
    with served(assistant, settings(stream_resume_seconds=0)) as url:
        send_request(url, QUESTION).close()
        hung_up.set()
        assert assistant.closed.wait(PATIENCE)


def test_an_answer_is_stopped_by_its_asker(assistant: Paced) -> None:
    assistant.steps[2:] = ENDLESS
    with served(assistant) as url:
        leave_half_way(url)
        assert httpx.delete(f"{url}{STREAM}").status_code == 204
        assert assistant.closed.wait(PATIENCE)
        assert resumed(url, "2").status_code == 404
        assert httpx.delete(f"{url}{STREAM}").status_code == 404
    assert assistant.made < len(assistant.steps)


@contextmanager
def with_keys(assistant: FakeAssistant, tmp_path: Path, askers: dict[str, Asker], **chosen: Any) -> Iterator[str]:
    auth_state = AuthState(token_lookups=(askers.get,), rates=RateLimits(tmp_path / "rates.db"))
    app = create_app(assistant, settings=settings(api_keys_required=True, **chosen), auth_state=auth_state)
    with serving_app(app) as url:
        yield url


def key(name: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {name}"}


def test_only_the_asker_reads_on_or_stops_with_the_groups_of_before(assistant: Paced, tmp_path: Path) -> None:
    askers = {"al": AL, "bo": BO}
    with with_keys(assistant, tmp_path, askers) as url:
        leave_half_way(url, key("al"))
        assert resumed(url, "2", key("bo")).status_code == 404
        assert httpx.delete(f"{url}{STREAM}", headers=key("bo")).status_code == 404
        assert httpx.get(f"{url}{STREAM}").status_code == 401
        assistant.go_on.set()
        assert resumed(url, "2", key("al")).status_code == 200
        askers["al"] = replace(AL, access=Access(frozenset()))
        assert resumed(url, "2", key("al")).status_code == 404


def test_what_may_not_be_read_any_more_is_not_shown_again(assistant: Paced) -> None:
    with served(assistant) as url:
        leave_half_way(url)
        assistant.unreadable = {"rain"}
        assert resumed(url, "0").status_code == 404


def test_reading_on_counts_as_no_question(assistant: Paced, tmp_path: Path) -> None:
    with with_keys(assistant, tmp_path, {"al": AL}, questions_per_minute=1) as url:
        leave_half_way(url, key("al"))
        assistant.go_on.set()
        assert names(resumed(url, "2", key("al")))[-1] == "answer"
        assert httpx.post(f"{url}/api/ask", json=QUESTION, headers=key("al")).status_code == 429


def test_a_number_that_is_none_is_refused(assistant: Paced) -> None:
    with served(assistant) as url:
        assert resumed(url, "two").status_code == 422
        assert httpx.get(f"{url}{STREAM}?after=-1").status_code == 422


def test_the_oldest_streams_are_given_up_when_all_together_are_too_large() -> None:
    streams = ResumableStreams(60, most_bytes=5_000)

    async def made(answer_id: str) -> AsyncGenerator[AskEvent, None]:
        yield HitsEvent(id=answer_id, hits=[])
        yield SearchingEvent(queries=["word " * 400])

    async def kept() -> list[bool]:
        started = [await streams.start(ANYONE, made(f"ans_{number}")) for number in range(10)]
        for stream in started:
            assert len([event async for event in stream.after(0)]) == 2
        return [streams.find(stream.answer_id, ANYONE) is not None for stream in started]

    assert asyncio.run(kept()) == [False] * 8 + [True] * 2


def test_another_process_gives_the_answer_from_the_history(tmp_path: Path) -> None:
    chosen = settings_for(tmp_path / "data")
    with assistant_over(chosen, with_history=True) as assistant:
        index_into(assistant, write(tmp_path / "articles", {"rain.md": RAIN}))
        asked = QUESTION | {"question": "For how many days did it rain in Hamburg?"}
        with served(assistant, chosen) as one, served(assistant, chosen) as other:
            events = events_of(httpx.post(f"{one}/api/ask", json=asked, timeout=PATIENCE).text)
            whole = events[-1][1]
            assert events[0][1]["id"] == whole["id"]
            assert whole["status"] == "answered"
            address = f"/api/answers/{whole['id']}/stream?after=1"
            assert names(httpx.get(f"{one}{address}")) == ["sentence", "answer"]
            [(name, kept)] = events_of(httpx.get(f"{other}{address}").text)
            assert (name, kept["text"], kept["own"]) == ("answer", whole["text"], True)
            assert httpx.get(f"{other}/api/answers/ans_0/stream").status_code == 404
            assert len(httpx.get(f"{one}/api/conversations").json()["conversations"]) == 1
            assistant.delete(["rain"])
            assert [httpx.get(f"{where}{address}").status_code for where in (one, other)] == [410, 410]
            assert httpx.delete(f"{one}/api/answers/{whole['id']}").status_code == 204
            assert [httpx.get(f"{where}{address}").status_code for where in (one, other)] == [404, 404]
