"""Days, months and years in a text, brought to one form, so that "20 April 2026" and "April 20, 2026" compare equal."""

import re
from dataclasses import dataclass

_MONTHS = "january february march april may june july august september october november december".split()
_NUMBERS = {name[:3]: number for number, name in enumerate(_MONTHS, start=1)}
_MONTH = rf"(?P<month>(?:{'|'.join(name[:3] for name in _MONTHS)})(?:[a-z]*))\.?"
_YEAR = r"(?P<year>1\d{3}|20\d\d)"
_DAY = r"(?P<day>[12]\d|3[01]|0?[1-9])(?:st|nd|rd|th)?"
_DATES = (
    r"\b(?P<year>1\d{3}|20\d\d)-(?P<month>0[1-9]|1[0-2])-(?P<day>0[1-9]|[12]\d|3[01])\b",
    rf"\b{_DAY}(?:\s+of)?\s+{_MONTH}(?:,?\s+{_YEAR})?\b",
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


def days_in(text: str) -> list[Day]:
    """Return the days, months with a year, and years that a text names, in order; none of them overlap."""
    found: list[Day] = []
    for pattern in _PATTERNS:
        for match in pattern.finditer(text):
            if (day := _day(match)) and all(day.end <= one.start or one.end <= day.start for one in found):
                found.append(day)
    return sorted(found, key=lambda day: day.start)


def _day(match: re.Match[str]) -> Day | None:
    parts = match.groupdict()
    month = parts.get("month")
    if month and not month.isdigit() and not any(name.startswith(month.lower()) for name in _MONTHS):
        return None  # "marched", "mayor"
    number = None if month is None else int(month) if month.isdigit() else _NUMBERS[month[:3].lower()]
    year, day = (int(parts[name]) if parts.get(name) else None for name in ("year", "day"))
    return Day(year, number, day, match["words"], match.start("words"), match.end("words"))
