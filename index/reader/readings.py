"""What the network's scores of tokens say of a passage: its best stretches, and each of its sentences."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from index.reader.tokens import Tokens
from index.records import Span

_LONGEST_STRETCH = 30
_STRETCHES = 5
# The evidence of a sentence without words. It is finite, so that a caller may weigh and add it.
_NO_WORDS = -15.0

Row = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Stretch:
    """What may be the answer: `text[start:end]` of the passage as it was given, in code points.

    `score` is the logarithm of how much more probable it is than "no answer here".
    """

    start: int
    end: int
    score: float


@dataclass(frozen=True, slots=True)
class SentenceReading:
    """What was read in a sentence.

    `evidence` is the log-odds that the sentence belongs to the answer; from weights that do not score it, the score of
    the best stretch. `stretch` is the best stretch that starts in the sentence, cut at the sentence's end (`score` is that
    of the whole stretch); None where the sentence has no words.
    """

    evidence: float
    stretch: Stretch | None


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read in a passage for a question.

    `relevance` orders passages of one question, and means nothing across questions. `answered` is the log-odds that the
    passage answers. `stretches` do not overlap, best first; none where the passage has no words. `sentences` has one
    reading for each sentence that was given with the passage, in that order.
    """

    relevance: float
    answered: float
    stretches: tuple[Stretch, ...]
    sentences: tuple[SentenceReading, ...] = ()


class Scores(NamedTuple):
    """What the network says of a window: start and end scores of its passage's tokens less those of "no answer", the
    passage's relevance and answeredness, and its tokens' evidence, where the weights score it."""

    starts: Row
    ends: Row
    relevance: float
    answered: float
    evidence: Row | None


class Window(NamedTuple):
    """A part of a passage that was read at once: which token of the passage is its first, and its scores."""

    first: int
    scores: Scores


class _From(NamedTuple):
    """For each token of a passage: the score of the best stretch that starts there, the last token of that stretch, and
    the token's evidence. A token that was read in several windows has the best of each."""

    scores: Row
    lasts: NDArray[np.int64]
    evidence: Row | None


def reading_of(windows: Sequence[Window], text: Tokens, sentences: Sequence[Span]) -> Reading:
    """Return the reading of a passage from the scores of its windows. Linear in the length of the windows together."""
    of_windows = [_stretch_scores(scores.starts, scores.ends) for _, scores in windows]
    told = _of_sentences(_joined(windows, of_windows, len(text.ids)), text, sentences) if sentences else ()
    found = [
        (score, window.first + first, window.first + last)
        for window, of_window in zip(windows, of_windows, strict=True)
        for score, first, last in _stretches(of_window)
    ]
    return Reading(
        relevance=max(scores.relevance for _, scores in windows),
        answered=max(scores.answered for _, scores in windows),
        stretches=tuple(
            Stretch(text.starts[first], text.ends[last], score)
            for score, first, last in _apart(sorted(found, reverse=True))
        ),
        sentences=told,
    )


def _stretch_scores(starts: Row, ends: Row) -> Row:
    """Return the score of each stretch by its first token and its length less one, (tokens, longest); minus infinity
    beyond the end."""
    longest = min(_LONGEST_STRETCH, len(starts))
    padded = np.concatenate([ends, np.full(max(longest - 1, 0), -np.inf, np.float32)])
    if not longest:
        return np.empty((0, 1), np.float32)
    return np.asarray(starts[:, None] + np.lib.stride_tricks.sliding_window_view(padded, longest), np.float32)


def _joined(windows: Sequence[Window], of_windows: Sequence[Row], count: int) -> _From:
    best, lasts = np.full(count, -np.inf, np.float32), np.zeros(count, np.int64)
    evidence = None if windows[0].scores.evidence is None else np.full(count, -np.inf, np.float32)
    for (first, scores), of_window in zip(windows, of_windows, strict=True):
        here = slice(first, first + len(of_window))
        found, more = of_window.max(axis=1), of_window.argmax(axis=1)
        better = found > best[here]
        lasts[here] = np.where(better, np.arange(first, first + len(of_window)) + more, lasts[here])
        best[here] = np.maximum(best[here], found)
        if evidence is not None and scores.evidence is not None:
            evidence[here] = np.maximum(evidence[here], scores.evidence)
    return _From(best, lasts, evidence)


def _of_sentences(found: _From, text: Tokens, sentences: Sequence[Span]) -> tuple[SentenceReading, ...]:
    begins = np.searchsorted(text.starts, [s.start for s in sentences])
    stops = np.searchsorted(text.starts, [s.end for s in sentences])
    sums = None if found.evidence is None else np.concatenate([[0.0], np.cumsum(found.evidence, dtype=np.float64)])
    told = []
    for sentence, begin, stop in zip(sentences, begins.tolist(), stops.tolist(), strict=True):
        if begin >= stop:
            told.append(SentenceReading(_NO_WORDS, None))
            continue
        at = begin + int(found.scores[begin:stop].argmax())
        score = float(found.scores[at])
        stretch = Stretch(text.starts[at], min(text.ends[found.lasts[at]], sentence.end), score)
        evidence = score if sums is None else float((sums[stop] - sums[begin]) / (stop - begin))
        told.append(SentenceReading(evidence, stretch))
    return tuple(told)


def _stretches(scores: Row) -> Iterator[tuple[float, int, int]]:
    """Yield the best stretches as (score, first token, last token), each without a token of one before it. Overwrites
    `scores`."""
    longest = scores.shape[1]
    for _ in range(_STRETCHES if len(scores) else 0):
        first, more = np.unravel_index(int(scores.argmax()), scores.shape)
        best, last = float(scores[first, more]), int(first + more)
        if not np.isfinite(best):
            return
        yield best, int(first), last
        scores[first : last + 1] = -np.inf
        for before in range(max(0, int(first) - longest + 1), int(first)):
            scores[before, int(first) - before :] = -np.inf


def _apart(found: Sequence[tuple[float, int, int]]) -> list[tuple[float, int, int]]:
    """Return the best of those that share a token with another: windows overlap."""
    kept: list[tuple[float, int, int]] = []
    for one in found:
        if len(kept) < _STRETCHES and all(one[2] < first or last < one[1] for _, first, last in kept):
            kept.append(one)
    return kept
