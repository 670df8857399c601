"""Markers such as [2] in what a language model writes: which passages they name, and the words without them."""

import re

from index.segmentation import display_text
from service.citing import without_markers
from service.invisible import visible

_NUMBERS = r"\d+(?:\s*[-–,;]\s*\d+)*"
# [2], [1, 2], [1-3], [passage 2], 【2】 and 【2†source】: all of these are what models write when asked for [2].
MARKER = rf"[\[【]\s*(?:passages?\s*)?{_NUMBERS}\s*(?:†[^\[\]【】]*)?[\]】]"
_MARKER = re.compile(rf"\s*[\[【]\s*(?:passages?\s*)?({_NUMBERS})\s*(?:†[^\[\]【】]*)?[\]】]", re.IGNORECASE)
_CODE = re.compile(r"(`+)[^`].*?\1")
# A year in brackets is a word of the sentence, though one that would pass for a marker.
_YEAR = re.compile(r"[\[【]\s*((?:1\d|20)\d\d)\s*[\]】]")
_BLANK_BEFORE_STOP = re.compile(r"\s+(?=[.,](?:\s|$))")
_WORD = re.compile(r"\w")


def numbers_in(sentence: str, highest: int) -> set[int]:
    """Return the numbers of the passages that a sentence names, without those beyond `highest`: they were not shown.

    What stands in a stretch of code is no marker.
    """
    numbers: set[int] = set()
    groups = _MARKER.findall(_CODE.sub(" ", sentence))
    for part in (part for group in groups for part in re.split("[,;]", group)):
        first, *last = (int(number[:9]) for number in re.split("[-–]", part.replace(" ", "")))
        numbers |= set(range(max(first, 1), min(max(last, default=first), highest) + 1))
    return numbers


def words_of(sentence: str) -> str:
    """Return a sentence as people read it: without markers, Markdown's marks and invisible characters. "" without words."""
    dated = _YEAR.sub(r"(\1)", sentence)
    words = without_markers(display_text(_MARKER.sub("", visible(dated)), "markdown"))
    words = _BLANK_BEFORE_STOP.sub("", words)
    return words if _WORD.search(words) else ""
