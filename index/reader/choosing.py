"""Questions asked of a whole pool, as the product does: passages retrieved, read, and their sentences compared."""

import tempfile
from collections.abc import Iterator, Sequence
from copy import copy
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from index.ingest.segmentation import split_sentences
from index.models.embedding import Embedder, Vectors
from index.reader.examples import Asked, Pool, holds_any
from index.reader.mining import embedded, shown
from index.reader.model import Reader, ReaderPassage, Reading
from index.reader.scoring import Numbers
from index.records import Span
from index.retrieval import LEXICAL_WEIGHT
from index.stores.lexical import LexicalEntry, LexicalIndex

FEATURES = ("relevance", "answered", "stretch", "evidence", "fused")
"""What is known of a sentence: its passage's relevance and answeredness, the score of its best stretch, its own evidence,
its passage's fused score of retrieval."""

_NO_STRETCH = -15.0


@dataclass(frozen=True, slots=True)
class Found:
    """A passage found for a question: which, the fused score, the cosine alone."""

    passage: int
    fused: float
    dense: float


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of a found passage, with its best stretch as text, and whether it holds a known answer."""

    passage: int
    text: str
    stretch: str
    features: tuple[float, ...]
    right: bool


@dataclass(frozen=True, slots=True)
class Answered:
    """A question with what was found for it and its sentences."""

    asked: Asked
    found: tuple[Found, ...]
    readings: tuple[Reading, ...]
    sentences: tuple[Sentence, ...]


class Searched:
    """A pool that can be searched as the product does: cosine plus weighted BM25 (index/retrieval.py)."""

    def __init__(self, pool: Pool, embedder: Embedder) -> None:
        self.pool = pool
        self.embedder = embedder
        self._vectors = embedded([shown(p) for p in pool.passages], embedder)
        self._folder = tempfile.TemporaryDirectory()
        self._words = LexicalIndex(Path(self._folder.name))
        self._words.add([LexicalEntry(str(at), str(at), shown(p)) for at, p in enumerate(pool.passages)])

    def asked_of(self, questions: Sequence[Asked]) -> "Searched":
        """Return the same pool with other questions."""
        other = copy(self)
        other.pool = replace(self.pool, questions=tuple(questions))
        return other

    def search(self, question: str, vector: Vectors, *, count: int, without: Sequence[str] = ()) -> tuple[Found, ...]:
        """Return the best passages, without those that hold one of the answers in `without`."""
        dense = self._vectors @ vector
        fused = dense.copy()
        for at, score in self._words.best(question, 100).items():
            fused[int(at)] += LEXICAL_WEIGHT * score
        kept = (
            int(at) for at in np.argsort(-fused) if not without or not holds_any(self.pool.passages[at].text, without)
        )
        return tuple(Found(at, float(fused[at]), float(dense[at])) for at, _ in zip(kept, range(count), strict=False))


def answered(searched: Searched, reader: Reader, *, count: int, without_answers: bool = False) -> list[Answered]:
    """Ask every question of the pool. `without_answers` hides the passages that hold an answer: nothing answers then."""
    questions = searched.pool.questions
    vectors = searched.embedder.embed_questions([q.question for q in questions])
    found = [
        searched.search(q.question, vector, count=count, without=q.answers if without_answers else ())
        for q, vector in zip(questions, vectors, strict=True)
    ]
    return _gathered(searched.pool, found, reader)


def answered_in_place(pool: Pool, embedder: Embedder, reader: Reader) -> list[Answered]:
    """Ask every question of its own passage alone. Fused scores are cosines there."""
    vectors = embedder.embed_questions([q.question for q in pool.questions])
    passages = embedded([shown(p) for p in pool.passages], embedder)
    similarities = [float(vector @ passages[q.passage]) for q, vector in zip(pool.questions, vectors, strict=True)]
    found = [(Found(q.passage, s, s),) for q, s in zip(pool.questions, similarities, strict=True)]
    return _gathered(pool, found, reader)


def _gathered(pool: Pool, found: Sequence[tuple[Found, ...]], reader: Reader) -> list[Answered]:
    pairs = [
        (question.question, sentenced(pool.passages[f.passage]))
        for question, of in zip(pool.questions, found, strict=True)
        for f in of
    ]
    readings = iter(reader.read(pairs))
    return [
        _answered(pool, question, of, tuple(next(readings) for _ in of))
        for question, of in zip(pool.questions, found, strict=True)
    ]


def _answered(pool: Pool, asked: Asked, found: tuple[Found, ...], readings: tuple[Reading, ...]) -> Answered:
    told = (_sentences(pool, asked, one, reading) for one, reading in zip(found, readings, strict=True))
    return Answered(asked, found, readings, tuple(sentence for of in told for sentence in of))


def sentenced(passage: ReaderPassage) -> ReaderPassage:
    """Return a passage with its sentences."""
    if passage.sentences:
        return passage
    return replace(passage, sentences=tuple(Span(s.start, s.end) for s in split_sentences(passage.text, "text")))


def _sentences(pool: Pool, asked: Asked, found: Found, reading: Reading) -> Iterator[Sentence]:
    passage = sentenced(pool.passages[found.passage])
    for span, read in zip(passage.sentences, reading.sentences, strict=True):
        text = passage.text[span.start : span.end]
        best = read.stretch
        features = (
            reading.relevance,
            reading.answered,
            max(best.score, _NO_STRETCH) if best else _NO_STRETCH,
            read.evidence,
            found.fused,
        )
        stretch = passage.text[best.start : best.end] if best else ""
        if pool.whole_sentences:
            marked = asked.spans if found.passage == asked.passage else ()
            right = any(span.start < s.end and s.start < span.end for s in marked)
        else:
            right = holds_any(text, asked.answers)
        yield Sentence(found.passage, text, stretch, features, right)


def case_of(one: Answered) -> tuple[Numbers, Numbers]:
    """Return the features of a question's sentences, a row each, and which of them are right (1, else 0)."""
    rows = np.array([s.features for s in one.sentences], float).reshape(-1, len(FEATURES))
    return rows, np.array([float(s.right) for s in one.sentences])


REFUSAL_FEATURES = ("answered", "stretch", "evidence", "fused")
"""What tells whether a question is answered: each the highest among all that was read for it."""


def refusal_features(one: Answered) -> tuple[float, ...]:
    """Return the REFUSAL_FEATURES of a question."""
    rows, _ = case_of(one)
    return tuple(float(rows[:, FEATURES.index(name)].max()) for name in REFUSAL_FEATURES)
