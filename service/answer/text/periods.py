"""Periods of the calendar: the week, month, quarter or year around a day."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta

DAY = timedelta(days=1)
WEEKDAYS = "monday tuesday wednesday thursday friday saturday sunday".split()


@dataclass(frozen=True, slots=True)
class Period:
    """Some days on end, both included. None is open: any time before, or after."""

    first: date | None
    last: date | None


def around(day: date, unit: str) -> Period:
    """Return the `day`, calendar `week` (from Monday), `month`, `quarter` or `year` that holds a day."""
    match unit:
        case "week":
            monday = day - timedelta(days=day.weekday())
            return Period(monday, monday + timedelta(days=6))
        case "month":
            return month_from(day.replace(day=1))
        case "quarter":
            return quarter_from(date(day.year, day.month - (day.month - 1) % 3, 1))
        case "year":
            return Period(date(day.year, 1, 1), date(day.year, 12, 31))
        case _:
            return Period(day, day)


def month_from(first: date) -> Period:
    """Return the month that begins on this day."""
    return Period(first, _end_of_month(first))


def quarter_from(first: date) -> Period:
    """Return the three months that begin on this day, in January, April, July or October."""
    return Period(first, _end_of_month(first.replace(month=first.month + 2)))


def last_weekday(day: date, name: str) -> date:
    """Return the last day of this name up to `day`, which may be that day itself. `name` is one of WEEKDAYS."""
    return day - timedelta(days=(day.weekday() - WEEKDAYS.index(name)) % 7)


def _end_of_month(day: date) -> date:
    return day.replace(day=monthrange(day.year, day.month)[1])
