"""Markers such as [2] in what a language model writes: which passages they name, and the words without them.

Models write them in many forms, whatever form was asked for: [2], [1, 2], [1-3], [^2], [Source 2], [citation:2], [2](a.md),
【2†source】, <sup>2</sup>, (2), (passages 1 and 2), "According to passage 2, …", and the same in full-width brackets.
"""

import re

from index.ingest.segmentation import display_text
from service.answer.citations import without_markers
from service.answer.text.invisible import visible

# Bounded, so that long runs of white space cost no more than their length.
_S, _B = r"\s{0,3}", r"\s{1,3}"
_SUPERSCRIPTS = "¹²³⁴⁵⁶⁷⁸⁹"
# English, and "source" in other languages that are much written. In words, articles and documents are spoken of that are not
# our passages.
_SOURCE = r"(?:passage|source|citation|reference|ref)s?|quellen?|fuentes?|fontes?|fonti|bron|来源|出典"
_AFTER_NOUN = rf"(?![^\W\d_])\.?{_S}(?:numbers?\b|no\.)?{_S}[:#=]?{_S}"
_LABEL = rf"(?:(?:{_SOURCE}|(?:document|doc|article)s?){_AFTER_NOUN}|[#^]{_S})?"
_ONE = rf"{_LABEL}\d{{1,30}}"
_NUMBERS = rf"{_ONE}(?:(?:{_S}[-–,;&/]{_S}|{_B}and{_B}){_ONE}){{0,20}}"
# What stands for a source in brackets alone: "[S1]", "[id: 2]".
_SHORT = r"(?:s|p|id|src|cite|note|chunk|context)[:#=_\s]{0,2}\d{1,2}"
_INSIDE = rf"(?:{_NUMBERS}|{_SHORT}(?:{_S}[,;]{_S}{_SHORT}){{0,9}})"
_PAGE = rf"(?:{_S}[,:]{_S}p(?:p|ages?)?\.?{_S}\d{{1,5}})?"
_LINK = r"\([^()\[\]\s]{1,200}\)"
_BRACKETED = (
    rf"\\?[\[【［⟨]{{1,2}}{_S}{_INSIDE}{_PAGE}{_S}(?:(?::\d{{1,4}})?†[^\[\]【】［］]{{0,200}})?\^?\\?[\]】］⟩]{{1,2}}\^?(?:{_LINK})?"
    rf"|\{{{{1,2}}{_NUMBERS}\}}{{1,2}}|<(?:passage|source|cite|ref)\s[^<>]{{0,20}}?\d{{1,3}}\W{{0,3}}>"
)
_RAISED = rf"<(?:sup|cite|ref)>{_S}(?:{_BRACKETED}|{_NUMBERS}){_S}</(?:sup|cite|ref)>"
_SMALL = rf"(?:(?<=[^\W\d_]{{4}})|(?<=[.!?。！？\"”’»)]))[{_SUPERSCRIPTS}]{{1,3}}(?![\w{_SUPERSCRIPTS}])"
_SAID_NOUN = rf"(?:{_SOURCE}){_AFTER_NOUN}"
_SAID = rf"(?:the{_B})?(?:{_SAID_NOUN}(?:{_BRACKETED}|{_NUMBERS})|{_BRACKETED})"
_FROM = rf"(?:according{_B}to|based{_B}on|as{_B}\w{{3,12}}{_B}(?:in|by)|see|cf\.?|from|per|in)"
_IN_PARENTHESES = rf"[(（]{_S}(?:{_FROM}{_B}|sources?:{_S})?{_SAID_NOUN}{_NUMBERS}{_S}[)）]"
MARKER = rf"(?:\^?(?:{_BRACKETED})|{_RAISED}|{_SMALL}|{_IN_PARENTHESES})"
"""What is a marker wherever it stands."""

_MARKER = re.compile(
    rf"(?<!\s)\s*+(?:(?<!\*)\*{{1,2}}{MARKER}\*{{1,2}}(?!\*)|{MARKER}(?:[-–](?=[\[【［]))?)", re.IGNORECASE
)
# A figure in parentheses is a marker only where a sentence ends with it, and "passage 2" only where it begins or ends one.
_IN_ROUND_BRACKETS = rf"[(（]#?[1-9](?:{_S}[,;]{_S}#?[1-9]){{0,8}}[)）]"
_AT_THE_END = re.compile(
    rf"(?:(?:(?<=[\w\]】］.!?。！？])|\A)\s?(?:{_IN_ROUND_BRACKETS}|\^[1-9])|(?<=[.!?。！？])\s[{_SUPERSCRIPTS}])"
    rf"(?=[.!?。！？]?{_S}\Z)"
)
_AT_THE_BEGINNING = re.compile(
    rf"\A\W{{0,20}}(?:(?:{_FROM}|as){_B}{_SAID}(?:{_B}\w{{2,12}}s)?{_S}[,:]?{_B}"
    rf"(?:it{_B}(?:is{_B})?\w{{2,12}}{_B}that{_B})?"
    rf"|{_SAID}{_S}(?::|\s\w{{2,12}}s{_B}that\b){_S})",
    re.IGNORECASE,
)
_BEHIND_A_COMMA = re.compile(rf"{_S},?{_B}(?:{_FROM}){_B}{_SAID}(?=[.!?。！？]?{_S}\Z)", re.IGNORECASE)
_LISTS_SOURCES = re.compile(r"\W*+(?:sources?|references?|citations?)\W*+(?:\d|\Z)", re.IGNORECASE)
_CODE = re.compile(r"(?<!`)(`++).*?(?<!`)\1(?!`)")
# A year in brackets is a word of the sentence, though one that would pass for a marker.
_YEAR = re.compile(r"[\[【［]\s*((?:1\d|20)\d\d)\s*[\]】］]")
_BLANK_BEFORE_STOP = re.compile(r"(?<!\s)\s++(?=[.,](?:\s|$))")
_WORD = re.compile(r"\w")
_NUMBER = re.compile(rf"(\d+)(?:{_S}[-–]{_S}{_LABEL}(\d+))?", re.IGNORECASE)
_NO_NUMBER = re.compile(
    rf"(?<=[\]】］]){_LINK}|(?::\d+)?†[^\[\]【】［］]*|[,:]\s*p(?:p|ages?)?\.?\s*\d+", re.IGNORECASE
)


def numbers_in(sentence: str, highest: int) -> set[int]:
    """Return the numbers of the passages that a sentence names, without those beyond `highest`: they were not shown.

    What stands in a stretch of code is no marker.
    """
    numbers: set[int] = set()
    uncoded = _CODE.sub(" ", sentence)
    patterns = (_MARKER, _AT_THE_END, _AT_THE_BEGINNING, _BEHIND_A_COMMA)
    for marker in (found.group() for pattern in patterns for found in pattern.finditer(uncoded)):
        plain = _NO_NUMBER.sub("", marker).translate({ord(s): str(n) for n, s in enumerate(_SUPERSCRIPTS, 1)})
        for first, last in _NUMBER.findall(plain):
            low = int(first[:9])
            numbers |= set(range(max(low, 1), min(int((last or first)[:9]), highest) + 1))
    return numbers


def words_of(sentence: str) -> str:
    """Return a sentence as people read it: without markers, Markdown's marks and invisible characters. "" without words."""
    dated = _YEAR.sub(r"(\1)", visible(sentence))
    begun = _AT_THE_BEGINNING.sub("", dated)
    marked = _AT_THE_END.sub("", _BEHIND_A_COMMA.sub("", begun))
    words = without_markers(display_text(_MARKER.sub("", marked), "markdown"))
    words = words[:1].upper() + words[1:] if begun != dated else words
    words = _BLANK_BEFORE_STOP.sub("", words)
    return words if _WORD.search(words) else ""


def lists_sources(sentence: str) -> bool:
    """Say whether a sentence is no statement but begins a list of sources, as some models add at the end."""
    return _LISTS_SOURCES.match(sentence) is not None
