"""Sentences with one thing changed, so that what supported them does so no longer."""

import re
from collections.abc import Callable, Mapping, Sequence
from random import Random

_NUMBER = re.compile(r"(?<![\w.])\d[\d,]*(?:\.\d+)?(?![\w])")
_YEAR = re.compile(r"\b(?:1[0-9]|20)\d\d\b")
_MONTHS = "January February March April May June July August September October November December".split()
_DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
_SPELLED = "two three four five six seven eight nine ten eleven twelve twenty thirty fifty hundred".split()
_UNITS = (
    "kilograms pounds ounces tonnes grams stones", "kilometres miles metres feet yards inches centimetres",
    "kilometers miles meters feet yards inches centimeters", "km miles m ft", "kg lb g oz",
    "seconds minutes hours days weeks months years decades centuries",
    "second minute hour day week month year decade century",
    "million billion thousand trillion", "percent points", "dollars euros pounds yen francs",
    "hourly daily weekly monthly quarterly yearly annually", "litres gallons pints", "liters gallons pints", "°C °F",
    "Celsius Fahrenheit Kelvin", "bytes bits", "MB GB KB TB", "degrees radians", "acres hectares", "$ € £", "knots mph km/h",
)  # fmt: skip
_PLACES = (
    "north south east west", "northern southern eastern western", "northeast southwest northwest southeast",
    "above below", "left right", "inside outside", "upstream downstream", "upper lower", "front rear", "top bottom",
    "indoors outdoors", "onshore offshore", "domestic foreign", "local global national", "urban rural",
    "Germany France Italy Spain Poland Sweden Japan China India Brazil Canada Russia Egypt Kenya Mexico Norway",
    "German French Italian Spanish Polish Swedish Japanese Chinese Indian Brazilian Canadian Russian Egyptian Mexican",
    "London Paris Berlin Rome Madrid Vienna Tokyo Beijing Moscow Boston Chicago Denver Cairo Delhi",
    "Europe Asia Africa Australia America", "England Scotland Wales Ireland",
)  # fmt: skip
_DIRECTIONS = (
    "before after", "increase decrease", "increased decreased", "increases decreases", "increasing decreasing", "rise fall",
    "rose fell", "more less", "more fewer", "higher lower", "high low", "larger smaller", "largest smallest", "large small",
    "most least", "first last", "oldest youngest", "older younger", "early late", "earlier later", "begin end", "began ended",
    "beginning end", "start stop", "started stopped", "win lose", "won lost", "buy sell", "bought sold", "import export",
    "maximum minimum", "majority minority", "include exclude", "includes excludes", "included excluded", "allow forbid",
    "allowed forbidden", "allows forbids", "support oppose", "supported opposed", "accept reject", "accepted rejected",
    "gain loss", "gained lost", "strong weak", "stronger weaker", "fast slow", "faster slower", "up down", "open closed",
    "public private", "same different", "similar different", "internal external", "positive negative", "with without",
    "long short", "longer shorter", "best worst", "better worse", "good bad", "new old", "men women", "male female",
    "add remove", "added removed", "enable disable", "enabled disabled", "send receive",
    "sent received", "hot cold", "warm cool", "deep shallow", "wide narrow", "input output", "encrypt decrypt",
    "permit prohibit",
    "improve worsen", "improved worsened", "reduce raise", "reduced raised", "reduces raises", "cause prevent",
    "causes prevents", "caused prevented", "success failure", "join leave", "joined left", "approve refuse",
    "approved refused", "parent child", "teacher student", "buyer seller", "employer employee", "employers employees",
)  # fmt: skip
_CERTAINTY = (
    "may will must", "might will", "could will does", "can must cannot", "must may", "should must may",
    "often always rarely", "sometimes always never", "usually always rarely", "generally always", "frequently rarely always",
    "some all no", "many all few", "most all few", "likely certain unlikely", "probably certainly", "possibly definitely",
    "required optional", "mandatory voluntary", "recommended required", "optional mandatory", "always sometimes never",
    "never sometimes always", "all some", "every some", "only also", "rarely often", "suggests proves", "suggest prove",
    "believed proven", "estimated confirmed", "expected guaranteed", "alleged confirmed", "planned completed",
    "will may", "guaranteed possible", "certain possible", "partly entirely", "partially completely", "nearly exactly",
)  # fmt: skip
_NAME = re.compile(r"(?<![.!?]\s)(?<!^)\b[A-Z][\w'’-]+(?:\s+(?:(?:of|the|de|van|von)\s+)?[A-Z][\w'’-]+)*")
_HELPER = re.compile(r"\b(is|are|was|were|has|have|had|will|can|could|should|would|must|may|did|does|do)\b(?! not\b)")
_NOT = re.compile(r"\b(?:not|never|no longer)\s+|(?<=[a-z])n['’]t\b")
_VERB = re.compile(r"\b(?!used\b)([a-z]{3,})(ed)\b")

Kind = str
"""What was changed: "figure", "unit", "date", "name", "place", "direction", "negation", "certainty"."""


def altered(sentence: str, others: str, random: Random, kind: Kind | None = None) -> tuple[str, Kind] | None:
    """Return a sentence with one thing changed, and what; None where it holds nothing to change.

    `others` is text about the same: its names and figures take the place of the sentence's.
    """
    ways = [kind] if kind else random.sample(sorted(ALTERATIONS), len(ALTERATIONS))
    if kind is None and random.random() < 0.7:
        # Nearly every sentence can be denied, few have a unit.
        ways.sort(key=lambda way: way == "negation")
    for way in ways:
        changed = ALTERATIONS[way](sentence, others, random)
        if changed and changed != sentence:
            return changed, way
    return None


def _figure(sentence: str, others: str, random: Random) -> str | None:
    found = [m for m in _NUMBER.finditer(sentence) if not _YEAR.fullmatch(m.group())]
    spelled = [m for m in re.finditer(r"[a-z]+", sentence) if m.group() in _SPELLED]
    if not found and not spelled:
        return None
    if spelled and (not found or random.random() < 0.4):
        one = random.choice(spelled)
        return _put(sentence, one, random.choice([w for w in _SPELLED if w != one.group()]))
    one = random.choice(found)
    near = sorted({m.group() for m in _NUMBER.finditer(others)} - {m.group() for m in found})
    return _put(
        sentence, one, random.choice(near) if near and random.random() < 0.5 else _other_number(one.group(), random)
    )


def _other_number(number: str, random: Random) -> str:
    places = [at for at, c in enumerate(number) if c.isdigit()]
    at = random.choice(places)
    digits = [d for d in "0123456789" if d != number[at] and not (d == "0" and at == 0)]
    return number[:at] + random.choice(digits) + number[at + 1 :]


def _date(sentence: str, others: str, random: Random) -> str | None:
    named = [m for m in re.finditer(r"\b[A-Z][a-z]+\b", sentence) if m.group() in _MONTHS or m.group() in _DAYS]
    years = list(_YEAR.finditer(sentence))
    if not named and not years:
        return None
    one = random.choice([*named, *years])
    if one in named:
        group = _MONTHS if one.group() in _MONTHS else _DAYS
        return _put(sentence, one, random.choice([w for w in group if w != one.group()]))
    near = sorted({m.group() for m in _YEAR.finditer(others)} - {m.group() for m in years})
    other = str(int(one.group()) + random.choice((-20, -10, -3, -2, -1, 1, 2, 3, 10, 20)))
    return _put(sentence, one, random.choice(near) if near and random.random() < 0.5 else other)


def _name(sentence: str, others: str, random: Random) -> str | None:
    mine = list(_NAME.finditer(sentence))
    theirs = sorted({m.group() for m in _NAME.finditer(others)} - {m.group() for m in mine})
    theirs = [
        name for name in theirs if name.lower() not in sentence.lower() and name not in _MONTHS and name not in _DAYS
    ]
    if not mine or not theirs:
        return None
    one = random.choice(mine)
    if len(mine) > 1 and random.random() < 0.25:
        other = random.choice([m for m in mine if m is not one])
        first, second = sorted((one, other), key=lambda m: m.start())
        swapped = sentence[: first.start()] + second.group() + sentence[first.end() : second.start()] + first.group()
        return swapped + sentence[second.end() :]
    alike = [name for name in theirs if len(name.split()) == len(one.group().split())]
    return _put(sentence, one, random.choice(alike or theirs))


def _from_groups(groups: Sequence[str]) -> Callable[[str, str, Random], str | None]:
    other: dict[str, list[str]] = {}
    for group in groups:
        words = group.split()
        for word in words if len(words) < 3 or groups is not _CERTAINTY else words[:1]:
            other.setdefault(word, []).extend(w for w in words if w != word)

    def changed(sentence: str, others: str, random: Random) -> str | None:
        found = [m for m in re.finditer(r"[^\W\d_]+(?:/h)?|°[CF]|[$€£]", sentence) if _plain(m.group(), other)]
        if not found:
            return None
        one = random.choice(found)
        key = _plain(one.group(), other) or ""
        word = random.choice(other[key])
        return _put(sentence, one, word.capitalize() if one.group()[0].isupper() and key != one.group() else word)

    return changed


def _plain(word: str, known: Mapping[str, object]) -> str | None:
    return word if word in known else word.lower() if word.lower() in known else None


def _negation(sentence: str, others: str, random: Random) -> str | None:
    if found := _NOT.search(sentence):
        return " ".join((sentence[: found.start()] + " " + sentence[found.end() :]).split())
    if helper := _HELPER.search(sentence):
        return f"{sentence[: helper.end()]} {random.choice(('not', 'not', 'never'))}{sentence[helper.end() :]}"
    if verb := _VERB.search(sentence):
        return f"{sentence[: verb.start()]}never {sentence[verb.start() :]}"
    return None


def _put(sentence: str, match: re.Match[str], words: str) -> str:
    return sentence[: match.start()] + words + sentence[match.end() :]


ALTERATIONS: Mapping[Kind, Callable[[str, str, Random], str | None]] = {
    "figure": _figure,
    "unit": _from_groups(_UNITS),
    "date": _date,
    "name": _name,
    "place": _from_groups(_PLACES),
    "direction": _from_groups(_DIRECTIONS),
    "negation": _negation,
    "certainty": _from_groups(_CERTAINTY),
}
"""How each kind of thing is changed."""
