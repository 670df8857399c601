"""Orders the segments of a PDF page into lines: columns one after the other, each row of a table on one line."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median

from index.records import Corners
from index.sources.pdf_columns import columns_of, lines_of
from index.sources.pdf_tables import table_rows
from index.sources.pdf_words import Segment


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text, or a row of a table, on a page. Places are in points.

    `cells` are what stands apart on the line. `block` numbers the column or table that it is in, which goes from
    `block_left` to `block_right`. Of a line that was recognised, `confidence` goes from 0 to 1, and `corners` are where it
    stands on its page.
    """

    text: str
    cells: tuple[str, ...]
    left: float
    right: float
    top: float
    bottom: float
    size: float
    block: int
    block_left: float
    block_right: float
    is_row: bool = False
    is_upright: bool = True
    confidence: float | None = None
    corners: Corners | None = None


Strip = list[Segment]
_Gap = tuple[float, float]
_FAR = 1e6
# An empty space below, in heights of the text, after which something else begins.
_APART = 2.5


def page_lines(directions: Iterable[Sequence[Segment]]) -> list[Line]:
    """Return the lines of a page in reading order. What is written in another direction than most comes last."""
    lines: list[Line] = []
    for turn, segments in enumerate(directions):
        for block in _blocks(list(segments)):
            number = lines[-1].block + 1 if lines else 0
            lines.extend(_numbered(block, number, is_upright=turn == 0))
    return lines


@dataclass(frozen=True, slots=True)
class _Prose:
    strips: list[Strip]


@dataclass(frozen=True, slots=True)
class _Table:
    strips: list[Strip]


def _numbered(block: _Prose | _Table, number: int, *, is_upright: bool) -> Iterator[Line]:
    left, right = _reach(block.strips)
    rows: Iterable[tuple[str, Sequence[Segment]]]
    match block:
        case _Prose():
            rows = ((" ".join(s.text for s in strip), strip) for strip in block.strips)
        case _Table():
            rows = table_rows(block.strips)
    for text, row in rows:
        yield Line(
            text=text,
            cells=tuple(s.text for s in row),
            left=min(s.left for s in row),
            right=max(s.right for s in row),
            top=min(s.top for s in row),
            bottom=max(s.bottom for s in row),
            size=max(s.size for s in row),
            block=number,
            block_left=left,
            block_right=right,
            is_row=isinstance(block, _Table),
            is_upright=is_upright,
            confidence=_confidence(row),
        )


def _confidence(row: Sequence[Segment]) -> float | None:
    """Return the mean confidence of the characters of a line; None where it was not recognised."""
    if any(s.confidence is None for s in row):
        return None
    return sum((s.confidence or 0.0) * len(s.text) for s in row) / max(sum(len(s.text) for s in row), 1)


def _blocks(segments: list[Segment]) -> Iterator[_Prose | _Table]:
    prose: list[Strip] = []
    for strips in _alike(strips_of(segments)):
        columns = columns_of(strips) if _has_gutter(strips, fewest=1) else []
        is_table = len(columns) == 1 and _has_gutter(strips, fewest=2) and _has_rows(strips)
        if len(columns) < 2 and not is_table:
            prose.extend(strips if _is_in_order(strips) else _as_drawn(strips))
            continue
        above, strips, below = _without_text_around(strips) if is_table else ([], strips, [])
        if prose := [*prose, *above]:
            yield _Prose(prose)
        if is_table:
            yield _Table(strips)
        else:
            for column in columns:
                yield from _blocks(column)
        prose = below
    if prose:
        yield _Prose(prose)


def _without_text_around(strips: list[Strip]) -> tuple[list[Strip], list[Strip], list[Strip]]:
    """Return the lines above a table, the table, and the lines below it: what alone on its line sticks out of a column."""
    columns = max(strips, key=len)
    start = min(strip[0].left for strip in strips if len(strip) > 1)

    def is_text(strip: Strip) -> bool:
        alone = strip[0]
        crossed = sum(alone.left < column.right and column.left < alone.right for column in columns)
        return len(strip) == 1 and (crossed > 1 or alone.left < start - alone.size)

    first = next(at for at, strip in enumerate(strips) if not is_text(strip))
    last = next(at for at in range(len(strips), 0, -1) if not is_text(strips[at - 1]))
    return strips[:first], strips[first:last], strips[last:]


def _has_rows(strips: Sequence[Strip]) -> bool:
    """Return whether enough lines have more than one cell to be rows of a table."""
    return 3 * sum(len(strip) > 1 for strip in strips) >= len(strips)


def _is_in_order(strips: Sequence[Strip]) -> bool:
    """Return whether what stands side by side is drawn one after the other."""
    return all(after.order - before.order == 1 for strip in strips for before, after in pairwise(strip))


def _as_drawn(strips: Sequence[Strip]) -> list[Strip]:
    """Return the lines in the order in which the file draws them, which is the only sign of what belongs together."""
    lines: list[Strip] = []
    for segment in sorted((s for strip in strips for s in strip), key=lambda s: s.order):
        before = lines[-1][-1] if lines else None
        if before and abs(before.bottom - segment.bottom) < 0.5 * segment.size and before.right <= segment.left:
            lines[-1].append(segment)
        else:
            lines.append([segment])
    return lines


def strips_of(segments: Sequence[Segment]) -> list[Strip]:
    """Return the segments that stand side by side, from the top down, each strip from left to right."""
    if not segments:
        return []
    # What is far taller than the text, such as an initial, does not join the lines next to it.
    tallest = 1.5 * median(segment.size for segment in segments)
    strips: list[Strip] = []
    bottom = -_FAR
    for segment in sorted(segments, key=lambda s: (s.bottom - min(s.size, tallest) / 2, s.left)):
        if strips and segment.bottom - min(segment.size, tallest) / 2 < bottom:
            strips[-1].append(segment)
            bottom = max(bottom, segment.bottom)
        else:
            strips.append([segment])
            bottom = segment.bottom
    return [sorted(strip, key=lambda s: s.left) for strip in strips]


@dataclass(frozen=True, slots=True)
class _Run:
    """Strips that share the empty spaces `gaps` from top to bottom."""

    strips: list[Strip]
    gaps: list[_Gap]
    left: float
    right: float

    def gutters(self) -> list[_Gap]:
        return _within(self.gaps, self.left, self.right)


def _run_of(strip: Strip) -> _Run:
    return _Run([strip], gaps_of(strip), *_reach([strip]))


def _above(run: _Run, other: _Run, width: float) -> _Run:
    """Return both runs as one, with the spaces of at least this width that they share."""
    gaps = _shared(run.gaps, other.gaps, width)
    return _Run(run.strips + other.strips, gaps, min(run.left, other.left), max(run.right, other.right))


def _alike(strips: Sequence[Strip]) -> list[list[Strip]]:
    """Return runs of strips that share an empty space from top to bottom, or that have none within."""
    runs: list[_Run] = []
    for strip in strips:
        own = _run_of(strip)
        joined = _joined(runs[-1], own) if runs else None
        if joined:
            runs[-1] = joined
        elif runs:
            # A head line may stand above columns so that the space in it narrows theirs.
            before, grown = _divided(runs[-1], own)
            most = len(grown.strips) > 0.5 * len(runs[-1].strips) + 1
            runs[-1:] = [before, grown] if most else [runs[-1], own]
        else:
            runs.append(own)
    for at in range(len(runs) - 1):
        if len(runs[at + 1].strips) > len(runs[at].strips):
            runs[at], runs[at + 1] = _divided(runs[at], runs[at + 1])
    return [run.strips for run in runs if run.strips]


def _joined(run: _Run, strip: _Run) -> _Run | None:
    """Return the run with one more strip, or None where they have no space in common."""
    segment = strip.strips[0][0]
    if _is_apart(run.strips[-1], strip.strips[0]):
        return None
    if len(strip.strips[0]) == 1 and any(a < segment.left and segment.right < b for a, b in run.gutters()):
        return None  # a page number below two columns
    joined = _above(run, strip, _narrowest(strip.strips[0]))
    if joined.gutters() or not (run.gutters() or strip.gutters()):
        return joined
    return None


def _divided(run: _Run, following: _Run) -> tuple[_Run, _Run]:
    """Move the last strips of a run to the one that follows, as far as they share its spaces.

    What stands above may share a space with the first lines of columns or a table, by chance.
    """
    grown, found, first = following, following, len(run.strips)
    for at in range(len(run.strips) - 1, -1, -1):
        strip = _run_of(run.strips[at])
        if _is_apart(run.strips[at], grown.strips[0]):
            break
        grown = _above(strip, grown, _narrowest(run.strips[at]))
        if not grown.gutters():
            break
        if strip.gutters():
            found, first = grown, at
    return replace(run, strips=run.strips[:first]), found


def _is_apart(strip: Strip, following: Strip) -> bool:
    return min(s.top for s in following) - max(s.bottom for s in strip) > _APART * following[0].size


def _narrowest(strip: Strip) -> float:
    return 0.4 * median(segment.size for segment in strip)


def _reach(strips: Sequence[Strip]) -> tuple[float, float]:
    return min(s.left for strip in strips for s in strip), max(s.right for strip in strips for s in strip)


def gaps_of(segments: Sequence[Segment]) -> list[_Gap]:
    """Return where there is nothing from left to right, also left and right of it all."""
    gaps: list[_Gap] = []
    end = -_FAR
    for segment in sorted(segments, key=lambda s: s.left):
        if segment.left > end:
            gaps.append((end, segment.left))
        end = max(end, segment.right)
    return [*gaps, (end, _FAR)]


def _shared(gaps: Sequence[_Gap], others: Sequence[_Gap], width: float) -> list[_Gap]:
    found = []
    at = other = 0
    while at < len(gaps) and other < len(others):
        start, end = max(gaps[at][0], others[other][0]), min(gaps[at][1], others[other][1])
        if end - start >= width:
            found.append((start, end))
        if gaps[at][1] < others[other][1]:
            at += 1
        else:
            other += 1
    return found


def _within(gaps: Sequence[_Gap], left: float, right: float) -> list[_Gap]:
    return [gap for gap in gaps if gap[0] > left - 1 and gap[1] < right + 1]


def _has_gutter(strips: Sequence[Strip], *, fewest: int) -> bool:
    """Return whether an empty space goes from top to bottom next to this many lines, or, where it is narrow, one more."""
    segments = [segment for strip in strips for segment in strip]
    size = median(segment.size for segment in segments)
    for start, end in gaps_of(segments)[1:-1]:
        left = lines_of([segment for segment in segments if segment.right <= start])
        right = lines_of([segment for segment in segments if segment.left >= end])
        if min(len(left), len(right)) >= (fewest if end - start > 1.5 * size else fewest + 1):
            return True
    return False
