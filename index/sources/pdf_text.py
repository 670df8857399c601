"""The lines of a PDF's pages to text that reads well: paragraphs in one piece, running lines and hyphens taken off.

A PDF holds lines, not paragraphs. What ends one is told from the lines: one that is short, the start of a list, a gap.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from wordfreq import zipf_frequency

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
_PAGE_NUMBER = re.compile(
    r"[\W_]*(?:page|p\.|seite)?\s*(?:\d{1,4}|[ivxlc]{1,7})(?:\s*(?:of|/|von)\s*\d{1,4})?[\W_]*", re.IGNORECASE
)
_LIST_MARK = re.compile(r"(?:[•◦▪‣·–*\uf0b7]|-(?=\s)|\(?\d{1,3}[.)](?=\s)|\(?[a-z]\)(?=\s))")
_SENTENCE_END = re.compile(r"""[.!?…:][”"’')\]]*\Z""")
_BROKEN_WORD = re.compile(r"([^\W\d_]+)[-\u00ad\u2010]\Z")
_WORD = re.compile(r"[^\W\d_]+")
# Words a million on a logarithmic scale: "government" 5.6, "longterm" 2.8, "govern" 3.7, "ry" 3.0.
_USUAL = 3.0
_COMMON = 3.5
# Lines at the head and foot of a page among which a running line is looked for.
_EDGE = 2


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of a page. `gap` says that an empty line stands before it, `width` how long lines of its page get."""

    page: int
    text: str
    gap: bool
    width: int


def joined_pages(pages: Sequence[str]) -> tuple[str, tuple[int, ...]]:
    """Return the text of all pages, and the offset at which each page starts in it.

    A page without text starts where the next one does.
    """
    parts: list[str] = []
    length = 0
    starts: dict[int, int] = {}
    before: _Line | None = None
    for line in _lines(pages):
        if before is not None:
            cut, glue = _joint(before, line)
            parts[-1] = parts[-1][: len(parts[-1]) - cut]
            parts.append(glue)
            length += len(glue) - cut
        starts.setdefault(line.page, length)
        parts.append(line.text)
        length += len(line.text)
        before = line
    following = length
    for page in range(len(pages) - 1, -1, -1):
        following = starts.setdefault(page, following)
    return "".join(parts), tuple(starts[page] for page in range(len(pages)))


def _lines(pages: Sequence[str]) -> Iterator[_Line]:
    split = [_tidy(page).split("\n") for page in pages]
    running = _running_lines(split)
    for page, lines in enumerate(split):
        edges = _edges(lines)
        width = _width(lines)
        gap = False
        for number, line in enumerate(lines):
            if number in edges and (_key(line) in running or _is_page_number(line, lines, number)):
                continue
            if line:
                yield _Line(page, line, gap, width)
            gap = not line


def _tidy(page: str) -> str:
    text = _SURROGATES.sub("", page.translate(_LIGATURES)).replace("\r\n", "\n").replace("\r", "\n")
    return "\n".join(" ".join(line.split()) for line in text.split("\n"))


def _width(lines: Sequence[str]) -> int:
    """Return how long the lines of a page get, but for the longest few."""
    lengths = sorted(len(line) for line in lines if line)
    return lengths[int(0.9 * (len(lengths) - 1))] if lengths else 0


def _edges(lines: Sequence[str]) -> set[int]:
    filled = [number for number, line in enumerate(lines) if line]
    return {*filled[:_EDGE], *filled[-_EDGE:]}


def _key(line: str) -> str:
    return re.sub(r"\d+", "#", line.casefold())


def _running_lines(pages: Sequence[Sequence[str]]) -> set[str]:
    """Return the heads and feet that stand on most pages, or on every other one, but for their numbers."""
    counts = Counter(key for lines in pages for key in {_key(lines[number]) for number in _edges(lines)})
    return {key for key, count in counts.items() if count >= max(3, 0.4 * len(pages))}


def _is_page_number(line: str, lines: Sequence[str], number: int) -> bool:
    filled = [at for at, text in enumerate(lines) if text]
    return number in (filled[0], filled[-1]) and len(filled) > 1 and bool(_PAGE_NUMBER.fullmatch(line))


def _joint(before: _Line, line: _Line) -> tuple[int, str]:
    """Return how many characters to take off the line before, and what to put between it and this one."""
    if _starts_anew(before, line):
        return 0, "\n\n"
    broken = _BROKEN_WORD.search(before.text)
    if broken and line.text[:1].islower():
        return (0 if _keeps_hyphen(broken, line.text) else 1), ""
    return 0, " "


def _starts_anew(before: _Line, line: _Line) -> bool:
    goes_on = line.text[0].islower() or (_BROKEN_WORD.search(before.text) is not None and line.text[0].isalpha())
    if goes_on and not _LIST_MARK.match(line.text):
        # A gap inside a sentence is a figure or a page's end; two gaps are told apart by nothing.
        return line.gap and before.page == line.page and bool(_SENTENCE_END.search(before.text))
    if line.gap or _LIST_MARK.match(line.text):
        return True
    ends = bool(_SENTENCE_END.search(before.text))
    if before.page != line.page:
        return ends or len(before.text) < 0.6 * before.width
    if ends and _reads_as_heading(line):
        return True
    return len(before.text) < (0.85 if ends else 0.6) * before.width


def _reads_as_heading(line: _Line) -> bool:
    return len(line.text) < 0.6 * line.width and not _SENTENCE_END.search(line.text)


def _keeps_hyphen(broken: re.Match[str], following: str) -> bool:
    """Say whether a hyphen at a line's end belongs to the word ("well-known"), or was put there to break it."""
    if broken[0][-1] == "\u00ad":
        return False
    head, tail = broken[1], _WORD.match(following)
    if tail is None or zipf_frequency(head + tail[0], "en") >= _USUAL:
        return False
    return min(zipf_frequency(head, "en"), zipf_frequency(tail[0], "en")) >= _COMMON
