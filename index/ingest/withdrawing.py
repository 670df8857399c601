"""Finds indexed articles that a run must withdraw, even without pruning: drafts, and articles with fewer readers."""

from collections.abc import Mapping, Sequence, Set

from index.ingest.comparing import Tally
from index.sources.entries import file_of
from index.sources.named import readers_in
from index.sources.source_types import AnySource, NamedSource
from index.sources.taking import narrowed
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


def restricted_articles(tally: Tally, sources: Sequence[AnySource], *, going: Set[str]) -> dict[str, frozenset[str]]:
    """Return the articles that are open to more people than what this run knows allows, with those who still may read them.

    Where it is unclear who may, nobody may. Articles that were read in this run are left out: they state their readers.
    So are those that are `going` anyway.
    """
    named = {source.name: source for source in sources if isinstance(source, NamedSource)}
    found = {}
    for article_id, entry in tally.known.items():
        if article_id in tally.seen or article_id in going:
            continue
        file = file_of(entry.path)
        groups = narrowed(entry.info.groups, tally.readers.get(file))
        if source := named.get(entry.source):
            groups = readers_in(source, entry.path, groups)
        if not tally.unclear.isdisjoint({entry.path, file}):
            groups = _NOBODY
        if groups is not None and groups != entry.info.groups:
            found[article_id] = groups
    return found
