"""Which sentences of a text make a passage together: as many as fit, beginning where a part of the text begins."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from index.ingest.blocks import Block
from index.records import SentenceSpan, Span

# How good it is to begin a passage with a heading, a paragraph, …, the first item below an introduction, and what stands
# directly under a heading, against filling passages evenly: with .5 a passage may be half as long as the others for it.
_HEADING, _PARAGRAPH, _ITEM, _SENTENCE, _INTRODUCED, _UNDER_HEADING = 0.5, 0.3, 0.15, 0.0, -0.3, -2.0


@dataclass(frozen=True, slots=True)
class Piece:
    """A sentence, or a part of one that is too long, with its number of tokens and the number of its block."""

    sentence: SentenceSpan
    tokens: int
    block: int


def bounds_of_passages(
    pieces: Sequence[Piece], blocks: Sequence[Block], hidden: Sequence[Span], limit: int
) -> list[int]:
    """Return the numbers of the pieces that passages begin with, and the number of all pieces.

    No passage has more than `limit` tokens, and nothing hidden stands within one: it is one stretch, and shows what is in it.
    """
    starts = [piece.sentence.start for piece in pieces]
    runs = sorted({bisect_left(starts, span.start) for span in hidden} | {0, len(pieces)})
    gains = [_gain(pieces, blocks, number) for number in range(len(pieces))]
    bounds = [0]
    for first, last in pairwise(runs):
        tokens = [piece.tokens for piece in pieces[first:last]]
        bounds.extend(first + end for end in _filled(tokens, gains[first:last], limit))
    return bounds


def _gain(pieces: Sequence[Piece], blocks: Sequence[Block], number: int) -> float:
    """Say how good it is to begin a passage with a piece."""
    here, before = pieces[number].block, pieces[number - 1].block if number else -1
    if here == before:
        return _SENTENCE
    block = blocks[here]
    if before >= 0 and blocks[before].kind == "heading":
        return _UNDER_HEADING
    if block.kind in ("heading", "paragraph"):
        return _HEADING if block.kind == "heading" else _PARAGRAPH
    return _INTRODUCED if block.first else _ITEM


def _filled(tokens: Sequence[int], gains: Sequence[float], limit: int) -> Iterator[int]:
    """Yield where passages end, filled about evenly, so that none is a lonely tail. Takes linear time."""
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
