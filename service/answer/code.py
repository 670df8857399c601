"""Code that answers is quoted with all its lines, as it stands in the article; code of a language model only where it stands
in one."""

import re
from collections.abc import Sequence
from itertools import pairwise
from textwrap import dedent

from index.ingest.blocks import blocks_of
from index.ingest.hidden import hidden_spans
from index.ingest.segmentation import display_text
from index.records import Hit, Passage, SentenceSpan, Span, TextFormat
from index.stores.store import Index
from service.answer.citations import Draft, Stretch
from service.answer.evidence import Evidence
from service.answer.surroundings import surroundings

# Characters on either side of a sentence that are looked at for the code that it introduces, or stands in.
_AROUND = 3_000
# Lines of a longer piece of code are quoted one by one.
_MOST_LINES = 40
# Characters before a passage in which the white space and the marks of its first line stand.
_MARKS = 80
_FENCE = re.compile(r"^[ \t]*(?:`{3,}|~{3,})[^`\n]*$", re.MULTILINE)


def whole_code(index: Index, one: Evidence) -> Span | None:
    """Return the piece of code that a sentence introduces with a colon, or stands in: whole lines of its article.

    None where there is none, where it is too long to read, and where something in it is hidden from readers.
    """
    around = surroundings(index, one, _AROUND)
    if around is None:
        return None
    blocks, first = around.blocks, around.here
    if blocks[first].kind == "paragraph" and one.text.endswith(":"):
        first += 1
    if first == len(blocks) or blocks[first].kind != "code":
        return None
    last = first
    while not blocks[first].first and first > 0 and blocks[first - 1].kind == "code":
        first -= 1
    while last + 1 < len(blocks) and blocks[last + 1].kind == "code" and not blocks[last + 1].first:
        last += 1
    start, end = around.text.rfind("\n", 0, blocks[first].start) + 1, blocks[last].end
    hides = any(span.start < end and start < span.end for span in hidden_spans(around.text, around.format))
    if hides or around.text.count("\n", start, end) >= _MOST_LINES:
        return None
    return Span(around.start + start, around.start + end)


def code_text(words: str) -> str:
    """Return lines of code as people read them: without the white space that all of them begin with."""
    return dedent(words).rstrip()


def text_with_code(text: str, format: TextFormat) -> str:
    """Return a text as people read it: its blocks of code line by line between fences, all else on lines of its own."""
    parts, at = list[str](), 0
    for span in _blocks_of_code(text, format):
        before = display_text(_FENCE.sub("", text[at : span.start]), format)
        parts += [before, f"```\n{code_text(text[span.start : span.end])}\n```"]
        at = span.end
    rest = _FENCE.sub("", text[at:]) if parts else text
    return "\n".join(filter(None, [*parts, display_text(rest, format)]))


def checked_code(index: Index, code: str, shown: Sequence[Hit]) -> Draft:
    """Check a block of code of a language model: it is verified where it stands in one of the passages that were shown.

    Blank lines, white space at the ends of lines and what all lines are indented by make no difference.
    """
    for hit in shown:
        stretch = _lines_of_passage(index, hit, code) or _within_sentence(hit, code)
        if stretch:
            return Draft(code, (stretch,), "verified", form="code")
    return Draft(code, (), "unverified", form="code")


def _lines_of_passage(index: Index, hit: Hit, code: str) -> Stretch | None:
    """Return the lines of a passage that are this code."""
    passage, wanted = hit.passage, _lines(code)
    start = max(passage.start - _MARKS, 0)
    text = index.catalog.stretch(passage.article.version, Span(start, passage.end)) or ""
    ends = [*(match.start() for match in re.finditer("\n", text)), len(text)]
    lines = [Span(start + before + 1, start + end) for before, end in pairwise([-1, *ends])]
    # Lines of its sentences: no other line of the article, and nothing that is hidden.
    read = [line for line in lines if any(one.start < line.end and line.start < one.end for one in passage.sentences)]
    for first, last in zip(read, read[len(wanted) - 1 :], strict=False):
        words = text[first.start - start : last.end - start].rstrip()
        if _lines(words) == wanted:
            return Stretch(hit, Span(first.start, first.start + len(words)), words, 1.0)
    return None


def _within_sentence(hit: Hit, code: str) -> Stretch | None:
    """Return the sentence of a passage that holds this line of code, from a word's beginning to a word's end."""
    line, passage = code.strip(), hit.passage
    for sentence in passage.sentences if "\n" not in line else ():
        words = passage.words_of(sentence)
        found = re.search(rf"(?:^|[\s`\"“(]){re.escape(line)}(?:$|[\s`\"”)]|[.,;:!?](?:\s|$))", words)
        if found and not _in_code(passage, sentence):
            return Stretch(hit, Span(sentence.start, sentence.end), words, 1.0)
    return None


def _in_code(passage: Passage, sentence: SentenceSpan) -> bool:
    at = sentence.start - passage.start
    return any(span.start <= at < span.end for span in _blocks_of_code(passage.text, passage.article.format))


def _lines(code: str) -> list[str]:
    return [line.rstrip() for line in dedent(code).split("\n") if line.strip()]


def _blocks_of_code(text: str, format: TextFormat) -> list[Span]:
    """Return the whole lines of each block of code."""
    spans: list[Span] = []
    for block in blocks_of(text, format):
        start = text.rfind("\n", 0, block.start) + 1
        if block.kind == "code" and (block.first or not spans):
            spans.append(Span(start, block.end))
        elif block.kind == "code":
            spans[-1] = Span(spans[-1].start, block.end)
    return spans
