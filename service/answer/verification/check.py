"""The check of one sentence that a language model wrote: which sentences of the articles support it, and whether they do.

A sentence is verified when the support model has read that the passages support it, every figure, day and name of it stands
in what is quoted, and nothing is turned into its opposite. Without the model, it must be nearly what one of their sentences
says. Quotes are never repaired: a citation that fails is not replaced by another one.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from index.reader.model import Reader
from index.records import Hit
from index.stores.store import Index
from service.answer.citations import Draft, Stretch
from service.answer.languages import foreign_language
from service.answer.verification.claims import contradicted, missing
from service.answer.verification.supporting import MOST_READ, by_reading, by_similarity, source

_SUPPORTED = 0.5
"""From this probability on, what was read counts as support."""

_INTERCEPT, _SLOPE = 0.5, 1.0
"""The logistic curve from the model's log-odds to a probability. `python -m eval.support` fits it."""

# So few words are no sentence: they say something only together with the question.
_FRAGMENT = 6

# Without the support model: a sentence whose cited passage is less similar than this was not taken from it.
_LEAST_SIMILARITY = 0.5
# A sentence that cites nothing is given a citation only where it says nearly what the passage says.
_LEAST_SIMILARITY_UNCITED = 0.7

_REST = r"[^\s<>\"”’»）)\]]"
_ADDRESS = re.compile(
    rf"(?:\b[a-z][a-z0-9+.-]{{1,20}}://|www\.|mailto:|javascript:|data:|\b(?:https?|ftp):/?(?=[\w\[])|(?<![\w:/])//(?=[\w\[]))"
    rf"{_REST}+"
    r"|(?<![\w.+-])[\w.+-]++@[\w-]++(?:\.[\w-]+)+"
    rf"|(?<![\w.-])(?:[a-z0-9-]++\.)+(?:com|org|net|io|ai|dev|app|info|biz|co|xyz|example|test|[a-z]{{2}}|\d{{1,3}})/{_REST}*",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class _Support:
    """What of the passages supports a sentence, and what speaks against it. `score` orders these; `probability` is None where
    no model has read the sentence."""

    stretches: tuple[Stretch, ...]
    missing: frozenset[str]
    contradicted: bool
    score: float = 0.0
    probability: float | None = None

    @property
    def holds(self) -> bool:
        likely = self.probability is None or self.probability >= _SUPPORTED
        return bool(self.stretches) and likely and not self.missing and not self.contradicted


_NOTHING = _Support((), frozenset(), contradicted=False)


def checked(index: Index, words: str, cited: Sequence[Hit], shown: Sequence[Hit], *, question: str = "") -> Draft:
    """Check a sentence against the passages that it cites, or, where it cites none, against those that were shown.

    A few words that answer a question ("Ten days.") are read together with the `question`. Addresses that do not stand in
    what is quoted are taken out: they are how words are carried away. Raises ModelUnusable.
    """
    if index.support and not foreign_language(words):
        support = _read(index.support, words, cited or shown, question)
    else:
        support = _compared(index, words, cited, shown)
    stretches = support.stretches if cited or support.holds else ()
    text = _without_foreign_addresses(words, [stretch.words for stretch in stretches])
    verified = support.holds and text == words
    return Draft(text, stretches, "verified" if verified else "unverified", support.probability)


def _read(model: Reader, words: str, hits: Sequence[Hit], question: str) -> _Support:
    """Let the support model read the sentence with the passages. Its support does not count for what rules speak against."""
    fragment = bool(question) and len(words.split()) <= _FRAGMENT
    claim = f"{question.rstrip(' ?')}? {words}" if fragment else words
    found = by_reading(model, claim, hits, least=_log_odds(_SUPPORTED))
    probability = _probability(found.log_odds) if found.stretches else 0.0
    return _judged(words, found.stretches, score=found.log_odds, probability=probability)


def _probability(log_odds: float) -> float:
    return 1 / (1 + math.exp(-(_INTERCEPT + _SLOPE * log_odds)))


def _log_odds(probability: float) -> float:
    return (math.log(probability / (1 - probability)) - _INTERCEPT) / _SLOPE


def _compared(index: Index, words: str, cited: Sequence[Hit], shown: Sequence[Hit]) -> _Support:
    """Compare the sentence with those of the passages by similarity: all that are cited together, or each that was shown."""
    if cited:
        least = _LEAST_SIMILARITY
        stretches = tuple(s for hit in cited[:MOST_READ] for s in by_similarity(index, words, hit, least=least))
        return _judged(words, stretches)
    each = [
        _judged(words, tuple(by_similarity(index, words, hit, least=_LEAST_SIMILARITY_UNCITED)))
        for hit in shown[:MOST_READ]
    ]
    return max((one for one in each if one.holds), key=lambda one: one.score, default=_NOTHING)


def _judged(
    words: str, stretches: tuple[Stretch, ...], *, score: float | None = None, probability: float | None = None
) -> _Support:
    found = source(stretches)
    best = max((stretch.score for stretch in stretches), default=0.0) if score is None else score
    return _Support(stretches, missing(words, found), contradicted(words, found), best, probability)


def _without_foreign_addresses(words: str, quotes: Sequence[str]) -> str:
    def kept(address: re.Match[str]) -> str:
        return address.group() if any(address.group().rstrip(".,;") in quote for quote in quotes) else ""

    kept_words = _ADDRESS.sub(kept, words)
    return words if kept_words == words else " ".join(kept_words.split())
