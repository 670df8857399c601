"""Joins the lines of a PDF to text: whole paragraphs, without running lines and line-break hyphens.

A PDF has lines, not paragraphs. The end of a paragraph is inferred from the lines: a short one, the start of a list, a gap.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from statistics import median

from wordfreq import zipf_frequency

from index.records import RecognisedLine
from index.sources.pdf_layout import Line
from index.sources.pdf_running import without_running_lines

_LIGATURES = str.maketrans(
    {
        "ﬀ": "ff",
        "ﬁ": "fi",
        "ﬂ": "fl",
        "ﬃ": "ffi",
        "ﬄ": "ffl",
        "ﬅ": "st",
        "ﬆ": "st",
        "\u00a0": " ",
        "\u2011": "-",
        "\0": "",
    }
)
_SURROGATES = re.compile("[\ud800-\udfff]")
_LIST_MARK = re.compile(r"(?:[•◦▪‣·–*\uf0b7]|-(?=\s)|\(?\d{1,3}[.)](?=\s)|\(?[a-z]\)(?=\s))")
_SENTENCE_END = re.compile(r"""[.!?…:][”"’')\]]*\Z""")
_BROKEN_WORD = re.compile(r"(?<![^\W\d_])([^\W\d_]++)[-\u00ad\u2010]\Z")
_HYPHEN_IN_WORD = re.compile(r"\w[-\u2010]\Z")
_WORD = re.compile(r"[^\W\d_]+")
# Words a million on a logarithmic scale: "government" 5.6, "longterm" 2.8, "govern" 3.7, "ry" 3.0.
_USUAL = 3.0
_COMMON = 3.5


@dataclass(frozen=True, slots=True)
class Joined:
    """The text of all pages, the offset at which each page starts in it, and that of each line of the pages.

    A page without text starts where the next one does.
    """

    text: str
    starts: tuple[int, ...]
    lines: tuple[tuple[int, Line], ...]


def joined_pages(pages: Sequence[Sequence[Line]]) -> Joined:
    """Return the lines of all pages as one text."""
    parts: list[str] = []
    length = 0
    starts: dict[int, int] = {}
    lines: list[tuple[int, Line]] = []
    before: _Placed | None = None
    for line in _placed(pages):
        if before is not None:
            cut, glue = _joint(before, line)
            parts[-1] = parts[-1][: len(parts[-1]) - cut]
            parts.append(glue)
            length += len(glue) - cut
        starts.setdefault(line.page, length)
        lines.append((length, line.line))
        parts.append(line.text)
        length += len(line.text)
        before = line
    following = length
    for page in range(len(pages) - 1, -1, -1):
        following = starts.setdefault(page, following)
    return Joined("".join(parts), tuple(starts[page] for page in range(len(pages))), tuple(lines))


def recognised_in(joined: Joined) -> tuple[RecognisedLine, ...]:
    """Return the lines that were recognised, each with its place in the text."""
    starts = [start for start, _ in joined.lines]
    return tuple(
        RecognisedLine(bisect_right(joined.starts, start), start, end, round(line.confidence, 3), line.corners)
        for (start, line), end in zip(joined.lines, [*starts, len(joined.text)][1:], strict=True)
        if line.confidence is not None and line.corners is not None
    )


def listed(pages: Sequence[int]) -> str:
    """Return page numbers, which are counted from 0, as people count them."""
    return ", ".join(str(page + 1) for page in pages[:10]) + (f" and {len(pages) - 10} more" if len(pages) > 10 else "")


@dataclass(frozen=True, slots=True)
class _Placed:
    """A line with its page, its text made tidy, and how far apart lines of its column stand."""

    page: int
    text: str
    line: Line
    leading: float


def _placed(pages: Sequence[Sequence[Line]]) -> Iterator[_Placed]:
    for page, lines in enumerate(without_running_lines(pages)):
        for _, block in groupby(lines, key=lambda line: line.block):
            column = list(block)
            leading = _leading(column)
            for line in column:
                if text := _tidy(line.text):
                    yield _Placed(page, text, line, leading)


def _leading(column: Sequence[Line]) -> float:
    """Return how far apart the base lines of a column's lines mostly are."""
    steps = [after.bottom - before.bottom for before, after in pairwise(column)]
    close = [step for step, line in zip(steps, column, strict=False) if 0 < step < 2.5 * line.size]
    return median(close) if close else 0.0


def _tidy(line: str) -> str:
    return " ".join(_SURROGATES.sub("", line.translate(_LIGATURES)).split())


def _joint(before: _Placed, line: _Placed) -> tuple[int, str]:
    """Return how many characters to take off the line before, and what to put between it and this one."""
    if before.line.is_row or line.line.is_row:
        is_next_row = (before.page, before.line.block) == (line.page, line.line.block)
        return 0, "\n" if is_next_row else "\n\n"
    if _starts_paragraph(before, line):
        return 0, "\n\n"
    broken = _BROKEN_WORD.search(before.text)
    if broken and line.text[:1].islower():
        return (0 if _keeps_hyphen(broken, line.text) else 1), ""
    return 0, "" if _HYPHEN_IN_WORD.search(before.text) and line.text[:1].isalnum() else " "


def _starts_paragraph(before: _Placed, line: _Placed) -> bool:
    ends = bool(_SENTENCE_END.search(before.text))
    goes_on = line.text[0].islower() or (_HYPHEN_IN_WORD.search(before.text) is not None and line.text[0].isalnum())
    is_same_column = (before.page, before.line.block) == (line.page, line.line.block)
    has_gap = is_same_column and _has_gap(before, line)
    if goes_on and not _LIST_MARK.match(line.text):
        # A gap inside a sentence is a figure or a page's end; nothing distinguishes two gaps.
        return has_gap and ends
    if has_gap or _LIST_MARK.match(line.text) or _is_other_type(before.line, line.line):
        return True
    if not is_same_column:
        is_below = before.page == line.page and line.line.top > before.line.bottom
        return is_below or ends or _filled(before.line) < 0.6
    if ends and ((_filled(line.line) < 0.6 and not _SENTENCE_END.search(line.text)) or _is_indented(line.line)):
        return True
    return _filled(before.line) < (0.85 if ends else 0.6)


def _has_gap(before: _Placed, line: _Placed) -> bool:
    step = line.line.bottom - before.line.bottom
    return step < -0.5 * line.line.size or step > 1.3 * (line.leading or line.line.size)


def _is_other_type(before: Line, line: Line) -> bool:
    return abs(before.size - line.size) > 0.15 * max(before.size, line.size)


def _is_indented(line: Line) -> bool:
    return line.left - line.block_left > 0.7 * line.size


def _filled(line: Line) -> float:
    """Return how much of its column's width a line fills."""
    return (line.right - line.block_left) / max(line.block_right - line.block_left, 1.0)


def _keeps_hyphen(broken: re.Match[str], following: str) -> bool:
    """Return whether a hyphen at a line's end belongs to the word ("well-known"), or was put there to break it."""
    if broken[0][-1] == "\u00ad":
        return False
    head, tail = broken[1], _WORD.match(following)
    if tail is None or zipf_frequency(head + tail[0], "en") >= _USUAL:
        return False
    return min(zipf_frequency(head, "en"), zipf_frequency(tail[0], "en")) >= _COMMON
