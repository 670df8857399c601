"""The sentences of the hits, each with how likely it belongs to the answer."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from index.deadline import check_deadline
from index.ingest.outline import path_of
from index.ingest.segmentation import display_text
from index.reader.model import ReaderPassage
from index.reader.readings import Reading, SentenceReading
from index.records import Hit, SentenceSpan, Span
from index.stores.store import Index
from service.answer.text.amounts import mentions_in
from service.answer.text.dates import days_in
from service.answer.text.terms import covered, distinctive, terms
from service.answer.text.unbroken import unbroken

# Passages of each search that are read: the time of an answer grows with them.
READ = 6
# The logarithm of how much likelier than none a stretch is that counts as an answer.
_CLEARLY = 1.0
# Characters before a passage in which the marks of its first line stand.
_MARKS = 12
# The line below a heading of Markdown that makes it one, where no "#" does.
_UNDERLINE = re.compile(r"[ \t]*\n {0,3}(?:=+|-{2,})[ \t]*(?:\n|\Z)")

READER_WEIGHTS: Mapping[str, float] = {
    "intercept": -5.68,
    "evidence": 0.15,
    "cosine": 4.41,
    "lexical_share": 2.55,
    "preference": 4.0,
    "passage_covered": -0.53,
    "covered": 0.47,
    "fragment": -0.2,
    "question": -0.7,
}
"""Weights of a logistic curve: the reader's log-odds that the sentence belongs to the answer; how similar its passage is to
the question, and how well it fits by words as a share of the best that was found; how well it suits the time and the sources
that are asked for; which share of the question's words stands in the passage, and in the sentence with its headings; and what
kind of line it is. None depends on how large the index is. `python -m eval.fitting` fits them."""

SIMILARITY_WEIGHTS: Mapping[str, float] = {
    "intercept": -8.18,
    "similarity": 3.58,
    "cosine": 3.78,
    "lexical_share": 2.8,
    "preference": 4.0,
    "passage_covered": -0.95,
    "covered": 1.42,
    "fragment": -0.04,
    "question": -0.74,
}
"""The same without a reader: with the similarity of the sentence to the question."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """A sentence of a passage, the `position`-th of the hit that ranks `rank`-th.

    `text` is as people read it, and `below` the heading or the question that it stands below, or empty. `features` are named
    as the weights, and `score` is the log-odds that the sentence belongs to the answer. `stretch` is the part of it that
    answers by itself, as a stretch of the article, and `stretch_score` how much likelier the reader takes that to be than
    that there is none, as a logarithm; None without a reader.
    """

    hit: Hit
    rank: int
    position: int
    span: SentenceSpan
    text: str
    features: Mapping[str, float]
    score: float
    below: str = ""
    stretch: Span | None = None
    stretch_score: float = -math.inf

    @property
    def probability(self) -> float:
        """The probability that it belongs to the answer."""
        return 1 / (1 + math.exp(-self.score))

    @property
    def answer(self) -> Span | None:
        """The part of it that answers by itself, where the reader finds one clearly likelier than none."""
        return self.stretch if self.stretch_score > _CLEARLY else None


@dataclass(frozen=True, slots=True)
class Search:
    """A text that was searched for, and its hits, best first."""

    text: str
    hits: tuple[Hit, ...]


def read_evidence(index: Index, searches: Sequence[Search]) -> list[list[Evidence]]:
    """Return the sentences of the best hits of each search, best first. What the reader reads, it reads in one batch."""
    read = [search.hits[:READ] for search in searches]
    if index.reader is None:
        return [_by_similarity(index, search.text, hits) for search, hits in zip(searches, read, strict=True)]
    pairs = [(search.text, _passage(hit)) for search, hits in zip(searches, read, strict=True) for hit in hits]
    readings = iter(index.reader.read(pairs))
    return [
        _by_reader(index, search.text, hits, [next(readings) for _ in hits])
        for search, hits in zip(searches, read, strict=True)
    ]


def _passage(hit: Hit) -> ReaderPassage:
    passage = hit.passage
    sentences = tuple(Span(s.start - passage.start, s.end - passage.start) for s in passage.sentences)
    return ReaderPassage(path_of(passage.article.title, passage.context), passage.text, sentences)


def _by_reader(index: Index, question: str, hits: Sequence[Hit], readings: Sequence[Reading]) -> list[Evidence]:
    shown = _shown(index, question, hits)
    found: list[Evidence] = []
    for one in shown:
        reading = readings[one.rank]
        sentence = reading.sentences[one.position]
        features = {**one.features, "evidence": sentence.evidence}
        stretch = _stretch(one, sentence)
        found.append(
            _scored(one, features, READER_WEIGHTS, stretch, sentence.stretch.score if sentence.stretch else None)
        )
    return best_first(found)


def _by_similarity(index: Index, question: str, hits: Sequence[Hit]) -> list[Evidence]:
    shown = _shown(index, question, hits)
    vector = index.embedder.embed_questions([question])[0]
    similarities = index.sentence_vectors.of([one.text for one in shown]) @ vector
    return best_first(
        [
            _scored(one, {**one.features, "similarity": float(similarity)}, SIMILARITY_WEIGHTS)
            for one, similarity in zip(shown, similarities, strict=True)
        ]
    )


@dataclass(frozen=True, slots=True)
class _Shown:
    """A sentence with what can be said of it without a model."""

    hit: Hit
    rank: int
    position: int
    span: SentenceSpan
    text: str
    features: Mapping[str, float]
    below: str


def _shown(index: Index, question: str, hits: Sequence[Hit]) -> list[_Shown]:
    above = [path_of(hit.passage.article.title, hit.passage.context) for hit in hits]
    passages = [f"{path} {hit.passage.text}" for path, hit in zip(above, hits, strict=True)]
    weights = distinctive(question, passages)
    best_by_words = max((hit.lexical for hit in hits), default=0.0) or 1.0
    shown: list[_Shown] = []
    for rank, hit in enumerate(hits):
        check_deadline()
        of_passage = {
            "cosine": hit.dense,
            "lexical_share": hit.lexical / best_by_words,
            "preference": hit.preference,
            "passage_covered": covered(terms(question), passages[rank]),
        }
        heading, line_before = "", _line_before(index, hit)
        below = next(reversed(hit.passage.context.headings), "")
        texts = [display_text(hit.passage.words_of(span), hit.passage.article.format) for span in hit.passage.sentences]
        for position, (span, text) in enumerate(zip(hit.passage.sentences, texts, strict=True)):
            if _is_heading(hit, span, line_before) or _asks(texts, position):
                heading = below = text
                continue
            of_sentence = {
                "covered": covered(weights, text, above[rank], heading),
                "fragment": float(span.kind == "fragment"),
                "question": float(text.endswith("?")),
            }
            shown.append(_Shown(hit, rank, position, span, text, of_passage | of_sentence, below))
            below = text if text.endswith("?") else below
    return shown


def _line_before(index: Index, hit: Hit) -> str:
    """Return what stands before a passage on its first line: the marks of a heading or of an item of a list."""
    passage = hit.passage
    if passage.article.format != "markdown" or not passage.start:
        return ""
    before = index.catalog.stretch(passage.article.version, Span(max(passage.start - _MARKS, 0), passage.start)) or ""
    return before.rpartition("\n")[2]


def _is_heading(hit: Hit, span: SentenceSpan, line_before: str) -> bool:
    """Say whether a sentence is a heading of Markdown: it says what stands below, and is not quoted itself."""
    if hit.passage.article.format != "markdown":
        return False
    end = span.end - hit.passage.start
    text = line_before + hit.passage.text[:end]
    return text.rpartition("\n")[2].lstrip(" ").startswith("#") or _UNDERLINE.match(hit.passage.text, end) is not None


def _asks(texts: Sequence[str], position: int) -> bool:
    """Say whether a sentence is a question that what follows replies to, as in a list of frequent questions.

    Several questions in a row are a list of questions, which may be what is asked for.
    """
    asking = [text.endswith("?") for text in texts[max(position - 1, 0) : position + 2]]
    return texts[position].endswith("?") and sum(asking) == 1


def _stretch(one: _Shown, sentence: SentenceReading) -> Span | None:
    if sentence.stretch is None:
        return None
    at = one.hit.passage.start
    return _with_whole_values(one, Span(at + sentence.stretch.start, at + sentence.stretch.end))


def _with_whole_values(one: _Shown, stretch: Span) -> Span:
    """Return a stretch with all of each amount, day, address and code that it touches: "over $4 billion" for "$4"."""
    at, words = one.span.start, one.hit.passage.words_of(one.span)
    values = [Span(at + figure.start, at + figure.end) for figure in mentions_in(words)]
    values += [Span(at + day.start, at + day.end) for day in days_in(words)]
    values += [Span(at + whole.start, at + whole.end) for whole in unbroken(words)]
    touched = [whole for whole in values if whole.start < stretch.end and stretch.start < whole.end]
    return Span(min(s.start for s in (stretch, *touched)), max(s.end for s in (stretch, *touched)))


def _scored(
    one: _Shown,
    features: Mapping[str, float],
    weights: Mapping[str, float],
    stretch: Span | None = None,
    stretch_score: float | None = None,
) -> Evidence:
    score = weights["intercept"] + sum(weights.get(name, 0.0) * value for name, value in features.items())
    likelier = -math.inf if stretch_score is None else stretch_score
    return Evidence(one.hit, one.rank, one.position, one.span, one.text, features, score, one.below, stretch, likelier)


def best_first(found: Sequence[Evidence]) -> list[Evidence]:
    """Return evidence by its score, then in the order of the hits and their sentences."""
    return sorted(found, key=lambda one: (-one.score, one.rank, one.position))
