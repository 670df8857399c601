"""What is said about an article: in front matter or a `.jsonl` line, checked field by field, or by a file of itself."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from email.utils import parsedate_to_datetime

from index.errors import ArticleError

_RFC_2822 = re.compile(r"(?:\w{3}, ?)?\d{1,2} \w{3} \d{4} \d\d:\d\d", re.ASCII)
# Longer than any title or name that was meant as one.
_LONGEST = 500


@dataclass(frozen=True, slots=True)
class Metadata:
    """The fields that were given. `warnings` tells which could not be understood and stay unknown."""

    id: str | None
    title: str | None
    url: str | None
    publisher: str | None
    published: date | None
    authors: tuple[str, ...]
    language: str | None
    groups: frozenset[str] | None
    warnings: tuple[str, ...]


def read_metadata(fields: dict[str, object]) -> Metadata:
    """Check the fields. Raises ArticleError when `groups` is malformed: who may read must never be guessed."""
    fields = _in_lower_case(fields)
    published, warnings = _published(_first(fields, "published", "date"))
    return Metadata(
        id=_line(fields, "id"),
        title=_line(fields, "title"),
        url=_line(fields, "url"),
        publisher=_line(fields, "publisher"),
        published=published,
        authors=_authors(_first(fields, "authors", "author")),
        language=_line(fields, "language"),
        groups=_groups(fields),
        warnings=warnings,
    )


def _in_lower_case(fields: dict[str, object]) -> dict[str, object]:
    # "Groups" has to count as "groups": passed over, it would open the article to everyone.
    lowered = {key.strip().lower(): value for key, value in fields.items()}
    if len(lowered) < len(fields):
        raise ArticleError("has a key twice, in capitals and without. Keep one of them.")
    return lowered


def _first(fields: dict[str, object], *keys: str) -> object:
    """Return the first of these fields that says something: others' front matter has `date` and `author`."""
    return next((fields[key] for key in keys if fields.get(key) not in (None, "", [])), None)


def _line(fields: dict[str, object], key: str) -> str | None:
    value = fields.get(key)
    if value is None or value == "":
        return None
    if isinstance(value, (dict, list)):
        raise ArticleError(f"has a {key} that is not text. Write `{key}: …` on one line.")
    line = " ".join(str(value).split())
    return _encodable(line, key) or None


def _encodable(line: str, key: str) -> str:
    if "\0" in line or any("\ud800" <= character <= "\udfff" for character in line):
        raise ArticleError(f"has a {key} with characters that are not text. Remove them.")
    return line


def _authors(value: object) -> tuple[str, ...]:
    names = value if isinstance(value, list) else [value] if value else []
    if any(isinstance(name, (dict, list)) for name in names):
        raise ArticleError("has authors that are not names. Write `authors: [name, …]`.")
    return tuple(_encodable(" ".join(str(name).split()), "author") for name in names if name)


def _published(value: object) -> tuple[date | None, tuple[str, ...]]:
    if value is None or value == "":
        return None, ()
    if isinstance(value, datetime):
        return value.date(), ()
    if isinstance(value, date):
        return value, ()
    # A list is not written out: aliases in YAML can make it endless.
    written = f"a {type(value).__name__}" if isinstance(value, (dict, list)) else str(value).strip()
    day = day_of(written)
    if day is None and written:
        return None, (f"published {written[:40]!r} is not an ISO date such as 2026-04-21; the date stays unknown",)
    return day, ()


def day_of(written: str) -> date | None:
    """Return the day that was written, in its own time zone, as in ISO 8601 or RFC 2822; None where it is neither."""
    written = written.strip()
    try:
        return datetime.fromisoformat(written).date()
    except ValueError:
        pass
    if not _RFC_2822.match(written):  # the parser would take other things for dates, too
        return None
    try:
        return parsedate_to_datetime(written).date()
    except ValueError:
        return None


def likely_day(day: date | None, *, today: date) -> date | None:
    """Return a day that something can have been published on: not before printing, not after tomorrow; else None."""
    return day if day and date(1450, 1, 1) <= day <= today + timedelta(days=1) else None


def found_metadata(
    *,
    title: str | None = None,
    url: str | None = None,
    publisher: str | None = None,
    published: date | None = None,
    authors: Iterable[str] = (),
    language: str | None = None,
) -> Metadata:
    """Return what a file tells of itself. What cannot be text in it is left out: nobody wrote it to be read by us."""
    return Metadata(
        id=None,
        title=_tidy(title),
        url=_tidy(url),
        publisher=_tidy(publisher),
        published=published,
        authors=tuple(dict.fromkeys(filter(None, map(_tidy, authors)))),
        language=_tidy(language),
        groups=None,
        warnings=(),
    )


def _tidy(line: str | None) -> str | None:
    kept = "".join(" " if c.isspace() else c for c in line or "" if c.isspace() or c.isprintable())
    return " ".join(kept.split())[:_LONGEST] or None


def _groups(fields: dict[str, object]) -> frozenset[str] | None:
    if "groups" not in fields:
        return None
    groups = fields["groups"]
    if not isinstance(groups, list) or not all(isinstance(group, str) and group.strip() for group in groups):
        raise ArticleError(
            "has groups that are not a list of names. Write `groups: [name, …]`, `[]` for nobody, "
            "or leave the key out for everyone."
        )
    return frozenset(_encodable(group.strip(), "group") for group in groups)
