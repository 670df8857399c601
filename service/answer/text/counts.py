"""Fractions, how often in a time, and places in an order: "two thirds", "half an hour", "twice a day", "the second floor".

They are compared where a sentence is checked. Elsewhere they are words like others.
"""

import re
from collections.abc import Iterator, Mapping

from index.stores.lexical import stems
from service.answer.text.amounts import NUMBER_WORDS, Mention, Value
from service.answer.text.spans import apart
from service.answer.text.terms import is_function_word
from service.answer.text.units import known_periods, known_scales, known_units

_ORDINALS = {
    word: n for n, word in enumerate("first second third fourth fifth sixth seventh eighth ninth tenth".split(), 1)
}
_PARTS = {word: n for word, n in _ORDINALS.items() if n > 2} | {"half": 2, "quarter": 4}
_SMALL = "|".join(word for word, n in NUMBER_WORDS.items() if n < 10)
_PLURALS = "|".join([*(f"{part}s" for part in _PARTS if part != "half"), "halves"])
# A third of something, by a third, two thirds; but neither a third time nor a quarter of the year 2024.
_OF = r"(?=\s+of\b(?!\s+(?:(?:the|fiscal|financial|calendar)\s+)*(?:year|\d)))"
_FRACTION = re.compile(
    rf"\b(?P<count>{_SMALL}|\d)[\s-](?P<parts>{_PLURALS})\b"
    rf"|\b(?:an?|one)[\s-](?P<part>{'|'.join(_PARTS)})\b{_OF}"
    rf"|(?<=\bby\s)(?:an?|one)[\s-](?P<added>{'|'.join(_PARTS)})\b"
    r"|\b(?P<half>half)(?=\s+(?:of|the|an?)\b)|(?<=\bby\s)(?P<by>half)\b"
    r"|(?<![\d/.])(?P<over>\d)/(?P<under>[2-9]|1\d)(?=\s+of\b)",
    re.IGNORECASE,
)
_OF_ONE = re.compile(r"(?:\s+of)?\s+an?\s+(?P<unit>[a-z]+)", re.IGNORECASE)
_OFTEN = re.compile(
    rf"\b(?:(?P<word>once|twice|thrice)|(?P<count>{_SMALL}|\d{{1,3}})\s+times)"
    r"(?:\s?/\s?|\s+(?:(?:an?|per|each|every)\s+)?)(?P<period>[a-z]+)\b",
    re.IGNORECASE,
)
_TIMES = {"once": 1, "twice": 2, "thrice": 3}
_ORDINAL = re.compile(
    rf"\b(?:(?P<word>{'|'.join(_ORDINALS)})|(?P<number>\d{{1,4}})(?:st|nd|rd|th))\s+(?P<noun>[a-z]{{3,}})"
)


def counts_in(text: str) -> list[Mention]:
    """Return the fractions of a text, as per cent or of the unit that follows, and how often in a time something happens."""
    return apart([*_fractions(text), *_often(text)])


def ordinals_in(text: str) -> Mapping[str, frozenset[int]]:
    """Return the places in an order that a text gives, by the stem of what is ordered: "second floor" is 2 of "floor"."""
    found: dict[str, frozenset[int]] = {}
    for match in _ORDINAL.finditer(text):
        if not is_function_word(match["noun"]):
            (stem, *_) = stems(match["noun"])
            place = _ORDINALS[match["word"]] if match["word"] else int(match["number"])
            found[stem] = found.get(stem, frozenset()) | {place}
    return found


def _fractions(text: str) -> Iterator[Mention]:
    for match in _FRACTION.finditer(text):
        share = _share(match)
        following = _OF_ONE.match(text, match.end())
        if following is None:
            yield Mention(Value(100 * share, "%"), "about", match.group(), match.start(), match.end())
        elif measured := _measured(share, following["unit"].lower()):
            yield Mention(measured, "", text[match.start() : following.end()], match.start(), following.end())


def _share(match: re.Match[str]) -> float:
    if match["over"]:
        return int(match["over"]) / int(match["under"])
    if match["count"]:
        many = match["parts"].lower()
        return _number(match["count"]) / _PARTS["half" if many == "halves" else many.removesuffix("s")]
    return 1 / _PARTS[(match["part"] or match["added"] or match["half"] or match["by"]).lower()]


def _measured(share: float, word: str) -> Value | None:
    if word in known_units():
        unit, factor = known_units()[word]
        return Value(share * factor, unit)
    return Value(share * known_scales()[word], "") if word in known_scales() else None


def _often(text: str) -> Iterator[Mention]:
    for match in _OFTEN.finditer(text):
        if period := known_periods().get(match["period"].lower()):
            times = _TIMES[match["word"].lower()] if match["word"] else _number(match["count"])
            yield Mention(Value(times, "time"), "", match.group(), match.start(), match.end(), per=period)


def _number(word: str) -> int:
    return int(word) if word.isdigit() else NUMBER_WORDS[word.lower()]
