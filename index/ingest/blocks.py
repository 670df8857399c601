"""Splits a text into blocks (paragraphs, headings, list items, rows, lines of code), each with the context above it.

Blocks are exact spans of the text, in order, without overlap. Left out are white space and, in Markdown, marks and what is
not shown. A list item or a row is often clear only with the context above it: its headings, the sentence that introduces the
list, the head of the table.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise
from typing import Literal

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

from index.ingest.raw_html import html_blocks
from index.records import Span, TextFormat

BlockKind = Literal["paragraph", "heading", "item", "row", "code"]

# A line of a list, quotation or heading starts with marks that are not part of its text.
LEADING_MARKS = re.compile(r"(?:[ \t]*(?:>|[-*+•](?=\s)|\d{1,9}[.)](?=\s)|#{1,6}(?=\s)|\|))*[ \t]*")
# A row of a table in plain text, as PDFs have them, with its cells between bars.
_CELLS = re.compile(r"(?:^|[ \t])\|(?:[ \t]|$)", re.MULTILINE)
_LEAVES = frozenset({"inline", "fence", "code_block"})


@dataclass(frozen=True, slots=True)
class Above:
    """The context above a block, as spans of the text, outermost first.

    `headings` are the headings of its sections. `introductions` are the paragraphs that introduce its lists, the items that
    it is nested in, and the head of its table.
    """

    headings: tuple[Span, ...] = ()
    introductions: tuple[Span, ...] = ()


NOTHING = Above()


@dataclass(frozen=True, slots=True)
class Block:
    """`text[start:end]`. `level` is 1 to 6 for headings, else 0. `first`: it is the first of its list, table or code."""

    start: int
    end: int
    kind: BlockKind = "paragraph"
    level: int = 0
    first: bool = False
    above: Above = NOTHING


def blocks_of(text: str, format: TextFormat) -> Iterator[Block]:
    """Yield the blocks of a text. Takes time linear in its length."""
    starts = line_starts(text)
    if format == "text":
        for first, last in _runs_of_lines(text):
            yield from (Block(*span) for span in _unwrapped(text, starts, first, last))
    else:
        yield from _MarkdownBlocks(text, starts).blocks()


def line_starts(text: str) -> list[int]:
    """Return the offset of every line, and one past the end. Only a line feed ends a line."""
    return [0, *(match.end() for match in re.finditer("\n", text)), len(text) + 1]


class _FirstCells(StateBlock):
    """Blocks without the cells of a row but the first, which says where the row stands.

    The parser adds the cells that rows have fewer than their head, 65,000 to a table of 3 KB.
    """

    def push(self, ttype: str, tag: str, nesting: Literal[-1, 0, 1]) -> Token:
        in_row = self.parentType == "table" and ttype in _BEFORE_IN_FIRST_CELL
        if in_row and self.tokens[-1].type not in _BEFORE_IN_FIRST_CELL[ttype]:
            return _LEFT_OUT
        return super().push(ttype, tag, nesting)


_OPENINGS = ("th_open", "td_open")
_BEFORE_IN_FIRST_CELL = dict.fromkeys(_OPENINGS, ("tr_open",)) | {"inline": _OPENINGS}
_BEFORE_IN_FIRST_CELL |= dict.fromkeys(("th_close", "td_close"), ("inline",))
_LEFT_OUT = Token("", "", 0)


@cache
def _block_parser() -> MarkdownIt:
    # Blocks only: the parser takes quadratic time for inline content.
    parser = MarkdownIt("commonmark", {"html": False}).enable("table").disable(["inline", "text_join"])
    parser.core.ruler.at("block", _parse_blocks)
    return parser


def _parse_blocks(state: StateCore) -> None:
    blocks = _FirstCells(state.src, state.md, state.env, state.tokens)
    state.md.block.tokenize(blocks, blocks.line, blocks.lineMax)


@dataclass(slots=True)
class _Container:
    """An open list, item or quotation. `introduction` is its last child, if that is a paragraph."""

    introductions: tuple[Span, ...]
    introduction: Span | None = None
    is_list: bool = False
    fresh: bool = True


@dataclass(slots=True)
class _MarkdownBlocks:
    """Iterates over the tokens of a Markdown text."""

    text: str
    starts: list[int]
    done: int = 0
    headings: list[tuple[int, Span]] = field(default_factory=list)
    open: list[_Container] = field(default_factory=lambda: [_Container(())])
    head: Span | None = None
    in_html_table: bool = False

    def blocks(self) -> Iterator[Block]:
        before = None
        for token in _block_parser().parse(self.text):
            if token.type in _LEAVES and token.map:
                for block in self._leaf(token, before):
                    self._note(block, before)
                    yield block
            else:
                self._enter_or_leave(token)
            before = token

    def _enter_or_leave(self, token: Token) -> None:
        if token.type == "table_open":
            self.head = None
        elif token.type == "table_close":
            self.head, self.open[-1].introduction = None, None
        elif token.type in ("bullet_list_open", "ordered_list_open"):
            parent = self.open[-1]
            introduced = (parent.introduction,) if parent.introduction else ()
            self.open.append(_Container((*parent.introductions, *introduced), is_list=True))
        elif token.type in ("list_item_open", "blockquote_open"):
            self.open.append(_Container(self.open[-1].introductions))
        elif token.type in ("bullet_list_close", "ordered_list_close", "list_item_close", "blockquote_close"):
            self.open.pop()
            self.open[-1].introduction = None
        elif token.type == "hr":
            self.open[-1].introduction = None

    def _leaf(self, token: Token, before: Token | None) -> Iterator[Block]:
        first, last = max(token.map[0], self.done), token.map[1]  # type: ignore[index]
        kind, level = self._kind(token, before)
        if token.type == "inline":  # the cells of one row of a table share its line
            lines = [(first, last)] if first < last else []
        elif token.type == "fence":
            # The last line is a fence, too, unless it is missing.
            within = len(token.content.removesuffix("\n").split("\n")) if token.content else 0
            lines = [(line, line + 1) for line in range(first + 1, first + 1 + within)]
        else:
            lines = [(line, line + 1) for line in range(first, last)]
        self.done = max(self.done, last)
        for at, (begin, end) in enumerate(lines):
            span = self._shown(begin, end)
            if span and token.type == "inline" and kind != "row":
                yield from self._html(span, kind, level)
            elif span:
                yield self._block(span, kind, level, first=self._is_first(kind, at))

    def _html(self, span: Span, kind: BlockKind, level: int) -> Iterator[Block]:
        """Yield the blocks that tags of HTML make of a paragraph: itself, where there are none."""
        for part in html_blocks(self.text, span):
            place = Span(part.start, part.end)
            if part.element.endswith("table"):
                self.head, self.in_html_table = None, part.element == "table"
                self.open[-1].introduction = self.open[-1].introduction if self.in_html_table else None
            elif part.element == "tr" and self.in_html_table:
                yield self._block(place, "row", 0, first=self.head is None)
            elif part.element[:1] == "h":
                yield self._block(place, "heading", int(part.element[1:]), first=False)
            else:
                yield self._block(place, kind, level, first=self._is_first(kind, 0))

    def _block(self, span: Span, kind: BlockKind, level: int, *, first: bool) -> Block:
        return Block(span.start, span.end, kind, level, first, self._above(kind, level))

    def _shown(self, first: int, last: int) -> Span | None:
        marks = LEADING_MARKS.match(self.text, self.starts[first], self.starts[last] - 1)
        start = marks.end() if marks else self.starts[first]
        return Span(start, self.starts[last] - 1) if self.text[start : self.starts[last] - 1].strip() else None

    def _kind(self, token: Token, before: Token | None) -> tuple[BlockKind, int]:
        if token.type != "inline":
            return "code", 0
        if before is not None and before.type == "heading_open":
            return "heading", int(before.tag[1:])
        if before is not None and before.type in ("th_open", "td_open"):
            return "row", 0
        return ("item" if any(container.is_list for container in self.open) else "paragraph"), 0

    def _is_first(self, kind: BlockKind, line: int) -> bool:
        if kind == "item":
            return next(container.fresh for container in reversed(self.open) if container.is_list)
        return self.head is None if kind == "row" else line == 0

    def _above(self, kind: BlockKind, level: int) -> Above:
        headings = tuple(span for depth, span in self.headings if kind != "heading" or depth < level)
        head = (self.head,) if kind == "row" and self.head else ()
        return Above(headings, (*self.open[-1].introductions, *head))

    def _note(self, block: Block, before: Token | None) -> None:
        """Record a block as context for the next blocks."""
        span = Span(block.start, block.end)
        for container in self.open:
            container.fresh = False
        if block.kind == "heading":
            self.headings = [(depth, one) for depth, one in self.headings if depth < block.level]
            self.headings.append((block.level, span))
        if block.kind == "row":
            self.head = self.head or span
        introduces = block.kind in ("paragraph", "item")
        self.open[-1].introduction = span if introduces else None


def _runs_of_lines(text: str) -> Iterator[tuple[int, int]]:
    """Yield (first, last + 1) lines of every run of lines between empty ones."""
    first = 0
    for number, line in enumerate([*text.split("\n"), ""]):
        if not line.strip():
            if first < number:
                yield first, number
            first = number + 1


def _unwrapped(text: str, starts: list[int], first: int, last: int) -> Iterator[tuple[int, int]]:
    """Yield one span for each line. Lines that were wrapped to a width are joined.

    Wrapped text fills each line: if the next line's first word would have fitted, the line end was intended.
    """
    lines = [(starts[n], starts[n + 1] - 1) for n in range(first, last)]
    width = max(end - start for start, end in lines)
    begin = lines[0][0]
    for (start, end), (next_start, next_end) in pairwise(lines):
        word = text[next_start:next_end].split(" ", 1)[0]
        is_row = _CELLS.search(text, start, end) or _CELLS.search(text, next_start, next_end)
        if is_row or not 40 <= width <= 140 or end - start + 1 + len(word) <= width:
            yield begin, end
            begin = next_start
    yield begin, lines[-1][1]
