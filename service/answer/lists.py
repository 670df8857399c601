"""Lists that answer are quoted whole: their items in the order of the text, with the line that introduces them."""

from collections.abc import Sequence
from dataclasses import dataclass

from index.ingest.blocks import Block, blocks_of
from index.ingest.hidden import may_hide
from index.ingest.segmentation import display_text
from index.records import Span, TextFormat
from index.stores.store import Index
from service.answer.evidence import Evidence

# Characters on either side of a sentence that are looked at for the list that it introduces, or stands in.
_AROUND = 3_000
# A longer list is no answer that people read.
_MOST_ITEMS = 20


@dataclass(frozen=True, slots=True)
class WholeList:
    """A list as a stretch of its article, and each of its lines; `introduced` where the first is not one of its items."""

    span: Span
    lines: tuple[Span, ...]
    introduced: bool


def whole_list(index: Index, one: Evidence) -> WholeList | None:
    """Return the list that a sentence introduces with a colon, or stands in.

    None where there is none, where it is too long to read, and where something in it may be hidden from readers.
    """
    passage = one.hit.passage
    start = max(one.span.start - _AROUND, 0)
    text = index.catalog.stretch(passage.article.version, Span(start, one.span.end + _AROUND))
    if text is None:
        return None
    # What was cut off at the start may be half a list: whole paragraphs begin after an empty line.
    begin = text.find("\n\n") + 2 if start else 0
    at = one.span.start - start - begin
    if at < 0:
        return None
    blocks = list(blocks_of(text[begin:], passage.article.format))
    here = next((n for n, block in enumerate(blocks) if block.start <= at < block.end), None)
    if here is None:
        return None
    lines = _lines(blocks, here, one)
    introduced = bool(lines) and lines[0].kind != "item"
    if not 1 < len(lines) <= _MOST_ITEMS or may_hide(text[begin + lines[0].start : begin + lines[-1].end]):
        return None
    spans = tuple(Span(start + begin + line.start, start + begin + line.end) for line in lines)
    return WholeList(Span(spans[0].start, spans[-1].end), spans, introduced)


def _lines(blocks: Sequence[Block], here: int, one: Evidence) -> Sequence[Block]:
    """Return the blocks of a list, with the paragraph before it where that ends with a colon."""
    introduces = blocks[here].kind == "paragraph" and one.text.endswith(":")
    first = last = here + 1 if introduces else here
    if last == len(blocks) or blocks[first].kind != "item":
        return ()
    while first > 0 and blocks[first - 1].kind == "item" and not blocks[first].first:
        first -= 1
    while last + 1 < len(blocks) and blocks[last + 1].kind == "item":
        last += 1
    before = blocks[first - 1] if first else None
    introduced = introduces or (before is not None and before.end in _introductions(blocks[first]))
    return blocks[first - introduced : last + 1]


def _introductions(block: Block) -> frozenset[int]:
    return frozenset(span.end for span in block.above.introductions)


def list_text(words: str, whole: WholeList, format: TextFormat) -> str:
    """Return a list as people read it: the line that introduces it, then each item on a line of its own.

    `words` is the stretch of the list.
    """
    at = whole.span.start
    shown = [display_text(words[line.start - at : line.end - at], format) for line in whole.lines]
    marked = [f"- {line}" if n or not whole.introduced else line for n, line in enumerate(shown)]
    return "\n".join(line for line in marked if line.removeprefix("- "))
