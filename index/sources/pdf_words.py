"""Reads the words of a PDF page with pdfium, each with its position, joined to segments of a line.

pdfium is not thread-safe: a process reads one PDF at a time.
"""

import ctypes
import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pypdfium2 import PdfPage

# A gap this wide, in heights of the text, is more than a space. Spaces between words are stretched to fill a line;
# figures stand closer together in the columns of a table.
_WIDE_GAP = 1.0
_WIDE_GAP_OF_FIGURES = 0.5
# What pdfium writes where it takes a hyphen at a line's end for one that only breaks the word.
_BREAK = 2
_SPACES = frozenset(map(ord, "\t\n\r"))
UNKNOWN = "\ufffd"
"""A sign that the page shows and for which the file gives no character."""


@dataclass(frozen=True, slots=True)
class Segment:
    """Words on one line without a wide gap between them. Places are in points; `top` is less than `bottom`.

    `order` is the place among what the file draws on the page, `size` the height of the text. `confidence` is that of text
    recognition, from 0 to 1.
    """

    text: str
    left: float
    right: float
    top: float
    bottom: float
    size: float
    order: int
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class _Word:
    text: str
    left: float
    right: float
    top: float
    bottom: float
    turned: int


class TooMuchText(Exception):
    """A page holds more characters than may be read."""


def page_segments(page: "PdfPage", *, most: int) -> list[list[Segment]]:
    """Return the segments of a page, those of each direction of writing by themselves, the most used one first.

    Raises TooMuchText where it holds more than `most` characters.
    """
    words = list(_words(page, most))
    turns = [turned for turned, _ in Counter(word.turned for word in words).most_common()]
    return [_segments([word for word in words if word.turned == turned]) for turned in turns]


def _words(page: "PdfPage", most: int) -> Iterator[_Word]:
    from pypdfium2 import raw as pdfium

    text = page.get_textpage()
    handle = text.raw
    try:
        if (count := text.count_chars()) > most:
            raise TooMuchText
        characters = [pdfium.FPDFText_GetUnicode(handle, at) for at in range(count)]
        for at, code in enumerate(characters):
            if code < 32 and code not in _SPACES and not _is_hyphen(handle, at, code) and _has_ink(handle, at):
                characters[at] = ord(UNKNOWN)
        for first, last in _runs(characters):
            if shown := _as_text(characters[first : last + 1]):
                yield _placed(handle, shown, first, last)
    finally:
        text.close()


def _is_hyphen(handle: object, at: int, code: int) -> bool:
    from pypdfium2 import raw as pdfium

    return code == _BREAK and bool(pdfium.FPDFText_IsHyphen(handle, at) == 1)


def _has_ink(handle: object, at: int) -> bool:
    """Return whether a character shows something, such as a minus sign that the file gives no character for."""
    left, right, low, high = _ink(handle, at)
    return left < right and low < high


def _runs(characters: list[int]) -> Iterator[tuple[int, int]]:
    """Yield the first and last place of each word. A hyphen that breaks one ends it: the rest is on the next line."""
    first = None
    for at, code in enumerate(characters):
        if _is_space(code):
            if first is not None:
                yield first, at - 1
            first = None
        elif code == _BREAK:
            yield at if first is None else first, at
            first = None
        elif first is None:
            first = at
    if first is not None:
        yield first, len(characters) - 1


def _is_space(code: int) -> bool:
    return code != _BREAK and (code <= 32 or chr(code).isspace())


def _as_text(codes: list[int]) -> str:
    """Return the characters as text; on some systems pdfium gives one beyond the first plane as two surrogates."""
    written = "".join("-" if code == _BREAK else chr(code) for code in codes)
    return written.encode("utf-16", "surrogatepass").decode("utf-16", "ignore")


def _placed(handle: object, shown: str, first: int, last: int) -> _Word:
    from pypdfium2 import raw as pdfium

    turned = round(pdfium.FPDFText_GetCharAngle(handle, first) / (math.pi / 2)) % 4
    # Heights are of the font, so that they are alike along a line; widths of the ink, without what spreads letters.
    tall = pdfium.FS_RECTF()
    pdfium.FPDFText_GetLooseCharBox(handle, first, ctypes.byref(tall))
    left, right, low, high = _united(_ink(handle, first), _ink(handle, last))
    # The place as it is where the page is turned so that the word stands upright.
    match turned:
        case 1:
            return _Word(shown, -high, -low, -tall.right, -tall.left, turned)
        case 2:
            return _Word(shown, -right, -left, tall.bottom, tall.top, turned)
        case 3:
            return _Word(shown, low, high, tall.left, tall.right, turned)
        case _:
            return _Word(shown, left, right, -tall.top, -tall.bottom, turned)


def _ink(handle: object, at: int) -> tuple[float, float, float, float]:
    from pypdfium2 import raw as pdfium

    left, right, low, high = (ctypes.c_double() for _ in range(4))
    pdfium.FPDFText_GetCharBox(handle, at, *map(ctypes.byref, (left, right, low, high)))
    return left.value, right.value, low.value, high.value


def _united(
    one: tuple[float, float, float, float], other: tuple[float, float, float, float]
) -> tuple[float, float, float, float]:
    return min(one[0], other[0]), max(one[1], other[1]), min(one[2], other[2]), max(one[3], other[3])


def _segments(words: list[_Word]) -> list[Segment]:
    segments: list[Segment] = []
    line: list[_Word] = []
    for word in words:
        if line and not _goes_on(line[-1], word):
            segments.append(_segment(line, len(segments)))
            line = []
        line.append(word)
    if line:
        segments.append(_segment(line, len(segments)))
    return segments


def _goes_on(before: _Word, word: _Word) -> bool:
    height = min(before.bottom - before.top, word.bottom - word.top)
    shared = min(before.bottom, word.bottom) - max(before.top, word.top)
    texts = (before.text, word.text)
    of_figures = any(map(is_figure, texts)) and all(any(map(str.isalnum, text)) for text in texts)
    wide = _WIDE_GAP_OF_FIGURES if of_figures else _WIDE_GAP
    return shared > 0.5 * height and -0.5 * height < word.left - before.right < wide * height


def is_figure(text: str) -> bool:
    """Return whether a text is more digits than letters."""
    return sum(character.isdigit() for character in text) > sum(character.isalpha() for character in text)


def _segment(words: list[_Word], order: int) -> Segment:
    # A raised mark does not make the line taller.
    tallest = max(words, key=lambda word: (word.bottom - word.top) * len(word.text))
    return Segment(
        text=" ".join(word.text for word in words),
        left=min(word.left for word in words),
        right=max(word.right for word in words),
        top=tallest.top,
        bottom=tallest.bottom,
        size=tallest.bottom - tallest.top,
        order=order,
    )
