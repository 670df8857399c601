"""Marks of Markdown: of the items of a list, and those left of a stretch which begins or ends within them."""

import re

ITEM_MARK = re.compile(r"^(?:-|\d{1,9}[.)]) ", re.MULTILINE)
"""What begins an item of a list that is shown line by line."""

_HALF_A_MARK = re.compile(r"\*+|~~+|`+|(?<!\w)_+|_+(?!\w)")
_AROUND = ' \t\n,;:.|()[]"“”'


def without_half_marks(words: str) -> str:
    """Return words without marks of emphasis and code, and without what stands around them."""
    return _HALF_A_MARK.sub("", words).strip(_AROUND)


def without_item_marks(lines: str) -> str:
    """Return lines without the dashes and numbers that begin the items of a list."""
    return ITEM_MARK.sub("", lines)
