"""Cuts a text that arrives in pieces into sentences, each as soon as it is complete.

The text is read character by character, so the sentences do not depend on how the stream was cut.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import chain

from index.ingest.segmentation import split_sentences
from index.records import Span
from service.answer.llm.markers import MARKER

# A marker behind the full stop belongs to the sentence before, so it is put in front of the stop.
_BEHIND_THE_STOP = re.compile(rf"([.!?。！？][\"”’»)*_]*)((?:\s*{MARKER})+)", re.IGNORECASE)
_MARKER_BEGUN = re.compile(r"[\[【［][^\[\]【】［］]{0,40}\Z|[\]】］]\([^()\[\]\s]{0,200}\Z|[(（][^()（）]{0,40}\Z")
# Behind a fence of backticks stands no backtick: "```make```" is code within a line.
_FENCE = re.compile(r"[ \t]*(`{3,}+(?=[^`\n]*$)|~{3,}+)")
# What begins an item of a list. Models number no list beyond 99, and a line may begin with a year.
_ITEM = re.compile(r"[ \t]*(?P<mark>[-*+•]|\d{1,2}[.)])[ \t]+")
# A numbered item begins behind a blank line, or it would be part of the paragraph before it, which its list has ended.
_NUMBERED = re.compile(r"(?<=\S)[ \t]*\n(?=[ \t]*\d{1,2}[.)][ \t])")
# Letters, digits, blanks and commas end no sentence: this check saves the expensive one after every word.
_NO_END = re.compile(r"[\w ,'’-]*")
# Stops that no white space follows.
_FULL_WIDTH_STOPS = "。！？"
LONGEST = 2_000
"""Longest sentence or block of code in characters. A longer text without an end is cut, which limits memory."""
_TAG = re.compile(r"<(?i:/?(?:think(?:ing)?|thoughts?|reasoning))\s{0,3}>|\[/?THINK\]", re.ASCII)
_TAG_BEGUN = re.compile(r"<(?i:/?[a-z]{0,9})\s{0,3}\Z|\[/?(?:T(?:H(?:I(?:NK?)?)?)?)?\Z", re.ASCII)


class CodeBlock(str):
    """The lines of a block of code, without its fences: what stands in them is no marker and no sentence."""

    __slots__ = ()


def without_thoughts(pieces: Iterable[str]) -> Iterator[str]:
    """Leave out reasoning between `<think>` and `</think>`, even if it is never closed.

    `<thinking>`, `<thought>`, `<reasoning>` and Mistral's `[THINK]` are treated alike. Some servers remove the opening tag:
    then only the closing tag is left out. What came before it was passed on, and is checked like any other sentence.
    """
    held, thinking = "", False
    for piece in pieces:
        held += piece
        while tag := _TAG.search(held):
            if not thinking:
                yield held[: tag.start()]
            held, thinking = held[tag.end() :], tag.group()[1] != "/"
        begun = _TAG_BEGUN.search(held)
        if not thinking:
            yield held[: begun.start() if begun else len(held)]
        held = begun.group() if begun else ""
    if not thinking:
        yield held


def sentences(pieces: Iterable[str]) -> Iterator[str]:
    """Yield the sentences of a Markdown text, each with the markers that follow it, as soon as the next one has begun.

    The first of an item of a list begins with its mark (`item_mark`). A block of code comes as a whole, as soon as it is
    closed.
    """
    text, fence = "", ""
    for character in chain.from_iterable(pieces):
        text += character
        line = _last_line(text) if character == "\n" else ""
        if fence:
            closed = _closes(line, fence)
            if closed or len(text) > LONGEST:
                yield from _code(text.removesuffix(line) if closed else text)
                text, fence = "", "" if closed else fence
        elif opening := _FENCE.match(line):
            yield from _all(text.removesuffix(line))
            text, fence = "", opening[1]
        elif _may_end(text):
            done, text = _first(text)
            yield from done
    if not fence:
        yield from _all(text)
    else:
        last = text[text.rfind("\n") + 1 :]
        yield from _code(text.removesuffix(last) if _closes(last, fence) else text)


def _code(lines: str) -> Iterator[CodeBlock]:
    if lines.strip():
        yield CodeBlock(lines)


def _closes(line: str, fence: str) -> bool:
    """Say whether a line ends the block of code that this fence began: as many of the same signs, or more, alone."""
    signs = line.strip()
    return len(signs) >= len(fence) and set(signs) == {fence[0]}


def _last_line(text: str) -> str:
    return text[text.rfind("\n", 0, -1) + 1 :]


def _may_end(text: str) -> bool:
    """Say whether a sentence may have ended and a whole word of the next one has arrived, so that it pays to split."""
    if len(text) > LONGEST:
        return True
    whole_word = (text[-1].isspace() and not text[-2:-1].isspace()) or text[-2:-1] in _FULL_WIDTH_STOPS
    return len(text) > 1 and whole_word and not _NO_END.fullmatch(text) and not _MARKER_BEGUN.search(text)


def item_mark(sentence: str) -> str:
    """Return the mark of the item that a sentence begins, as it is shown: "- " or "2. "; "" where it begins none."""
    item = _ITEM.match(sentence)
    return "" if item is None else f"{item['mark']} " if item["mark"][0].isdigit() else "- "


def without_item_mark(sentence: str) -> str:
    """Return a sentence without the mark of the item that it begins."""
    item = _ITEM.match(sentence)
    return sentence[item.end() :] if item else sentence


def _first(text: str) -> tuple[list[str], str]:
    """Return what is finished of a text, and the rest, which begins with the sentence that is not."""
    moved = _moved(text)
    spans = _spans(moved)
    if len(text) > LONGEST:
        return [moved[span.start : span.end] for span in spans], ""
    if len(spans) < 2:
        return [], text
    return [moved[span.start : span.end] for span in spans[:-1]], moved[spans[-1].start :]


def _all(text: str) -> list[str]:
    moved = _moved(text)
    return [moved[span.start : span.end] for span in _spans(moved)]


def _spans(text: str) -> list[Span]:
    """Return where sentences stand, those that begin an item of a list with its mark."""
    return [Span(_with_mark(text, one.start), one.end) for one in split_sentences(text, "markdown")]


def _with_mark(text: str, start: int) -> int:
    line = text.rfind("\n", 0, start) + 1
    return line if _ITEM.fullmatch(text, line, start) else start


def _moved(text: str) -> str:
    # Emphasis often spans several sentences, and each would have half of the marks.
    return _NUMBERED.sub("\n\n", _BEHIND_THE_STOP.sub(r"\2\1", text.replace("**", "")))
