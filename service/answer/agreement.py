"""What the best stretches of several articles give as the answer, grouped by value: where they agree, and where not.

Amounts, dates and names are brought to one form first, so that "$5 billion" and "USD 5bn", "20 April 2026" and "April 2026",
"Dario Amodei" and "Amodei" count as the same value.
"""

import re

from index.stores.lexical import stems
from service.answer.text.amounts import mentions_in
from service.answer.text.dates import days_in

# How much less sure of a further stretch the reader may be than that there is none (logarithm of the odds): that another
# article gives the same value speaks for it. One that gives another value has to be likelier than none.
_LEAST_SCORE = -4.0
_NO_NAMES = frozenset("a about an and around at by for from in of on over some the to".split())
_HALF_A_MARK = re.compile(r"\*+|~~+|`+|(?<!\w)_+|_+(?!\w)")
_WORD = re.compile(r"\w+(?:[.,'’-]\w+)*")


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
