"""A service whose embeddings come from a server: whole answers, and a clear problem while that server fails."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from index.models.embedding import Embedder
from index.stores.live import LiveIndex
from index.stores.store import opened
from service.api.app import create_app
from service.assistant import LocalAssistant
from tests.embedding_server import Embeddings, Fault, embedding_server
from tests.http_server import serving_app
from tests.service_fixtures import index_into, settings_for, shipped_reader, write

PATIENCE = 60.0
RAIN = "# Rain\n\nIt rained for 40 days in Hamburg. The Elbe rose by two metres. Ferries stopped."


@pytest.fixture
def server(remembering: Embedder) -> Iterator[Embeddings]:
    with embedding_server(
        lambda texts: [[float(n) for n in row] for row in remembering.embed_passages(texts)]
    ) as server:
        yield server


def test_it_answers_and_says_when_the_server_fails(
    server: Embeddings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("index.models.embedding_server._BACKOFF", lambda state: 0.0)
    chosen = settings_for(tmp_path / "data", embed_base_url=server.url, embed_model="embed-1")
    with closing(LiveIndex(replace(opened(chosen), reader=shipped_reader()))) as live:
        assistant = LocalAssistant(live, chosen, None)
        index_into(assistant, write(tmp_path / "articles", {"rain.md": RAIN}))
        assert assistant.status().model == "server:embed-1"
        with serving_app(create_app(assistant, settings=chosen)) as url:
            answer = httpx.post(f"{url}/api/ask", json={"question": "How long did it rain?"}, timeout=PATIENCE).json()
            assert (answer["status"], answer["short_answer"]) == ("answered", "40 days")
            server.faults = [Fault(503, b"overloaded")] * 20
            failed = httpx.post(f"{url}/api/ask", json={"question": "How far did the Elbe rise?"}, timeout=PATIENCE)
            assert (failed.status_code, failed.json()["type"]) == (503, "/problems/model-unusable")
            assert "answered 503: overloaded" in failed.json()["detail"]
            server.faults.clear()
            again = httpx.post(f"{url}/api/ask", json={"question": "How far did the Elbe rise?"}, timeout=PATIENCE)
            assert again.json()["status"] == "answered"
