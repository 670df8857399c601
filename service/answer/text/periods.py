"""Periods of the calendar: the week, month, quarter or year around a day."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta

DAY = timedelta(days=1)
_MONTHS_OF = {"month": 1, "quarter": 3, "year": 12}


@dataclass(frozen=True, slots=True)
class Period:
    """Consecutive days, both ends included. None is an open end."""

    first: date | None
    last: date | None


def around(day: date, unit: str) -> Period:
    """Return the `day`, calendar `week` (from Monday), `month`, `quarter` or `year` that holds a day."""
    if months := _MONTHS_OF.get(unit):
        first = date(day.year, day.month - (day.month - 1) % months, 1)
        last_month = first.month + months - 1
        return Period(first, date(first.year, last_month, monthrange(first.year, last_month)[1]))
    monday = day - timedelta(days=day.weekday())
    return Period(monday, monday + timedelta(days=6)) if unit == "week" else Period(day, day)


def last_weekday(day: date, number: int) -> date:
    """Return the last day with this number, from 0 for Monday, up to `day`, which may be that day itself."""
    return day - timedelta(days=(day.weekday() - number) % 7)
