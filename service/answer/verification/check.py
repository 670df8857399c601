"""The check of one sentence that a language model wrote: which sentences of the articles support it, and whether they do.

A sentence is verified when every figure, day and name of it stands in what is quoted, nothing is turned into its opposite,
and the support model, where there is one, has read that the passages support it. What is quoted is what says nearly the same,
or what the model found. Without the model, there must be a sentence that says nearly the same.
Quotes are never repaired: a citation that fails is not replaced by another one.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from index.records import Hit
from index.stores.store import Index
from service.answer.citations import Draft, Stretch
from service.answer.languages import foreign_language
from service.answer.text.terms import covered, terms
from service.answer.verification.claims import contradicted, missing
from service.answer.verification.replacements import replacements
from service.answer.verification.supporting import MOST_READ, by_reading, by_similarity, source

_LEAST_LOG_ODDS = -1.3
"""From these log-odds of the model on, what was read counts as support.

Of the thresholds at which, in each development set, no fewer true sentences pass than by similarity, it has the highest
balanced accuracy (`python -m eval.support choose`).
"""

_LEAST_OF_A_COPY = 0.0
"""The same of a sentence that repeats one of its source with a few words put otherwise: then all depends on these words.

On the development sets one of 23 such sentences by people is lost at it, and 8 of 26 altered ones are stopped.
"""

_INTERCEPT, _SLOPE = -0.77, 0.93
"""The logistic curve from the model's log-odds to a probability, fitted on sentences that the rules let pass (the same)."""

# So few words ("Yes.", "Ten days.") say something only together with a question; the model learnt to read sentences.
_FRAGMENT = 5

# A sentence of a cited passage that is less similar than this does not say nearly the same.
_LEAST_SIMILARITY = 0.5
# The same of a passage that is not cited.
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
class FoundSupport:
    """What of the passages supports a sentence, and what speaks against it.

    `score` orders these. `log_odds` are the support model's, None where no model has read the sentence; from `least` on they
    count as support.
    """

    stretches: tuple[Stretch, ...]
    missing: frozenset[str]
    contradicted: bool
    score: float = 0.0
    log_odds: float | None = None
    least: float = _LEAST_LOG_ODDS

    @property
    def quotes_hold(self) -> bool:
        """Whether something is quoted, and no rule speaks against it."""
        return bool(self.stretches) and not self.missing and not self.contradicted

    @property
    def holds(self) -> bool:
        """Whether the sentence is verified by it."""
        return self.quotes_hold and (self.log_odds is None or self.log_odds >= self.least)

    @property
    def probability(self) -> float | None:
        """How likely the passages support the sentence, if of all that is checked as much is true as false."""
        return None if self.log_odds is None else 1 / (1 + math.exp(-max(_INTERCEPT + _SLOPE * self.log_odds, -700.0)))


_NOTHING = FoundSupport((), frozenset(), contradicted=False)


def checked(index: Index, words: str, cited: Sequence[Hit], shown: Sequence[Hit], *, question: str = "") -> Draft:
    """Check a sentence against the passages that it cites, or, where it cites none, against those that were shown.

    What is no sentence ("Ten days.") is compared together with the `question` that it answers: then each of its words has to
    stand in what supports it. Addresses that do not stand in what is quoted are taken out: they are how words are carried
    away. Raises ModelUnusable.
    """
    draft = _checked(index, words, cited, shown)
    if draft.support == "verified" or draft.probability is not None or not question or not (told := terms(words)):
        return draft
    answered = _checked(replace(index, support=None), f"{question} {words}", cited, shown)
    stands = covered(told, " ".join(stretch.words for stretch in answered.stretches)) == 1
    return replace(answered, text=words) if answered.support == "verified" and stands else draft


def _checked(index: Index, words: str, cited: Sequence[Hit], shown: Sequence[Hit]) -> Draft:
    support = found_support(index, words, cited, shown)
    stretches = support.stretches if cited or support.holds else ()
    text = _without_foreign_addresses(words, [stretch.words for stretch in stretches])
    verified = support.holds and text == words
    return Draft(text, stretches, "verified" if verified else "unverified", support.probability)


def found_support(index: Index, words: str, cited: Sequence[Hit], shown: Sequence[Hit]) -> FoundSupport:
    """Return what supports a sentence, as `checked` judges it. Raises ModelUnusable."""
    compared = _compared(index, words, cited, shown)
    if index.support is None or foreign_language(words) or len(words.split()) <= _FRAGMENT:
        return compared
    read = by_reading(index.support, words, cited or shown, least=_LEAST_LOG_ODDS)
    found = _judged(words, read.stretches)
    # What the model found in two passages says more than what is most similar in one.
    order = (found, compared) if len({stretch.hit for stretch in read.stretches}) > 1 else (compared, found)
    likely = read.log_odds >= _LEAST_LOG_ODDS
    best = next((one for one in order if one.quotes_hold), found if likely else compared)
    # "It" for a name changes nothing: what the sentence claims hangs on the other words.
    copied = any(terms(replaced.said) for replaced in replacements(words, source(best.stretches).quotes))
    return replace(best, log_odds=read.log_odds, least=_LEAST_OF_A_COPY if copied else _LEAST_LOG_ODDS)


def _compared(index: Index, words: str, cited: Sequence[Hit], shown: Sequence[Hit]) -> FoundSupport:
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


def _judged(words: str, stretches: tuple[Stretch, ...]) -> FoundSupport:
    quoted = source(stretches)
    best = max((stretch.score for stretch in stretches), default=0.0)
    return FoundSupport(stretches, missing(words, quoted), contradicted(words, quoted), best)


def _without_foreign_addresses(words: str, quotes: Sequence[str]) -> str:
    def kept(address: re.Match[str]) -> str:
        return address.group() if any(address.group().rstrip(".,;") in quote for quote in quotes) else ""

    kept_words = _ADDRESS.sub(kept, words)
    return words if kept_words == words else " ".join(kept_words.split())
