"""Decides whether text side by side on a PDF page is columns, to be read one after the other, or cells of a table."""

import re
from collections.abc import Sequence
from itertools import accumulate, pairwise
from statistics import median

from index.sources.pdf_words import Segment

_MARK = re.compile(r"(?:[^\w\s]|\(?(?:\d{1,3}|[a-zA-Z]|[ivxlcIVXLC]{1,5})[.)])")


def columns_of(strips: Sequence[Sequence[Segment]]) -> list[list[Segment]]:
    """Return the columns to be read one after the other. One alone holds a table; none means that it is plain text."""
    parts = _parts([segment for strip in strips for segment in strip])
    parts = _with_marks(parts)
    if len(parts) < 2:
        return []
    columns = [parts[0]]
    for part in parts[1:]:
        if _are_columns(columns[-1], part):
            columns.append(part)
        else:
            columns[-1] = columns[-1] + part
    return columns


def _parts(segments: Sequence[Segment]) -> list[list[Segment]]:
    parts: list[list[Segment]] = []
    end = 0.0
    for segment in sorted(segments, key=lambda s: s.left):
        if parts and segment.left <= end:
            parts[-1].append(segment)
            end = max(end, segment.right)
        else:
            parts.append([segment])
            end = segment.right
    return parts


def _with_marks(parts: Sequence[list[Segment]]) -> list[list[Segment]]:
    """Join the marks of a list, which stand in a column of their own, to what they mark."""
    joined: list[list[Segment]] = []
    marks: list[Segment] = []
    for part in parts:
        if all(_MARK.fullmatch(segment.text) for segment in part):
            marks.extend(part)
        else:
            joined.append(marks + part)
            marks = []
    return [*joined, marks] if marks else joined


def _are_columns(left: Sequence[Segment], right: Sequence[Segment]) -> bool:
    fewest = min(len(lines_of(left)), len(lines_of(right)))
    if fewest < 2:  # a note in the margin, which is drawn before or after the text
        return _turns(left, right) == 1 and (_is_prose(left) or _is_prose(right)) and _space(left, right) > 1.5
    is_drawn_apart = _turns(left, right) <= max(1, 0.25 * fewest)
    match _is_prose(left), _is_prose(right):
        case True, True:
            return not _are_cells(left, right)
        case False, False:
            return is_drawn_apart and not _side_by_side(left, right)
        case _:
            return is_drawn_apart


def _space(left: Sequence[Segment], right: Sequence[Segment]) -> float:
    """Return how wide the space between is, in heights of the text."""
    return (min(s.left for s in right) - max(s.right for s in left)) / min(s.size for s in (*left, *right))


def _is_prose(part: Sequence[Segment]) -> bool:
    """Return whether lines are filled from left to right and go on in the next."""
    lines = lines_of(part)
    if len(lines) < 3:
        return False
    texts = [" ".join(segment.text for segment in line) for line in lines]
    width = max(s.right for s in part) - min(s.left for s in part)
    filled = median(max(s.right for s in line) - min(s.left for s in line) for line in lines) > 0.55 * width
    letters = sum(c.isalpha() for text in texts for c in text)
    signs = sum(not c.isspace() for text in texts for c in text)
    going_on = sum(not text[0].isupper() and text[0].isalpha() for text in texts[1:])
    return filled and letters > 0.6 * signs and letters > 12 * len(texts) and going_on >= 0.25 * (len(texts) - 1)


def lines_of(segments: Sequence[Segment]) -> list[list[Segment]]:
    """Return segments on one base line each, from the top down, from left to right."""
    lines: list[list[Segment]] = []
    for segment in sorted(segments, key=lambda s: (s.bottom, s.left)):
        if lines and segment.bottom - lines[-1][0].bottom < 0.4 * segment.size:
            lines[-1].append(segment)
        else:
            lines.append([segment])
    return [sorted(line, key=lambda s: s.left) for line in lines]


def _side_by_side(left: Sequence[Segment], right: Sequence[Segment]) -> bool:
    """Return whether most lines of the side with fewer stand on a base line of the other."""
    one, other = sorted(([line[0] for line in lines_of(part)] for part in (left, right)), key=len)
    at = 0
    met = 0
    for line in one:
        while at < len(other) - 1 and other[at].bottom < line.bottom - 0.3 * line.size:
            at += 1
        met += abs(other[at].bottom - line.bottom) <= 0.3 * line.size
    return met >= 0.6 * len(one)


def _turns(left: Sequence[Segment], right: Sequence[Segment]) -> int:
    """Return how often the file goes from one side to the other as it draws them."""
    sides = [side for _, side in sorted([(s.order, 0) for s in left] + [(s.order, 1) for s in right])]
    return sum(before != after for before, after in pairwise(sides))


def _are_cells(left: Sequence[Segment], right: Sequence[Segment]) -> bool:
    """Return whether two sides of prose are rows of cells: each is drawn alone, with more than a line's space after it."""
    drawn = sorted([(s.order, 0, s) for s in left] + [(s.order, 1, s) for s in right], key=lambda item: item[0])
    starts = [after[2] for before, after in pairwise(drawn) if (before[1], after[1]) == (1, 0)]
    if len(starts) < 2:
        return False
    leading = min(b[0].bottom - a[0].bottom for part in (left, right) for a, b in pairwise(lines_of(part)))
    lowest = list(accumulate((s.bottom for _, _, s in drawn), max))
    at = {s.order: n for n, (_, _, s) in enumerate(drawn)}
    return all(s.bottom - lowest[at[s.order] - 1] > leading + 0.25 * s.size for s in starts)
