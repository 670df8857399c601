"""Embeddings by a server with OpenAI's API: over a real socket, in batches, and with a clear word for what goes wrong."""

from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import SecretStr, ValidationError

from index.errors import IndexMismatch, ModelUnusable
from index.ingest.sync import sync
from index.models.embedding import Embedder
from index.models.embedding_server import EmbeddingServer, vectors_of
from index.models.prompts import Prompts
from index.models.remote_embedding import RemoteEmbedder
from index.records import EVERYTHING, Filters
from index.retrieval import retrieve
from index.settings import IndexSettings
from index.stores.store import Index, open_index
from tests.embedding_server import Embeddings, Fault, embedding_server
from tests.llm_server import free_port
from tests.test_index_sources_dawdling import dawdling, forever

KEY = "a-secret-key"
RAIN, BANK = "It rained in the Italian capital.", "The bank raised its interest rate."


@pytest.fixture
def server(remembering: Embedder) -> Iterator[Embeddings]:
    with embedding_server(
        lambda texts: [[float(n) for n in row] for row in remembering.embed_passages(texts)]
    ) as server:
        yield server


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("index.models.embedding_server._BACKOFF", lambda state: 0.0)


def at(server: Embeddings, prompts: Prompts | None = None, *, seconds: float = 30.0) -> RemoteEmbedder:
    return RemoteEmbedder("embed-1", server=EmbeddingServer(server.url, KEY, seconds), prompts=prompts)


def settings_at(url: str | None, data_dir: Path, **changes: Any) -> IndexSettings:
    chosen = {"embed_model": "embed-1", "embed_api_key": SecretStr(KEY), "reader": "none", **changes}
    return IndexSettings(_env_file=None, data_dir=data_dir, embed_base_url=url, **chosen)


def asked(index: Index, question: str = "What was the weather like in Rome?") -> list[str]:
    hits = retrieve(index, question, access=EVERYTHING, filters=Filters()).hits
    return [hit.passage.article.id for hit in hits]


def test_vectors_are_those_of_the_server_with_length_one(server: Embeddings, remembering: Embedder) -> None:
    texts = [f"Sentence number {number}." for number in range(70)] + ["", RAIN]
    vectors = at(server).embed_passages(texts)
    assert vectors.dtype == np.float32
    assert vectors.shape == (72, 384)
    assert np.allclose(vectors, remembering.embed_passages([text or " " for text in texts]), atol=1e-6)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)
    assert max(len(request["input"]) for request in server.requests) <= 32
    assert {request["model"] for request in server.requests} == {"embed-1"}
    assert set(server.keys) == {f"Bearer {KEY}"}


def test_no_text_makes_no_rows(server: Embeddings) -> None:
    assert at(server).embed_passages([]).shape == (0, 384)
    assert at(server).embed_questions([]).shape == (0, 384)


def test_long_texts_are_sent_in_several_requests(server: Embeddings) -> None:
    at(server).embed_passages(["word " * 10_000] * 3)
    assert [len(request["input"]) for request in server.requests if len(request["input"][0]) > 100] == [2, 1]


def test_prompts_are_put_before_questions_and_passages(server: Embeddings) -> None:
    embedder = at(server, Prompts("query: ", "passage: "))
    embedder.load()
    server.requests.clear()
    embedder.embed_questions(["Why?"])
    embedder.embed_questions(["Why?"])
    embedder.embed_passages([RAIN])
    assert server.texts == ["query: Why?", f"passage: {RAIN}"]


def test_what_may_pass_is_tried_again(server: Embeddings) -> None:
    server.faults = [Fault(429, headers={"Retry-After": "0"}), Fault(503)]
    assert at(server).embed_questions(["Why?"]).shape == (1, 384)


@pytest.mark.parametrize("status", [400, 401, 404, 307])
def test_what_will_not_pass_is_told_once_and_without_the_key(server: Embeddings, status: int) -> None:
    server.faults = [Fault(status, b'{"error": {"message": "No model for ' + KEY.encode() + b'"}}')]
    with pytest.raises(
        ModelUnusable, match=rf"127\.0\.0\.1.*answered {status}.*No model.*FOOTNOTE_EMBED_BASE_URL"
    ) as told:
        at(server).embed_questions(["Why?"])
    assert KEY not in str(told.value)
    assert KEY not in repr(EmbeddingServer(server.url, KEY, 1.0))
    assert len(server.requests) == 1


def test_what_does_not_pass_is_told_at_last(server: Embeddings) -> None:
    server.faults = [Fault(503, b"overloaded")] * 20
    with pytest.raises(ModelUnusable, match="answered 503: overloaded"):
        at(server).embed_questions(["Why?"])
    assert len(server.requests) == 3
    server.requests.clear()
    server.faults = [Fault(429, headers={"Retry-After": "900"})]
    with pytest.raises(ModelUnusable, match="answered 429"):
        at(server).embed_questions(["Why?"])
    assert len(server.requests) == 1


def test_a_server_that_is_not_there_is_told() -> None:
    nowhere = RemoteEmbedder("m", server=EmbeddingServer(f"http://u:{KEY}@127.0.0.1:{free_port()}/v1", None, 1.0))
    with pytest.raises(ModelUnusable, match="could not be reached") as told:
        nowhere.load()
    assert KEY not in str(told.value)


def first_vector(vector: object) -> Any:
    return lambda answer: answer | {"data": [{"index": 0, "embedding": vector}]}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"<html>", "no JSON"),
        (b"[" * 100_000, "no JSON"),
        (b"[]", "without the `data`"),
        (lambda answer: {"data": "x"}, "without the `data`"),
        (lambda answer: answer | {"data": []}, "asked for 1 vectors and gave 0"),
        (lambda answer: answer | {"data": answer["data"] * 2}, "asked for 1 vectors and gave 2"),
        (lambda answer: answer | {"data": [answer["data"][0] | {"index": 7}]}, "asked for 1 vectors"),
        (lambda answer: answer | {"data": [answer["data"][0] | {"index": []}]}, "asked for 1 vectors"),
        (first_vector(None), "not all numbers"),
        (first_vector("AAAA"), "not all numbers"),
        (first_vector([]), "not all numbers"),
        (first_vector([1.0, [2.0]]), "not all numbers"),
        (first_vector([1.0, float("nan")]), "not all numbers"),
        (first_vector([10**400]), "not all numbers"),
    ],
)
def test_an_answer_that_cannot_be_used_is_told(server: Embeddings, body: Any, message: str) -> None:
    server.faults = [Fault(body=body)]
    with pytest.raises(ModelUnusable, match=message):
        at(server).load()


def test_an_answer_has_an_end(server: Embeddings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("index.models.embedding_server._MOST_BYTES", 1_000)
    with pytest.raises(ModelUnusable, match="longer than 1,000 bytes"):
        at(server).load()
    server.faults = [Fault(body=b"x", headers={"Content-Encoding": "gzip"})]
    with pytest.raises(ModelUnusable, match="compressed"):
        at(server).load()


def test_a_head_without_an_end_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("index.models.embedding_server._TRIES", 1)
    with dawdling(lambda _: chain([b"HTTP/1.1 200 OK\r\n"], forever(b"X-Line: 1\r\n"))) as address:
        server = EmbeddingServer(f"http://{address}/v1", None, timeout_seconds=0.3)
        with pytest.raises(ModelUnusable, match=r"took longer than 0\.3 s"):
            vectors_of(server, "m", ["a"], patiently=False)


def test_articles_are_indexed_and_asked_by_it(server: Embeddings, place: Path, folder: Path) -> None:
    (folder / "rain.md").write_text(RAIN)
    (folder / "bank.md").write_text(BANK)
    with open_index(settings_at(server.url, place)) as index:
        assert sync(index, [folder]).added == 2
        assert asked(index)[0] == "rain"
        assert index.sentence_vectors.of([RAIN, BANK]).shape == (2, 384)
        assert (index.catalog.fact("fingerprint") or "").startswith("server:embed-1 ")
        assert KEY not in str([index.catalog.fact(name) for name in ("embed_model", "embed_server", "embed_prompts")])
    with open_index(settings_at(f"{server.url}/", place)) as index:
        assert (index.outdated(), asked(index)[0]) == (None, "rain")


def test_an_index_knows_the_server_and_prompts_that_it_was_made_with(
    server: Embeddings, place: Path, folder: Path
) -> None:
    (folder / "rain.md").write_text(RAIN)
    with open_index(settings_at(server.url, place)) as index:
        sync(index, [folder])
    for change in ({"embed_model": "embed-2"}, {"embed_question_prompt": "query: "}, {"embed_passage_prompt": "p: "}):
        with open_index(settings_at(server.url, place, **change)) as index:
            assert "the settings now say server:embed-" in (index.outdated() or "")
            assert asked(index) == ["rain"]  # by the model and prompts that it was made with
            assert {request["model"] for request in server.requests} == {"embed-1"}
            with pytest.raises(IndexMismatch, match="footnote index --rebuild"):
                sync(index, [folder])
    with (
        open_index(settings_at(None, place)) as index,
        pytest.raises(ModelUnusable, match="Set FOOTNOTE_EMBED_BASE_URL"),
    ):
        asked(index)


def test_other_vectors_under_the_same_name_are_noticed(server: Embeddings, place: Path, folder: Path) -> None:
    (folder / "rain.md").write_text(RAIN)
    with open_index(settings_at(server.url, place)) as index:
        sync(index, [folder])
    server.embed = lambda texts: [[1.0, 2.0, 3.0]] * len(texts)
    with open_index(settings_at(server.url, place)) as index:
        with pytest.raises(IndexMismatch, match=r"another length.*footnote index --rebuild"):
            asked(index)
        (folder / "bank.md").write_text(BANK)
        with pytest.raises(IndexMismatch, match="another length"):
            sync(index, [folder])


def test_a_server_that_is_gone_while_indexing_leaves_what_was_indexed(
    server: Embeddings, place: Path, folder: Path
) -> None:
    (folder / "rain.md").write_text(RAIN)
    with open_index(settings_at(server.url, place)) as index:
        sync(index, [folder])
        (folder / "bank.md").write_text(BANK)
        server.faults = [Fault(401)]
        with pytest.raises(ModelUnusable, match="answered 401"):
            sync(index, [folder])
        assert asked(index) == ["rain"]
        assert sync(index, [folder]).added == 1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"embed_base_url": "http://127.0.0.1/v1"}, "FOOTNOTE_EMBED_MODEL must name the model"),
        ({"embed_base_url": "127.0.0.1/v1", "embed_model": "m"}, "http:// or https://"),
    ],
)
def test_settings_that_cannot_be_used_are_refused(changes: dict[str, str], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        IndexSettings(_env_file=None, **changes)  # type: ignore[arg-type]
