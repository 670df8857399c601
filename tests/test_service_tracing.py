"""Traces, received by a collector that runs here: requests, what the language model does within them, and no texts."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from unittest.mock import patch

import pytest
from fastapi.testclient import TestClient
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from index.errors import WrongUsage
from index.extras import how_to_install
from service.answer.llm.generative import writer_from
from service.api.app import create_app
from service.monitoring.tracing import ENDPOINT, tracing
from tests.fake_assistant import FakeAssistant
from tests.llm_server import llm_server
from tests.service_fixtures import assistant_over, index_into, settings_for, write
from tests.test_service_api import ADDRESS

QUESTION = "How high is the old tower at the harbour?"


@contextmanager
def collector() -> Iterator[tuple[str, list[Span]]]:
    """Run a collector, and give its address and the spans that it has received."""
    spans: list[Span] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                spans.extend(span for scope in resource.scope_spans for span in scope.spans)
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, args=[0.02])
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", spans
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


# A warning inside the instrumentation, made an error, would be swallowed there together with its span.
@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("with_texts", [False, True])
def test_a_question_is_one_trace_and_holds_texts_only_if_told_to(
    place: Path, monkeypatch: pytest.MonkeyPatch, with_texts: bool
) -> None:
    with collector() as (address, spans), llm_server() as model:
        model.say("The old tower is 84 metres high [1].")
        monkeypatch.setenv(ENDPOINT, address)
        settings = settings_for(place / "data", llm_provider="openai_like", llm_base_url=model.url, llm_model="test")
        with assistant_over(settings) as assistant:
            index_into(
                assistant, write(place / "news", {"tower.txt": "The old tower at the harbour is 84 metres high.\n"})
            )
            app = create_app(replace(assistant, writer=writer_from(settings)), settings=settings)
            with tracing(app, with_texts=with_texts):
                client = TestClient(app, base_url=ADDRESS)
                assert client.post("/api/ask", json={"question": QUESTION}).json()["answerer"] == "test"
                client.get("/healthz")
    names = {span.name for span in spans}
    request = next(span for span in spans if span.name == "POST /api/ask")
    of_model = [span for span in spans if "OpenAILike" in span.name]
    assert of_model, names
    assert {span.trace_id for span in spans} == {request.trace_id}
    assert not any("healthz" in name for name in names)
    assert ("harbour" in "".join(map(str, spans))) == with_texts


def test_without_a_collector_nothing_is_traced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(ENDPOINT, raising=False)
    app = create_app(FakeAssistant(), settings=settings_for(Path("unused")))
    with patch.dict("sys.modules", {"opentelemetry.instrumentation.fastapi": None}), tracing(app):
        assert TestClient(app, base_url=ADDRESS).get("/healthz").status_code == 200


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ENDPOINT, "http://127.0.0.1:9")
    app = create_app(FakeAssistant(), settings=settings_for(Path("unused")))
    with (
        patch.dict("sys.modules", {"opentelemetry.instrumentation.fastapi": None}),
        pytest.raises(WrongUsage, match=re.escape(how_to_install("traces"))),
        tracing(app),
    ):
        pytest.fail("it was said to be missing")
