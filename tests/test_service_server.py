"""The server itself: how it stops, and what it does about work and requests that take too long."""

import json
import logging
import socket
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

from index.deadline import check_deadline
from index.records import FOR_EVERYONE, Access
from service.api.app import create_app
from service.api.server import Server
from service.auth.askers import Asker
from service.auth.fair_queue import FairQueue
from service.auth.limits import fair_queue_for
from service.auth.state import AuthState
from service.schemas.api import HitsEvent, SearchRequest, SearchResponse
from tests.fake_assistant import FakeAssistant, answer
from tests.service_fixtures import settings_for
from tests.test_service_api import problem
from tests.test_service_streaming import events_of, send_request

PATIENCE = 30.0
QUESTION = {"question": "Why?"}
CHAT = {"model": "footnote", "messages": [{"role": "user", "content": "Why?"}]}


class Held(FakeAssistant):
    """Works on its questions until it may go on, or its deadline is over, as a pipeline does between its batches."""

    def __init__(self) -> None:
        super().__init__()
        self.go_on, self.working, self.ended = threading.Event(), threading.Semaphore(0), threading.Semaphore(0)
        self.steps = [HitsEvent(id="ans_1", hits=[]), self.work, answer()]

    def work(self) -> None:
        self.working.release()
        try:
            while not self.go_on.wait(0.01):
                check_deadline()
        finally:
            self.ended.release()

    def search(self, request: SearchRequest, access: Access) -> SearchResponse:
        self.work()
        return super().search(request, access)


@dataclass(frozen=True)
class Running:
    """A server in a thread."""

    url: str
    server: Server
    queue: FairQueue
    thread: threading.Thread

    def stop(self) -> None:
        self.server.should_exit = True


@contextmanager
def running(
    assistant: FakeAssistant, *, opened: bool = True, auth_state: AuthState | None = None, **settings: Any
) -> Iterator[Running]:
    chosen = settings_for(Path("unused"), **settings)
    queue = fair_queue_for(chosen, opened=opened)
    app = create_app(assistant, settings=chosen, auth_state=replace(auth_state or AuthState(), queue=queue))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = Server(
            uvicorn.Config(app, log_config=None),
            queue,
            stop_seconds=chosen.stop_seconds,
            request_seconds=chosen.request_seconds,
            warm=lambda: None,
            ready=lambda: None,
            stop_indexing=lambda: None,
        )
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            yield Running(f"http://127.0.0.1:{listening.getsockname()[1]}", server, queue, thread)
        finally:
            server.should_exit = True
            thread.join(PATIENCE)


def post(url: str, body: dict[str, Any]) -> httpx.Response:
    return httpx.post(url, json=body, timeout=PATIENCE, trust_env=False)


@contextmanager
def asked(url: str, requests: Sequence[tuple[str, dict[str, Any]]]) -> Iterator[list[Any]]:
    with ThreadPoolExecutor(len(requests)) as clients:
        yield [clients.submit(post, url + path, body) for path, body in requests]


IN_FLIGHT: list[tuple[str, dict[str, Any]]] = [
    ("/api/ask", QUESTION),
    ("/api/search", QUESTION),
    ("/v1/chat/completions", CHAT),
    ("/api/ask", QUESTION | {"stream": True}),
    ("/v1/chat/completions", CHAT | {"stream": True}),
]


def until_working(assistant: Held, count: int) -> None:
    for _ in range(count):
        assert assistant.working.acquire(timeout=PATIENCE)


def test_what_is_worked_on_when_it_stops_is_answered(caplog: pytest.LogCaptureFixture) -> None:
    assistant = Held()
    with (
        running(assistant, questions_at_once=8, stop_seconds=PATIENCE) as service,
        asked(service.url, IN_FLIGHT) as replies,
    ):
        until_working(assistant, len(IN_FLIGHT))
        service.stop()
        while not service.queue.stopping:
            assistant.go_on.wait(0.01)
        assistant.go_on.set()
        assert [reply.result(PATIENCE).status_code for reply in replies] == [200] * 5
    assert [name for name, _ in events_of(replies[3].result().text)] == ["hits", "answer"]
    assert "Traceback" not in caplog.text


def test_what_cannot_be_answered_in_time_is_told_so(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR)
    assistant = Held()
    waiting = ("/api/ask", QUESTION)
    with running(assistant, questions_at_once=6, questions_at_once_each=5, stop_seconds=0.1) as service:
        with asked(service.url, IN_FLIGHT) as replies:
            until_working(assistant, len(IN_FLIGHT))
            with asked(service.url, [waiting]) as late:
                while not service.queue.waiting:
                    assistant.go_on.wait(0.01)
                service.stop()
                ask, search, chat, stream, chunks = [reply.result(PATIENCE) for reply in replies]
                for response in (ask, search, late[0].result(PATIENCE)):
                    problem(response, 503, "stopping")
                    assert int(response.headers["retry-after"]) > 0
        # What was worked on for nobody has ended.
        assert service.queue.wait_until_idle(PATIENCE)
        service.thread.join(PATIENCE)
    assert (chat.status_code, chat.json()["error"]["code"]) == (503, "stopping")
    assert int(chat.headers["retry-after"]) > 0
    [(hits, _), (error, said)] = events_of(stream.text)
    assert (hits, error, said["type"]) == ("hits", "error", "/problems/stopping")
    told = [json.loads(line[6:]) for line in chunks.text.splitlines() if line.startswith("data: {")]
    assert told[-1]["error"]["code"] == "stopping"
    assert "Traceback" not in caplog.text
    assert not [record for record in caplog.records if record.exc_info]


def test_questions_wait_for_the_models_and_readiness_says_so() -> None:
    assistant = FakeAssistant()
    assistant.steps = [answer()]
    with running(assistant, opened=False) as service, asked(service.url, [("/api/ask", QUESTION)] * 3) as replies:
        while service.queue.waiting < 3:
            service.thread.join(0.01)
        assert httpx.get(f"{service.url}/healthz").json() == {"status": "alive"}
        assert "loaded" in problem(httpx.get(f"{service.url}/readyz"), 503, "not-ready")
        assert assistant.made == 0
        service.queue.open()
        assert [reply.result(PATIENCE).status_code for reply in replies] == [200, 200, 200]
        assert httpx.get(f"{service.url}/readyz").status_code == 200


def test_one_person_s_questions_leave_room_for_those_of_others() -> None:
    def knows(token: str) -> Asker:
        return Asker(f"key:{token}", FOR_EVERYONE)

    def search(who: str, question: str) -> httpx.Response:
        headers = {"Authorization": f"Bearer {who}"}
        return httpx.post(f"{service.url}/api/search", json={"question": question}, headers=headers, timeout=PATIENCE)

    class HeavyAndLight(Held):
        def search(self, request: SearchRequest, access: Access) -> SearchResponse:
            if request.question == "Light?":
                return FakeAssistant.search(self, request, access)
            return super().search(request, access)

    assistant = HeavyAndLight()
    limits: dict[str, Any] = {"questions_at_once": 3, "questions_waiting": 8, "question_wait_seconds": 1_000}
    with (
        running(assistant, auth_state=AuthState(token_lookups=(knows,)), **limits) as service,
        ThreadPoolExecutor(10) as clients,
    ):
        heavy = [clients.submit(search, "ann", "Heavy?") for _ in range(6)]
        until_working(assistant, 2)
        while service.queue.waiting < 4:
            service.thread.join(0.01)
        assert search("bob", "Light?").status_code == 200
        refused = search("ann", "Light?")
        problem(refused, 429, "too-many-at-once")
        assert int(refused.headers["retry-after"]) >= 1
        assistant.go_on.set()
        assert [reply.result(PATIENCE).status_code for reply in heavy] == [200] * 6


def test_a_question_that_takes_too_long_is_ended_and_told_so() -> None:
    assistant = Held()
    with (
        running(assistant, question_seconds=0.2) as service,
        asked(service.url, [IN_FLIGHT[0], IN_FLIGHT[3]]) as replies,
    ):
        response = replies[0].result(PATIENCE)
        assert "0.2 seconds" in problem(response, 503, "took-too-long")
        assert int(response.headers["retry-after"]) > 0
        assert [name for name, _ in events_of(replies[1].result(PATIENCE).text)] == ["hits", "error"]
        assert service.queue.wait_until_idle(PATIENCE)


@pytest.mark.parametrize("stream", [True, False])
def test_the_work_stops_when_its_client_hangs_up(stream: bool) -> None:
    assistant = Held()
    with running(assistant, questions_at_once=1) as service:
        connection = send_request(service.url, QUESTION | {"stream": stream})
        until_working(assistant, 1)
        waiting = send_request(service.url, QUESTION | {"stream": stream})
        while not service.queue.waiting:
            service.thread.join(0.01)
        waiting.close()
        while service.queue.waiting:
            service.thread.join(0.01)
        connection.close()
        assert assistant.ended.acquire(timeout=PATIENCE)
        assert service.queue.wait_until_idle(PATIENCE)


@pytest.mark.parametrize(
    "begun",
    [b"", b"POST /api/ask HT", b"POST /api/ask HTTP/1.1\r\nHost: 127.0.0.1\r\n"],
    ids=["nothing", "half a line", "half a head"],
)
def test_a_connection_that_sends_half_a_head_is_closed(begun: bytes) -> None:
    with running(FakeAssistant(), request_seconds=0.3) as service:
        host, port = service.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=PATIENCE) as connection:
            connection.sendall(begun)
            assert connection.recv(1_000) == b""


def test_a_body_that_does_not_come_is_not_waited_for() -> None:
    with running(FakeAssistant(), request_seconds=0.3) as service:
        host, port = service.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=PATIENCE) as connection:
            connection.sendall(b"POST /api/ask HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n")
            connection.sendall(b"Content-Length: 900\r\n\r\n{")
            reply = b""
            while part := connection.recv(10_000):
                reply += part
    assert reply.startswith(b"HTTP/1.1 408")
    assert b"/problems/request-too-slow" in reply
