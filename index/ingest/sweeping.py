"""Takes out of Chroma and Tantivy what no article uses any more, and the traces that it leaves there."""

from collections.abc import Iterator
from datetime import timedelta

from index.ingest.writing import lexical_entries
from index.stores.lexical import LexicalEntry
from index.stores.publishing import Prepared
from index.stores.store import Index

DELETED_VECTORS = "deleted_vectors"
"""The fact of the catalogue that counts vectors deleted since the index was made: Chroma's graph keeps their place."""

# Deleted words count in BM25 until they are written anew. Small indexes are always exact; in larger ones writing all words
# (about 1.5 ms a passage of Markdown) has to be worth it.
_WORDS_ALWAYS_EXACT = 1_000
_DEAD_WORDS = 0.1
_CONTENTS_AT_ONCE = 200


def sweep(index: Index) -> None:
    """Remove from Chroma and Tantivy what no article uses: the old versions, and what a killed run left behind."""
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
    """Return how many vectors were deleted since the index was made."""
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
