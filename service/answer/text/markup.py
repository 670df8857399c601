"""Pieces of Markdown that are left of a stretch which begins or ends within them."""

import re

_HALF_A_MARK = re.compile(r"\*+|~~+|`+|(?<!\w)_+|_+(?!\w)")
_AROUND = ' \t\n,;:.|()[]"“”'


def without_half_marks(words: str) -> str:
    """Return words without marks of emphasis and code, and without what stands around them."""
    return _HALF_A_MARK.sub("", words).strip(_AROUND)
