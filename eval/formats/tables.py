"""Question sets as tables: CSV with named columns, as spreadsheets write it."""

import csv
import json
import re
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

from eval.formats.collecting import Collecting
from eval.formats.question_lines import question_from
from index.errors import WrongUsage

if TYPE_CHECKING:
    import _csv

_SEVERAL = ("answers", "relevant_ids", "article_ids", "collections")
_SINGLE = ("id", "question", "kind", "style", "as_of", "cluster", "scope")
_YES_OR_NO = ("answerable", "reviewed")
_EVIDENCE = ("evidence_article", "evidence_quote")
COLUMNS = (*_SINGLE, *_SEVERAL, *_YES_OR_NO, *_EVIDENCE)

# Spreadsheets of several countries write semicolons, because their numbers have commas.
_DELIMITERS = ",;\t"
_BETWEEN = re.compile(r"(?<!\\)\|")
_YES, _NO = ("true", "yes", "1"), ("false", "no", "0")


def read_table(path: Path, rows: Collecting) -> None:
    """Gather the questions of a `.csv` or `.tsv` file. Its first row names the columns; those not known are ignored.

    Several answers, ids or quotes in one cell are separated by `|`; a `|` that is part of one is written `\\|`. Raises
    WrongUsage when there is no column `question`, or a column that is known comes twice.
    """
    text = _text(path)
    columns, delimiter = _columns(text, path)
    for line, cells in _rows(text, delimiter, rows):
        with rows.reporting(line):
            row = json.dumps(_row(columns, cells))
            rows.add(question_from(row.encode(), line))


def _text(path: Path) -> str:
    raw = path.read_bytes()
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise WrongUsage(f"{path} is UTF-16. Save it as CSV in UTF-8.")
    # Bytes that are not UTF-8 are kept as marks, so that only their own row is lost.
    return raw.decode("utf-8-sig", errors="surrogateescape")


def _columns(text: str, path: Path) -> tuple[list[str], str]:
    """Return the names of the columns, and the character between cells: the one that gives a column `question`."""
    headers = {delimiter: _header(text, delimiter) for delimiter in _DELIMITERS}
    delimiter = max(headers, key=lambda delimiter: ("question" in headers[delimiter], len(headers[delimiter])))
    columns = headers[delimiter]
    if "question" not in columns:
        found = ", ".join(map(repr, filter(None, columns))) or "none"
        raise WrongUsage(
            f"{path} has no column 'question'. Its columns are: {found}. Name the columns in the first row."
        )
    twice = sorted({column for column in columns if columns.count(column) > 1 and column in COLUMNS})
    if twice:
        raise WrongUsage(f"{path} has a column twice: {', '.join(twice)}. Keep one of them.")
    return columns, delimiter


def _header(text: str, delimiter: str) -> list[str]:
    try:
        names = next(_reader(text, delimiter), [])
    except csv.Error:
        return []
    return ["_".join(re.split(r"[\s_-]+", name.strip().lower())) for name in names]


def _reader(text: str, delimiter: str) -> "_csv.Reader":
    # Strict: a quotation mark that is never closed would take the rest of the file into one cell, unnoticed.
    return csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True)


def _rows(text: str, delimiter: str, rows: Collecting) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows below the first with the line that each starts on. What is no row is reported."""
    reader = _reader(text, delimiter)
    start, cells = 1, next(reader, None)
    while cells is not None:
        start = reader.line_num + 1
        try:
            cells = next(reader, None)
        except csv.Error as error:
            rows.report(
                f"is not CSV: {error}. Check its quotation marks: one that is not closed takes rows along", line=start
            )
            cells = []
        if cells and any(cell.strip() for cell in cells):
            yield start, cells


def _row(columns: list[str], cells: list[str]) -> dict[str, object]:
    """Return a row as our own format has it. Cells that are empty are not given."""
    if any(cell.strip() for cell in cells[len(columns) :]):
        raise ValueError(
            f"has {len(cells)} cells, but there are {len(columns)} columns. Quote cells with separators in them"
        )
    if any("\udc80" <= character <= "\udcff" for cell in cells for character in cell):
        raise ValueError("is not UTF-8. Save the table as CSV in UTF-8")
    given = {column: cell for column, cell in zip(columns, cells, strict=False) if cell.strip()}
    row: dict[str, object] = {column: given[column] for column in _SINGLE if column in given}
    row |= {column: _parts(given[column]) for column in _SEVERAL if column in given}
    row |= {column: _yes_or_no(given[column]) for column in _YES_OR_NO if column in given}
    return row | {"evidence": _evidence(given)}


def _parts(cell: str) -> list[str]:
    return [part.strip().replace("\\|", "|") for part in _BETWEEN.split(cell) if part.strip()]


def _yes_or_no(cell: str) -> bool | str:
    """Return what a cell says, or the cell as it is, which is then reported."""
    said = cell.strip().lower()
    return said in _YES if said in (*_YES, *_NO) else cell


def _evidence(given: dict[str, str]) -> list[dict[str, str]]:
    articles, quotes = (_parts(given.get(column, "")) for column in _EVIDENCE)
    if len(articles) != len(quotes):
        raise ValueError(
            f"evidence_article names {len(articles)}, evidence_quote holds {len(quotes)}. Give one for each"
        )
    return [{"article_id": article, "quote": quote} for article, quote in zip(articles, quotes, strict=True)]
