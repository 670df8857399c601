"""Pieces of Markdown that are left of a stretch which begins or ends within them."""

import re

_ITEM = re.compile(r"^(?:-|\d{1,9}[.)]) ", re.MULTILINE)
_HALF_A_MARK = re.compile(r"\*+|~~+|`+|(?<!\w)_+|_+(?!\w)")
_AROUND = ' \t\n,;:.|()[]"“”'


def without_half_marks(words: str) -> str:
    """Return words without marks of emphasis and code, and without what stands around them."""
    return _HALF_A_MARK.sub("", words).strip(_AROUND)


def without_item_marks(lines: str) -> str:
    """Return lines without the dashes and numbers that begin the items of a list."""
    return _ITEM.sub("", lines)
