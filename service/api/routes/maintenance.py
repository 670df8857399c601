"""Routes for maintaining the index, for the local command line and for admins: status, index, rebuild, backup, check."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from fastapi import APIRouter, Depends

from index.errors import WrongUsage
from index.sources.addresses import is_address
from service.api.openapi_docs import problems
from service.api.problem_handlers import check_characters
from service.auth.authentication import Authenticator
from service.schemas.maintenance import (
    BackupResponse,
    CheckRequest,
    CheckResponse,
    DeleteRequest,
    IndexReportWire,
    IndexRequest,
    RebuildResponse,
    StatusResponse,
)


class AdminAssistant(Protocol):
    """What these routes need from the rest of Footnote. Every call may block, and may raise a FootnoteError."""

    def status(self) -> StatusResponse: ...

    def index(
        self, paths: Sequence[Path | str], *, prune: bool, prune_limit: float, dry_run: bool
    ) -> IndexReportWire: ...

    def rebuild(self) -> RebuildResponse: ...

    def backup(self) -> BackupResponse: ...

    def check(self, request: CheckRequest) -> CheckResponse: ...

    def delete(self, article_ids: Sequence[str]) -> None: ...


def admin_router(assistant: AdminAssistant, auth: Authenticator) -> APIRouter:
    """Return the routes that only the owner and admins may use."""
    router = APIRouter(prefix="/api", tags=["admin"], dependencies=[Depends(auth.check_admin)])

    @router.get("/status", responses=problems(401, 403))
    def status() -> StatusResponse:
        """Say what is indexed."""
        return assistant.status()

    @router.post("/index", responses=problems(400, 401, 403, 409, 413, 415, 422, 503))
    def index(request: IndexRequest) -> IndexReportWire:
        """Make the index equal to these files, folders and addresses. Answers when it is done."""
        paths = [named if is_address(named) else Path(named) for named in request.paths]
        if relative := [path for path in paths if isinstance(path, Path) and not path.is_absolute()]:
            raise WrongUsage(f"Give absolute paths on the machine that serves, not {str(relative[0])[:200]!r}.")
        return assistant.index(paths, prune=request.prune, prune_limit=request.prune_limit, dry_run=request.dry_run)

    @router.post("/rebuild", responses=problems(401, 403, 409, 503))
    def rebuild() -> RebuildResponse:
        """Make the index again from the texts in its catalogue. Questions are answered meanwhile."""
        return assistant.rebuild()

    @router.post("/backup", responses=problems(401, 403, 503))
    def backup() -> BackupResponse:
        """Copy index and databases into a new folder within the data folder. Questions are answered meanwhile."""
        return assistant.backup()

    @router.post("/check", responses=problems(400, 401, 403, 415, 422, 503))
    def check(request: CheckRequest) -> CheckResponse:
        """Compare the three stores of the index, and repair them if asked to."""
        return assistant.check(request)

    @router.post("/delete", status_code=204, responses=problems(400, 401, 403, 404, 413, 415, 422))
    def delete(request: DeleteRequest) -> None:
        """Delete articles. They are gone from the next answer."""
        check_characters(*request.article_ids)
        assistant.delete(request.article_ids)

    return router
