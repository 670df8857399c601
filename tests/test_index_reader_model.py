"""Reading: exact stretches, each pair on its own, and a clear word when the weights cannot be used."""

import threading
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from random import Random

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file

from index.errors import ModelUnusable
from index.ingest.segmentation import split_sentences
from index.models.embedding import packaged_folder
from index.reader import model
from index.reader.model import READER, WEIGHTS_FILE, Reader, ReaderPassage, Stretch
from index.reader.network import WORDS, started
from index.reader.storing import save
from index.reader.tokens import Sequenced
from index.records import Span

ROME = ReaderPassage("Weather", "It rained in Rome on Monday. The mayor, Anna Rossi, opened 12 shelters.")
LONG = ReaderPassage("Numbers", " ".join(f"Number {n} follows." for n in range(120)))
SENTENCED = [
    ReaderPassage(p.title, p.text, tuple(Span(s.start, s.end) for s in split_sentences(p.text, "text")))
    for p in (ROME, LONG)
]
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Weights that were never trained: what is tested here does not depend on how well they read."""
    torch.manual_seed(1)
    network = started(packaged_folder())
    path = tmp_path_factory.mktemp("reader")
    save({name: w for name, w in network.state_dict().items() if name != WORDS}, path / WEIGHTS_FILE)
    return path


@pytest.fixture(scope="session")
def reader(folder: Path) -> Reader:
    return Reader(folder)


def test_each_pair_has_a_reading_with_stretches_of_its_text(reader: Reader) -> None:
    readings = reader.read([("who is the mayor?", ROME), ("which number?", LONG)])
    for reading, passage in zip(readings, (ROME, LONG), strict=True):
        assert 1 <= len(reading.stretches) <= 5
        assert all(0 <= s.start < s.end <= len(passage.text) for s in reading.stretches)
        assert all(not passage.text[s.start].isspace() for s in reading.stretches)


def test_stretches_come_best_first_and_do_not_overlap(reader: Reader) -> None:
    for reading in reader.read([("who is the mayor?", ROME), ("which number?", LONG)]):
        assert [s.score for s in reading.stretches] == sorted((s.score for s in reading.stretches), reverse=True)
        places = sorted((s.start, s.end) for s in reading.stretches)
        assert all(end <= start for (_, end), (start, _) in pairwise(places))


def test_each_sentence_has_a_reading_of_its_own(reader: Reader) -> None:
    for reading, passage in zip(reader.read([("who is the mayor?", p) for p in SENTENCED]), SENTENCED, strict=True):
        assert len(reading.sentences) == len(passage.sentences) > 1
        for sentence, span in zip(reading.sentences, passage.sentences, strict=True):
            assert sentence.stretch
            assert span.start <= sentence.stretch.start < sentence.stretch.end <= span.end
        assert len({sentence.evidence for sentence in reading.sentences}) > 1


def test_the_best_stretch_is_that_of_its_sentence(reader: Reader) -> None:
    for reading, passage in zip(reader.read([("who is the mayor?", p) for p in SENTENCED]), SENTENCED, strict=True):
        best = reading.stretches[0]
        scores = [sentence.stretch.score for sentence in reading.sentences if sentence.stretch]
        first, span = scores.index(max(scores)), passage.sentences[scores.index(max(scores))]
        assert scores[first] == best.score
        assert reading.sentences[first].stretch == Stretch(best.start, min(best.end, span.end), best.score)


def test_sentences_may_be_asked_for_in_any_order(reader: Reader) -> None:
    backwards = [ReaderPassage(p.title, p.text, p.sentences[::-1]) for p in SENTENCED]
    questions = ["who is the mayor?"] * 2
    forth, back = (reader.read(list(zip(questions, of, strict=True))) for of in (SENTENCED, backwards))
    assert [r.sentences[::-1] for r in back] == [r.sentences for r in forth]
    assert [r.stretches for r in back] == [r.stretches for r in forth]


def test_weights_without_the_head_for_evidence_go_by_the_stretch(folder: Path, tmp_path: Path) -> None:
    weights = load_file(folder / WEIGHTS_FILE)
    save_file({name: w for name, w in weights.items() if not name.startswith("evidence.")}, tmp_path / WEIGHTS_FILE)
    (old,) = Reader(tmp_path).read([("who is the mayor?", SENTENCED[0])])
    (new,) = Reader(folder).read([("who is the mayor?", SENTENCED[0])])
    assert (old.answered, old.stretches) == (new.answered, new.stretches)
    assert [s.evidence for s in old.sentences] == [s.stretch.score for s in old.sentences if s.stretch]
    assert [s.evidence for s in new.sentences] != [s.evidence for s in old.sentences]


def test_half_a_head_is_told(folder: Path, tmp_path: Path) -> None:
    weights = load_file(folder / WEIGHTS_FILE)
    save_file({name: w for name, w in weights.items() if name != "evidence.bias"}, tmp_path / WEIGHTS_FILE)
    with pytest.raises(ModelUnusable, match=r"evidence\.bias has the shape None, not \(1,\)"):
        Reader(tmp_path).load()


def _sized(words: int) -> tuple[str, ReaderPassage]:
    return f"what is number {words}?", ReaderPassage("Sizes", " ".join(f"{n} is small" for n in range(words)))


def test_a_reading_is_the_same_in_whatever_company(reader: Reader) -> None:
    random = Random(5)
    pairs = [_sized(random.randint(1, 75)) for _ in range(12)] + [("who is the mayor?", p) for p in SENTENCED]
    alone = {pair: reader.read([pair])[0] for pair in pairs}
    for count in (2, 5, 17):
        company = random.choices(pairs, k=count)
        for pair, reading in zip(company, reader.read(company), strict=True):
            # To the last bit where bfloat16 is multiplied in hardware; elsewhere within what float32 rounds.
            assert reading.answered == pytest.approx(alone[pair].answered, abs=1e-5)
            assert reading.relevance == pytest.approx(alone[pair].relevance, abs=1e-5)
            assert [(s.start, s.end) for s in reading.stretches] == [(s.start, s.end) for s in alone[pair].stretches]
            assert [s.evidence for s in reading.sentences] == pytest.approx(
                [s.evidence for s in alone[pair].sentences], abs=1e-5
            )


@given(st.lists(st.integers(8, 256), min_size=1, max_size=32))
def test_batches_are_of_few_shapes_and_never_small(lengths: list[int]) -> None:
    sequences = [Sequenced((1,) * length, 2, 4) for length in lengths]
    filled = model._filled_up(sequences)
    tokens = max(lengths) + -max(lengths) % 32
    assert filled[: len(sequences)] == sequences
    assert len(filled) * tokens >= 384
    assert len(filled) % 4 == 0
    assert len(filled) < max(len(sequences) + 4, 384 / tokens + 4)


def test_a_long_passage_is_read_to_its_end(reader: Reader) -> None:
    tokens = reader._pieces.of([LONG.text])[0]
    question, title = reader._pieces.of(["which number?", "Numbers"])
    windows = list(reader._cut(question, title, tokens))
    covered = {first + at for first, ids in windows for at in range(len(ids))}
    assert covered == set(range(len(tokens.ids)))
    assert len(windows) > 2


def test_nothing_to_read_gives_nothing(reader: Reader) -> None:
    assert reader.read([]) == []
    (reading,) = reader.read([("who?", ReaderPassage("Title", " "))])
    assert reading.stretches == ()


@settings(max_examples=8, deadline=None)
@given(TEXTS, TEXTS, TEXTS, st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=4))
def test_any_text_can_be_read(
    reader: Reader, question: str, title: str, text: str, places: list[tuple[int, int]]
) -> None:
    sentences = tuple(Span(min(of, len(text)), min(at, len(text))) for of, at in map(sorted, places))
    (reading,) = reader.read([(question, ReaderPassage(title, text, sentences))])
    assert all(0 <= s.start < s.end <= len(text) for s in reading.stretches)
    for span, sentence in zip(sentences, reading.sentences, strict=True):
        assert np.isfinite(sentence.evidence)
        if sentence.stretch:
            assert span.start <= sentence.stretch.start < sentence.stretch.end <= span.end


def test_several_threads_may_read_at_once(reader: Reader) -> None:
    pairs = [("who is the mayor?", ROME), ("which number?", LONG)]
    expected = reader.read(pairs)
    found: list[object] = []
    threads = [threading.Thread(target=lambda: found.append(reader.read(pairs))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [expected] * 4


def test_missing_weights_are_told(tmp_path: Path) -> None:
    with pytest.raises(ModelUnusable, match="missing"):
        Reader(tmp_path).load()


def test_damaged_weights_are_told(tmp_path: Path) -> None:
    (tmp_path / WEIGHTS_FILE).write_bytes(b"not weights")
    with pytest.raises(ModelUnusable, match="cannot be read"):
        Reader(tmp_path).load()


def test_weights_of_another_shape_are_told(folder: Path, tmp_path: Path) -> None:
    weights = load_file(folder / WEIGHTS_FILE)
    save_file({**weights, "verdict.bias": torch.zeros(3)}, tmp_path / WEIGHTS_FILE)
    with pytest.raises(ModelUnusable, match=r"verdict\.bias has the shape \(3,\), not \(2,\)"):
        Reader(tmp_path).load()


def test_shipped_weights_that_were_replaced_are_told(folder: Path) -> None:
    with pytest.raises(ModelUnusable, match="damaged or was replaced"):
        Reader(shipped=replace(READER, folder=folder)).load()


def test_the_fingerprint_names_the_weights(folder: Path, tmp_path: Path) -> None:
    weights = load_file(folder / WEIGHTS_FILE)
    save_file({**weights, "verdict.bias": weights["verdict.bias"] + 1}, tmp_path / WEIGHTS_FILE)
    assert Reader(folder).fingerprint == Reader(folder).fingerprint
    assert Reader(folder).fingerprint.split("@")[1] != Reader(tmp_path).fingerprint.split("@")[1]
