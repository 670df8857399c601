"""Validates the metadata of articles: fields of front matter or of a `.jsonl` line, and properties stated in files."""

import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from difflib import get_close_matches
from email.utils import parsedate_to_datetime

from index.collection_names import collection_names
from index.errors import AccessUnclear, ArticleError
from index.sources.days import day_in

_RFC_2822 = re.compile(r"(?:\w{3}, ?)?\d{1,2} \w{3} \d{4} \d\d:\d\d", re.ASCII)
_MONTH_AS_WORD = re.compile(r"[^\W\d_]{3}")
# Longer than any real title or name.
_LONGEST = 500
# How site generators mark a page as not published: Hugo, Jekyll, Docusaurus, Hexo, Obsidian Publish, Logseq, WordPress, Grav.
_KEPT_BACK_IF_TRUE = ("draft", "private", "unlisted", "hidden")
_KEPT_BACK_IF_FALSE = ("published", "publish", "public", "visible")
_KEPT_BACK_IF = frozenset({"draft", "private", "unpublished", "hidden", "pending"})
_TRUE = frozenset({"true", "yes", "on"})
_PARTS = re.compile(r"[\W_]")
_FALSE = frozenset({"false", "no", "off", "0"})
KNOWN_FIELDS = frozenset(
    "id title url publisher published date author authors language lang groups draft publish public private unlisted hidden "
    "status tags categories description keywords layout slug permalink aliases summary collections".split()
)
"""Names of fields that distinguish front matter from text."""


@dataclass(frozen=True, slots=True)
class Metadata:
    """The fields that were given. `warnings` lists those that were not understood, which remain unknown.

    `unpublished` is why the article is not for its readers yet, such as that it is a draft. `day_unclear` says that a day of
    publishing is given and not understood.
    """

    id: str | None
    title: str | None
    url: str | None
    publisher: str | None
    published: date | None
    authors: tuple[str, ...]
    language: str | None
    groups: frozenset[str] | None
    warnings: tuple[str, ...]
    unpublished: str | None = None
    day_unclear: bool = False
    collections: frozenset[str] = frozenset()


def read_metadata(fields: dict[str, object]) -> Metadata:
    """Check the fields. Raises AccessUnclear when it is not clear who may read: that must never be guessed."""
    fields = _by_name(fields)
    warnings: list[str] = []
    published, odd_day = _published(_first(fields, "published", "date", unless=_is_flag))
    return Metadata(
        id=_line(fields, "id"),
        title=_named(fields, "title", warnings),
        url=_named(fields, "url", warnings),
        publisher=_named(fields, "publisher", warnings),
        published=published,
        authors=_authors(_first(fields, "authors", "author"), warnings),
        language=_named(fields, "language", warnings),
        groups=groups_of(fields),
        warnings=(*odd_day, *warnings),
        unpublished=_why_unpublished(fields),
        day_unclear=bool(odd_day),
        collections=collections_of(fields),
    )


def field_name(key: str) -> str:
    """Return the name of a field, ignoring case, width and invisible characters."""
    shown = (character for character in unicodedata.normalize("NFKC", key) if unicodedata.category(character) != "Cf")
    return "".join(shown).strip().casefold()


def _by_name(fields: dict[str, object]) -> dict[str, object]:
    # "Groups" has to count as "groups": if it were ignored, everyone could read the article.
    named = {field_name(key): value for key, value in fields.items()}
    if len(named) < len(fields):
        raise AccessUnclear("has a key twice, with and without capitals. Keep one of them.")
    return named


def _is_flag(value: object) -> bool:
    return isinstance(value, bool) or (isinstance(value, str) and value.strip().casefold() in _TRUE | _FALSE)


def _why_unpublished(fields: dict[str, object]) -> str | None:
    """Return which field says that the article is not, or not yet, for its readers; None where none does.

    A value that is neither yes nor no counts as not published, except for `published`, which may be a day.
    """
    for name in _KEPT_BACK_IF_TRUE:
        if name in fields and _written(fields[name]) not in _FALSE | {""}:
            return f"it says `{name}: {_written(fields[name])[:40]}`"
    for name in _KEPT_BACK_IF_FALSE:
        if name in fields and _written(fields[name]) in _FALSE:
            return f"it says `{name}: {_written(fields[name])[:40]}`"
    for name in ("status", "state", "visibility"):
        if _written(fields.get(name)) in _KEPT_BACK_IF:
            return f"it says `{name}: {_written(fields.get(name))}`"
    return None


def _written(value: object) -> str:
    return "" if value is None else str(value).strip().casefold() if isinstance(value, (str, bool, int)) else "…"


def _first(fields: dict[str, object], *keys: str, unless: Callable[[object], bool] = lambda _: False) -> object:
    """Return the first of these fields that says something: others' front matter has `date` and `author`."""
    said = (fields[key] for key in keys if fields.get(key) not in (None, "", []))
    return next((value for value in said if not unless(value)), None)


def _line(fields: dict[str, object], key: str) -> str | None:
    value = fields.get(key)
    if value is None or value == "":
        return None
    if isinstance(value, (dict, list)):
        raise ArticleError(f"has a {key} that is not text. Write `{key}: …` on one line.")
    line = " ".join(str(value).split())
    return _encodable(line, key) or None


def _named(fields: dict[str, object], key: str, warnings: list[str]) -> str | None:
    """Return a field as one line: of a list the first item, of a map its name. Add a warning if something was ignored."""
    values = _names(fields.get(key))
    if fields.get(key) not in (None, "", [], {}) and len(values) != 1:
        which = f"only the first, {values[0][:40]!r}, is used" if values else "it remains unknown"
        warnings.append(f"{key} is not one name; {which}")
    return _encodable(values[0], key) or None if values else None


def _authors(value: object, warnings: list[str]) -> tuple[str, ...]:
    values = value if isinstance(value, list) else [value]
    if any(one not in (None, "", [], {}) and not _names(one) for one in values):
        warnings.append("an author has no `name`, and stays unknown")
    return tuple(_encodable(name, "author") for one in values for name in _names(one))


def _names(value: object) -> list[str]:
    """Return the names that a field holds as others write it: one, a list of them, or maps that have one (`{name: …}`)."""
    values = value if isinstance(value, list) else [value]
    named = [_name_in(one) if isinstance(one, dict) else one for one in values]
    lines = (" ".join(str(one).split()) for one in named if one is not None and not isinstance(one, (dict, list)))
    return [line for line in lines if line]


def _name_in(value: dict[object, object]) -> object:
    """Return the name in a map, or its only key where that stands for one, as in `authors: [{ann: null}]`."""
    by_name = {field_name(str(key)): of for key, of in value.items()}
    return next(
        (by_name[key] for key in ("name", "title", "display_name", "id", "key", "code") if key in by_name), None
    )


def _encodable(line: str, key: str) -> str:
    if "\0" in line or any("\ud800" <= character <= "\udfff" for character in line):
        raise ArticleError(f"has a {key} with characters that are not text. Remove them.")
    return line


def _published(value: object) -> tuple[date | None, tuple[str, ...]]:
    if value is None or value == "":
        return None, ()
    if isinstance(value, datetime):
        return value.date(), ()
    if isinstance(value, date):
        return value, ()
    # A list is not converted to text: aliases in YAML can make it endless.
    written = f"a {type(value).__name__}" if isinstance(value, (dict, list)) else str(value).strip()
    day = day_of(written) or (day_in(written) if not written[:1].isdigit() or _MONTH_AS_WORD.search(written) else None)
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
    """Return what a file says about itself. Values that are not text are left out."""
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


def groups_of(fields: dict[str, object]) -> frozenset[str] | None:
    """Return the groups that fields name, an empty set for nobody, None where they name none.

    The fields are by `field_name`. Raises AccessUnclear when it is not clear who may read.
    """
    _refuse_groups_elsewhere(fields)
    if "groups" not in fields:
        return None
    groups = fields["groups"]
    if not isinstance(groups, list) or not all(isinstance(group, str) and group.strip() for group in groups):
        raise AccessUnclear(
            "has groups that are not a list of names. Write `groups: [name, …]`, `[]` for nobody, "
            "or leave the key out for everyone."
        )
    if several := next((group for group in groups if "," in group), None):
        raise AccessUnclear(f"has a group with a comma in it, {several[:80]!r}. Write each name as an item of its own.")
    try:
        return frozenset(_encodable(group.strip(), "group") for group in groups)
    except ArticleError as error:
        raise AccessUnclear(str(error)) from None


def collections_of(fields: dict[str, object]) -> frozenset[str]:
    """Return the collections that fields name, one or a list. The fields are by `field_name`.

    Raises AccessUnclear if they cannot be understood: keys may be limited to collections.
    """
    written = fields.get("collections")
    names = [written] if isinstance(written, str) else [] if written is None else written
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise AccessUnclear("has collections that are not a list of names. Write `collections: [name, …]`.")
    try:
        return collection_names(names)
    except ValueError as error:
        raise AccessUnclear(f"has a collection that cannot be used: {error}.") from None


def _refuse_groups_elsewhere(fields: dict[str, object]) -> None:
    """Raise AccessUnclear if a key is like `groups` (`group`, `read_groups`), or `groups` stand within another field."""
    for name in fields:
        is_like = "groups" in _PARTS.split(name) or get_close_matches(name[:20], ["groups"], cutoff=0.83)
        if name != "groups" and is_like:
            raise AccessUnclear(
                f"has the key {name!r}. If it says who may read, write `groups: [name, …]`; else rename it."
            )
    waiting: list[tuple[str, object]] = list(fields.items())
    seen: set[int] = set()  # YAML aliases lead to the same value again
    while waiting:
        field, value = waiting.pop()
        if not isinstance(value, (dict, list)) or id(value) in seen:
            continue
        seen.add(id(value))
        if isinstance(value, dict) and any(field_name(str(key)) == "groups" for key in value):
            raise AccessUnclear(f"names groups within {field[:80]!r}. Write them at the top: `groups: [name, …]`.")
        waiting.extend((field, inner) for inner in (value.values() if isinstance(value, dict) else value))
