"""Text to sentences, each an exact stretch of it. Nothing is lost but white space and Markdown's leading marks.

Blocks are paragraphs, headings, list items and rows: a sentence never runs from one block into the next. Where sentences
end within a block is said by `index.sentence_ends`.
"""

import re
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import accumulate, pairwise

from markdown_it import MarkdownIt
from markdown_it.token import Token

from index.hidden import hidden_spans, masked, shown_parts, without_hidden
from index.records import SentenceSpan, Span, SpanKind, TextFormat
from index.sentence_ends import sentence_spans

# A line of a list, quotation or heading starts with marks that are not part of what it says.
_LEADING_MARKS = re.compile(r"(?:[ \t]*(?:>|[-*+•](?=\s)|\d{1,9}[.)](?=\s)|#{1,6}(?=\s)|\|))*[ \t]*")
_SENTENCE_END = re.compile(r"""[.!?…。！？؟।]["'”’»)\]*_]*$""")
_CLOSING_MARKS = re.compile(r"""["'”’»)\]*_~`]+(?=\s|\Z)""")
_WORD = re.compile(r"\w+")
# A heading or line further down than this stands for its own part, not for the article.
_TITLE_WITHIN = 10_000


def split_sentences(text: str, format: TextFormat) -> list[SentenceSpan]:
    """Cut a text into sentences, in order, without overlap. What its readers never see is left out (`index.hidden`)."""
    hidden = hidden_spans(text, format)
    spans = _shown_sentences(text, format, hidden)
    # Markdown that renders to nothing (marks nested past the parser's limit) is still text that someone wrote.
    return spans or ([] if format == "text" else _shown_sentences(text, "text", hidden))


def _shown_sentences(text: str, format: TextFormat, hidden: Sequence[Span]) -> list[SentenceSpan]:
    blocks = _blocks(masked(text, hidden), format)
    parts = (part for start, end in blocks for part in shown_parts(start, end, hidden))
    return [span for start, end in parts for span in _sentences(text, start, end)]


def first_line(text: str, format: TextFormat) -> str:
    """Return what stands for a title: the first heading of a Markdown text, else the first line, shortened.

    A line that shows nothing, such as a picture without words, is passed over.
    """
    head = without_hidden(text, format).lstrip()[:_TITLE_WITHIN]
    lines = (display_text(head[s:e].strip().splitlines()[0], format) for s, e in _blocks(head, format))
    heading = _first_heading(head) if format == "markdown" else ""
    line = heading or next(filter(None, lines), "") or display_text(head, "text")
    return line if len(line) <= 120 else _shortened(line)


def _first_heading(text: str) -> str:
    tokens = pairwise(_markdown().parse(text))
    return next(filter(None, (_shown(words) for opening, words in tokens if opening.type == "heading_open")), "")


def _shortened(line: str) -> str:
    sentence = line[: next(iter(sentence_spans(line[:200])))[1]].strip()
    return sentence if len(sentence) <= 120 else line[:119].rsplit(" ", 1)[0] + "…"


def display_text(text: str, format: TextFormat) -> str:
    """Return a stretch of text as people read it: on one line, Markdown's marks taken off."""
    if format == "text":
        return " ".join(text.split())
    stripped = "\n".join(_LEADING_MARKS.sub("", line, count=1) for line in text.split("\n"))
    return " ".join(_shown(token) for token in _markdown().parseInline(stripped))


def _shown(inline: Token) -> str:
    words = (child.content or " " for child in inline.children or [] if child.type in _SHOWN)
    return " ".join("".join(words).split())


_SHOWN = {"text", "text_special", "code_inline", "softbreak", "hardbreak", "image"}


@cache
def _markdown() -> MarkdownIt:
    # Raw HTML stays visible as text: what is not shown could not be checked by a reader.
    return MarkdownIt("commonmark", {"html": False}).enable("table")


@cache
def _block_parser() -> MarkdownIt:
    # Blocks alone: what stands within a line is not looked at, which takes quadratic time over brackets.
    return MarkdownIt("commonmark", {"html": False}).enable("table").disable("inline")


def _blocks(text: str, format: TextFormat) -> Iterator[tuple[int, int]]:
    starts = _line_starts(text)
    if format == "text":
        for first, last in _text_line_groups(text):
            yield from _unwrapped(text, starts, first, last)
        return
    for first, last in _markdown_line_groups(text):
        marks = _LEADING_MARKS.match(text, starts[first], starts[last] - 1)
        start = marks.end() if marks else starts[first]
        if text[start : starts[last] - 1].strip():
            yield start, starts[last] - 1


def _line_starts(text: str) -> list[int]:
    """Return the offset of every line, and one past the end. Only a line feed ends a line."""
    return [0, *(match.end() for match in re.finditer("\n", text)), len(text) + 1]


def _markdown_line_groups(text: str) -> Iterator[tuple[int, int]]:
    """Yield (first, last + 1) lines of every leaf block of a Markdown text: a paragraph, a row, a line of code."""
    done = 0
    for token in _block_parser().parse(text):
        if not token.map or token.type not in {"inline", "fence", "code_block"}:
            continue
        first, last = max(token.map[0], done), token.map[1]
        if token.type == "inline" and first < last:  # the cells of one row of a table share its line
            yield first, last
        elif token.type == "fence":
            yield from ((line, line + 1) for line in range(first + 1, last - 1))
        elif token.type == "code_block":
            yield from ((line, line + 1) for line in range(first, last))
        done = max(done, last)


def _text_line_groups(text: str) -> Iterator[tuple[int, int]]:
    """Yield (first, last + 1) lines of every run of lines between empty ones."""
    lines = text.split("\n")
    first = 0
    for number, line in enumerate([*lines, ""]):
        if not line.strip():
            if first < number:
                yield first, number
            first = number + 1


def _unwrapped(text: str, starts: list[int], first: int, last: int) -> Iterator[tuple[int, int]]:
    """Yield one stretch for each line, lines that were wrapped to a width joined.

    Whoever wraps text fills each line: where the next line's first word would have fitted, the line end was meant.
    """
    lines = [(starts[n], starts[n + 1] - 1) for n in range(first, last)]
    width = max(end - start for start, end in lines)
    begin = lines[0][0]
    for (start, end), (next_start, next_end) in pairwise(lines):
        word = text[next_start:next_end].split(" ", 1)[0]
        if not 40 <= width <= 140 or end - start + 1 + len(word) <= width:
            yield begin, end
            begin = next_start
    yield begin, lines[-1][1]


def _sentences(text: str, start: int, end: int) -> Iterator[SentenceSpan]:
    block = text[start:end]
    starts = accumulate((_after_closing_marks(block, first) for first, _ in sentence_spans(block)), max)
    for first, last in pairwise([*starts, len(block)]):
        piece = block[first:last]
        words = piece.strip()
        if words:
            begin = start + first + len(piece) - len(piece.lstrip())
            kind: SpanKind = "sentence" if _reads_as_sentence(words) else "fragment"
            yield SentenceSpan(begin, begin + len(words), kind)


def _after_closing_marks(block: str, start: int) -> int:
    """Return where a sentence starts, past the marks that close the emphasis or bracket of the one before it."""
    marks = _CLOSING_MARKS.match(block, start) if start and not block[start - 1].isspace() else None
    return marks.end() if marks else start


def _reads_as_sentence(words: str) -> bool:
    return bool(_SENTENCE_END.search(words)) and len(_WORD.findall(words)) >= 3
