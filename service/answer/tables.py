"""Rows of tables: which row of a table is asked for, and a row as people read it, each value with the head of its column."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise, zip_longest

from index.deadline import check_deadline
from index.ingest.blocks import Block, blocks_of
from index.ingest.hidden import hidden_spans
from index.ingest.raw_html import cells_of_row, spans_cells
from index.ingest.segmentation import display_text
from index.records import Passage, Span
from index.stores.lexical import stems
from index.stores.store import Index
from service.answer.evidence import Evidence, best_first

# Characters before a passage that are looked at for the head of its table, and behind it for the end of its last row.
_BEFORE, _BEHIND = 20_000, 1_000
# So much of a cell's words stand in the question when it is what is asked for.
_NAMED = 0.5
# How likely the cell of the row and the column that are asked for is the answer, as a logarithm: enough to be marked.
_BY_HEAD = 2.0
_BAR = re.compile(r"(?<!\\)\|")
_OF_ROWS = ("|", "<td", "<TD")


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table, where it stands in its article, with its cells and the heads of their columns as people read them.

    `places` are the cells as stretches of the article. `table` is where the head stands; the head's own row has no `heads`.
    """

    span: Span
    table: int
    cells: tuple[str, ...]
    places: tuple[Span, ...]
    heads: tuple[str, ...] = ()


def row_text(row: Row) -> str:
    """Return a row as people read it: "City: Oslo; Hotel limit: NOK 1900"."""
    pairs = zip_longest((head.rstrip(":") for head in row.heads), row.cells, fillvalue="")
    return "; ".join(f"{head}: {cell}" if head else cell for head, cell in pairs if cell)


def row_of(index: Index, one: Evidence) -> Row | None:
    """Return the row of a table that a sentence stands in. None where it stands in none, or its head is too far off."""
    near = _rows_near(index, one.hit.passage)
    return near.row_at(one.span.start) if near else None


@dataclass(frozen=True, slots=True)
class _RowsNear:
    """The rows of tables in a part of an article, from `start` of its text on.

    Only the rows that are asked for are read, and each head once: a table may be long, and its head, too.
    """

    text: str
    start: int
    blocks: Sequence[Block]
    heads: dict[Span, tuple[str, ...]] = field(default_factory=dict)

    def row_at(self, place: int) -> Row | None:
        """Return the row that stands at this place of the article."""
        at = place - self.start
        block = next((block for block in self.blocks if block.start <= at < block.end), None)
        return None if block is None else self._row(block)

    def _row(self, block: Block) -> Row:
        head = None if block.first else block.above.introductions[-1]
        places = _cells(self.text, Span(block.start, block.end))
        return Row(
            _moved(_trimmed(self.text, block), self.start),
            self.start + (head.start if head else block.start),
            _words(self.text, places),
            tuple(_moved(place, self.start) for place in places),
            self._words_of(head) if head else (),
        )

    def _words_of(self, head: Span) -> tuple[str, ...]:
        """Return the heads of columns. There are none where cells reach over others, so that columns cannot be counted."""
        if head not in self.heads:
            after, _, _ = self.text[head.start :].partition("</table")
            self.heads[head] = () if spans_cells(after) else _words(self.text, _cells(self.text, head))
        return self.heads[head]


def _rows_near(index: Index, passage: Passage) -> _RowsNear | None:
    """Return the rows of the tables that a passage holds a part of. None where there are none, or a comment is near.

    A passage never holds a comment, which readers do not see; the head of its table, or another cell of its row, may.
    """
    if passage.article.format != "markdown" or not any(mark in passage.text for mark in _OF_ROWS):
        return None
    start = max(passage.start - _BEFORE, 0)
    text = index.catalog.stretch(passage.article.version, Span(start, passage.end + _BEHIND)) or ""
    if hidden_spans(text, "markdown"):
        return None
    # No table extends over an empty line.
    begin = text.rfind("\n\n", 0, passage.start - start)
    if begin < 0 and start:
        return None
    shown = text[max(begin, 0) :]
    return _RowsNear(
        shown, start + max(begin, 0), [block for block in blocks_of(shown, "markdown") if block.kind == "row"]
    )


def _cells(text: str, row: Span) -> list[Span]:
    """Return the cells of a row, without the white space around them."""
    cells = cells_of_row(text, row) if "<" in text[row.start : row.end] else []
    return [_stripped(text, cell) for cell in cells or _between_bars(text, row.start)]


def _between_bars(text: str, at: int) -> list[Span]:
    """Return the cells of the row of Markdown that stands there. The bars at its ends are those of its border."""
    begin, end = text.rfind("\n", 0, at) + 1, text.find("\n", at)
    line = text[begin : len(text) if end < 0 else end].rstrip()
    bars = [match.start() for match in _BAR.finditer(line)]
    first = bars[0] if bars and begin + bars[0] < at else at - begin - 1
    inner = [bar for bar in bars if bar > first]
    last = inner.pop() if inner and inner[-1] == len(line) - 1 else len(line)
    ends = [first, *inner, last]
    return [Span(begin + one + 1, begin + other) for one, other in pairwise(ends)]


def _stripped(text: str, cell: Span) -> Span:
    words = text[cell.start : cell.end]
    start = cell.start + len(words) - len(words.lstrip())
    return Span(start, max(start, cell.end - len(words) + len(words.rstrip())))


def _words(text: str, cells: Sequence[Span]) -> tuple[str, ...]:
    return tuple(display_text(text[cell.start : cell.end].replace("\\|", "|"), "markdown") for cell in cells)


def _trimmed(text: str, block: Block) -> Span:
    """Return where a row stands without the bar that closes it."""
    return Span(block.start, block.start + len(text[block.start : block.end].rstrip(" \t|")))


def _moved(span: Span, by: int) -> Span:
    return Span(span.start + by, span.end + by)


def rows_asked_for(index: Index, question: str, evidence: Sequence[Evidence]) -> list[Evidence]:
    """Return the evidence with, of each table, the rows that the question names where it names some; best first.

    Rows of one table are much alike to a reader. The words of a cell that stand in the question tell which is meant. They
    take the best scores that their table has. Heads say what stands below, and are no answer by themselves.
    """
    near: dict[str, _RowsNear | None] = {}
    asked = frozenset(stems(question))
    tables: dict[tuple[str, int], list[tuple[Evidence, Row]]] = defaultdict(list)
    others: list[Evidence] = []
    for one in evidence:
        passage = one.hit.passage
        if passage.id not in near:
            check_deadline()
            near[passage.id] = _rows_near(index, passage)
        rows = near[passage.id]
        if rows and (row := rows.row_at(one.span.start)):
            tables[passage.article.version, row.table].append((one, row))
        else:
            others.append(one)
    return best_first([*others, *(one for table in tables.values() for one in _asked_for(asked, table))])


def _asked_for(asked: frozenset[str], table: Sequence[tuple[Evidence, Row]]) -> Iterator[Evidence]:
    below = [(one, row) for one, row in table if row.heads]
    named = [max(_named(asked, cell) for cell in row.cells) for _, row in below]
    most = max(named, default=(0.0, 0))
    row_named = most[0] >= _NAMED
    meant = [pair for pair, how in zip(below, named, strict=True) if not row_named or how == most]
    for (one, row), (best, _) in zip(meant, below, strict=False):
        yield _with_cell(asked, _read_as(best, one), row, row_named=row_named)


def _read_as(best: Evidence, one: Evidence) -> Evidence:
    """Return a row with what the reader and the weights say of another row of its table."""
    read = {name: best.features[name] for name in ("evidence", "similarity") if name in best.features}
    return replace(one, score=best.score, features={**one.features, **read})


def _named(asked: frozenset[str], cell: str) -> tuple[float, int]:
    """Return which share of a cell's words stands in the question, and how many these are."""
    words = frozenset(stems(cell))
    return len(words & asked) / max(len(words), 1), len(words & asked)


def _with_cell(asked: frozenset[str], one: Evidence, row: Row, *, row_named: bool) -> Evidence:
    """Return the evidence with the cell as its answer that the question names the column of, or that holds the stretch."""
    held = next((place for place in row.places if one.stretch and _within(one.stretch, place)), None)
    column = _column(asked, row)
    if column is None:
        return one if held else replace(one, stretch=None)
    if row_named and "evidence" in one.features:
        sure = max(one.features["evidence"], _BY_HEAD)
        one = replace(one, features={**one.features, "evidence": sure})
    if held == row.places[column]:
        return one
    return replace(one, stretch=row.places[column], stretch_score=_BY_HEAD)


def _column(asked: frozenset[str], row: Row) -> int | None:
    """Return the one column that the question names best, of those whose cell does not tell which row it is."""
    told = [at for at, cell in enumerate(row.cells[: len(row.heads)]) if cell and _named(asked, cell)[0] < _NAMED]
    named = {at: _named(asked, row.heads[at]) for at in told}
    most = max(named.values(), default=(0.0, 0))
    best = [at for at, how in named.items() if how == most]
    return best[0] if most[0] >= _NAMED and len(best) == 1 else None


def _within(inner: Span, outer: Span) -> bool:
    return outer.start <= inner.start and inner.end <= outer.end
