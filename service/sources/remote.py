"""The sources of a running service, over HTTP."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from index.ingest.run_control import OnProgress
from service.schemas.sources import (
    ForgetSourceRequest,
    ForgetSourceResponse,
    SourcesResponse,
    SyncSourcesRequest,
    SyncSourcesResponse,
)

if TYPE_CHECKING:
    from service.client import HttpClient


@dataclass(frozen=True, slots=True)
class HttpSources:
    """The sources of the service that owns the data folder."""

    client: "HttpClient"

    def overview(self) -> SourcesResponse:
        return self.client.get("/api/sources", {}, SourcesResponse)

    def sync(self, request: SyncSourcesRequest, *, on_progress: OnProgress | None = None) -> SyncSourcesResponse:
        # The service reports once, at the end: there is no progress to pass on.
        return self.client.post_long("/api/sources/sync", request, SyncSourcesResponse)

    def forget(self, request: ForgetSourceRequest) -> ForgetSourceResponse:
        return self.client.post("/api/sources/forget", request, ForgetSourceResponse)
