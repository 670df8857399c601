"""What front matter or a `.jsonl` line says about an article, checked field by field."""

from dataclasses import dataclass
from datetime import date, datetime

from index.errors import ArticleError


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
    published, warnings = _published(fields.get("published"))
    return Metadata(
        id=_line(fields, "id"),
        title=_line(fields, "title"),
        url=_line(fields, "url"),
        publisher=_line(fields, "publisher"),
        published=published,
        authors=_authors(fields.get("authors")),
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
    try:
        return (datetime.fromisoformat(written).date() if written else None), ()
    except ValueError:
        return None, (f"published {written[:40]!r} is not an ISO date such as 2026-04-21; the date stays unknown",)


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
