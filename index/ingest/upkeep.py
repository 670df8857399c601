"""What changes an index that may be answering questions meanwhile: adding, deleting, making again, checking, mending."""

from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Literal

from index.errors import IndexDamaged
from index.ingest.check import Differences, check, repair
from index.ingest.pruning import NO_PRUNING, Pruning
from index.ingest.rebuild import rebuild
from index.ingest.run_control import OnProgress
from index.ingest.sweeping import deleted_vectors
from index.ingest.sync import SyncReport, combined, delete, sync
from index.sources.reading import sources_from
from index.sources.source_types import AnySource, Source, WebSource
from index.stores.live import LiveIndex
from index.stores.store import Index

# Chroma's graph keeps the place of every vector deleted, 1.6 KB each, and grows slower with them
# (docs/decisions/0011-rebuild-and-swap.md has the figures).
_DEAD_VECTORS = 0.5
_FEW_DEAD_VECTORS = 500


@dataclass(frozen=True, slots=True)
class UpdateResult:
    """What a run did, and why the index was made again before it (with `dry_run`: would be), if it was."""

    report: SyncReport
    rebuilt: str | None


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What the three stores differed in, and what was done about it. `damage` is why a store could not be read at all."""

    differences: Differences
    damage: str | None = None
    repair: Literal["none", "mended", "rebuilt"] = "none"


def update(
    live: LiveIndex,
    paths: Iterable[Path | str],
    *,
    pruning: Pruning = NO_PRUNING,
    dry_run: bool = False,
    on_progress: OnProgress | None = None,
) -> UpdateResult:
    """Make the index equal to these files, folders and addresses, as `index.ingest.sync.sync` does.

    When another model or cutting is set than the index was made with, it is made again first; questions are answered by the
    old one until then. Afterwards Chroma's folder is made compact where that is worth it. Files wait for no address.
    """
    sources = sources_from(paths)
    files = [source for source in sources if isinstance(source, Source)]
    addresses = [source for source in sources if isinstance(source, WebSource)]
    parts: list[tuple[Sequence[AnySource], Lock]] = [(files, live.indexing)] if files or not addresses else []
    parts += [(addresses, live.fetching)] if addresses else []
    rebuilt = _made_again(live, dry_run=dry_run, on_progress=on_progress)
    reports = []
    for part, one_at_a_time in parts:
        with one_at_a_time:
            reports.append(
                sync(
                    live.current, part, pruning=pruning, dry_run=dry_run, on_progress=on_progress, control=live.control
                )
            )
        if not dry_run:
            _compact(live)
    return UpdateResult(combined(reports), rebuilt)


def _made_again(live: LiveIndex, *, dry_run: bool, on_progress: OnProgress | None) -> str | None:
    """Make an outdated index again. Return why it was, or None."""
    why = live.current.outdated()
    if why is None or dry_run:
        return why
    with live.indexing, live.fetching:
        why = live.current.outdated()  # whoever had them before may have done it
        if why is not None:
            rebuild(live, on_progress=on_progress)
    return why


def delete_articles(live: LiveIndex, article_ids: Sequence[str]) -> None:
    """Delete articles. Raises ArticleUnknown, and deletes none, if one is not there."""
    with live.changing:
        delete(live.current, article_ids)
    _compact(live)


def rebuild_all(live: LiveIndex, *, on_progress: OnProgress | None = None) -> None:
    """Make the index again from the texts in its catalogue, with the model and cutting that are set."""
    with live.indexing, live.fetching:
        rebuild(live, on_progress=on_progress)


def check_stores(live: LiveIndex, *, repairing: bool = False) -> CheckResult:
    """Compare the three stores, and mend them where they differ, if told to. Waits for a run of indexing to end.

    What a few passages lack is written into the index as it is. A store that cannot be read, or that holds wrong vectors,
    is made again beside it. Raises IndexDamaged when a store cannot be read and is not to be repaired, and always when
    the catalogue is damaged, from which the others are made.
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
        # Without `changing`, which it takes itself: questions and deletions go on meanwhile.
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
    """Make Chroma's folder compact where that is worth it. Where a run goes on, it is left to the end of that."""
    dead = deleted_vectors(live.current)
    if dead < _FEW_DEAD_VECTORS or dead <= _DEAD_VECTORS * live.current.vectors.count():
        return
    with ExitStack() as held:
        for lock in (live.indexing, live.fetching):
            if not lock.acquire(blocking=False):
                return
            held.callback(lock.release)
        rebuild(live, copying=True)
