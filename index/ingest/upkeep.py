"""Operations on a live index: update, delete, rebuild, check and repair. Questions are answered meanwhile."""

from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from index.errors import IndexDamaged
from index.ingest.check import Differences, check, repair
from index.ingest.pruning import NO_PRUNING, Pruning
from index.ingest.rebuild import rebuild
from index.ingest.run_control import OnProgress
from index.ingest.sweeping import deleted_vectors
from index.ingest.sync import delete, sync
from index.ingest.sync_report import SyncReport, combined
from index.records import EVERYTHING
from index.sources.places import UploadPlace
from index.sources.reading import sources_from
from index.sources.source_types import AnySource, NamedSource, Place, Source
from index.stores.live import LiveIndex
from index.stores.shared_lock import RunLock
from index.stores.store import Index

# Deleted vectors stay in Chroma's graph, 1.6 KB each, and make it slower
# (docs/decisions/0011-rebuild-and-swap.md has the figures).
_DEAD_VECTORS = 0.5
_FEW_DEAD_VECTORS = 500


@dataclass(frozen=True, slots=True)
class UpdateResult:
    """The report of a run, and why the index was rebuilt before it (with `dry_run`: would be), if it was."""

    report: SyncReport
    rebuilt: str | None


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The differences between the three stores, and how they were repaired. `damage` is why a store could not be read."""

    differences: Differences
    damage: str | None = None
    repair: Literal["none", "mended", "rebuilt"] = "none"


def update(
    live: LiveIndex,
    paths: Iterable[Path | str | AnySource],
    *,
    pruning: Pruning = NO_PRUNING,
    dry_run: bool = False,
    on_progress: OnProgress | None = None,
) -> UpdateResult:
    """Make the index equal to these files, folders and addresses, as `index.ingest.sync.sync` does.

    If the settings name another model or cutting than the index was made with, it is rebuilt first; until then the old one
    answers questions. Afterwards Chroma's folder is compacted if that is worth it. Files do not wait for addresses.
    """
    sources = sources_from(paths)
    files = [source for source in sources if isinstance(_place(source), (Source, UploadPlace))]
    addresses = [source for source in sources if source not in files]
    parts: list[tuple[Sequence[AnySource], RunLock]] = [(files, live.indexing)] if files or not addresses else []
    parts += [(addresses, live.fetching)] if addresses else []
    rebuilt = _made_again(live, dry_run=dry_run, on_progress=on_progress)
    reports = []
    try:
        for part, one_at_a_time in parts:
            with one_at_a_time:
                reports.append(
                    sync(
                        live.current,
                        part,
                        pruning=pruning,
                        dry_run=dry_run,
                        on_progress=on_progress,
                        control=live.control,
                    )
                )
            if not dry_run:
                _compact(live)
    finally:  # a run that was stopped has published articles, too
        live.changed.set()
    return UpdateResult(combined(reports), rebuilt)


def _place(source: AnySource) -> Place:
    return source.place if isinstance(source, NamedSource) else source


def _made_again(live: LiveIndex, *, dry_run: bool, on_progress: OnProgress | None) -> str | None:
    """Rebuild an outdated index. Return why it was outdated, or None."""
    why = live.current.outdated()
    if why is None or dry_run:
        return why
    with live.indexing, live.fetching:
        why = live.current.outdated()  # another thread may have rebuilt it
        if why is not None:
            rebuild(live, on_progress=on_progress)
    return why


def delete_articles(live: LiveIndex, article_ids: Sequence[str]) -> None:
    """Delete articles. If one does not exist, deletes none and raises ArticleUnknown."""
    with live.changing:
        delete(live.current, article_ids)
    live.changed.set()
    _compact(live)


def delete_remaining(live: LiveIndex, article_ids: Sequence[str]) -> None:
    """Delete those of these articles that are still there: a sync or somebody else may have deleted some of them."""
    with live.changing:
        there = live.current.catalog.readable(article_ids, EVERYTHING)
        delete(live.current, [one for one in article_ids if one in there])
    live.changed.set()
    _compact(live)


def rebuild_all(live: LiveIndex, *, on_progress: OnProgress | None = None) -> None:
    """Rebuild the index from the texts in its catalogue, with the model and cutting in the settings."""
    with live.indexing, live.fetching:
        rebuild(live, on_progress=on_progress)


def check_stores(live: LiveIndex, *, repairing: bool = False) -> CheckResult:
    """Compare the three stores, and repair them with `repairing`. Waits for a run of indexing to end.

    Missing passages are written into the index. If a store cannot be read, or has wrong vectors, the index is rebuilt. Raises
    IndexDamaged if a store cannot be read and is not to be repaired, and always if the catalogue is damaged, from which the
    others are built.
    """
    with live.indexing, live.fetching:
        live.current.catalog.check_intact()
        with live.changing:
            found = _differences(live.current)
            if not repairing or (isinstance(found, Differences) and found.agree):
                if isinstance(found, IndexDamaged):
                    raise found
                return CheckResult(found)
            if isinstance(found, Differences) and not found.wrong_vectors:
                repair(live.current, found)
                return CheckResult(found, repair="mended")
        # Without `changing`, which `rebuild` takes itself: questions and deletions go on meanwhile.
        rebuild(live)
        if isinstance(found, IndexDamaged):
            return CheckResult(Differences(live.current.catalog.count_passages()), str(found), "rebuilt")
        return CheckResult(found, repair="rebuilt")


def _differences(index: Index) -> Differences | IndexDamaged:
    try:
        return check(index)
    except IndexDamaged as error:
        return error


def _compact(live: LiveIndex) -> None:
    """Compact Chroma's folder if that is worth it. If another run is active, that run does it at its end."""
    dead = deleted_vectors(live.current)
    if dead < _FEW_DEAD_VECTORS or dead <= _DEAD_VECTORS * live.current.vectors.count():
        return
    with ExitStack() as held:
        for lock in (live.indexing, live.fetching):
            if not lock.acquire(blocking=False):
                return
            held.callback(lock.release)
        rebuild(live, copying=True)
