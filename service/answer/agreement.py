"""What the best stretches of several articles give as the answer, grouped by value: where they agree, and where not.

Amounts, dates and names are brought to one form first, so that "$5 billion" and "USD 5bn", "20 April 2026" and "April 2026",
"Dario Amodei" and "Amodei" count as the same value.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from index.ingest.copies import says_the_same
from index.ingest.segmentation import display_text
from index.stores.lexical import stems
from service.answer.evidence import Evidence
from service.answer.text.amounts import ROUND_A_STRETCH, mentions_in
from service.answer.text.dates import days_in

# How much less sure of a further stretch the reader may be than that there is none (logarithm of the odds): that another
# article gives the same value speaks for it. One that gives another value has to be likelier than none.
_LEAST_SCORE = -4.0
_NO_NAMES = frozenset("a about an and around at by for from in of on over some the to".split())
_HALF_A_MARK = re.compile(r"\*+|~~+|`+|(?<!\w)_+|_+(?!\w)")
_WORD = re.compile(r"\w+(?:[.,'’-]\w+)*")


@dataclass(frozen=True, slots=True)
class ValueGroup:
    """Stretches that give the same value, the best first. `value` is how the first puts it."""

    value: str
    given_by: tuple[Evidence, ...]

    @property
    def articles(self) -> int:
        """How many sources give the value: the same text under two names, or copied words, count once."""
        by_text = {evidence.hit.passage.article.version: evidence.text for evidence in self.given_by}
        said: list[str] = []
        for words in by_text.values():
            if not any(says_the_same(words, other) for other in said):
                said.append(words)
        return len(said)


def grouped(evidence: Sequence[Evidence]) -> tuple[ValueGroup, ...]:
    """Return the values that the sentences' stretches give, in order of their best stretch. Empty without a reader."""
    groups: list[ValueGroup] = []
    given = [(e.found.score, e) for e in evidence if e.found and e.found.stretch and e.found.score > _LEAST_SCORE]
    for _, one in sorted(given, key=lambda scored: -scored[0]):
        value = stretch_words(one)
        at = next((at for at, group in enumerate(groups) if same_value(group.value, value)), None)
        if at is None:
            groups.append(ValueGroup(value, (one,)))
        else:
            groups[at] = replace(groups[at], given_by=(*groups[at].given_by, one))
    return tuple(groups)


def agreeing(evidence: Sequence[Evidence]) -> int:
    """Return how many further articles give the value that the best sentence gives."""
    value = stretch_words(evidence[0]) if evidence else ""
    group = next((group for group in grouped(evidence) if same_value(group.value, value)), None)
    return max(group.articles - 1, 0) if group else 0


def stretch_words(evidence: Evidence) -> str:
    """Return the stretch of a sentence as people read it; "" where it has none."""
    if evidence.found is None or evidence.found.stretch is None:
        return ""
    passage = evidence.hit.passage
    words = display_text(passage.words_of(evidence.found.stretch), passage.article.format)
    # Of emphasis that begins or ends outside of the stretch, one half of the marks is left.
    unmarked = _HALF_A_MARK.sub("", words) if passage.article.format == "markdown" else words
    return unmarked.strip(ROUND_A_STRETCH)


def gives(text: str, value: str) -> bool:
    """Say whether a text holds this amount, date or name, however it puts it."""
    if days := days_in(value):
        return any(one.may_be(day) for one in days_in(text) for day in days)
    if figures := mentions_in(value):
        return any(one.may_be(figures[0]) for one in mentions_in(text))
    words = frozenset(_WORD.findall(value.lower())) - _NO_NAMES
    return bool(words) and words <= frozenset(_WORD.findall(text.lower()))


def same_value(one: str, other: str) -> bool:
    """Say whether two stretches give the same amount, date or name, however each puts it."""
    if days_in(one) and days_in(other):
        return any(a.may_be(b) for a in days_in(one) for b in days_in(other))
    if mentions_in(one) and mentions_in(other):
        return mentions_in(one)[0].may_be(mentions_in(other)[0]) and _unit(one) == _unit(other)
    return _same_name(one, other)


def _unit(text: str) -> str:
    """Return the first word after the figure, where the figure has no unit of its own."""
    mention = mentions_in(text)[0]
    word = re.match(r"[\s-]*([^\W\d_]+)", text[mention.end :])
    return stems(word[1])[0] if word and not mention.value.unit else mention.value.unit


def _same_name(one: str, other: str) -> bool:
    """Say whether one has all words of the other: "the mayor Anna Rossi" and "Rossi"."""
    words, others = (frozenset(_WORD.findall(text.lower())) - _NO_NAMES for text in (one, other))
    return bool(words) and bool(others) and (words <= others or others <= words)
