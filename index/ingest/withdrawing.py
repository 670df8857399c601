"""Finds indexed articles that a run must withdraw, even without pruning: drafts, and articles with unclear readers."""

from collections.abc import Mapping, Set

from index.sources.entries import file_of
from index.stores.catalog_reader import Entry

_NOBODY: frozenset[str] = frozenset()


def withdrawn_articles(
    known: Mapping[str, Entry], withdrawn: Mapping[str, str], *, seen: Mapping[str, str]
) -> list[str]:
    """Return the articles that were indexed before and that their files now withdraw, for example as drafts.

    `withdrawn` are ids with their paths. An article matches by its path, as it may have had another id, or by its id in the
    same file. `seen` are the articles that this run has read, which stay.
    """
    paths = set(withdrawn.values())
    return [
        article_id
        for article_id, entry in known.items()
        if article_id not in seen
        and (entry.path in paths or (article_id in withdrawn and file_of(withdrawn[article_id]) == file_of(entry.path)))
    ]


def closed_articles(known: Mapping[str, Entry], unclear: Set[str], *, seen: Mapping[str, str]) -> list[str]:
    """Return the articles of these files and paths that can still be read, although it is unclear who may.

    Articles that were read in this run are left out: they state who may read them.
    """
    return [
        article_id
        for article_id, entry in known.items()
        if not unclear.isdisjoint({entry.path, file_of(entry.path)})
        and article_id not in seen
        and entry.info.groups != _NOBODY
    ]
