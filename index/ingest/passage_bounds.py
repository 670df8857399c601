"""Decides which sentences form a passage: as many as fit, of one section."""

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
    whole. None goes past the end of a section: several short sections in one vector are like no question (measured, see
    docs/research/ablation.md).
    """
    starts = [piece.sentence.start for piece in pieces]
    runs = sorted({bisect_left(starts, span.start) for span in hidden} | _sections(pieces, blocks) | {0, len(pieces)})
    gains = [_gain(pieces, blocks, number) for number in range(len(pieces))]
    bounds = [0]
    for first, last in pairwise(runs):
        tokens = [piece.tokens for piece in pieces[first:last]]
        bounds.extend(first + end for end in _filled(tokens, gains[first:last], limit))
    return bounds


def _sections(pieces: Sequence[Piece], blocks: Sequence[Block]) -> set[int]:
    """Return the numbers of the pieces that sections begin with: a heading, or the first of several without text between."""
    is_heading = [blocks[piece.block].kind == "heading" for piece in pieces]
    return {number for number, (before, here) in enumerate(pairwise(is_heading), start=1) if here and not before}


def _gain(pieces: Sequence[Piece], blocks: Sequence[Block], number: int) -> float:
    """Return the gain of beginning a passage with this piece."""
    here, before = pieces[number].block, pieces[number - 1].block if number else -1
    if here == before:
        return _SENTENCE
    block = blocks[here]
    if before >= 0 and blocks[before].kind == "heading":
        return _UNDER_HEADING
    if block.kind == "paragraph":
        return _PARAGRAPH
    return _INTRODUCED if block.first else _ITEM


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
