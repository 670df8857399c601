"""Readiness says whether the language model's server answers, without waiting long for it and without asking all the time."""

import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from fastapi.testclient import TestClient

from service.answer.llm.providers import address_of
from service.api.app import create_app
from tests.fake_assistant import FakeAssistant
from tests.service_fixtures import settings_for
from tests.test_service_api import ADDRESS, problem

KEY = "sk-never-sent"


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine a server that answers may take longer to than a service waits."""
    monkeypatch.setattr("service.monitoring.llm_health._SECONDS", 60.0)


@contextmanager
def answering(status: int) -> Iterator[tuple[str, list[dict[str, str]]]]:
    """A server that answers everything with this status: its address, and the headers of what it was asked."""
    asked: list[dict[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(dict(self.headers.items()))
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, args=[0.01])
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def service_with(base_url: str, **settings: Any) -> TestClient:
    model = {"llm_provider": "openai_like", "llm_base_url": base_url, "llm_model": "m", "llm_api_key": KEY}
    app = create_app(FakeAssistant(), settings=settings_for(Path("unused"), **model | settings))
    return TestClient(app, base_url=ADDRESS)


def said(client: TestClient) -> str:
    ready = client.get("/readyz")
    assert (ready.status_code, ready.json()["status"]) == (200, "ready")
    model: str = ready.json()["language_model"]
    return model


@pytest.fixture
def nobody() -> str:
    """An address where nobody listens."""
    with closing(socket.socket()) as unused:
        unused.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{unused.getsockname()[1]}/v1"


@pytest.mark.parametrize(
    ("status", "model"), [(200, "reachable"), (401, "reachable"), (404, "reachable"), (502, "unreachable")]
)
def test_a_model_is_reachable_where_its_server_answers(status: int, model: str) -> None:
    with answering(status) as (address, _):
        assert said(service_with(address)) == model


def test_without_its_model_a_service_is_ready_all_the_same(nobody: str) -> None:
    assert said(service_with(nobody)) == "unreachable"


def test_without_its_model_and_without_quotes_a_service_is_not_ready(nobody: str) -> None:
    told = problem(service_with(nobody, llm_fallback=False).get("/readyz"), 503, "not-ready")
    assert "FOOTNOTE_LLM_FALLBACK=false" in told
    with answering(200) as (address, _):
        assert said(service_with(address, llm_fallback=False)) == "reachable"


def test_a_server_that_keeps_silent_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.monitoring.llm_health._SECONDS", 0.2)
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        client = service_with(f"http://127.0.0.1:{silent.getsockname()[1]}/v1")
        assert said(client) == "unreachable"


def test_the_server_is_asked_once_in_thirty_seconds_and_never_sees_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1_000.0
    monkeypatch.setattr("service.monitoring.llm_health.monotonic", lambda: now)
    with answering(200) as (address, asked):
        client = service_with(address)
        assert [said(client) for _ in range(3)] == ["reachable"] * 3
        assert len(asked) == 1
        now += 31
    assert said(client) == "unreachable"
    assert KEY not in str(asked)


def test_providers_know_their_own_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ANTHROPIC_BASE_URL", raising=False)
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    assert address_of("anthropic", None) == "https://api.anthropic.com"
    assert address_of("ollama", None) == "http://127.0.0.1:11434"
    assert address_of("bedrock", None) == "https://bedrock-runtime.eu-central-1.amazonaws.com"
    assert address_of("anthropic", "http://proxy.example") == "http://proxy.example"
