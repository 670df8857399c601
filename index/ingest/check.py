"""Compares the three stores of an index, and repairs Chroma and Tantivy from the catalogue."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from index.ingest.chunking import key_of
from index.ingest.rebuild import copied_or_embedded
from index.ingest.sweeping import sweep
from index.ingest.writing import write_passages
from index.records import EVERYTHING, Filters
from index.stores.store import Index
from index.stores.vectors import VectorStore

_VECTORS_AT_ONCE = 2_000
_CONTENTS_AT_ONCE = 100
_NO_LIMIT = 2**31


@dataclass(frozen=True, slots=True)
class Differences:
    """Ids of passages by what is wrong with them. The catalogue says which passages there should be.

    A vector is wrong if its dimension is not the model's, if it is not of unit length, or if it contains a NaN. Words are
    also extra if a passage is stored twice.
    """

    passages: int
    missing_vectors: tuple[str, ...] = ()
    extra_vectors: tuple[str, ...] = ()
    wrong_vectors: tuple[str, ...] = ()
    missing_words: tuple[str, ...] = ()
    extra_words: tuple[str, ...] = ()

    @property
    def agree(self) -> bool:
        """Whether the three stores hold the same passages."""
        return not (
            self.missing_vectors or self.extra_vectors or self.wrong_vectors or self.missing_words or self.extra_words
        )


def check(index: Index) -> Differences:
    """Compare Chroma and Tantivy with the catalogue, reading every vector. Nobody may change the index meanwhile.

    Raises IndexDamaged if a store cannot be read at all.
    """
    expected = set(index.catalog.passage_ids(EVERYTHING, Filters(), limit=_NO_LIMIT))
    vectors, words = set(index.vectors.ids()), Counter(index.words.ids())
    return Differences(
        passages=len(expected),
        missing_vectors=_sorted(expected - vectors),
        extra_vectors=_sorted(vectors - expected),
        wrong_vectors=_sorted(_wrong(index.vectors, sorted(expected & vectors), index.embedder.dimensions)),
        missing_words=_sorted(expected - words.keys()),
        extra_words=_sorted(id_ for id_, times in words.items() if id_ not in expected or times > 1),
    )


def repair(index: Index, found: Differences) -> None:
    """Write what is missing, and delete what is extra. Wrong vectors need a rebuild instead."""
    sweep(index)
    index.vectors.delete(found.extra_vectors)
    keys = {key_of(id_) for id_ in (*found.missing_vectors, *found.missing_words, *found.extra_words)}
    used = index.catalog.contents_in_use(keys)
    index.words.delete(sorted(keys - used))
    for part in _parts(sorted(used)):
        write_passages(index, index.catalog.contents_of(part), vectors_of=copied_or_embedded(index, index))


def _wrong(store: VectorStore, ids: Sequence[str], dimensions: int) -> Iterator[str]:
    for first in range(0, len(ids), _VECTORS_AT_ONCE):
        for id_, vector in store.get(ids[first : first + _VECTORS_AT_ONCE]).items():
            # Written so that a NaN counts as wrong.
            if vector.shape != (dimensions,) or not abs(float(np.linalg.norm(vector)) - 1.0) < 0.01:
                yield id_


def _sorted(ids: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(ids))


def _parts(keys: Sequence[str]) -> Iterator[Sequence[str]]:
    return (keys[first : first + _CONTENTS_AT_ONCE] for first in range(0, len(keys), _CONTENTS_AT_ONCE))
