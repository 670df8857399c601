"""What the reading model finds in the best hits, sentence by sentence (`index.reader`)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from index.ingest.outline import path_of
from index.reader.model import ReaderPassage, Reading, Stretch
from index.records import Hit, SentenceSpan, Span
from index.stores.store import Index
from service.answer.text.amounts import mentions_in

# Reading more of them found the answer no more often, and costs time.
_READ = 8
# What a sentence has whose passage was not read, or that holds none of the best stretches.
_NO_STRETCH = -15.0
_NAME = r"[A-Z][\w.&’'-]*(?: [A-Z][\w.&’'-]*){0,3}"
_NAMES_LISTED = re.compile(rf"\b{_NAME}(?:, {_NAME})+,? and {_NAME}")


@dataclass(frozen=True, slots=True)
class Found:
    """What was found for one sentence.

    `answered` is the log-odds that its passage answers; `stretch` is the best stretch in it, as a stretch of the article,
    or None, and `score` the logarithm of how much likelier that is than "no answer here".
    """

    answered: float
    score: float
    stretch: Span | None


def read_hits(index: Index, question: str, hits: Sequence[Hit]) -> list[Reading]:
    """Read the first hits, in order. Empty without a reader."""
    if index.reader is None:
        return []
    passages = [
        ReaderPassage(path_of(hit.passage.article.title, hit.passage.context), hit.passage.text) for hit in hits[:_READ]
    ]
    return index.reader.read([(question, passage) for passage in passages])


def found_in(readings: Sequence[Reading], *, rank: int, hit: Hit, sentence: SentenceSpan) -> Found | None:
    """Return what the readings hold of a sentence of the hit at this rank, or None where nothing was read."""
    if not readings:
        return None
    if rank >= len(readings):  # taken for the worst that was read
        return Found(min(reading.answered for reading in readings), _NO_STRETCH, None)
    best = _best_stretch(readings[rank], hit, sentence)
    if best is None:
        return Found(readings[rank].answered, _NO_STRETCH, None)
    at = hit.passage.start
    # A stretch may run into the next sentence, which is not quoted.
    stretch = Span(at + best.start, min(at + best.end, sentence.end))
    return Found(readings[rank].answered, max(best.score, _NO_STRETCH), _with_whole_values(hit, sentence, stretch))


def _with_whole_values(hit: Hit, sentence: SentenceSpan, stretch: Span) -> Span:
    """Return a stretch with all of each figure and each list of names that it touches.

    "over $4 billion" where "$4" or "$4 billion" was found, "Oracle, Nvidia and Google" where "Google" was.
    """
    at, words = sentence.start, hit.passage.words_of(sentence)
    figures = [Span(at + m.start, at + m.end) for m in mentions_in(words)]
    lists = [Span(at + m.start(), at + m.end()) for m in _NAMES_LISTED.finditer(words)]
    touched = [whole for whole in (*figures, *lists) if whole.start < stretch.end and stretch.start < whole.end]
    return Span(min(s.start for s in (stretch, *touched)), max(s.end for s in (stretch, *touched)))


def _best_stretch(reading: Reading, hit: Hit, sentence: SentenceSpan) -> Stretch | None:
    first, last = sentence.start - hit.passage.start, sentence.end - hit.passage.start
    inside = (stretch for stretch in reading.stretches if first <= stretch.start < last)
    return max(inside, key=lambda stretch: stretch.score, default=None)
