"""Lists that answer are quoted whole: their items in the order of the text, with the line that introduces them."""

from collections.abc import Sequence
from dataclasses import dataclass

from index.ingest.blocks import Block, blocks_of
from index.ingest.segmentation import display_text
from index.records import Span, TextFormat
from index.stores.store import Index
from service.answer.citations import Stretch
from service.answer.evidence import Evidence

# Characters on either side of a sentence that are looked at for the list that it introduces, or stands in.
_AROUND = 4_000
# A longer list is no answer that people read.
_MOST_ITEMS, _LONGEST = 20, 3_000


@dataclass(frozen=True, slots=True)
class WholeList:
    """A list as a stretch of its article, from the line that introduces it to its last item, and the stretches of both."""

    span: Span
    items: tuple[Span, ...]


def list_of(index: Index, one: Evidence) -> WholeList | None:
    """Return the list that a sentence introduces with a colon, or None."""
    if not one.text.endswith(":"):
        return None
    passage = one.hit.passage
    start = one.span.start
    text = index.catalog.stretch(passage.article.version, Span(start, one.span.end + _AROUND))
    if text is None:
        return None
    found: list[Block] = []
    for block in blocks_of(text, passage.article.format):
        if block.end <= one.span.end - start:
            continue
        if block.kind != "item" or len(found) == _MOST_ITEMS or block.end > _LONGEST:
            break
        found.append(block)
    if not found:
        return None
    items = [Span(start + block.start, start + block.end) for block in found]
    return WholeList(Span(start, items[-1].end), (Span(start, one.span.end), *items))


def list_text(stretch: Stretch, items: Sequence[Span], format: TextFormat) -> str:
    """Return a list as people read it: the line that introduces it, then each item on a line of its own."""
    at = stretch.span.start
    lines = [display_text(stretch.words[item.start - at : item.end - at], format) for item in items]
    return "\n".join([lines[0], *(f"- {line}" for line in lines[1:] if line)])
