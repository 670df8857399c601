"""When a question is about, read from its words and the day on which it is asked: "this week", "since March", "the latest".

A preference among articles needs whole periods; libraries that find dates in text take "a day" and "may" for dates, too
(docs/decisions/0018-time.md). Days and years written out are found by `service.answer.text.dates`.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

from service.answer.text.amounts import NUMBER_WORDS
from service.answer.text.dates import MONTHS, WEEKDAYS, Day, days_in
from service.answer.text.periods import DAY, Period, around, last_weekday
from service.answer.text.spans import apart


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


@dataclass(frozen=True, slots=True)
class _Named:
    """A period with the place of its words in the question."""

    period: Period
    start: int
    end: int


_DAYS_OF = {"day": 1, "week": 7, "month": 30, "quarter": 91, "year": 365}
_ORDINALS = ("first", "second", "third", "fourth")
_COUNT = rf"\d{{1,3}}|{'|'.join(NUMBER_WORDS)}|an?|few|couple of"
_UNIT = rf"(?P<unit>{'|'.join(_DAYS_OF)})s?\b"
_CALENDAR = rf"(?P<name>{'|'.join([*MONTHS, *WEEKDAYS])})"
_NOW = re.compile(
    r"\b(?:latest|newest|recent(?:ly)?|current(?:ly)?|now(?:adays)?|at present|so far|up[- ]to[- ]date)\b",
    re.IGNORECASE,
)
_AHEAD = re.compile(r"\b(?:will|going to|plan(?:s|ned)?|next|expected|due)\b", re.IGNORECASE)
# What stands before a period and turns it into one that is open: "since the announcement on", "before".
_OPEN = re.compile(
    r"\b(?:(?P<later>since|after|following)|before|until|prior to|ahead of)\s+(?:[\w’'-]+\s+){0,5}?\Z", re.IGNORECASE
)
_BY = re.compile(r"\bby\s+(?:the end of\s+)?\Z", re.IGNORECASE)
_BETWEEN = re.compile(r"\b(?:between|from)\s+\Z", re.IGNORECASE)
_AND = re.compile(r"\s*(?:and|to|until|through|[-–])\s*", re.IGNORECASE)
# How many characters before a period are looked at for these.
_BEFORE_IT = 80


def when_asked(question: str, as_of: date) -> When | None:
    """Return when a question is about, if its words say so. `as_of` is the day on which it is asked.

    A month or day without a year is the last one before `as_of`. What lies ahead ("by 2030", "next month") gives no
    period: articles that were published then cannot exist yet.
    """
    named = [one.period for one in _joined(question, _named(question, as_of)) if (one.period.first or as_of) <= as_of]
    if named:
        return Within(tuple(dict.fromkeys(replace(one, last=min(one.last or as_of, as_of)) for one in named)))
    return Recently() if _NOW.search(question) else None


def _named(question: str, as_of: date) -> list[_Named]:
    """Return the periods that a question names, in order; none of them overlap."""
    found = [*_written_out(question, as_of), *_in_words(question, as_of)]
    # Of "second quarter of 2025", not only the year.
    return apart(sorted(found, key=lambda one: one.start - one.end))


def _written_out(question: str, as_of: date) -> Iterator[_Named]:
    for day in days_in(question):
        if period := _of_day(question, day, as_of):
            yield _Named(period, day.start, day.end)


def _of_day(question: str, day: Day, as_of: date) -> Period | None:
    first = _begun(question, as_of, year=day.year, month=day.month or 1, day=day.day or 1)
    return around(first, "day" if day.day else "month" if day.month else "year") if first else None


def _begun(question: str, as_of: date, *, year: int | None, month: int, day: int = 1) -> date | None:
    """Return a day; without a year the last one before `as_of`, unless the question is about what lies ahead."""
    try:
        first = date(year or as_of.year, month, day)
        ahead = year or first <= as_of or _AHEAD.search(question)
        return first if ahead else first.replace(year=as_of.year - 1)
    except ValueError:  # 30 February
        return None


def _in_words(question: str, as_of: date) -> Iterator[_Named]:
    for pattern, period_of in _READINGS:
        for match in pattern.finditer(question):
            if period := period_of(match, as_of):
                # Words that only lead to a month or weekday ("since") are not part of it: they may make it an open period.
                place = "name" if "name" in match.groupdict() else 0
                yield _Named(period, match.start(place), match.end(place))


def _day_before(match: re.Match[str], as_of: date) -> Period:
    return around(as_of - DAY if match["yesterday"] else as_of, "day")


def _this_or_last(match: re.Match[str], as_of: date) -> Period | None:
    """Return the calendar week of "last week", but the days up to now of "the past week" and "the last two weeks"."""
    which, unit = match["which"].lower(), match["unit"].lower()
    if match["count"] or which == "past":
        return Period(as_of - timedelta(days=_number(match["count"] or "a") * _DAYS_OF[unit]), as_of)
    this = around(as_of, unit)
    return this if which == "this" or this.first is None else around(this.first - DAY, unit)


def _ago(match: re.Match[str], as_of: date) -> Period:
    days = _DAYS_OF[match["unit"].lower()]
    middle = as_of - timedelta(days=_number(match["count"]) * days)
    return Period(middle - timedelta(days=days // 2), middle + timedelta(days=days // 2))


def _number(words: str) -> int:
    words = words.lower()
    return int(words) if words.isdigit() else NUMBER_WORDS.get(words, 1 if words in ("a", "an") else 3)


def _weekend(match: re.Match[str], as_of: date) -> Period:
    saturday = last_weekday(as_of, WEEKDAYS["saturday"])
    return Period(saturday, saturday + DAY)


def _quarter(match: re.Match[str], as_of: date) -> Period | None:
    number = _ORDINALS.index(match["ordinal"].lower()) + 1 if match["ordinal"] else int(match["number"])
    year = int(match["year"]) if match["year"] else None
    first = _begun(match.string, as_of, year=year, month=3 * number - 2)
    return around(first, "quarter") if first else None


def _month_or_weekday(match: re.Match[str], as_of: date) -> Period | None:
    name = match["name"].lower()
    if name in WEEKDAYS:
        until = as_of - DAY if match.groupdict().get("last") else as_of
        return around(last_weekday(until, WEEKDAYS[name]), "day")
    first = _begun(match.string, as_of, year=None, month=MONTHS[name])
    return around(first, "month") if first else None


_READINGS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str], date], Period | None]], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), period_of)
    for pattern, period_of in (
        (r"\b(?:today|tonight|(?P<yesterday>yesterday|last night))\b", _day_before),
        (
            rf"\b(?P<which>this|last|past|previous)\s+(?:(?P<count>{_COUNT})\s+)?{_UNIT}(?!\s+(?:ago|of)\b)",
            _this_or_last,
        ),
        (rf"\b(?P<count>{_COUNT})\s+{_UNIT}\s+ago\b", _ago),
        (r"\b(?:this|last|past|over the)\s+weekend\b", _weekend),
        (
            rf"\b(?:Q(?P<number>[1-4])|(?P<ordinal>{'|'.join(_ORDINALS)})\s+quarter)\b(?:\s+(?:of\s+)?(?P<year>20\d\d))?",
            _quarter,
        ),
        (
            # "may" and "march" are verbs, too.
            r"\b(?:in|on|of|for|from|to|and|since|during|before|after|until|between|early|mid|late|this|(?P<last>last))[\s-]+"
            rf"{_CALENDAR}\b(?!\s+\d)",
            _month_or_weekday,
        ),
        (rf"\bthe\s+(?-i:(?=[A-Z])){_CALENDAR}\s+(?=[a-z])", _month_or_weekday),
        (rf"\b{_CALENDAR}['’]s\b", _month_or_weekday),
    )
)


def _joined(question: str, named: list[_Named]) -> Iterator[_Named]:
    """Yield the periods with what the words around them make of them: "between A and B", "since A", "before A"."""
    joined: list[_Named] = []
    for one in named:
        if joined and _spans(question, joined[-1], one):
            joined[-1] = _Named(Period(joined[-1].period.first, one.period.last), joined[-1].start, one.end)
        else:
            joined.append(one)
    for one in joined:
        before = question[max(one.start - _BEFORE_IT, 0) : one.start]
        if not _BY.search(before):
            yield replace(one, period=_opened(one.period, _OPEN.search(before)))


def _spans(question: str, one: _Named, other: _Named) -> bool:
    before = question[max(one.start - _BEFORE_IT, 0) : one.start]
    in_order = one.period.first is not None and other.period.last is not None and one.period.first <= other.period.last
    return in_order and bool(_BETWEEN.search(before) and _AND.fullmatch(question[one.end : other.start]))


def _opened(period: Period, opening: re.Match[str] | None) -> Period:
    if opening is None:
        return period
    if opening["later"]:
        return Period(period.first, None)
    return Period(None, period.first - DAY if period.first else period.last)
