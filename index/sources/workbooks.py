"""Reads workbooks: each sheet as tables, with cells as people see them, without hidden parts."""

import re
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from itertools import groupby
from typing import TYPE_CHECKING
from zipfile import ZipFile

from index.sources.cells import shown

if TYPE_CHECKING:
    from openpyxl.cell import Cell
    from openpyxl.worksheet.worksheet import Worksheet

Row = tuple[str, ...]
_NO_VALUE = re.compile(rb"<(?:\w+:)?f\b[^<>]*(?:/>|>[^<>]*</(?:\w+:)?f>)(?:<(?:\w+:)?v ?/>|<v></v>)?</(?:\w+:)?c>")


@dataclass(frozen=True, slots=True)
class _Seen:
    """The rows of a sheet that are shown, empty ones included, and how many rows and columns are hidden."""

    rows: list[Row]
    numeric: list[bool]
    hidden: int


def read_workbook(raw: bytes) -> tuple[str, tuple[str, ...]]:
    """Return the sheets of an `.xlsx` file as Markdown, and warnings of what was left out."""
    from openpyxl import load_workbook

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about styles and extensions that are ignored
        book = load_workbook(BytesIO(raw), data_only=True)
    visible = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
    seen = [(sheet.title, _seen(sheet)) for sheet in visible]
    parts = [f"## {title}\n\n{text}" for title, sheet in seen if (text := "\n\n".join(_blocks(sheet)))]
    told = _told(len(book.worksheets) - len(visible), sum(sheet.hidden for _, sheet in seen), _without_value(raw))
    return "\n\n".join(parts), tuple(told)


def _told(sheets: int, lines: int, formulas: int) -> Iterator[str]:
    hidden = [f"{count} hidden {kind}" for count, kind in ((sheets, "sheets"), (lines, "rows and columns")) if count]
    if hidden:
        yield f"{' and '.join(hidden)} of this workbook were left out"
    if formulas:
        yield f"{formulas} formulas have no value in the file and stay empty; open and save it in a spreadsheet program"


def _without_value(raw: bytes) -> int:
    """Return how many formulas a workbook holds without their values, as programs write it that do not calculate."""
    with ZipFile(BytesIO(raw)) as archive:
        return sum(len(_NO_VALUE.findall(archive.read(name))) for name in archive.namelist() if "worksheets/" in name)


def _seen(sheet: "Worksheet") -> _Seen:
    hidden_columns = _hidden_columns(sheet)
    hidden_rows = {number for number, row in sheet.row_dimensions.items() if row.hidden or row.height == 0}
    merged = _merged(sheet)
    rows, numeric = [], []
    for number, cells in enumerate(sheet.iter_rows(), sheet.min_row):
        if number in hidden_rows:
            continue
        kept = [merged.get((cell.row, cell.column), cell) for cell in cells if cell.column not in hidden_columns]
        rows.append(tuple(shown(cell.value, cell.number_format) for cell in kept))
        numeric.append(any(cell.value is not None and not isinstance(cell.value, str) for cell in kept))
    used = sum(1 for column in hidden_columns if column <= sheet.max_column)
    return _Seen(_without_empty_columns(rows), numeric, len(hidden_rows) + used)


def _hidden_columns(sheet: "Worksheet") -> set[int]:
    hidden: set[int] = set()
    for dimension in sheet.column_dimensions.values():
        if dimension.hidden or dimension.width == 0:
            dimension.reindex()
            # One entry stands for a range of columns.
            hidden.update(range(dimension.min, min(dimension.max, sheet.max_column) + 1))
    return hidden


def _merged(sheet: "Worksheet") -> dict[tuple[int, int], "Cell"]:
    """Return the first cell of each that reaches over several rows, for the places below it: a row is read by itself."""
    first: dict[tuple[int, int], Cell] = {}
    for area in sheet.merged_cells.ranges:
        cell = sheet.cell(area.min_row, area.min_col)
        first.update({(row, area.min_col): cell for row in range(area.min_row, area.max_row + 1)})
    return first


def _without_empty_columns(rows: list[Row]) -> list[Row]:
    used = [any(column) for column in zip(*rows, strict=True)]
    return [tuple(cell for cell, wanted in zip(row, used, strict=True) if wanted) for row in rows]


def _blocks(sheet: _Seen) -> Iterator[str]:
    """Yield the tables and lines of a sheet. Empty rows part them; where no new head follows, a table goes on."""
    head: Row | None = None
    for filled, group in groupby(zip(sheet.rows, sheet.numeric, strict=True), key=lambda row: any(row[0])):
        if not filled:
            continue
        rows = list(group)
        while rows and _is_line(rows, head):
            yield next(filter(None, rows.pop(0)[0]))
        if not rows:
            continue
        new_head = head is None or (len(rows) > 1 and not rows[0][1] and any(numeric for _, numeric in rows[1:]))
        head = rows[0][0] if new_head or head is None else head
        yield _table(head, [row for row, _ in rows[1 if new_head else 0 :]])


def _is_line(rows: Sequence[tuple[Row, bool]], head: Row | None) -> bool:
    """Return whether the first of these rows is a line of text: it has one cell, and is no row of the table before."""
    (first, is_numeric), *others = rows
    is_title = not is_numeric and bool(others) and sum(map(bool, others[0][0])) > 1 and not others[0][1]
    return sum(map(bool, first)) == 1 and (head is None or not others or is_title)


def _table(head: Row, rows: Sequence[Row]) -> str:
    used = [any(column) for column in zip(head, *rows, strict=True)]
    return "\n".join(_lines([head, *rows], used))


def _lines(rows: Iterable[Row], used: Sequence[bool]) -> Iterator[str]:
    for number, row in enumerate(rows):
        yield (
            "| " + " | ".join(cell.replace("|", "\\|") for cell, wanted in zip(row, used, strict=True) if wanted) + " |"
        )
        if number == 0:
            yield "|" + " --- |" * sum(used)
