"""HTML in Markdown: the blocks that its tags make of a paragraph, and what people see of the tags.

Only elements of HTML are tags here. `<instance>` in "https://<instance>.example.com" is text.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lxml.html.defs import block_tags, tags

from index.records import Span

_TAG = re.compile(r"""<(?P<closing>/?)(?P<name>[A-Za-z][A-Za-z0-9]*)(?:[\s/](?:[^<>"']|"[^"<]*"|'[^'<]*')*)?>""")
_CELLS = frozenset({"td", "th"})
_HTML_5 = frozenset(
    {"article", "aside", "details", "figcaption", "figure", "footer", "header", "main", "nav", "section"}
)
_BLOCKS = block_tags - {"del", "ins"} | _HTML_5 | {"summary"}
_ENDS_OF_ROWS = frozenset({"tr", "thead", "tbody", "tfoot", "table"})
_HEADING = re.compile(r"h[1-6]")


@dataclass(frozen=True, slots=True)
class HtmlBlock:
    """`text[start:end]`, and the element that it stands in: "h1" to "h6", "tr", or another one.

    Tables begin at an empty block "table", and end at an empty block "/table".
    """

    start: int
    end: int
    element: str = ""


def html_blocks(text: str, span: Span) -> Iterator[HtmlBlock]:
    """Yield what the tags of HTML make of a paragraph, in order. Takes time linear in its length."""
    found = [tag for tag in _TAG.finditer(text, span.start, span.end) if _name(tag) in _BLOCKS]
    ends_of_rows = [at for at, tag in enumerate(found) if _name(tag) in _ENDS_OF_ROWS]
    start, element, inside = span.start, "", list[re.Match[str]]()
    for at, tag in enumerate(found):
        name = _name(tag)
        if element == "tr" and name not in _ENDS_OF_ROWS:
            inside.append(tag)
            continue
        yield from _shown_block(text, Span(start, tag.start()), inside, element)
        if name == "table":
            yield HtmlBlock(tag.start(), tag.start(), tag["closing"] + name)
        start, element, inside = tag.end(), "", []
        if not tag["closing"] and _HEADING.fullmatch(name):
            element = name
        elif not tag["closing"] and name == "tr" and at < ends_of_rows[-1]:
            element = "tr"
    yield from _shown_block(text, Span(start, span.end), inside, element)


def cells_of_row(text: str, row: Span) -> list[Span]:
    """Return the cells of a row of HTML, those without words too. There are none where the row is not one of HTML."""
    begin = max(text.rfind("<tr", 0, row.start), text.rfind("<TR", 0, row.start))
    if begin < 0 or "</tr" in text[begin : row.start].lower():
        return []
    found = [tag for tag in _TAG.finditer(text, begin, row.end) if _name(tag) in _CELLS]
    ends = [tag.start() for tag in found[1:]] + [row.end]
    return [Span(tag.end(), max(tag.end(), end)) for tag, end in zip(found, ends, strict=True) if not tag["closing"]]


def spans_cells(text: str) -> bool:
    """Say whether a cell of HTML reaches over several columns or rows, so that cells cannot be counted."""
    return any("span=" in tag.group().lower() for tag in _TAG.finditer(text) if _name(tag) in _CELLS)


def shown_tag(tag: str) -> str:
    """Return what people see of what Markdown takes for a tag: nothing, or white space, or a bar before a cell."""
    found = _TAG.fullmatch(tag)
    if found is None or _name(found) not in tags | _BLOCKS:
        return tag
    if _name(found) in _CELLS:
        return "" if found["closing"] else " | "
    return " " if _name(found) in _BLOCKS or _name(found) == "br" else ""


def _name(tag: re.Match[str]) -> str:
    return tag["name"].lower()


def _shown_block(text: str, span: Span, inside: Sequence[re.Match[str]], element: str) -> Iterator[HtmlBlock]:
    """Yield the block without the tags and the white space at its ends, if it shows anything."""
    bounds = [span.start, *(bound for tag in inside for bound in tag.span()), span.end]
    parts = [text[start:end] for start, end in zip(bounds[::2], bounds[1::2], strict=True)]
    shown = [at for at, part in enumerate(parts) if _TAG.sub("", part).strip()]
    if shown:
        first, last = parts[shown[0]], parts[shown[-1]]
        start = bounds[2 * shown[0]] + len(first) - len(first.lstrip())
        yield HtmlBlock(start, bounds[2 * shown[-1]] + len(last.rstrip()), element)
