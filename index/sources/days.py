"""Finds days in file names and titles: in ISO's order of figures, or with the month as a word. Nothing is guessed.

Figures in another order ("03/04/2026") are not read: which of them is the month differs from country to country.
"""

import re
from datetime import date

# Languages whose names of months are known (dateparser).
_LANGUAGES = ["en", "de", "fr", "es", "it", "nl", "pt"]
_ISO = re.compile(r"(?<!\d)(\d{4})([-_.])(\d{2})\2(\d{2})(?!\d|[-_.]\d{1,2}(?!\d))")
_COMPACT = re.compile(r"(?<![\d.,])((?:19|20)\d{2})(\d{2})(\d{2})(?!\d)")
_EAST_ASIAN = re.compile(r"(?<!\d)(\d{4})年(\d{1,2})月(\d{1,2})日")
_WORD = r"([^\W\d_]{3,12})"
_DAY_FIRST = re.compile(
    rf"(?<![^\W_])(?<!\d[_–-])(\d{{1,2}})(?:st|nd|rd|th|er|\.|º)?[ _-]+(?:of |de |d')?{_WORD}\.?,?[ _-]+(?:de )?"
    r"(\d{4})(?!\d)",
    re.IGNORECASE,
)
_MONTH_FIRST = re.compile(rf"(?<!\w){_WORD}\.?[ _-]+(\d{{1,2}})(?:st|nd|rd|th)?,?[ _-]+(\d{{4}})(?!\d)", re.IGNORECASE)
_LONGEST = 300


def day_in(words: str) -> date | None:
    """Return the day in a name or title. None if there is none, or several."""
    words = words[:_LONGEST]
    days = {
        *(_of_figures(year, month, day) for year, _, month, day in _ISO.findall(words)),
        *(_of_figures(*figures) for figures in (*_COMPACT.findall(words), *_EAST_ASIAN.findall(words))),
        *(_of_words(day, month, year) for day, month, year in _DAY_FIRST.findall(words)),
        *(_of_words(day, month, year) for month, day, year in _MONTH_FIRST.findall(words)),
    } - {None}
    return days.pop() if len(days) == 1 else None


def _of_figures(year: str, month: str, day: str) -> date | None:
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


def _of_words(day: str, month: str, year: str) -> date | None:
    import dateparser  # slow, and most names contain no such words

    parts = {"STRICT_PARSING": True, "DATE_ORDER": "DMY", "REQUIRE_PARTS": ["day", "month", "year"]}
    found = dateparser.parse(f"{day} {month} {year}", languages=_LANGUAGES, settings=parts)
    return found.date() if found else None
