"""The sources of an index that is open in this process."""

from dataclasses import dataclass

from index.ingest.run_control import OnProgress
from service.schemas.sources import (
    ForgetSourceRequest,
    ForgetSourceResponse,
    SourcesResponse,
    SyncSourcesRequest,
    SyncSourcesResponse,
)
from service.sources.reports import sources_wire, sync_wire
from service.sources.syncing import Sources


@dataclass(frozen=True, slots=True)
class LocalSources:
    """The sources of an index that is open in this process."""

    sources: Sources

    def overview(self) -> SourcesResponse:
        """Return the sources that `sources.toml` names, and how each was last synced."""
        return sources_wire(self.sources)

    def sync(self, request: SyncSourcesRequest, *, on_progress: OnProgress | None = None) -> SyncSourcesResponse:
        """Sync sources. Raises WrongUsage if there is no such source, or `sources.toml` cannot be read."""
        records = self.sources.sync(request.names, prune_limit=request.prune_limit, on_progress=on_progress)
        return SyncSourcesResponse(syncs=[sync_wire(record) for record in records])

    def forget(self, request: ForgetSourceRequest) -> ForgetSourceResponse:
        """Remove a source, with its articles. Raises WrongUsage if there is no such source."""
        return ForgetSourceResponse(deleted=self.sources.forget(request.name))
