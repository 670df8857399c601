"""Finds the title of a PDF: the one in its metadata, if the first page shows it as a title."""

import re
from collections.abc import Sequence
from itertools import groupby
from statistics import median

from index.sources.pdf_layout import Line

_WORD = re.compile(r"\w+")


def confirmed_title(stated: str | None, first_page: Sequence[Line]) -> str | None:
    """Return the title in a file's metadata, or None if its first page does not show it as a title.

    Programs fill in other things: the name of a draft or a template, the first words. A real title
    is on the page as one: in lines of their own, or as most of what is there in large type.
    """
    words = _words(stated or "")
    if sum(character.isalpha() for word in words for character in word) < 3:
        return None
    if any(_is_shown(words, _words(text), is_large=is_large) for text, is_large in _headings(first_page)):
        return " ".join((stated or "").split())
    return None


def _headings(lines: Sequence[Line]) -> list[tuple[str, bool]]:
    """Return what stands in lines of one type, and each line by itself, with whether it is larger than most text."""
    sizes = sorted(line.size for line in lines for _ in line.text)
    usual = median(sizes) if sizes else 0.0
    found = [(line.text, line.size > 1.12 * usual) for line in lines]
    for size, group in groupby(lines, key=lambda line: round(line.size)):
        texts = [line.text for line in group]
        if 1 < len(texts) <= 6:
            found.append((" ".join(texts), size > 1.12 * usual))
    return found


def _is_shown(title: Sequence[str], shown: Sequence[str], *, is_large: bool) -> bool:
    if title == shown:
        return True
    if not is_large or not shown:
        return False
    short, long = sorted((title, shown), key=len)
    return len(short) > 0.5 * len(long) and f" {' '.join(short)} " in f" {' '.join(long)} "


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())
