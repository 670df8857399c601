"""Splits a text into sentences, each an exact span. Only white space and Markdown's leading marks are left out.

Blocks are paragraphs, headings, list items and rows. A sentence never extends over two blocks. The ends of sentences within a
block are found by `index.ingest.sentence_ends`.
"""

import re
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import accumulate, pairwise

from markdown_it import MarkdownIt
from markdown_it.token import Token

from index.ingest.blocks import LEADING_MARKS, Block, blocks_of
from index.ingest.hidden import hidden_spans, masked, shown_parts, without_hidden
from index.ingest.raw_html import shown_tag
from index.ingest.sentence_ends import sentence_spans
from index.records import SentenceSpan, Span, SpanKind, TextFormat

_SENTENCE_END = re.compile(r"""[.!?…。！？؟।]["'”’»)\]*_]*$""")
_CLOSING_MARKS = re.compile(r"""["'”’»)\]*_~`]+(?=\s|\Z)""")
_WORD = re.compile(r"\w+")
_CALLOUT = re.compile(r"\A\[!([A-Za-z]{1,20})\][-+]?")
_WIKI_LINK = re.compile(r"!?\[\[([^\[\]|\n]{1,300})(?:\|([^\[\]|\n]{1,300}))?\]\]")
# A heading or line further down than this is the title of a section, not of the article.
_TITLE_WITHIN = 10_000


def split_sentences(text: str, format: TextFormat) -> list[SentenceSpan]:
    """Split a text into sentences, in order, without overlap. Hidden text is left out (`index.ingest.hidden`)."""
    return [span for _, spans in split_blocks(text, format, hidden_spans(text, format)) for span in spans]


def split_blocks(text: str, format: TextFormat, hidden: Sequence[Span]) -> list[tuple[Block, list[SentenceSpan]]]:
    """Split a text into blocks, in order, each with its sentences, without hidden text."""
    found = list(_with_sentences(text, format, hidden))
    # Markdown that renders to nothing (marks nested past the parser's limit) is still text that someone wrote.
    return found or ([] if format == "text" else list(_with_sentences(text, "text", hidden)))


def _with_sentences(
    text: str, format: TextFormat, hidden: Sequence[Span]
) -> Iterator[tuple[Block, list[SentenceSpan]]]:
    for block in blocks_of(masked(text, hidden), format):
        parts = shown_parts(block.start, block.end, hidden)
        if spans := [span for start, end in parts for span in _sentences(text, start, end)]:
            yield block, spans


def first_line(text: str, format: TextFormat) -> str:
    """Return a title for a text: the first heading of Markdown, else the first line, shortened.

    A line that shows nothing, such as a picture without a caption, is skipped.
    """
    head = without_hidden(text, format).lstrip()[:_TITLE_WITHIN]
    lines = (display_text(head[b.start : b.end].strip().splitlines()[0], format) for b in blocks_of(head, format))
    headings = (display_text(head[b.start : b.end], format) for b in blocks_of(head, format) if b.kind == "heading")
    line = next(filter(None, headings), "") or next(filter(None, lines), "") or display_text(head, "text")
    return line if len(line) <= 120 else _shortened(line)


def _shortened(line: str) -> str:
    sentence = line[: next(iter(sentence_spans(line[:200])))[1]].strip()
    return sentence if len(sentence) <= 120 else line[:119].rsplit(" ", 1)[0] + "…"


def display_text(text: str, format: TextFormat, *, within_line: bool = False) -> str:
    """Return a text as people read it: on one line, without Markdown's marks and the tags of HTML.

    Links of wikis are their words, a callout begins with its kind ("Note:"), and a raised figure has `^` before it. A text
    that starts `within_line` starts with no mark of a list: "5. May" is a day.
    """
    if format == "text":
        return " ".join(text.split())
    first, *others = text.split("\n")
    lines = [first if within_line else LEADING_MARKS.sub("", first, count=1)]
    stripped = "\n".join([*lines, *(LEADING_MARKS.sub("", line, count=1) for line in others)])
    named = _CALLOUT.sub(lambda callout: f"{callout[1].capitalize()}:", stripped, count=1)
    return " ".join(_shown(token) for token in _markdown().parseInline(named))


def _shown(inline: Token) -> str:
    children = [child for child in inline.children or [] if child.type in _SHOWN]
    words = (_shown_child(child, after) for child, after in pairwise([*children, None]) if child)
    return " ".join("".join(words).split())


def _shown_child(child: Token, following: Token | None) -> str:
    if child.type == "html_inline":
        # A power must not become a digit more of its base: 10<sup>2</sup> is not 102.
        is_raised = child.content.lower() == "<sup>" and not (following and following.content[:1].isalpha())
        return "^" if is_raised else shown_tag(child.content)
    if child.type == "text":
        return _WIKI_LINK.sub(lambda link: link[2] or link[1], child.content)
    return child.content or " "


_SHOWN = {"text", "text_special", "code_inline", "softbreak", "hardbreak", "image", "html_inline"}


@cache
def _markdown() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": True}).enable("table")


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
    """Return where a sentence starts, after the marks that close emphasis or a bracket of the previous one."""
    marks = _CLOSING_MARKS.match(block, start) if start and not block[start - 1].isspace() else None
    return marks.end() if marks else start


def _reads_as_sentence(words: str) -> bool:
    return bool(_SENTENCE_END.search(words)) and len(_WORD.findall(words)) >= 3
