"""Decides what a sync deletes: articles that are gone from their source, up to a share of the source's articles."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass

from index.sources.source_types import AnySource
from index.stores.catalog_reader import Entry


@dataclass(frozen=True, slots=True)
class Pruning:
    """Whether articles that are gone from their source are deleted, and which share of a source may be deleted at once."""

    enabled: bool = False
    limit: float = 0.2


NO_PRUNING = Pruning()


@dataclass(frozen=True, slots=True)
class Prunable:
    """The articles to delete, and the sources that would lose too many, each by name with the reason."""

    ids: tuple[str, ...] = ()
    refused: tuple[tuple[str, str], ...] = ()


def articles_renamed(gone: Mapping[str, Entry], added_keys: Iterable[str]) -> list[str]:
    """Return those of the gone articles whose content was added under a new id, one for each new id."""
    added = Counter(added_keys)
    renamed = []
    for article_id, entry in gone.items():
        if added[entry.key]:
            added[entry.key] -= 1
            renamed.append(article_id)
    return renamed


def prunable(known: Mapping[str, Entry], gone: Set[str], *, sources: Sequence[AnySource], limit: float) -> Prunable:
    """Return the articles to delete. A source that would lose more than its share, and more than one, keeps all.

    `known` are the articles before the run, `gone` those that no longer exist and were not renamed.
    """
    ids: list[str] = []
    refused: list[tuple[str, str]] = []
    for source in sources:
        before = sum(entry.source == source.name for entry in known.values())
        going = [article_id for article_id in known if article_id in gone and known[article_id].source == source.name]
        if len(going) > _most(before, limit):
            refused.append((source.name, _refusal(going, before, limit)))
        else:
            ids.extend(going)
    return Prunable(tuple(ids), tuple(refused))


def _most(before: int, limit: float) -> float:
    """Return how many articles may be deleted at once: at least one, or nothing could be deleted from small sources."""
    share = limit * before + 1e-9  # 0.29 * 100 is a little less than 29
    return max(share, 1) if limit > 0 else 0


def _refusal(going: Sequence[str], before: int, limit: float) -> str:
    names = ", ".join(going[:10]) + (f" and {len(going) - 10} more" if len(going) > 10 else "")
    percent = -(-100 * len(going) // before)
    return (
        f"{len(going)} of its {before} articles are gone ({percent}%), over the limit of {limit:.0%}; none was deleted: "
        f"{names}. If that is right, run again with --prune-limit {percent}%."
    )
