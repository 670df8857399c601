"""Removes from Chroma and Tantivy what no article uses any more."""

from collections.abc import Iterator
from datetime import timedelta

from index.ingest.writing import lexical_entries
from index.stores.lexical import LexicalEntry
from index.stores.publishing import Prepared
from index.stores.store import Index

DELETED_VECTORS = "deleted_vectors"
"""The stored value that counts vectors deleted since the index was built: they still take space in Chroma's graph."""

# Deleted words count in BM25 until all words are written again. In small indexes that is always done; in larger ones only
# from a share on, as it takes about 1.5 ms a passage of Markdown.
_WORDS_ALWAYS_EXACT = 1_000
_DEAD_WORDS = 0.1
_CONTENTS_AT_ONCE = 200


def sweep(index: Index) -> None:
    """Remove from Chroma and Tantivy what no article uses: old versions, and leftovers of killed runs."""
    keep = timedelta(days=index.settings.keep_versions_days)
    leftovers = index.catalog.leftovers()
    if leftovers:
        ids = index.catalog.passage_ids_of(leftovers)
        index.vectors.delete(ids)
        index.words.delete(leftovers)
        index.catalog.set_fact(DELETED_VECTORS, str(deleted_vectors(index) + len(ids)))
    index.catalog.forget(leftovers, older_than=keep)
    _renew_words(index)


def deleted_vectors(index: Index) -> int:
    """Return how many vectors were deleted since the index was built."""
    return int(index.catalog.fact(DELETED_VECTORS) or 0)


def _renew_words(index: Index) -> None:
    dead, alive = index.words.dead(), index.words.count()
    if dead and (alive <= _WORDS_ALWAYS_EXACT or dead > _DEAD_WORDS * alive):
        keys = [prepared.key for batch in _contents(index) for prepared in batch]
        index.words.add(_all_entries(index), replacing=keys)


def _all_entries(index: Index) -> Iterator[LexicalEntry]:
    return (entry for batch in _contents(index) for prepared in batch for entry in lexical_entries(prepared))


def _contents(index: Index) -> Iterator[list[Prepared]]:
    return index.catalog.contents(at_once=_CONTENTS_AT_ONCE)
