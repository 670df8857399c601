"""Marks of Markdown: of the items of a list, and those left of a stretch which begins or ends within them."""

import re
from collections.abc import Sequence

from index.records import Span
from service.answer.text.unbroken import unbroken

ITEM_MARK = re.compile(r"^(?:-|\d{1,9}[.)]) ", re.MULTILINE)
"""What begins an item of a list that is shown line by line."""

_HALF_A_MARK = re.compile(r"\*+|~~+|`+|(?<!\w)_+|_+(?!\w)")
_AROUND = ' \t\n,;:.|()[]"“”'


def without_half_marks(words: str) -> str:
    """Return words without marks of emphasis and code, and without what stands around them. Addresses and names in programs
    stay whole."""
    whole = list(unbroken(words))
    unmarked = _HALF_A_MARK.sub(lambda mark: mark[0] if _within(mark.start(), whole) else "", words)
    whole = list(unbroken(unmarked))
    start, end = len(unmarked) - len(unmarked.lstrip(_AROUND)), len(unmarked.rstrip(_AROUND))
    first = min([start, *(one.start for one in whole if one.start < start < one.end)])
    return unmarked[first : max([end, *(one.end for one in whole if one.start < end < one.end)])]


def _within(at: int, spans: Sequence[Span]) -> bool:
    return any(span.start <= at < span.end for span in spans)


def has_numbers(lines: str) -> bool:
    """Say whether items of a list that is shown line by line are numbered."""
    return any(mark[0] != "- " for mark in ITEM_MARK.finditer(lines))


def without_item_marks(lines: str) -> str:
    """Return lines without the dashes and numbers that begin the items of a list."""
    return ITEM_MARK.sub("", lines)
