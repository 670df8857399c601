"""Streams of `/api/ask` over real sockets: events in order, errors, slow readers, and those who hang up."""

import json
import shutil
import socket
import subprocess
import threading
import time
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from index.errors import FootnoteError, IndexEmpty, ModelUnusable
from service.api import streaming
from service.schemas.api import AskResponse, HitsEvent, Problem, SearchingEvent, SentenceEvent
from service.settings import Settings
from tests.fake_assistant import FakeAssistant, answer, answered, citation, streamed
from tests.http_server import served
from tests.skipping import not_installed

WHOLE = answered("It rained.\nA lot 😀.", "Ferries stopped.", citations=[citation(1), citation(2, "ferries")])
LONG = answered("word " * 100_000)
PATIENCE = 60.0


def events_of(body: str) -> list[tuple[str, Any]]:
    """Parse a stream as its standard says: fields of a line each, a blank line after each event, comments between."""
    events = []
    for block in body.replace("\r\n", "\n").split("\n\n"):
        fields = [line.split(": ", 1) for line in block.splitlines() if not line.startswith(":")]
        if fields:
            named = dict(fields)
            events.append((named["event"], json.loads(named["data"])))
    return events


def ask(url: str, question: str = "Why?") -> httpx.Response:
    return httpx.post(f"{url}/api/ask", json={"question": question, "stream": True}, timeout=PATIENCE)


def send_request(url: str, body: dict[str, Any]) -> socket.socket:
    """Ask over a bare socket, whose reading is then up to the test."""
    where = urlsplit(url)
    connection = socket.create_connection((where.hostname, where.port or 0))
    data = json.dumps(body).encode()
    head = f"POST /api/ask HTTP/1.1\r\nHost: {where.netloc}\r\nContent-Type: application/json\r\nContent-Length: {len(data)}"
    connection.sendall(head.encode() + b"\r\n\r\n" + data)
    return connection


def test_hits_then_sentences_then_the_whole_answer() -> None:
    assistant = FakeAssistant()
    assistant.steps = [*streamed(WHOLE)]
    with served(assistant) as url:
        response = ask(url)
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/event-stream")
    assert (response.headers["x-accel-buffering"], response.headers["cache-control"]) == ("no", "no-store")
    events = events_of(response.text)
    assert [name for name, _ in events] == ["hits", "sentence", "sentence", "answer"]
    HitsEvent.model_validate(events[0][1])
    said = [SentenceEvent.model_validate(data) for _, data in events[1:3]]
    assert [event.sentence.text for event in said] == ["It rained.\nA lot 😀.", "Ferries stopped."]
    assert [[cited.number for cited in event.citations] for event in said] == [[1], [2]]
    assert AskResponse.model_validate(events[3][1]) == WHOLE
    assert assistant.closed.is_set()


def test_searches_of_a_model_are_events_of_their_own() -> None:
    assistant = FakeAssistant()
    hits, *rest = streamed(WHOLE)
    assistant.steps = [hits, SearchingEvent(queries=["rain", "ferries"]), *rest]
    with served(assistant) as url:
        events = events_of(ask(url).text)
    assert [name for name, _ in events] == ["hits", "searching", "sentence", "sentence", "answer"]
    assert events[1][1] == {"queries": ["rain", "ferries"]}


def test_each_event_arrives_when_it_is_made() -> None:
    assistant, go_on = FakeAssistant(), threading.Event()
    hits, first, second, whole = streamed(WHOLE)
    assistant.steps = [hits, first, lambda: go_on.wait(PATIENCE), second, whole]
    body = {"question": "Why?", "stream": True}
    with served(assistant) as url, httpx.stream("POST", f"{url}/api/ask", json=body, timeout=PATIENCE) as response:
        lines = response.iter_lines()
        assert next(line for line in lines if line.startswith("event: sentence"))
        assert not go_on.is_set()
        go_on.set()
        assert [line for line in lines if line.startswith("event:")] == ["event: sentence", "event: answer"]


@pytest.mark.parametrize(
    ("error", "status", "slug"),
    [(IndexEmpty("Nothing is indexed."), 409, "index-empty"), (ModelUnusable("No weights."), 503, "model-unusable")],
)
def test_what_goes_wrong_before_the_first_event_is_an_ordinary_problem(
    error: FootnoteError, status: int, slug: str
) -> None:
    assistant = FakeAssistant()
    assistant.steps = [error]
    with served(assistant) as url:
        response = ask(url)
    assert (response.status_code, response.headers["content-type"]) == (status, "application/problem+json")
    assert response.json()["type"] == f"/problems/{slug}"


@pytest.mark.parametrize(
    ("error", "slug", "detail"),
    [
        (ModelUnusable("The weights are gone."), "model-unusable", "The weights are gone."),
        (RuntimeError("password=hunter2"), "internal-error", "The log of the service says what."),
    ],
)
def test_what_goes_wrong_later_is_an_error_event_in_place_of_the_answer(
    error: Exception, slug: str, detail: str
) -> None:
    assistant = FakeAssistant()
    assistant.steps = [HitsEvent(id="ans_1", hits=[]), error]
    with served(assistant) as url:
        events = events_of(ask(url).text)
    assert [name for name, _ in events] == ["hits", "error"]
    problem = Problem.model_validate(events[1][1])
    assert problem.type == f"/problems/{slug}"
    assert problem.detail.endswith(detail)
    assert "hunter2" not in problem.detail
    assert assistant.closed.is_set()


def test_comments_keep_a_silent_stream_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming, "KEEP_ALIVE_SECONDS", 0.05)
    assistant = FakeAssistant()
    assistant.steps = [HitsEvent(id="ans_1", hits=[]), lambda: time.sleep(0.3), answer()]
    with served(assistant) as url:
        body = ask(url).text
    assert ": still here\n" in body
    assert [name for name, _ in events_of(body)] == ["hits", "answer"]


@pytest.mark.parametrize("stream", [True, False])
def test_whoever_hangs_up_stops_the_work(stream: bool) -> None:
    assistant, hung_up = FakeAssistant(), threading.Event()
    endless: list[Any] = [HitsEvent(id="ans_1", hits=[]), lambda: time.sleep(0.05)] * 1_000
    assistant.steps = [HitsEvent(id="ans_1", hits=[]), lambda: hung_up.wait(PATIENCE), *endless, answer()]
    with served(assistant) as url:
        send_request(url, {"question": "Why?", "stream": stream}).close()
        hung_up.set()
        assert assistant.closed.wait(PATIENCE)
        assert assistant.made < len(assistant.steps)


def test_work_waits_for_a_slow_reader_and_one_who_stalls_is_dropped() -> None:
    assistant = FakeAssistant()
    assistant.steps = [LONG] * 1_000
    settings = Settings(_env_file=None, stream_stall_seconds=0.5)
    with served(assistant, settings) as url, send_request(url, {"question": "Why?", "stream": True}) as connection:
        assert assistant.closed.wait(PATIENCE)
        # What the operating system takes in for both ends, and not one event more.
        assert assistant.made * len(LONG.text) < 50_000_000
        while connection.recv(1_000_000):  # what was on its way, and then the end
            pass


def test_a_slow_reader_gets_everything() -> None:
    assistant = FakeAssistant()
    assistant.steps = [LONG] * 10
    settings = Settings(_env_file=None, stream_stall_seconds=60)
    received = 0
    with served(assistant, settings) as url, send_request(url, {"question": "Why?", "stream": True}) as connection:
        connection.settimeout(PATIENCE)
        while received < 10 * len(LONG.text):
            received += len(connection.recv(500_000))
            time.sleep(0.01)
    assert assistant.made == 10


@pytest.mark.skipif(not shutil.which("curl"), reason=not_installed("curl"))
def test_curl_shows_events_as_they_come() -> None:
    assistant = FakeAssistant()
    assistant.steps = [*streamed(WHOLE)]
    body = json.dumps({"question": "Why?", "stream": True})
    with served(assistant) as url:
        command = ["curl", "-sN", "-H", "Content-Type: application/json", "-d", body, f"{url}/api/ask"]
        shown = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=True).stdout
    assert [name for name, _ in events_of(shown)] == ["hits", "sentence", "sentence", "answer"]
