"""Removes from Chroma and Tantivy what no article uses any more."""

from contextlib import closing
from datetime import timedelta

from index.disk_cache import DiskCache
from index.ingest.following import follow, follows
from index.ingest.words import renew_words
from index.sources.reading import SCANS_FILE
from index.stores.store import Index

DELETED_VECTORS = "deleted_vectors"
"""The stored value that counts vectors deleted since the index was built: they still take space in Chroma's graph."""


def sweep(index: Index) -> None:
    """Remove from Chroma and Tantivy what no article uses: old versions, and leftovers of killed runs."""
    keep = timedelta(days=index.settings.keep_versions_days)
    leftovers = index.catalog.leftovers()
    if leftovers:
        ids = index.catalog.passage_ids_of(leftovers)
        index.vectors.delete(ids)
        if not follows(index):
            index.words.delete(leftovers)
        index.catalog.set_fact(DELETED_VECTORS, str(deleted_vectors(index) + len(ids)))
    index.catalog.forget(leftovers, older_than=keep)
    if (scans := index.settings.data_dir / SCANS_FILE).is_file():
        with closing(DiskCache(scans, "page", most=index.settings.remembered_scan_pages)) as pages:
            pages.forget(older_than=keep)
    if follows(index):
        follow(index)
    else:
        renew_words(index)


def deleted_vectors(index: Index) -> int:
    """Return how many vectors were deleted since the index was built."""
    return int(index.catalog.fact(DELETED_VECTORS) or 0)
