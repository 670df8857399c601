"""Markers such as [2] in what a language model writes: which passages they name, and the words without them."""

import re

from index.ingest.segmentation import display_text
from service.answer.citations import without_markers
from service.answer.text.invisible import visible

_NUMBERS = r"\d+(?:\s*[-–,;]\s*\d+)*"
_LABEL = r"(?:\^|(?:passages?|sources?|citations?|references?|refs?|documents?|docs?|articles?)\s*+(?:[:#]\s*+)?)?"
_BODY = rf"[\[【［]{{1,2}}\s*{_LABEL}({_NUMBERS})\s*(?:†[^\[\]【】［］]*)?[\]】］]{{1,2}}(?:\([^()\[\]\s]{{1,200}}\))?"
# [2], [1, 2], [1-3], [passage 2], [Source 2], [^2], [citation:2], [[2]], [2](a.md), 【2】, 【2†source】 and the same in
# full-width brackets: all of these are what models write when asked for [2].
MARKER = _BODY.replace(f"({_NUMBERS})", _NUMBERS)
_MARKER = re.compile(rf"(?<!\s)\s*+{_BODY}", re.IGNORECASE)
# A figure in parentheses is a marker only where a sentence ends with it, and "passage 2" only where one begins with it.
_AT_THE_END = re.compile(r"(?<=[\w\]】］])\s?\(([1-9])\)(?=[.!?。！？]?\s*\Z)")
_ACCORDING = re.compile(
    r"\A\W*+(?:according to|as (?:stated|said) in)\s+(?:the\s+)?(?:passage|source|document|article)s?\s+"
    rf"({_NUMBERS}(?:\s+and\s+\d+)?)\s*,\s*",
    re.IGNORECASE,
)
_LISTS_SOURCES = re.compile(r"\W*+(?:sources|references|citations)\W*+(?:\d|\Z)", re.IGNORECASE)
_CODE = re.compile(r"(?<!`)(`++).*?(?<!`)\1(?!`)")
# A year in brackets is a word of the sentence, though one that would pass for a marker.
_YEAR = re.compile(r"[\[【［]\s*((?:1\d|20)\d\d)\s*[\]】］]")
_BLANK_BEFORE_STOP = re.compile(r"(?<!\s)\s++(?=[.,](?:\s|$))")
_WORD = re.compile(r"\w")


def numbers_in(sentence: str, highest: int) -> set[int]:
    """Return the numbers of the passages that a sentence names, without those beyond `highest`: they were not shown.

    What stands in a stretch of code is no marker.
    """
    numbers: set[int] = set()
    uncoded = _CODE.sub(" ", sentence)
    groups = [group for marker in (_MARKER, _AT_THE_END, _ACCORDING) for group in marker.findall(uncoded)]
    for part in (part for group in groups for part in re.split("[,;]|and", group)):
        first, *last = (int(number[:9]) for number in re.split("[-–]", part.replace(" ", "")))
        numbers |= set(range(max(first, 1), min(max(last, default=first), highest) + 1))
    return numbers


def words_of(sentence: str) -> str:
    """Return a sentence as people read it: without markers, Markdown's marks and invisible characters. "" without words."""
    dated = _YEAR.sub(r"(\1)", sentence)
    marked = _AT_THE_END.sub("", _ACCORDING.sub("", visible(dated)))
    words = without_markers(display_text(_MARKER.sub("", marked), "markdown"))
    words = words[:1].upper() + words[1:] if _ACCORDING.match(dated) else words
    words = _BLANK_BEFORE_STOP.sub("", words)
    return words if _WORD.search(words) else ""


def lists_sources(sentence: str) -> bool:
    """Say whether a sentence is no statement but begins a list of sources, as some models add at the end."""
    return _LISTS_SOURCES.match(sentence) is not None
