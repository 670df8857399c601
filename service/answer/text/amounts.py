"""Amounts and figures in a sentence, brought to one form, so that "$5 billion" and "USD 5bn" compare equal."""

import re
from dataclasses import dataclass, replace

_SCALES = {"": 1.0, "k": 1e3, "thousand": 1e3, "m": 1e6, "mn": 1e6, "million": 1e6, "b": 1e9, "bn": 1e9, "billion": 1e9}
_SCALES |= {"tn": 1e12, "trillion": 1e12}
_ONES = "one two three four five six seven eight nine".split()
_TEENS = "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
# Longer words come first: "sixty-five" is not "sixty".
_WORDS = {f"{ten}-{one}": 10 * t + o for t, ten in enumerate(_TENS, 2) for o, one in enumerate(_ONES, 1)}
_WORDS |= {ten: 10 * t for t, ten in enumerate(_TENS, 2)} | {teen: n for n, teen in enumerate(_TEENS, 10)}
_WORDS |= {one: n for n, one in enumerate(_ONES, 1)}
_SIGNS = {"$": "USD", "us$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY", "₹": "INR", "₩": "KRW"}
# What several countries have counts as one; "crown" and "peso" name too many.
_MONEY = {"dollar": "USD", "euro": "EUR", "pound": "GBP", "yen": "JPY", "franc": "CHF", "rupee": "INR"}
_MONEY |= {"yuan": "CNY", "renminbi": "CNY", "krona": "SEK", "kronor": "SEK", "krone": "NOK", "kroner": "NOK"}
_MONEY |= {"zloty": "PLN", "zlotys": "PLN", "rand": "ZAR", "shekel": "ILS", "forint": "HUF", "lira": "TRY"}
_CODES = {code.lower(): code for code in (*_MONEY.values(), "KRW", "CAD", "AUD", "DKK", "CZK", "BRL", "MXN")}
_CURRENCIES = _SIGNS | _MONEY | _CODES
CURRENCIES = frozenset(_CURRENCIES.values())
"""The codes of the currencies that are known."""
# Others than these are words, too: "try 5 times".
_CODE = rf"usd|eur|gbp|(?-i:{'|'.join(_CODES.values())})"
MONEY_WORDS = "|".join([*(f"{word}s?" for word in _MONEY), _CODE])
"""A pattern of what comes behind a sum of money, without regard to the case of words."""

_HEDGES = (
    r"(?:(?:more|less|fewer)\sthan|over|under|above|below|nearly|almost|about|around|roughly|some|up\sto|at\sleast)"
)

_VALUE = re.compile(
    rf"""(?P<hedge>\b{_HEDGES}\s+(?:another\s+|an\s+additional\s+)?)?
    (?<![\w.,])(?P<before>(?:{"|".join(map(re.escape, sorted(_SIGNS, key=len, reverse=True)))}|{_CODE})\s?)?
    (?P<number>\d{{1,3}}(?:,\d{{3}})+(?:\.\d+)?|\d+(?:\.\d+)?|\b(?:{"|".join(_WORDS)})\b)
    (?:\s?-?(?P<scale>thousand|million|billion|trillion|bn|mn|tn|[kmb])\b)?
    (?:\s?-?(?P<unit>{MONEY_WORDS}|%|percent|per\ cent|gigawatts?|GW|megawatts?|MW)(?!\w))?""",
    re.IGNORECASE | re.VERBOSE,
)


# Behind a figure that says nothing of what it counts: the end of a clause, or a word that begins the next.
_OF_NOTHING = re.compile(
    r"\s*(?:[.,;:)\]!?–—\"”]|$)|\s+(?:after|and|as|at|because|before|but|by|for|from|if|in|last|later|on|or|over|per|since|than"
    r"|that|this|to|until|when|which|while|with|was|were|is|has|had|will|would)\b",
    re.IGNORECASE,
)

ROUND_A_STRETCH = " \n\t,;:*_`"
"""What is left out around a stretch of an article that is shown as a value: marks that belong to the text around it."""

_ROUNDED = {"nearly", "almost", "about", "around", "roughly", "some"}
_BOUNDED = {"more than", "over", "above", "at least", "up to", "less than", "fewer than", "under", "below"}


@dataclass(frozen=True, slots=True)
class Value:
    """A figure with its unit: a currency code, "%", another unit, or "" for a bare number."""

    amount: float
    unit: str


@dataclass(frozen=True, slots=True)
class Mention:
    """A figure as a text puts it: `text[start:end] == words`, with a word such as "over" or "about" before it."""

    value: Value
    hedge: str
    words: str
    start: int
    end: int

    def may_be(self, other: "Mention") -> bool:
        """Say whether both can be the same figure, put differently: rounded, or given as a bound."""
        low, high = sorted((self.value.amount, other.value.amount))
        hedges = {self.hedge.split(" another")[0], other.hedge.split(" another")[0]}
        allowed = 0.15 if hedges & _BOUNDED else 0.06 if hedges & _ROUNDED else 0.01
        return self.value.unit == other.value.unit and high - low <= allowed * high


def mentions_in(text: str) -> list[Mention]:
    """Return the figures that a text holds, in order.

    A currency goes for what follows, too: "$2.3 billion, then 2.1 billion".
    """
    found: list[Mention] = []
    currency = ""
    for match in _VALUE.finditer(text):
        mention = _mention(match)
        if currency and match["scale"] and not mention.value.unit and _OF_NOTHING.match(text, match.end()):
            mention = replace(mention, value=replace(mention.value, unit=currency))
        if match["scale"] and mention.value.unit in CURRENCIES:
            currency = mention.value.unit
        found.append(mention)
    return found


def values_in(text: str) -> frozenset[Value]:
    """Return the figures that a text holds, however they are put."""
    return frozenset(mention.value for mention in mentions_in(text))


def _mention(match: re.Match[str]) -> Mention:
    hedge = " ".join((match["hedge"] or "").lower().split())
    return Mention(_value(match), hedge, match.group().strip(), match.start(), match.end())


def _value(match: re.Match[str]) -> Value:
    number = match["number"].replace(",", "").lower()
    amount = float(_WORDS.get(number, 0) or number) * _SCALES[(match["scale"] or "").lower()]
    unit = (match["before"] or match["unit"] or "").strip().lower().rstrip("s")
    if unit in ("percent", "per cent", "%"):
        return Value(amount, "%")
    short = {"gw": "gigawatt", "mw": "megawatt"}.get(unit, unit)
    return Value(amount, _CURRENCIES.get(short, short))
