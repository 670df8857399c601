"""Amounts and figures in a sentence, brought to one form, so that "$5 billion" and "USD 5bn" compare equal."""

import re
from dataclasses import dataclass

_SCALES = {"": 1.0, "k": 1e3, "thousand": 1e3, "m": 1e6, "mn": 1e6, "million": 1e6, "b": 1e9, "bn": 1e9, "billion": 1e9}
_SCALES |= {"tn": 1e12, "trillion": 1e12}
_WORDS = dict(zip("one two three four five six seven eight nine ten eleven twelve".split(), range(1, 13), strict=True))
_CURRENCIES = {"$": "USD", "usd": "USD", "dollar": "USD", "€": "EUR", "eur": "EUR", "euro": "EUR"}
_CURRENCIES |= {"£": "GBP", "gbp": "GBP", "pound": "GBP", "¥": "JPY", "jpy": "JPY", "yen": "JPY"}

_VALUE = re.compile(
    rf"""(?<![\w.,])(?P<before>[$€£¥]|USD\s?|EUR\s?|GBP\s?)?
    (?P<number>\d{{1,3}}(?:,\d{{3}})+(?:\.\d+)?|\d+(?:\.\d+)?|\b(?:{"|".join(_WORDS)})\b)
    \s?-?(?P<scale>thousand|million|billion|trillion|bn|mn|tn|[kmb])?\b
    \s?-?(?P<unit>dollars?|euros?|pounds?|yen|USD|EUR|GBP|%|percent|per\ cent|gigawatts?|GW|megawatts?|MW)?""",
    re.IGNORECASE | re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Value:
    """A figure with its unit: a currency code, "%", another unit, or "" for a bare number. `words` is how it was put."""

    amount: float
    unit: str


def values_in(text: str) -> frozenset[Value]:
    """Return the figures that a text holds."""
    return frozenset(_value(match) for match in _VALUE.finditer(text))


def _value(match: re.Match[str]) -> Value:
    number = match["number"].replace(",", "").lower()
    amount = float(_WORDS.get(number, 0) or number) * _SCALES[(match["scale"] or "").lower()]
    unit = (match["before"] or match["unit"] or "").strip().lower().rstrip("s")
    if unit in ("percent", "per cent", "%"):
        return Value(amount, "%")
    short = {"gw": "gigawatt", "mw": "megawatt"}.get(unit, unit)
    return Value(amount, _CURRENCIES.get(short, short))
