"""Keeps sources in step while a service runs: each is synced when it is due, one at a time."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from threading import Event

import structlog

from index.background import in_background
from index.errors import FootnoteError, IndexingStopped
from service.history.syncs import SyncRecord
from service.sources.file import Configured, Unreadable
from service.sources.schedule import FAILING, next_sync
from service.sources.syncing import Sources

# How often the file and the clock are looked at.
_LOOK_SECONDS = 5.0
# For an entry that cannot be read, and so has no interval.
_UNREADABLE_SECONDS = 3_600.0
log = structlog.get_logger(__name__)


@contextmanager
def kept_in_step(sources: Sources) -> Iterator[None]:
    """Sync each source when it is due, while in this context. Nothing that goes wrong ends that."""
    with in_background(partial(_keep, sources), name="sources", on_stop=sources.live.control.stop):
        yield


def _keep(sources: Sources, stop: Event) -> None:
    trouble: str | None = None
    interrupted = sources.interrupted()  # when the last process ended
    while not stop.is_set():
        try:
            _sync_due(sources, stop, interrupted)
            trouble = None
        except IndexingStopped:
            return  # the service stops
        except Exception as error:
            if str(error) != trouble:  # once, and not every five seconds
                expected = isinstance(error, FootnoteError)
                log.error("sources cannot be kept in step", problem=str(error), exc_info=not expected)
            trouble = str(error)
        stop.wait(_LOOK_SECONDS)


def _sync_due(sources: Sources, stop: Event, interrupted: set[str]) -> None:
    listing = sources.listing()
    if listing:
        sources.check_here()
    last = sources.last_syncs() if listing else {}
    for source in listing:
        if stop.is_set():
            return
        if source.name in interrupted or _is_due(source, last.get(source.name)):
            interrupted.discard(source.name)
            _report(sources.sync_one(source), last.get(source.name))


def _is_due(source: Configured | Unreadable, last: SyncRecord | None) -> bool:
    every = source.entry.schedule if isinstance(source, Configured) else _UNREADABLE_SECONDS
    if every is None:
        return False
    return last is None or next_sync(every, last) <= datetime.now(UTC)


def _report(record: SyncRecord, before: SyncRecord | None) -> None:
    """Log what a sync changed; that a source is failing, once; and that it no longer is."""
    changed = {name: record.counts.get(name, 0) for name in ("added", "updated", "renamed", "deleted")}
    if any(changed.values()):
        log.info("synced", source=record.source, **changed)
    if record.failures == FAILING:
        log.error("a source is failing", source=record.source, failures=record.failures, problem=record.error)
    elif before and before.failures >= FAILING and not record.failures:
        log.info("a source is in step again", source=record.source)
