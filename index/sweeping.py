"""Takes out of Chroma and Tantivy what no article uses any more."""

from datetime import timedelta

from index.store import Index


def sweep(index: Index) -> None:
    """Remove from Chroma and Tantivy what no article uses: the old versions, and what a killed run left behind."""
    keep = timedelta(days=index.settings.keep_versions_days)
    leftovers = index.catalog.leftovers()
    if leftovers:
        index.vectors.delete(index.catalog.passage_ids_of(leftovers))
        index.words.delete(leftovers)
    index.catalog.forget(leftovers, older_than=keep)
