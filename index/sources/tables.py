"""Reads tables from text files (`.csv`, `.tsv`) as Markdown: the first row is the head, each other row is one line."""

import csv
import io
from collections.abc import Sequence

from index.errors import AccessUnclear, ArticleError
from index.sources.metadata import field_name, found_metadata
from index.sources.plain import decode
from index.sources.source_types import Extracted

_DELIMITERS = (",", ";", "\t", "|")
_MOST_CELLS = 2_000_000
# Rows from which the delimiter is detected.
_LOOKED_AT = 20


def read_table(raw: bytes) -> Extracted:
    """Read a table. Raises ArticleError when it cannot be decoded, or has no rows."""
    text, odd = decode(raw)
    try:
        rows = _rows(text, _delimiter(text))
    except csv.Error as error:
        raise ArticleError(f"is not a table that can be read: {error}. Correct it.") from None
    if not rows:
        raise ArticleError("is empty. Write its rows, or remove it.")
    _refuse_groups_in(rows[0])
    width = max(map(len, rows))
    if width * len(rows) > _MOST_CELLS:
        raise ArticleError(f"has {len(rows):,} rows and {width:,} columns, more cells than {_MOST_CELLS:,}. Split it.")
    head, *others = (_line(row, width) for row in rows)
    lines = [head, "|" + " --- |" * width, *others]
    return Extracted("\n".join(lines), "markdown", found_metadata(), warnings=odd)


def _refuse_groups_in(head: Sequence[str]) -> None:
    """Raise AccessUnclear for a list of articles, as lines of `.jsonl` are: a table cannot say who may read each row."""
    if {"text", "groups"} <= {field_name(cell) for cell in head}:
        raise AccessUnclear("is a list of articles with `groups`, which a table cannot say. Write it as `.jsonl`.")


def _delimiter(text: str) -> str:
    """Return the mark that parts the head into the most cells, and as many other rows as possible into the same number."""
    start = "\n".join(text.lstrip("\ufeff\n").split("\n", _LOOKED_AT)[:_LOOKED_AT])[:20_000]

    def fit(delimiter: str) -> tuple[int, int]:
        widths = [len(row) for row in _rows(start, delimiter)]
        head = widths[0] if widths else 0
        return (head, widths.count(head)) if head > 1 else (0, 0)

    return max(_DELIMITERS, key=fit)


def _rows(text: str, delimiter: str) -> list[list[str]]:
    found = csv.reader(io.StringIO(text.lstrip("\ufeff"), newline=""), delimiter=delimiter)
    return [row for row in found if any(cell.strip() for cell in row)]


def _line(row: Sequence[str], width: int) -> str:
    cells = [" ".join(cell.split()).replace("|", "\\|") for cell in row]
    return "| " + " | ".join([*cells, *[""] * (width - len(cells))]) + " |"
