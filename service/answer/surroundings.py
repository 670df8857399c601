"""The blocks of an article around a sentence: the list, the table or the code that it stands in."""

from collections.abc import Sequence
from dataclasses import dataclass

from index.ingest.blocks import Block, blocks_of
from index.records import Span, TextFormat
from index.stores.store import Index
from service.answer.evidence import Evidence


@dataclass(frozen=True, slots=True)
class Surroundings:
    """A part of an article, from `start` of its text on, and its blocks. The sentence stands in `blocks[here]`."""

    text: str
    start: int
    format: TextFormat
    blocks: Sequence[Block]
    here: int

    def span(self, first: Block, last: Block) -> Span:
        """Return where two blocks, and what is between them, stand in the article."""
        return Span(self.start + first.start, self.start + last.end)


def surroundings(index: Index, one: Evidence, around: int) -> Surroundings | None:
    """Return the blocks around a sentence, up to so many characters before and after it.

    None where the article is gone, or where the sentence is in no whole block of these.
    """
    passage = one.hit.passage
    start = max(one.span.start - around, 0)
    text = index.catalog.stretch(passage.article.version, Span(start, one.span.end + around))
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
    return Surroundings(text[begin:], start + begin, passage.article.format, blocks, here)
