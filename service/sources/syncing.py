"""Syncs sources, one by one, and records how that went. No source keeps another one from being synced."""

import shutil
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from socket import gethostname

from sqlalchemy import Engine

from index.errors import FootnoteError, IndexingStopped, WrongUsage
from index.ingest.pruning import Pruning
from index.ingest.run_control import OnProgress
from index.ingest.sync_report import Problem, SyncReport
from index.ingest.upkeep import delete_remaining, update
from index.sources.source_types import has_owner
from index.stores.live import LiveIndex
from index.stores.ownership import folder_id, private_folder
from service.history.database import database_in
from service.history.syncs import SyncRecord, forget_syncs, last_syncs, record_sync
from service.settings import Settings
from service.sources.common_entry import NAME
from service.sources.entries import UPLOADS
from service.sources.file import Configured, SourceListing, Unreadable, read_sources, remove_source, sources_file

_PROBLEMS_KEPT = 100
_NODE = "sources"
"""The stored value that names the node that has sources and uploads: the id of its data folder, and its machine."""


@dataclass(frozen=True, slots=True)
class Sources:
    """The sources that `sources.toml` names, for an open index. The file is read for each call: it may change at any time."""

    live: LiveIndex
    settings: Settings

    def listing(self) -> SourceListing:
        """Return the sources. Raises WrongUsage if the file cannot be read."""
        return read_sources(self.settings)

    def elsewhere(self) -> str | None:
        """Return why sources and uploads cannot be changed here: another node on the same database has them. None if not."""
        with self.live.pinned() as index:
            node, _, machine = (index.catalog.fact(_NODE) or "").partition(" ")
        if not node or self.settings.database_url is None or node == folder_id(self.settings.data_dir):
            return None
        return (
            f"Sources and uploads belong to another node on this database, on {machine}: sync, upload and delete there. "
            "To move them here, stop both nodes, and move `sources.toml`, `uploads/` and `id` from its data folder into this "
            "one."
        )

    def check_here(self) -> None:
        """Raise WrongUsage if another node has sources and uploads. From the first time on, this one has them.

        A second one with uploads of its own would delete those of the first with each sync.
        """
        if self.settings.database_url is not None:
            with self.live.pinned() as index:
                index.catalog.settled_fact(_NODE, f"{folder_id(self.settings.data_dir)} {gethostname()}")
        if problem := self.elsewhere():
            raise WrongUsage(problem)

    def last_syncs(self) -> dict[str, SyncRecord]:
        """Return the record of the last sync of each source, by name."""
        with self._database() as engine:
            return last_syncs(engine)

    def articles(self) -> dict[str, int]:
        """Return how many articles each named source has, also those that the file no longer names."""
        with self.live.pinned() as index:
            return {name: count for name, count in index.catalog.count_by_source().items() if has_owner(name)}

    def sync(
        self, names: Sequence[str] = (), *, prune_limit: float | None = None, on_progress: OnProgress | None = None
    ) -> list[SyncRecord]:
        """Sync these sources, or all, one after the other. Raises WrongUsage if there is no such source."""
        self.check_here()
        sources = {one.name: one for one in self.listing()}
        if unknown := [name for name in names if name not in sources]:
            raise WrongUsage(f"There is no source {unknown[0]!r}. `footnote sources list` shows them all.")
        chosen = [sources[name] for name in names] if names else list(sources.values())
        return [self.sync_one(one, prune_limit=prune_limit, on_progress=on_progress) for one in chosen]

    def sync_one(
        self,
        source: Configured | Unreadable,
        *,
        prune_limit: float | None = None,
        on_progress: OnProgress | None = None,
    ) -> SyncRecord:
        """Sync a source, and record how that went, whatever goes wrong.

        Raises IndexingStopped. Then, and if the process is killed, nothing is recorded, and the source is `interrupted`.
        """
        started = datetime.now(UTC)
        try:
            if NAME.fullmatch(source.name):
                private_folder(self._begun)
                (self._begun / source.name).touch(mode=0o600)
            report = self._synced(source, prune_limit, on_progress)
            error = _error_of(source, report)
        except IndexingStopped:
            raise
        except Exception as failure:  # noqa: BLE001 - nothing that one source does keeps others from being synced
            report = None
            error = str(failure) if isinstance(failure, FootnoteError) else f"{type(failure).__name__}: {failure}"
        with self._database() as engine:
            before = last_syncs(engine).get(source.name)
            record = SyncRecord(
                source=source.name,
                started=started,
                finished=datetime.now(UTC),
                error=error,
                failures=(before.failures if before else 0) + 1 if error else 0,
                counts=_counts(report) if report else {},
                problems=_problems(source, report) if report else (),
            )
            record_sync(engine, record)
        if NAME.fullmatch(source.name):
            (self._begun / source.name).unlink(missing_ok=True)
        return record

    def interrupted(self) -> set[str]:
        """Return the names of the sources of which a sync was begun and has not ended."""
        return {path.name for path in self._begun.iterdir()} if self._begun.is_dir() else set()

    def forget(self, name: str) -> int:
        """Remove a source from the file, with its articles and records. Return how many articles were deleted.

        Raises WrongUsage if neither the file nor the index knows the source.
        """
        self.check_here()
        with self.live.pinned() as index:
            ids = index.catalog.ids_of_source(name)
        known = name == UPLOADS.place or remove_source(sources_file(self.settings), name)
        if not known and not ids:
            raise WrongUsage(f"There is no source {name!r}. `footnote sources list` shows them all.")
        if ids:
            delete_remaining(self.live, ids)
        with self._database() as engine:
            forget_syncs(engine, name)
        if NAME.fullmatch(name):  # of an entry that cannot be read it may be anything
            for copies in ("git", "readers"):
                shutil.rmtree(self.settings.data_dir / copies / name, ignore_errors=True)
            (self._begun / name).unlink(missing_ok=True)
        if name == UPLOADS.place:
            shutil.rmtree(self.settings.data_dir / name, ignore_errors=True)
        return len(ids)

    def _synced(
        self, source: Configured | Unreadable, prune_limit: float | None, on_progress: OnProgress | None
    ) -> SyncReport:
        if isinstance(source, Unreadable):
            raise WrongUsage(f"Its entry in sources.toml cannot be read: {source.problem}")
        pruning = source.entry.pruning
        if prune_limit is not None:
            pruning = Pruning(pruning.enabled, prune_limit)
        return update(self.live, [source.source], pruning=pruning, on_progress=on_progress).report

    @property
    def _begun(self) -> Path:
        return self.settings.data_dir / "syncing"

    def _database(self) -> AbstractContextManager[Engine]:
        return database_in(self.settings.data_dir, self.settings.database_url)


def _error_of(source: Configured | Unreadable, report: SyncReport) -> str | None:
    """Return why the source as a whole failed. Files that fail are listed, and the source is in step all the same."""
    wholes = {source.name, source.source.place.name} if isinstance(source, Configured) else {source.name}
    return next((problem.error for problem in report.failed if problem.path in wholes), None)


def _counts(report: SyncReport) -> dict[str, int]:
    changed = {name: getattr(report, name) for name in ("added", "updated", "renamed", "unchanged", "deleted")}
    return changed | {"skipped": len(report.skipped), "failed": len(report.failed)}


def _problems(source: Configured | Unreadable, report: SyncReport) -> tuple[Problem, ...]:
    return (*report.failed, *report.warnings)[:_PROBLEMS_KEPT]
