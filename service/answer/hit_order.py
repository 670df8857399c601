"""The order in which hits of several searches are shown."""

from collections.abc import Sequence
from itertools import zip_longest

from index.records import Hit
from service.answer.evidence import Evidence

_OF_EACH_PART = 2


def with_each_part(hits: Sequence[Hit], of_parts: Sequence[Sequence[Hit]]) -> tuple[Hit, ...]:
    """Return the hits with the best of each part right behind the first, so that a language model reads of every part."""
    best_of_each = (hit for ranked in zip(*(part[:_OF_EACH_PART] for part in of_parts), strict=False) for hit in ranked)
    ordered = (*hits[:1], *best_of_each, *hits[1:])
    return distinct(ordered)


def in_order_of_reading(read: Sequence[Sequence[Evidence]], hits: Sequence[Hit]) -> tuple[Hit, ...]:
    """Return the hits in the order of their best sentences, in turn for each search that was read; then the others."""
    ranked = [distinct([one.hit for one in evidence]) for evidence in read]
    return distinct([*in_turn(ranked), *hits])


def in_turn(ranked: Sequence[Sequence[Hit]]) -> tuple[Hit, ...]:
    """Return the first hit of each, then the second of each, and so on."""
    return distinct([hit for of_each in zip_longest(*ranked) for hit in of_each if hit])


def distinct(hits: Sequence[Hit]) -> tuple[Hit, ...]:
    """Return the hits without those of a passage that came before."""
    first: dict[str, Hit] = {}
    for hit in hits:
        first.setdefault(hit.passage.id, hit)
    return tuple(first.values())
