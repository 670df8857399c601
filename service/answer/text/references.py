"""Sentences that point back to the one before: "It also opened a depot."."""

import re

_POINTS_BACK = re.compile(
    r"[\"“‘'(]?(?:It|Its|They|Their|He|His|She|Her|This|That|These|Those|Such|Both|Neither)\b(?!-)"
)


def needs_previous_sentence(sentence: str) -> bool:
    """Say whether a sentence, as people read it, begins with a word that stands for something in the one before."""
    return _POINTS_BACK.match(sentence) is not None
