"""When a question is about, read from its words and the day on which it is asked: "this week", "since March", "the latest".

Libraries that find dates in text give single days and take "may" and "march" for months (docs/decisions/0018-time.md); a
preference among articles needs whole periods. Days and years written out are found by `service.answer.text.dates`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from service.answer.text.dates import Day, days_in
from service.answer.text.periods import DAY, WEEKDAYS, Period, around, last_weekday, month_from, quarter_from


@dataclass(frozen=True, slots=True)
class Within:
    """The question names one or several periods, none of which begins after the day on which it is asked."""

    periods: tuple[Period, ...]


@dataclass(frozen=True, slots=True)
class Recently:
    """The question asks for the newest there is: "latest", "current", "now"."""


@dataclass(frozen=True, slots=True)
class AskedOn:
    """The question names no time, but the day on which it was asked was given with it."""


When = Within | Recently | AskedOn

_MONTHS = "january february march april may june july august september october november december".split()
_NUMBERS = {word: number for number, word in enumerate("one two three four five six seven eight nine ten".split(), 1)}
_ORDINALS = {"first": 1, "second": 2, "third": 3, "fourth": 4}
_DAYS_OF = {"day": 1, "week": 7, "month": 30, "quarter": 91, "year": 365}
_UNIT = r"(?P<unit>day|week|month|quarter|year)"
_COUNT = rf"(?P<count>\d{{1,3}}|{'|'.join(_NUMBERS)}|an?|few|couple of)"
_YEAR = r"(?:\s+(?:of\s+)?(?P<year>20\d\d))?"

_NOW = re.compile(
    r"\b(?:latest|newest|most recent(?:ly)?|recent(?:ly)?|current(?:ly)?|nowadays|now|at present|so far|up[- ]to[- ]date"
    r"|these days|as of (?:now|today))\b",
    re.IGNORECASE,
)
_PATTERNS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"\b(?P<today>today|tonight|this (?:morning|afternoon|evening))\b",
        r"\b(?P<yesterday>yesterday|last night)\b",
        rf"\b(?P<which>this|last|previous)\s+{_UNIT}\b(?!\s+(?:ago|of)\b)",
        rf"\b(?:last|past|previous)\s+(?:(?P<past>\d{{1,3}}|{'|'.join(_NUMBERS)}|few|couple of)\s+)?{_UNIT}s?\b"
        r"(?!\s+(?:ago|of)\b)",
        rf"\b{_COUNT}\s+{_UNIT}s?\s+(?P<ago>ago|earlier than (?:now|today))\b",
        r"\b(?:on\s+|this\s+|(?P<before_this>last)\s+|since\s+|before\s+|after\s+)(?P<weekday>"
        rf"{'|'.join(WEEKDAYS)})\b|\b(?P<weekday_s>{'|'.join(WEEKDAYS)})['’]s\b",
        r"\b(?:this|last|past|over the)\s+(?P<weekend>weekend)\b",
        rf"\b(?P<quarter>first|second|third|fourth|Q[1-4])(?:\s*quarter\b|\b(?<=Q\d)){_YEAR}",
        r"\b(?:in|since|during|before|after|until|between|from|to|and|of|for|early|mid|late|last|this)[\s-]+"
        rf"(?P<month>{'|'.join(_MONTHS)})\b(?!\s+\d)",
        rf"\bthe\s+(?-i:(?P<the_month>{'|'.join(name.capitalize() for name in _MONTHS)}))\s+(?=[a-z])",
    )
)
# What stands before a period and turns it into one that is open: "since the announcement on", "before".
_OPEN = re.compile(
    r"\b(?P<word>since|after|following|before|until|prior to|ahead of)\s+(?:the\s+)?(?:[\w’'-]+\s+){0,4}?"
    r"(?:(?:on|of|in|from)\s+)?(?:the\s+)?$",
    re.IGNORECASE,
)
_BY = re.compile(r"\bby\s+(?:the end of\s+)?$", re.IGNORECASE)
_BETWEEN = re.compile(r"\b(?:between|from)\s+$", re.IGNORECASE)
_AND = re.compile(r"\s*(?:and|to|until|through|-|–)\s*", re.IGNORECASE)
_AHEAD = re.compile(r"\b(?:will|going to|plans? to|next|expected|due|scheduled|upcoming)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Named:
    """A period with the place of its words in the question."""

    period: Period
    start: int
    end: int


def when_asked(question: str, as_of: date) -> When | None:
    """Return when a question is about, if its words say so. `as_of` is the day on which it is asked.

    A month or day without a year is the last one before `as_of`. What lies ahead ("by 2030", "next month") gives no
    period: articles that were published then cannot exist yet.
    """
    named = [one for one in _joined(question, _named(question, as_of)) if (one.period.first or as_of) <= as_of]
    if named:
        return Within(tuple(dict.fromkeys(_clipped(one.period, as_of) for one in named)))
    return Recently() if _NOW.search(question) else None


def _named(question: str, as_of: date) -> list[_Named]:
    """Return the periods that a question names, in order; none of them overlap."""
    found: list[_Named] = []
    all_named = (*_written_out(question, as_of), *_in_words(question, as_of))
    for one in sorted(all_named, key=lambda one: one.start - one.end):  # of "second quarter of 2025", not only the year
        if all(one.end <= other.start or other.end <= one.start for other in found):
            found.append(one)
    return sorted(found, key=lambda one: one.start)


def _written_out(question: str, as_of: date) -> Iterator[_Named]:
    for day in days_in(question):
        if period := _of_day(day, as_of, ahead=bool(_AHEAD.search(question))):
            yield _Named(period, day.start, day.end)


def _of_day(day: Day, as_of: date, *, ahead: bool) -> Period | None:
    if day.month is None:
        return Period(date(day.year, 1, 1), date(day.year, 12, 31)) if day.year else None
    if day.year is None and ahead:
        return None
    try:
        first = date(day.year or as_of.year, day.month, day.day or 1)
        if day.year is None and first > as_of:
            first = first.replace(year=as_of.year - 1)
    except ValueError:  # 30 February
        return None
    return Period(first, first) if day.day else month_from(first)


def _in_words(question: str, as_of: date) -> Iterator[_Named]:
    ahead = bool(_AHEAD.search(question))
    for pattern in _PATTERNS:
        for match in pattern.finditer(question):
            name = match.lastgroup or ""
            period = _of_calendar(match, as_of, ahead=ahead) if name in _CALENDAR else _relative(match, as_of)
            if period:
                yield _Named(period, *_words_of(match))


_CALENDAR = frozenset({"quarter", "year", "month", "the_month"})


def _words_of(match: re.Match[str]) -> tuple[int, int]:
    # Words that only lead to a month or weekday ("since") are not part of it: they may make it an open period.
    leading = next((name for name in ("month", "the_month", "weekday") if match.groupdict().get(name)), None)
    return (match.start(leading), match.end(leading)) if leading else match.span()


def _of_calendar(match: re.Match[str], as_of: date, *, ahead: bool) -> Period | None:
    """Return the month or quarter that was named; without a year, the last one that has begun."""
    parts = match.groupdict()
    if quarter := parts.get("quarter"):
        number = _ORDINALS.get(quarter.lower()) or int(quarter[-1])
        year, month = parts.get("year"), 3 * number - 2
    else:
        year = None
        month = _MONTHS.index((parts.get("month") or parts.get("the_month") or "").lower()) + 1
    first = date(int(year) if year else as_of.year, month, 1)
    if year is None and first > as_of:
        if ahead:
            return None
        first = first.replace(year=as_of.year - 1)
    return quarter_from(first) if quarter else month_from(first)


def _relative(match: re.Match[str], as_of: date) -> Period | None:
    """Return the period that is counted from the day on which the question is asked."""
    parts = {name: value.lower() for name, value in match.groupdict().items() if value}
    match parts:
        case {"today": _}:
            return Period(as_of, as_of)
        case {"yesterday": _}:
            return Period(as_of - DAY, as_of - DAY)
        case {"which": which, "unit": unit}:
            this = around(as_of, unit)
            return this if which == "this" or this.first is None else around(this.first - DAY, unit)
        case {"ago": _, "count": count, "unit": unit}:
            middle = as_of - timedelta(days=_number(count) * _DAYS_OF[unit])
            half = timedelta(days=_DAYS_OF[unit] // 2)
            return Period(middle - half, middle + half)
        case {"unit": unit}:
            return Period(as_of - timedelta(days=_number(parts.get("past", "one")) * _DAYS_OF[unit]), as_of)
        case {"weekend": _}:
            saturday = last_weekday(as_of, "saturday")
            return Period(saturday, saturday + DAY)
        case {"weekday": day} | {"weekday_s": day}:
            last = last_weekday(as_of - DAY if "before_this" in parts else as_of, day)
            return Period(last, last)
        case _:
            return None


def _number(words: str) -> int:
    return int(words) if words.isdigit() else _NUMBERS.get(words, 1 if words in ("a", "an") else 3)


def _joined(question: str, named: list[_Named]) -> Iterator[_Named]:
    """Yield the periods with what the words around them make of them: "between A and B", "since A", "before A"."""
    at = 0
    while at < len(named):
        one = named[at]
        if at + 1 < len(named) and _spans(question, one, named[at + 1]):
            other = named[at + 1]
            yield _Named(Period(one.period.first, other.period.last), one.start, other.end)
            at += 2
            continue
        if not _BY.search(question[: one.start]):
            yield _opened(question, one)
        at += 1


def _spans(question: str, one: _Named, other: _Named) -> bool:
    between = question[one.end : other.start]
    in_order = one.period.first is not None and other.period.last is not None and one.period.first <= other.period.last
    return in_order and bool(_BETWEEN.search(question[: one.start]) and _AND.fullmatch(between))


def _opened(question: str, one: _Named) -> _Named:
    match = _OPEN.search(question[: one.start])
    if match is None:
        return one
    later = match["word"].lower() in ("since", "after", "following")
    first, last = one.period.first, one.period.last
    period = Period(first, None) if later else Period(None, first - DAY if first else last)
    return _Named(period, one.start, one.end)


def _clipped(period: Period, as_of: date) -> Period:
    last = as_of if period.last is None else min(period.last, as_of)
    return Period(period.first, last)
