"""Questions on workplace documents, to measure on only: their sentences ranked by what was read in the ten best hits."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from index.ingest.outline import path_of
from index.reader.model import Reader, ReaderPassage
from index.reader.scoring import Numbers
from index.records import EVERYTHING, Filters, Hit, Span
from index.retrieval import retrieve
from index.settings import IndexSettings
from index.stores.store import open_index

FEATURES = ("evidence", "stretch", "answered", "score")
"""What is known of a sentence: its evidence and best stretch, whether its passage answers, and its hit's score."""

_HITS = 10
_NO_STRETCH = -15.0


@dataclass(frozen=True, slots=True)
class Searched:
    """A question with its hits. `quotes` are the evidence that people found, by article; none where nothing answers."""

    question: str
    hits: tuple[Hit, ...]
    quotes: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Judged:
    """The FEATURES of the sentences of a question's hits, a row each, and which overlap the evidence (1, else 0)."""

    rows: Numbers
    right: Numbers
    answerable: bool


def searched(folder: Path, data_dir: Path) -> list[Searched]:
    """Ask an index, in a data folder, the questions in a folder. Follow-ups are left out: they need what was asked before."""
    with open_index(IndexSettings(data_dir=data_dir, reader="none")) as index:
        return [
            Searched(
                row["question"],
                retrieve(index, row["question"], access=EVERYTHING, filters=Filters(), count=_HITS).hits,
                _quotes(row),
            )
            for row in _rows(folder / "questions.jsonl")
            if not row.get("history")
        ]


def judged(questions: Sequence[Searched], reader: Reader) -> list[Judged]:
    """Read the hits of each question."""
    readings = iter(reader.read([(q.question, _passage(hit)) for q in questions for hit in q.hits]))
    return [_judged(question, [(hit, next(readings)) for hit in question.hits]) for question in questions]


def _judged(question: Searched, read: Sequence[tuple[Hit, Any]]) -> Judged:
    rows, right = [], []
    for hit, reading in read:
        of_hit = _passage(hit)
        for span, sentence in zip(of_hit.sentences, reading.sentences, strict=True):
            stretch = max(sentence.stretch.score, _NO_STRETCH) if sentence.stretch else _NO_STRETCH
            rows.append((sentence.evidence, stretch, reading.answered, hit.score))
            right.append(float(_overlaps(of_hit.text, span, question.quotes.get(hit.passage.article.id, ()))))
    return Judged(np.array(rows, float), np.array(right), bool(question.quotes))


def _passage(hit: Hit) -> ReaderPassage:
    passage = hit.passage
    sentences = tuple(Span(s.start - passage.start, s.end - passage.start) for s in passage.sentences)
    return ReaderPassage(path_of(passage.article.title, passage.context), passage.text, sentences)


def _overlaps(text: str, span: Span, quotes: Sequence[str]) -> bool:
    words = text[span.start : span.end]
    # A quote may run over the end of a passage.
    places = ((quote, text.find(quote)) for quote in quotes)
    return any(words in quote or (at >= 0 and span.start < at + len(quote) and at < span.end) for quote, at in places)


def _quotes(row: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for one in row["evidence"] if row["answerable"] else ():
        found[one["article_id"]] = (*found.get(one["article_id"], ()), one["quote"])
    return found


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        yield from (json.loads(line) for line in file)
