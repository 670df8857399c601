"""What people can do with sources, in the types of `service.schemas.sources`."""

from typing import Protocol

from index.ingest.run_control import OnProgress
from service.schemas.sources import (
    ForgetSourceRequest,
    ForgetSourceResponse,
    SourcesResponse,
    SyncSourcesRequest,
    SyncSourcesResponse,
)


class SourcesAccess(Protocol):
    """The sources of a service or of this process. Every call may block, and may raise a FootnoteError."""

    def overview(self) -> SourcesResponse: ...

    def sync(self, request: SyncSourcesRequest, *, on_progress: OnProgress | None = None) -> SyncSourcesResponse: ...

    def forget(self, request: ForgetSourceRequest) -> ForgetSourceResponse: ...
