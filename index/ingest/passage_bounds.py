"""Decides which sentences form a passage: as many as fit, of one section, or of one topic of a list."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from index.ingest.blocks import Block
from index.records import SentenceSpan, Span

# The gain of beginning a passage with a paragraph, …, the first item below an introduction, and the text directly under a
# heading, compared to filling passages evenly: for .3, a passage may be shorter than the others by three tenths.
_PARAGRAPH, _ITEM, _SENTENCE, _INTRODUCED, _UNDER_HEADING = 0.3, 0.15, 0.0, -0.3, -2.0


@dataclass(frozen=True, slots=True)
class Piece:
    """A sentence, or a part of one that is too long, with its number of tokens and the number of its block."""

    sentence: SentenceSpan
    tokens: int
    block: int


def bounds_of_passages(
    pieces: Sequence[Piece], blocks: Sequence[Block], hidden: Sequence[Span], limit: int
) -> list[int]:
    """Return the numbers of the pieces that passages begin with, and finally the number of all pieces.

    No passage has more than `limit` tokens. None contains hidden text, as a passage is one contiguous span that is shown
    whole. None goes past the end of a section or of a topic, an item of a list with a list of its own, as minutes have them:
    several short ones in one vector are like no question (measured, see docs/research/ablation.md).
    """
    starts = [piece.sentence.start for piece in pieces]
    ends = _sections(pieces, blocks) | _topics(pieces, blocks)
    runs = sorted({bisect_left(starts, span.start) for span in hidden} | ends | {0, len(pieces)})
    nested = _nested(blocks)
    gains = [_gain(pieces, blocks, nested, number) for number in range(len(pieces))]
    bounds = [0]
    for first, last in pairwise(runs):
        tokens = [piece.tokens for piece in pieces[first:last]]
        bounds.extend(first + end for end in _filled(tokens, gains[first:last], limit))
    return bounds


def _sections(pieces: Sequence[Piece], blocks: Sequence[Block]) -> set[int]:
    """Return the numbers of the pieces that sections begin with: a heading, or the first of several without text between."""
    is_heading = [blocks[piece.block].kind == "heading" for piece in pieces]
    return {number for number, (before, here) in enumerate(pairwise(is_heading), start=1) if here and not before}


def _topics(pieces: Sequence[Piece], blocks: Sequence[Block]) -> set[int]:
    """Return the numbers of the pieces that topics begin with, and those behind them; not those right below a heading."""
    nested, parents = _nested(blocks), {_parent(block) for block in blocks}
    is_topic = [Span(block.start, block.end) in parents for block in blocks]
    return {
        number
        for number, (before, here) in enumerate(pairwise(piece.block for piece in pieces), start=1)
        if blocks[here].kind == "item" and not nested[here] and before != here and blocks[before].kind != "heading"
        if is_topic[here] or nested[before]
    }


def _nested(blocks: Sequence[Block]) -> list[bool]:
    """Say of each block whether it stands within an item of a list."""
    items = {Span(block.start, block.end) for block in blocks if block.kind == "item"}
    return [_parent(block) in items for block in blocks]


def _parent(block: Block) -> Span | None:
    return block.above.introductions[-1] if block.above.introductions else None


def _gain(pieces: Sequence[Piece], blocks: Sequence[Block], nested: Sequence[bool], number: int) -> float:
    """Return the gain of beginning a passage with this piece."""
    here, before = pieces[number].block, pieces[number - 1].block if number else -1
    if here == before:
        return _SENTENCE
    block = blocks[here]
    if before >= 0 and blocks[before].kind == "heading":
        return _UNDER_HEADING
    if block.kind == "paragraph":
        return _PARAGRAPH
    if block.first:
        return _INTRODUCED
    return _SENTENCE if nested[here] else _ITEM


def _filled(tokens: Sequence[int], gains: Sequence[float], limit: int) -> Iterator[int]:
    """Yield where passages end. They are filled evenly, so that the last one is not very short. Takes linear time."""
    left, first = sum(tokens), 0
    while left > limit:
        target = left / -(-left // limit)
        filled, best, best_worth, taken = tokens[first], first + 1, -9.0, tokens[first]
        for number in range(first + 1, len(tokens)):
            worth = gains[number] - abs(filled / target - 1)
            if worth > best_worth:
                best, best_worth, taken = number, worth, filled
            filled += tokens[number]
            if filled > limit:
                break
        yield best
        left, first = left - taken, best
    yield len(tokens)
