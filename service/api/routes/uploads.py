"""Routes of uploads, and of where articles come from, for admins."""

from collections.abc import Sequence
from typing import Annotated, Protocol

from fastapi import APIRouter, Depends, File, Form, UploadFile

from index.collection_names import collection_names
from index.errors import WrongUsage
from index.records import Access, Readers
from service.api.openapi_docs import problems
from service.api.problem_handlers import check_characters
from service.auth.askers import Asker
from service.auth.authentication import UPLOAD_PATH, Authenticator
from service.schemas.uploads import (
    DeleteUploadsRequest,
    DeleteUploadsResponse,
    OriginResponse,
    ReindexRequest,
    ReindexResponse,
    UploadResponse,
    UploadsResponse,
)
from service.sources.uploads import Incoming

_MOST_NAMES = 100


class UploadsAccess(Protocol):
    """The uploads of a service. Every call may block, and may raise a FootnoteError."""

    def store(self, files: Sequence[Incoming], readers: Readers, *, by: str, sync: bool) -> UploadResponse: ...

    def listing(self) -> UploadsResponse: ...

    def delete(self, paths: Sequence[str]) -> DeleteUploadsResponse: ...


class OriginsAccess(Protocol):
    """The origins of the articles of a service. Every call may block, and may raise a FootnoteError."""

    def origin(self, article_id: str, access: Access) -> OriginResponse: ...

    def reindex(self, article_ids: Sequence[str]) -> ReindexResponse: ...


class UploadsAssistant(Protocol):
    """What these routes need from the rest of Footnote."""

    @property
    def uploads(self) -> UploadsAccess: ...

    @property
    def origins(self) -> OriginsAccess: ...


Files = Annotated[list[UploadFile], File(description="Files; a name may hold folders.", max_length=1_000)]
Names = Annotated[list[str], Form(max_length=_MOST_NAMES)]


def uploads_router(assistant: UploadsAssistant, auth: Authenticator) -> APIRouter:
    """Return the routes of uploads, which only the owner and admins may use."""
    router = APIRouter(tags=["admin"], dependencies=[Depends(auth.check_admin)])

    @router.post(UPLOAD_PATH, responses=problems(400, 401, 403, 408, 409, 413, 415, 422, 503))
    def upload(
        files: Files,
        asker: Annotated[Asker, Depends(auth.asker)],
        groups: Names = [],  # noqa: B006 - as FastAPI has it
        everyone: Annotated[bool, Form(description="For everyone, in place of `groups`.")] = False,
        collections: Names = [],  # noqa: B006
        sync: Annotated[bool, Form(description="Read them into the index now; else with the next sync.")] = True,
    ) -> UploadResponse:
        """Store files as articles, for these groups or for everyone, and read them into the index.

        A file replaces the upload of the same name. Each that cannot be stored or read has a `problem`; the others are in.
        """
        check_characters(*groups, *collections)
        readers = _readers(groups, collections, everyone=everyone)
        incoming = [Incoming(file.filename or "", file.file) for file in files]
        return assistant.uploads.store(incoming, readers, by=asker.id, sync=sync)

    @router.get("/api/uploads", responses=problems(401, 403))
    def uploads() -> UploadsResponse:
        """List the uploaded files, with what is in the index of each, or why nothing is."""
        return assistant.uploads.listing()

    @router.post("/api/uploads/delete", responses=problems(400, 401, 403, 409, 413, 415, 422))
    def delete(request: DeleteUploadsRequest) -> DeleteUploadsResponse:
        """Delete uploaded files with their articles."""
        check_characters(*request.paths)
        return assistant.uploads.delete(request.paths)

    @router.get("/api/origins/{article_id:path}", responses=problems(401, 403, 404, 410, 422))
    def origin(article_id: str, access: Annotated[Access, Depends(auth.access)]) -> OriginResponse:
        """Say where an article comes from, when it was last seen, and which passages are searched."""
        return assistant.origins.origin(article_id, access)

    @router.post("/api/reindex", responses=problems(400, 401, 403, 404, 409, 413, 415, 422, 503))
    def reindex(request: ReindexRequest) -> ReindexResponse:
        """Read articles again from where they come from."""
        check_characters(*request.article_ids)
        return assistant.origins.reindex(request.article_ids)

    return router


def _readers(groups: Sequence[str], collections: Sequence[str], *, everyone: bool) -> Readers:
    named = frozenset(filter(None, (group.strip() for group in groups)))
    if everyone == bool(named):
        raise WrongUsage("Say who may read the files: either name `groups`, or set `everyone`.")
    if odd := next((group for group in named if "," in group or len(group) > 256), None):
        raise WrongUsage(f"{odd[:80]!r} is no group. Send each group as a field of its own, without a comma.")
    try:
        return Readers(None if everyone else named, collection_names(filter(str.strip, collections)))
    except ValueError as error:
        raise WrongUsage(f"{error}.") from None
