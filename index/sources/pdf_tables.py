"""Builds the rows of a table in a PDF: the cells on one line, in order, empty cells included."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from index.sources.pdf_words import Segment, is_figure

SEPARATOR = " | "


def table_rows(strips: Sequence[Sequence[Segment]]) -> Iterator[tuple[str, list[Segment]]]:
    """Yield the text of each row, cells between bars, with what stands in it."""
    columns = _columns(strips)
    cells = [_cells(strip, columns) for strip in strips]
    for group in _row_groups(strips, cells):
        joined = [" ".join(filter(None, (cells[at][n] for at in group))) for n in range(len(columns))]
        yield SEPARATOR.join(joined).rstrip(), [segment for at in group for segment in strips[at]]


def _columns(strips: Sequence[Sequence[Segment]]) -> list[tuple[float, float]]:
    """Return from where to where each column goes: as in the row with most cells, and as wide as others make it."""
    columns = [(s.left, s.right) for s in max(strips, key=len)]
    for strip in strips:
        for segment in strip:
            met = [n for n, (left, right) in enumerate(columns) if segment.left < right and segment.right > left]
            if len(met) == 1:
                left, right = columns[met[0]]
                columns[met[0]] = (min(left, segment.left), max(right, segment.right))
    return columns


def _cells(strip: Sequence[Segment], columns: Sequence[tuple[float, float]]) -> list[str]:
    cells = [""] * len(columns)
    for segment in strip:
        at = max(range(len(columns)), key=lambda n: _overlap(segment, columns[n]))
        cells[at] = f"{cells[at]} {segment.text}".strip()
    return cells


def _overlap(segment: Segment, column: tuple[float, float]) -> float:
    """Return how much of a segment is in a column; below zero, how far away it is."""
    return min(segment.right, column[1]) - max(segment.left, column[0])


def _row_groups(strips: Sequence[Sequence[Segment]], cells: Sequence[list[str]]) -> Iterator[list[int]]:
    """Yield the strips of each row: several where a cell is wrapped, and its lines are drawn one after the other."""
    steps = [_base(after) - _base(before) for before, after in pairwise(strips)]
    size = max(s.size for strip in strips for s in strip)
    wide = min(steps, default=0.0) + 0.3 * size
    group = [0]
    for at in range(1, len(strips)):
        is_near = steps[at - 1] < wide <= max(steps)
        if is_near and any(_continues(segment, strips[at - 1]) for segment in strips[at]):
            group.append(at)
        else:
            yield from _one_or_each(group, strips, cells)
            group = [at]
    yield from _one_or_each(group, strips, cells)


def _base(strip: Sequence[Segment]) -> float:
    return min(segment.bottom for segment in strip)


def _continues(segment: Segment, strip: Sequence[Segment]) -> bool:
    """Return whether a segment is drawn straight after one that stands above it."""
    return any(
        above.order == segment.order - 1 and above.left < segment.right and segment.left < above.right
        for above in strip
    )


def _one_or_each(
    group: list[int], strips: Sequence[Sequence[Segment]], cells: Sequence[list[str]]
) -> Iterator[list[int]]:
    """Yield lines as one row where they can only be that: a line with a label alone is rather a heading of rows."""
    filled = [{n for n, cell in enumerate(cells[at]) if cell} for at in group]
    present = set().union(*filled)
    has_figures_once = all(sum(is_figure(cells[at][n]) for at in group) <= 1 for n in present)
    if min(present) in filled[0]:
        is_one = filled[0] == present and all(
            _continues(segment, strips[at - 1]) for at in group[1:] for segment in strips[at]
        )
    else:
        is_one = sum(min(present) in columns for columns in filled) == 1
    if is_one and has_figures_once and len(present) > 1:
        yield group
    else:
        yield from ([at] for at in group)
