"""Days, months, years, days of the week and times of day in a text, brought to one form.

"20 April 2026", "April 20, 2026" and "20.04.2026" compare equal, as do "5 pm" and "17:00".
"""

import re
from dataclasses import dataclass

from babel import Locale

from service.answer.text.spans import apart

_ENGLISH = Locale("en")
MONTHS = {name.lower(): number for number, name in _ENGLISH.months["format"]["wide"].items()}
"""The English names of the months, in lower case, with their numbers from 1."""
WEEKDAYS = {name.lower(): number for number, name in _ENGLISH.days["format"]["wide"].items()}
"""The English names of the days of the week, in lower case, with their numbers from 0 for Monday."""
_MONTH = rf"(?P<month>(?:{'|'.join(name[:3] for name in MONTHS)})(?:[a-z]*))\.?"
_YEAR = r"(?P<year>1\d{3}|20\d\d)"
_DAY = r"(?P<day>[12]\d|3[01]|0?[1-9])(?:st|nd|rd|th)?"
_DATES = (
    r"\b(?P<year>1\d{3}|20\d\d)-(?P<month>0[1-9]|1[0-2])-(?P<day>0[1-9]|[12]\d|3[01])\b",
    rf"(?<![\d.])(?P<day>0?[1-9]|[12]\d|3[01])\.\s?(?P<month>0?[1-9]|1[0-2])\.\s?{_YEAR}\b",
    # 13/4 is the 13th of April in any country, 4/13 too; what "3/4" is nobody can tell.
    rf"(?<![\d/])(?P<day>1[3-9]|2\d|3[01])/(?P<month>0?[1-9]|1[0-2])/{_YEAR}\b",
    rf"(?<![\d/])(?P<month>0?[1-9]|1[0-2])/(?P<day>1[3-9]|2\d|3[01])/{_YEAR}\b",
    rf"\b{_DAY}(?:\s+of)?\s+{_MONTH}(?:,?\s+{_YEAR})?\b",
    rf"\b(?P<day>[12]\d|3[01]|0?[1-9])\.\s+{_MONTH}\s+{_YEAR}\b",
    rf"\b{_MONTH}\s+{_DAY}(?!\d)(?:,?\s+{_YEAR})?\b",
    rf"\b{_MONTH},?\s+(?:of\s+)?{_YEAR}\b",
)
# A year by itself looks like any number: it is taken for one where nothing else stands, or after a word of time.
_YEARS = (
    rf"\A[\s(\"'“]*(?P<words>{_YEAR})[\s).,;\"'”]*\Z",
    rf"\b(?:in|by|of|since|until|from|during|early|late|mid)[\s-]+(?P<words>{_YEAR})\b(?![.,]?\d|\s*%)",
)
_PATTERNS = tuple(
    re.compile(pattern, re.IGNORECASE) for pattern in (*(f"(?P<words>{date})" for date in _DATES), *_YEARS)
)
_ZONE = r"(?:\s?\(?(?-i:(?P<zone>UTC|GMT|[A-Z]{1,4}[SD]?T))\b)?"
_TIME = re.compile(
    r"(?:(?<![\w.:,])(?P<hour>[01]?\d|2[0-3])(?:[:.](?P<minute>[0-5]\d))?\s?(?P<half>[ap])\.?m\b\.?"
    r"|(?<![\w.:,])(?P<hour24>[01]?\d|2[0-4])(?:[:h](?P<minute24>[0-5]\d)|(?=\s?o['’]clock))(?![\d:])"
    rf"|\b(?P<named>noon|midday|midnight)\b){_ZONE}",
    re.IGNORECASE,
)
_NAMED = {"noon": 12, "midday": 12, "midnight": 0}
_WEEKDAY = re.compile(rf"\b(?P<name>{'|'.join(WEEKDAYS)})s?\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Day:
    """A day as a text puts it at `text[start:end] == words`; what it does not say (the year, the day) is None."""

    year: int | None
    month: int | None
    day: int | None
    words: str
    start: int
    end: int

    def may_be(self, other: "Day") -> bool:
        """Say whether both can be the same day: what both say is the same, and both say something."""
        pairs = ((self.year, other.year), (self.month, other.month), (self.day, other.day))
        both = [(one, two) for one, two in pairs if one is not None and two is not None]
        return bool(both) and all(one == two for one, two in both)


@dataclass(frozen=True, slots=True)
class Weekday:
    """A day of the week, from 0 for Monday, as a text puts it at `text[start:end] == words`."""

    number: int
    words: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Time:
    """A time of day as a text puts it at `text[start:end] == words`: minutes since midnight, and the time zone behind it."""

    minutes: int
    words: str
    start: int
    end: int
    zone: str = ""

    def is_same(self, other: "Time") -> bool:
        """Say whether both are the same time; what names no zone may be of any."""
        return self.minutes == other.minutes and (not self.zone or not other.zone or self.zone == other.zone)


def days_in(text: str) -> list[Day]:
    """Return the days, months with a year, and years that a text names, in order; none of them overlap."""
    matches = (match for pattern in _PATTERNS for match in pattern.finditer(text))
    return apart(day for match in matches if (day := _day(match)))


def weekdays_in(text: str) -> list[Weekday]:
    """Return the days of the week that a text names, in order."""
    return [
        Weekday(WEEKDAYS[match["name"].lower()], match.group(), match.start(), match.end())
        for match in _WEEKDAY.finditer(text)
    ]


def times_in(text: str) -> list[Time]:
    """Return the times of day that a text names, in order."""
    return [
        Time(_minutes(match), match.group(), match.start(), match.end(), (match["zone"] or "").replace("GMT", "UTC"))
        for match in _TIME.finditer(text)
    ]


def _minutes(match: re.Match[str]) -> int:
    if match["named"]:
        return _NAMED[match["named"].lower()] * 60
    minute = int(match["minute"] or match["minute24"] or 0)
    if match["hour24"]:
        return int(match["hour24"]) % 24 * 60 + minute
    afternoon = match["half"].lower() == "p"
    return (int(match["hour"]) % 12 + 12 * afternoon) * 60 + minute


def _day(match: re.Match[str]) -> Day | None:
    parts = match.groupdict()
    month = parts.get("month")
    number = None if month is None else int(month) if month.isdigit() else _month(month.lower())
    if month is not None and number is None:
        return None  # "marched", "mayor"
    year, day = (int(parts[name]) if parts.get(name) else None for name in ("year", "day"))
    return Day(year, number, day, match["words"], match.start("words"), match.end("words"))


def _month(name: str) -> int | None:
    return next((number for month, number in MONTHS.items() if month.startswith(name)), None)
