"""Converts sources and the records of their syncs to the types of `service.schemas.sources`."""

from index.errors import WrongUsage
from service.history.syncs import SyncRecord
from service.schemas.maintenance import FailedPath, SourceHealth
from service.schemas.sources import SourcesResponse, SourceState, SourceWire, SyncCounts, SyncWire
from service.sources.file import Configured, Unreadable, sources_file
from service.sources.schedule import FAILING, next_sync
from service.sources.syncing import Sources


def sources_wire(sources: Sources) -> SourcesResponse:
    """Return all sources with their last syncs. The response says if the file cannot be read, or another node has them."""
    file = str(sources_file(sources.settings))
    if elsewhere := sources.elsewhere():
        return SourcesResponse(file=file, elsewhere=elsewhere)
    try:
        listing = sources.listing()
    except WrongUsage as error:
        return SourcesResponse(file=file, problem=str(error))
    counts = sources.articles()
    last = sources.last_syncs() if listing else {}
    wires = [_source(one, last.get(one.name), counts.get(one.name, 0)) for one in listing]
    removed = sorted(counts.keys() - {one.name for one in listing})
    return SourcesResponse(file=file, sources=wires, removed=removed)


def sync_wire(record: SyncRecord) -> SyncWire:
    """Convert the record of a sync."""
    return SyncWire(
        source=record.source,
        started=record.started,
        finished=record.finished,
        error=record.error,
        failures=record.failures,
        counts=SyncCounts(**record.counts),
        problems=[FailedPath(path=problem.path, error=problem.error) for problem in record.problems],
    )


def health(sources: SourcesResponse) -> SourceHealth:
    """Return whether the index is kept in step with every source."""
    if sources.problem or any(source.state in ("failing", "unreadable") for source in sources.sources):
        return "failing"
    return "working" if sources.sources else "none"


def _source(source: Configured | Unreadable, last: SyncRecord | None, articles: int) -> SourceWire:
    last_wire = sync_wire(last) if last else None
    if isinstance(source, Unreadable):
        return SourceWire(
            name=source.name, state="unreadable", articles=articles, problem=source.problem, last_sync=last_wire
        )
    entry = source.entry
    return SourceWire(
        name=source.name,
        state=_state(last),
        kind=entry.kind,
        place=entry.place,
        groups=None if entry.groups is None else sorted(entry.groups),
        every_seconds=entry.schedule,
        articles=articles,
        last_sync=last_wire,
        next_sync=next_sync(entry.schedule, last) if entry.schedule and last else None,
    )


def _state(last: SyncRecord | None) -> SourceState:
    if last is None:
        return "new"
    if not last.failures:
        return "in step"
    return "failing" if last.failures >= FAILING else "failed"
