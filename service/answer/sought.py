"""The kind of thing that a question asks for, read from its words, and whether a sentence holds one."""

import re
from functools import lru_cache
from typing import Literal

from index.stores.lexical import stems
from service.answer.text.terms import asks_whether, new_names
from service.answer.text.units import known_currencies

Wanted = Literal["percentage", "amount", "count", "number", "frequency", "duration", "date", "person", "name"]
"""`count` is how many of something, `number` any other measure, `name` a place, company or the like."""

_MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
MONEY_WORDS = "|".join(name for name in known_currencies() if name.isalpha() and name.islower() and len(name) > 2)
_SMALL_NUMBERS = "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve"
_TEENS_AND_TENS = "(?:thir|four|fif|six|seven|eigh|nine)teen|(?:twen|thir|for|fif|six|seven|eigh|nine)ty"
_LARGE_NUMBERS = "dozens?|hundreds?|thousands?|millions?|billions?|trillions?|half|third|quarter|twice|once|tens"
_NUMBER_WORDS = f"{_SMALL_NUMBERS}|{_TEENS_AND_TENS}|{_LARGE_NUMBERS}"
_MONEY_WORDS = (
    r"invest\w*|spen[dt]\w*|pa(?:y|ys|id|ying)|costs?|worth|commit\w*|money|rais\w*|prices?|earn\w*|put|plough\w*|fund\w*"
    r"|dollars?|euros?|salary|revenue|valuation|budget|value|charges?|fees?"
)
_SUMS = "commitment|investment|sum|budget|revenue|price|cost|subsidy|fine|fee|salary"

# How much of it is no sum of money, whatever it costs.
_STUFF = (
    "memory|ram|storage|space|disk|data|bandwidth|traffic|electricity|power|energy|heat|fuel|oil|gas|water|rain|snow|ice|co2"
    "|carbon|land|weight|food|paper|time|notice|leave|holiday|experience|sleep"
)

_ASKED: tuple[tuple[Wanted, str], ...] = (
    (
        "percentage",
        r"\b(?:what|which|how (?:large|big|high)) (?:a )?(?:percent\w*|per cent|share|proportion|fraction)\b"
        r"|^(?:percent\w*|share) of\b",
    ),
    ("date", r"\bwhen\b|\b(?:what|which) (?:year|date|day|month|decade|century)\b|\bby what (?:date|time)\b"),
    (
        "duration",
        r"\bhow long (?:a|do|does|did|is|was|were|has|have|had|will|would|can|until|before|after)\b"
        r"|\bhow many (?:years|months|weeks|days|hours|minutes|seconds)\b|\bhow much (?:time|notice)\b",
    ),
    (
        "amount",
        rf"\bhow much\b(?! of\b| (?:{_STUFF})\b| (?:\w+ ){{1,2}}(?:is|are|was|were) there\b).{{0,200}}\b(?:{_MONEY_WORDS})\b"
        r"|\bhow many (?:dollars|euros|pounds)\b"
        rf"|\bhow (?:large|big|high)\b.{{0,200}}\b(?:{_SUMS})\b|\bat what (?:price|valuation|cost)\b"
        r"|\bwhat(?:'s|’s| is| was| are| were| do| does| did| will)\b.{0,200}"
        rf"\b(?:total|amount|value|valuation|{_SUMS}|earn|charge)\b"
        r"|\bwhat (?:do|does|did|will) .{0,200}\bpay(?: \w+)? for \w"
        r"|^what (?:do|does|did|will|would) (?:\S+ )+pay\b(?! (?:for\b|attention|heed|tribute|lip))"
        r"|\b(?:annual|yearly) (?:revenue|budget|cost|income|spending)\b"
        r"|\b\d+ or \d+ (?:dollars|euros|[mb]illion)\b|^(?:price|cost|revenue|budget|salary|valuation) of\b",
    ),
    ("count", r"\bhow many\b|\b(?:what|which) number of\b"),
    ("frequency", r"\bhow (?:often|frequently|regularly)\b"),
    ("number", r"\bhow (?:much|old|tall|far|big|large|fast|high|deep|heavy|long)\b|\bwhat (?:number|age)\b"),
    # Of somebody who is named, it asks what they are.
    (
        "person",
        r"\bwho(?:m|se)?\b(?!(?-i: (?:is|was|are|were)(?: (?:de|da|van|von))?(?: [A-Z][\w.'’-]*(?<!['’]s))+\??$))",
    ),
    (
        "name",
        r"\b(?:what|which) (?:\w+ )?(?:cit(?:y|ies)|countr(?:y|ies)|states?|towns?|regions?|compan(?:y|ies)"
        r"|firms?|utilit(?:y|ies)|universit(?:y|ies)|agenc(?:y|ies)|banks?|startups?|governments?)\b",
    ),
)
_WANTED = tuple((kind, re.compile(pattern, re.IGNORECASE)) for kind, pattern in _ASKED)

_INTERROGATIVE = re.compile(r"\b(?:what|which|who|whom|whose|how|where|when|why)\b", re.IGNORECASE)

_HOLDS: dict[Wanted, re.Pattern[str]] = {
    "percentage": re.compile(r"\d\s?%|\bper ?cent\b|\b(?:half|quarters?|thirds?|fifths?|tenths?|majority)\b", re.I),
    "date": re.compile(
        rf"\b(?:1\d{{3}}|20\d\d)s?\b|\b(?:in|AD|of) \d{{3}}\b|\d (?:AD|BCE?|CE)\b|[ap]\.?m\b"
        rf"|\b(?:{_MONTHS})\b|\b(?:quarter|decade|century|years?|months?|weeks?|yesterday|today"
        r"|(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day)\b"
    ),
    "duration": re.compile(
        r"\b(?:years?|months?|weeks?|days?|hours?|minutes?|seconds?|decades?|centur(?:y|ies)|since|until|from"
        r"|m|km|cm|ft|feet|foot|met(?:er|re)s?|miles?|inch(?:es)?)\b",
        re.I,
    ),
    "amount": re.compile(
        rf"[$€£¥₹₩]\s?\d|\b(?:\d[\d.,]*|{_SMALL_NUMBERS})[\s-]?(?:{MONEY_WORDS}|[mbt]n|[mbtr]+illion)\b"
        r"|\b(?:tens|hundreds) of (?:thousands|millions|billions)\b",
        re.I,
    ),
    "frequency": re.compile(
        r"\b(?:once|twice|times|every|each|per|daily|nightly|weekly|monthly|quarterly|yearly|annual(?:ly)?|hourly|biennial"
        r"|always|never|often|rarely|seldom|sometimes|regularly|constantly|frequently"
        r"|an? (?:hour|day|week|month|quarter|year))\b",
        re.I,
    ),
    "number": re.compile(rf"\d|\b(?:{_NUMBER_WORDS})\b", re.I),
    "count": re.compile(rf"\d|\b(?:{_NUMBER_WORDS}|several|both|couple|no)\b", re.I),
}

_COUNTED = re.compile(r"\b(?:how many|number of)\s+(.*)", re.IGNORECASE)
# Where the words that say what is counted end: "how many | people | work there".
_AFTER_COUNTED = frozenset(
    "about are at be been belong by can come could did do does for from get go had has have in is it its make may must "
    "of on per should take that the there they to use was were which who will with work would you".split()
)
_PEOPLE = frozenset(stems("people persons employees workers staff jobs men women members residents inhabitants"))
# A number that counts something: not part of a sum of money, a share, a year or a measure.
_COUNT = re.compile(
    r"(?<![\w$€£¥.,-])(?:(?!(?:1\d{3}|20\d\d)\b)\d[\d,]*(?:\.\d+)?"
    rf"|(?<!\d )\b(?:{_NUMBER_WORDS}|several|both|no)\b)(?![\d%])",
    re.I,
)
_MEASURED = re.compile(
    r"\s?-?(?:%|per ?cent\b|[\w-]*watt\w*|years?\b|dollars?\b|euros?\b|(?:[mb]illion|[mb]n) dollars?)", re.I
)
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
_HOW_MUCH = re.compile(r"\bhow much (electricity|power|energy|water|co2|carbon)\b", re.IGNORECASE)
_ENERGY = re.compile(r"watt|\b[kMGT]Wh?\b|%|per ?cent|\b(?:half|quarter|third)\b", re.IGNORECASE)
_MASS = re.compile(r"gram|\b(?:kg|tons?|tonnes?|pounds?)\b", re.IGNORECASE)
_WATER = re.compile(r"\b(?:lit(?:er|re)s?|gallons?|cubic|cups?|(?:tea|table)spoons?|ml|%|per ?cent)\b", re.IGNORECASE)
_UNITS = dict.fromkeys(("electricity", "power", "energy"), _ENERGY) | dict.fromkeys(("co2", "carbon"), _MASS)
_UNITS["water"] = _WATER
_WHERE = re.compile(r"^(?:[\w']+ ){0,2}where\b", re.IGNORECASE)
# Words before a place, and names of directions. Of the sentences that answer a "where" of public sets, 95 in 100 have one.
_PLACE = re.compile(
    r"\b(?:in|at|on|near|from|to|into|onto|inside|outside|across|between|beside|behind|beneath|under|above|around|along"
    r"|through|by|off|within|throughout|over|of|towards?|via) (?:(?:the|an?|its|their|his|her|my|our|your|both|this|that"
    r"|each|every|all|most|many|several|some|two|three|four|five|modern|nearby)\b|[A-Z\"“(])"
    r"|\b(?:here|there|home|abroad|overseas|everywhere|upstairs|online|worldwide|nearby|local(?:ly)?)\b"
    r"|\b(?:[Nn]orth|[Ss]outh|[Ee]ast|[Ww]est)|[A-Z]\w+, [A-Z]"
)
_MAIL = re.compile(r"\w@\w")
_OFFICE = re.compile(
    r"\b(?:manager|director|supervisor|officer|chair\w*|editor|owner|author|secretary|treasurer|president|minister|doctor"
    r"|engineers?|administrators?|admins?|members?|employees?|everyone|anyone|nobody|no one|heads?|lead|team|department"
    r"|committee|council|board|assistant)\b",
    re.IGNORECASE,
)
_WORDS_AFTER = 4
_WORD = re.compile(r"[\w’'-]+")


@lru_cache(maxsize=4096)
def wanted(question: str) -> Wanted | None:
    """Return the kind of thing that the question asks for, where its words tell.

    What it asks first counts: "How old was she when …" asks for no date. What is answered with yes or no asks for none.
    """
    if asks_whether(question):
        return None
    first = _INTERROGATIVE.search(question)
    latest = first.start() if first else len(question)
    found = ((kind, pattern.search(question)) for kind, pattern in _WANTED)
    return next((kind for kind, match in found if match and match.start() <= latest), None)


def holds(kind: Wanted | None, sentence: str, question: str) -> bool:
    """Say whether a sentence holds a thing of this kind that the question does not name itself."""
    if kind is None:
        return False
    if kind in _HOLDS:
        return bool(_HOLDS[kind].search(sentence))
    return bool(new_names(sentence, question)) or (kind == "person" and bool(_MAIL.search(sentence)))


def lacks(question: str, text: str) -> float:
    """Return how surely a text does not hold the kind of thing asked for: 1 surely, 0 not at all.

    A text that names years, but not the one asked about, does not. One half where a question asks how many of something,
    and the text has a number, but of something else, as far as its words tell: it may count the same by another name. One
    half also where a question asks who, and the text has no name, but an office: "your manager".
    """
    kind = wanted(question)
    if kind is None:
        return float(_WHERE.search(question) is not None and not _PLACE.search(text))
    if not holds(kind, text, question):
        return 0.5 if kind == "person" and _OFFICE.search(text) else 1.0
    if _of_another_year(question, text) or _in_other_units(question, text):
        return 1.0
    counted = _counted(question) if kind == "count" else frozenset[str]()
    if not counted:
        return 0.0
    numbers = list(_COUNT.finditer(text))
    if any(counted & _stems_after(text, number.end()) for number in numbers):
        return 0.0
    return 0.5 if any(not _MEASURED.match(text, number.end()) for number in numbers) else 1.0


def _of_another_year(question: str, text: str) -> bool:
    asked, told = (frozenset(_YEAR.findall(words)) for words in (question, text))
    return bool(asked and told) and not asked & told


def _in_other_units(question: str, text: str) -> bool:
    """Say whether a question for so much of something that is measured is met with none of its units."""
    match = _HOW_MUCH.search(question)
    return match is not None and not _UNITS[match[1].lower()].search(text)


def _counted(question: str) -> frozenset[str]:
    """Return the stem of what is counted in "how many … chips will it get"; the stems of people for any kind of them."""
    match = _COUNTED.search(question)
    last = ""
    for word in _WORD.findall(match[1].lower())[:_WORDS_AFTER] if match else ():
        if word in _AFTER_COUNTED:
            break
        last = word
    found = frozenset(stems(last))
    return _PEOPLE if found & _PEOPLE else found


def _stems_after(text: str, at: int) -> frozenset[str]:
    return frozenset(stems(" ".join(_WORD.findall(text[at : at + 60])[:_WORDS_AFTER])))
