"""Routes of sources, for the local command line and for admins: their state, syncing, removing."""

from typing import Protocol

from fastapi import APIRouter, Depends

from service.api.openapi_docs import problems
from service.auth.authentication import Authenticator
from service.schemas.sources import (
    ForgetSourceRequest,
    ForgetSourceResponse,
    SourcesResponse,
    SyncSourcesRequest,
    SyncSourcesResponse,
)
from service.sources.access import SourcesAccess


class SourcesAssistant(Protocol):
    """What these routes need from the rest of Footnote."""

    @property
    def sources(self) -> SourcesAccess: ...


def sources_router(assistant: SourcesAssistant, auth: Authenticator) -> APIRouter:
    """Return the routes of sources, which only the owner and admins may use."""
    router = APIRouter(prefix="/api/sources", tags=["admin"], dependencies=[Depends(auth.check_admin)])

    @router.get("", responses=problems(401, 403))
    def sources() -> SourcesResponse:
        """List the sources, and how each was last synced."""
        return assistant.sources.overview()

    @router.post("/sync", responses=problems(400, 401, 403, 409, 413, 415, 422, 503))
    def sync(request: SyncSourcesRequest) -> SyncSourcesResponse:
        """Sync these sources, or all of them. Answers when it is done."""
        return assistant.sources.sync(request)

    @router.post("/forget", responses=problems(400, 401, 403, 409, 413, 415, 422, 503))
    def forget(request: ForgetSourceRequest) -> ForgetSourceResponse:
        """Remove a source from sources.toml, with its articles and the records of its syncs."""
        return assistant.sources.forget(request)

    return router
