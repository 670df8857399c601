"""Sums of money, percentages and quantities in a text, brought to one form.

"$5 billion", "USD 5bn" and "5,000,000,000 dollars" compare equal; "5 kg" and "5 lb" do not.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from index.stores.lexical import stems
from service.answer.text.terms import is_function_word
from service.answer.text.units import (
    PERIOD_ADVERBS,
    known_currencies,
    known_periods,
    known_scales,
    known_times,
    known_units,
)

CURRENCIES = frozenset(known_currencies().values())
"""The codes of the currencies that are known."""

_ONES = "one two three four five six seven eight nine".split()
_TEENS = "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
NUMBER_WORDS = {word: n for n, word in enumerate([*_ONES, *_TEENS], 1)} | {
    ten: 10 * n for n, ten in enumerate(_TENS, 2)
}
# "once" alone is a conjunction, too.
_OFTEN = {"once": 1.0, "twice": 2.0}
_LARGE = ("hundred", "thousand", "million", "billion", "trillion")

_LOWEST, _HIGHEST = frozenset({"at least", "a minimum of"}), frozenset({"up to", "at most", "a maximum of"})
_MORE = frozenset({"more than", "over", "above"}) | _LOWEST
_LESS = frozenset({"less than", "fewer than", "under", "below"}) | _HIGHEST
_ROUNDED = frozenset({"nearly", "almost", "about", "around", "approximately", "roughly", "some"})
# Before a sum; longer names of currencies stand behind it.
_SHORT_NAMES = frozenset({"Rs", "Fr", "kr", "usd", "eur", "gbp"})
_HEDGES = "|".join(sorted(_MORE | _LESS | _ROUNDED)).replace(" ", r"\s")

_SMALL, _LARGE_WORD = "|".join(sorted(NUMBER_WORDS, key=len, reverse=True)), "|".join(_LARGE)
_NUMBER = re.compile(
    # Not in a code ("BX-100"), an address, a version ("3.1.2"), a time ("07:30") or behind a letter.
    r"(?:(?<=USD|EUR|CHF|GBP|Rs\.)|(?<![\w.,:@#/+])(?<![A-Za-z]-)(?<![A-Za-z]['’]))"
    r"(?P<digits>(?:\d{1,3}(?P<gap>[,.'’ \u202f\xa0])\d{3}(?:(?P=gap)\d{3})*(?:[.,]\d{1,2})?|\d+(?:[.,]\d+)?)"
    r"(?!\d|[.,:]\d|(?:st|nd|rd|th)\b))"
    rf"|(?<![\w-])(?P<words>(?:(?<!half )an?\s+(?:{_LARGE_WORD})|{_SMALL})"
    rf"(?:(?:[-\s]\s?|(?<=hundred)\s+and\s+)(?:{_SMALL}|{_LARGE_WORD})\b)*)\b"
    r"|(?<![\w-])(?<!feel )(?P<free>free(?:\s+of\s+charge)?(?=\s*(?:[.,;:)|!?]|\Z)|\s+(?:for|to)\b)"
    r"|(?:no|without)\s+(?:charge|cost)\b)"
    rf"|(?<![\w-])(?P<often>{'|'.join(_OFTEN)})(?=\s(?:an?|per|each|every)\s)",
    re.IGNORECASE,
)
_SIGNS = [name for name in known_currencies() if not name.isalpha() or name.isupper() or name in _SHORT_NAMES]
_BEFORE = re.compile(
    rf"(?P<hedge>(?<!\w)(?i:{_HEDGES})\s+)?(?P<added>(?<!\w)(?i:another|an\s+additional|a\s+further)\s+)?"
    rf"(?:(?<!\w)(?P<sign>{'|'.join(sorted(map(re.escape, _SIGNS), key=len, reverse=True))})\.?\s?)?"
    r"(?P<minus>(?<![\w)])[-−]|(?<!\w)(?i:minus)\s)?\Z"
)
_NEXT = re.compile(r"[-\s]?\s?(?P<word>°\s?[CFK]\b|[°%‰$€£¥₹₩₪₺]|[^\W\d_]+[²³]?(?:/[^\W\d_]+)?)")
_PER = re.compile(
    rf"\s?(?:/\s?|(?:per|an?|each|every)\s)\s?([^\W\d_]+)|\s({'|'.join(PERIOD_ADVERBS)})\b",
    re.IGNORECASE,
)
# What is measured by such a time is a speed, and another measure than what it is measured in: miles, and miles an hour.
_OF_SPEEDS = frozenset({"second", "minute", "hour"})
_NOUN = re.compile(r"[-\s]\s?([^\W\d_]{3,})")
# "ten working days", "28 vacation days": a word between a number and its unit.
_OF_TIME = re.compile(r"[-\s]([^\W\d_]{3,})\s(?P<unit>[^\W\d_]{4,})")
_DOTTED = re.compile(r"\d+[.,]\d+")
# How far before a number its sign is looked for, and in how many words behind it its unit.
_BEFORE_IT = 40
_MOST_WORDS_OF_A_UNIT = 4
_LETTERS_OF_SCALES = frozenset("kKMBb")


@dataclass(frozen=True, slots=True)
class Value:
    """A figure with its unit: a currency code, "%", a base unit such as "meter", "free", or "" for a bare number."""

    amount: float
    unit: str


@dataclass(frozen=True, slots=True)
class Mention:
    """A figure as a text puts it: `text[start:end] == words`, with a word such as "over" or "about" before it.

    `counted` is the stem of the word behind a bare number ("214 people"), or before a unit of time ("ten working days");
    `per` of what a sum is for ("€5 per month"); `added` says that it comes on top ("another $5").
    """

    value: Value
    hedge: str
    words: str
    start: int
    end: int
    counted: str = ""
    per: str = ""
    added: bool = False

    def is_same(self, other: "Mention") -> bool:
        """Say whether both are the same figure, put differently. Version 3.1 is not version 3.10."""
        same = math.isclose(self.value.amount, other.value.amount, rel_tol=1e-9)
        return self.same_unit(other) and same and self._as_written(other)

    def may_be(self, other: "Mention") -> bool:
        """Say whether both can be the same figure: the same, rounded, or given as a bound."""
        low, high = sorted((self.value.amount, other.value.amount))
        hedges = {self.hedge, other.hedge}
        allowed = 0.15 if hedges & (_MORE | _LESS) else 0.1 if hedges & _ROUNDED else 0.01
        if hedges <= _LOWEST or hedges <= _HIGHEST:  # two limits
            allowed = 0.01
        return self.same_unit(other) and high - low <= allowed * abs(high) and self._as_written(other)

    def same_unit(self, other: "Mention") -> bool:
        """Say whether both are of the same unit, and not of different ones in turn ("per month", "per year")."""
        units = {self.value.unit, other.value.unit}
        free = "free" in units and bool(units & CURRENCIES)
        pounds = units == {"GBP", "pound"} and "pound" in f"{self.words} {other.words}".lower()
        return (len(units) == 1 or free or pounds) and (not self.per or not other.per or self.per == other.per)

    def _as_written(self, other: "Mention") -> bool:
        """Say whether two bare numbers with a point have the same digits, as those of versions must."""
        written = {one.words.replace(",", ".") for one in (self, other) if _DOTTED.fullmatch(one.words)}
        return bool(self.value.unit or self.counted or other.counted) or len(written) < 2

    def opposed(self, other: "Mention") -> bool:
        """Say whether one is a bound from below and the other from above."""
        return any(a.hedge in _MORE and b.hedge in _LESS for a, b in ((self, other), (other, self)))

    @property
    def rounded(self) -> bool:
        """Whether the text says that the figure is not exact."""
        return self.hedge in _ROUNDED


def mentions_in(text: str) -> list[Mention]:
    """Return the figures that a text holds, in order.

    A currency goes for what follows, too: "$2.3 billion, then 2.1 billion".
    """
    found: list[Mention] = []
    currency = ""
    for mention, scaled in _mentions(text):
        if currency and scaled and not mention.value.unit and not mention.counted:
            mention = replace(mention, value=replace(mention.value, unit=currency))
        if scaled and mention.value.unit in CURRENCIES:
            currency = mention.value.unit
        found.append(mention)
    return found


def _mentions(text: str) -> Iterator[tuple[Mention, bool]]:
    """Return each figure, and whether a word such as "million" is part of it."""
    at = 0
    while match := _NUMBER.search(text, at):
        at = match.end()
        if found := _mention(text, match):
            yield found
            at = found[0].end


def _mention(text: str, match: re.Match[str]) -> tuple[Mention, bool] | None:
    if match["free"]:
        return Mention(Value(0.0, "free"), "", match.group(), match.start(), match.end()), False
    if match["often"]:
        often, per = _OFTEN[match["often"].lower()], _period(_PER.match(text, match.end()))
        if per not in known_periods().values():
            return None  # "Once a mentor is found, …"
        return Mention(Value(often, ""), "", match.group(), match.start(), match.end(), counted="time", per=per), False
    before = _BEFORE.search(text, max(match.start() - _BEFORE_IT, 0), match.start())
    assert before is not None  # it may be empty
    sign = known_currencies()[before["sign"]] if before["sign"] else ""
    scale, unit, factor, end = _behind(text, match.end(), money=bool(sign))
    if match["digits"] and end == match.end() and text[end : end + 1].isalpha():
        return None  # "3D", "4x"
    unit, counted = sign or unit, ""
    time = _OF_TIME.match(text, end)
    if time and not unit and time["unit"].lower() in known_times() and (counted := _stem(time)):
        (unit, factor), end = known_times()[time["unit"].lower()], time.end()
    number = (
        _of_words(match["words"]) if match["words"] else _of_digits(match, money=unit in CURRENCIES and scale == 1.0)
    )
    sense = -1.0 if before["minus"] else 1.0
    per = _period(_PER.match(text, end)) if unit else ""
    if per in _OF_SPEEDS and unit not in CURRENCIES and "-per-" not in unit:
        unit, per = f"{unit}-per-{per}", ""
    return Mention(
        Value(sense * number * scale * (1.0 if sign else factor), unit),
        " ".join((before["hedge"] or "").lower().split()),
        text[before.start() : end].strip(),
        before.start(),
        end,
        counted=counted if unit else _stem(_NOUN.match(text, end)),
        per=per,
        added=bool(before["added"]),
    ), scale != 1.0


def _stem(word: re.Match[str] | None) -> str:
    return stems(word[1])[0] if word and not is_function_word(word[1]) else ""


def _period(found: re.Match[str] | None) -> str:
    word = (found[1] or found[2]).lower() if found else ""
    return known_periods().get(word) or (stems(word)[0] if word and not is_function_word(word) else "")


def _of_words(words: str) -> float:
    """Return the number that words give: "two hundred and fifty thousand" is 250,000."""
    total = group = 0.0
    for word in re.split(r"[-\s]+", words.lower()):
        if word in NUMBER_WORDS:
            group += NUMBER_WORDS[word]
        elif word in _LARGE:
            size = known_scales()[word]
            total, group = (total, (group or 1) * size) if size < 1000 else (total + (group or 1) * size, 0.0)
    return total + group


def _of_digits(match: re.Match[str], *, money: bool) -> float:
    """Return the number that digits give: the last mark is that of the decimals, unless it stands before three digits.

    A single point before three digits is that of decimals too, unless in a sum of money: "1.234" and "€1.234"; and so is any
    mark behind a nought: "0,500", but "021 694" is parted by a space.
    """
    digits, gap = match["digits"], match["gap"]
    if gap:
        alone = gap in ".," and digits.count(".") + digits.count(",") == 1
        decimal = alone and (digits.startswith("0") or (gap == "." and not money))
        digits = digits if decimal else digits.replace(gap, "")
    return float(digits.replace(",", "."))


def _behind(text: str, at: int, *, money: bool) -> tuple[float, str, float, int]:
    """Return what stands behind a number: its scale, its unit ("" for none), how many of that it is, and where it ends."""
    scale = 1.0
    while (size := _scale(text, at, money=money)) is not None:
        scale, at = scale * size[0], size[1]
    ends: list[int] = []
    while len(ends) < _MOST_WORDS_OF_A_UNIT and (word := _NEXT.match(text, ends[-1] if ends else at)):
        ends.append(word.end())
        # "MB/s" is no unit of its own
        if not len(ends) > 1 and "/" in word["word"] and _unit(word.group()) is None:
            ends = [word.start("word") + word["word"].index("/")]
            break
    for end in reversed(ends):
        if (found := _unit(text[at:end])) is not None:
            return scale, *found, end
    return scale, "", 1.0, at


def _scale(text: str, at: int, *, money: bool) -> tuple[float, int] | None:
    word = _NEXT.match(text, at)
    size = known_scales().get(word["word"].lower()) if word else None
    if word is None or size is None:
        return None
    end = word.end() + (text[word.end() : word.end() + 1] == "." and len(word["word"]) <= 3)
    if len(word["word"]) > 1:
        return size, end
    # "5m" is five metres, "$5m" and "5m euros" five million.
    following = _NEXT.match(text, word.end())
    currency = money or (following is not None and following["word"].lower() in known_currencies())
    attached = word.start("word") == at
    return (size, end) if currency or (attached and word["word"] in _LETTERS_OF_SCALES) else None


def _unit(words: str) -> tuple[str, float] | None:
    spelled = re.sub(r"°\s", "°", " ".join(words.strip(" -\n\t\xa0\u202f").split()))
    if words == "s":
        return None  # "the 90s"
    for form in (spelled, spelled.lower(), spelled.lower().removesuffix("s")):
        if form in known_currencies():
            return known_currencies()[form], 1.0
        if form in known_units():
            return known_units()[form]
    return None
