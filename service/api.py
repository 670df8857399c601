"""The HTTP edge: requests become calls, results JSON, and whatever goes wrong RFC 9457 problem details.

Endpoints that ask or look up are plain functions: they wait for models and disks, so FastAPI runs them in its pool of
40 threads. `/healthz` is not, and answers even while all of those are busy.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Protocol

import structlog
from fastapi import APIRouter, Depends, FastAPI, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException as AnyHTTPException

from index.errors import FootnoteError, QuestionError, WrongUsage
from index.records import Access
from index.sources.addresses import is_address
from service.access import Doorkeeper, Gate, Refused, gate_for, http_problem, problem_response
from service.askers import Asker
from service.documented import After, Limit, problems
from service.kept_api import KeepingDesk, kept_routes
from service.problems import PROBLEMS
from service.settings import Settings
from service.wire import (
    ArticleResponse,
    ArticlesResponse,
    AskEvent,
    AskRequest,
    AskResponse,
    CheckRequest,
    CheckResponse,
    DeleteRequest,
    IndexReportWire,
    IndexRequest,
    RebuildResponse,
    SearchRequest,
    SearchResponse,
    StatusResponse,
)

WEB = Path(__file__).parent / "web"
# What a FootnoteError of any other class becomes; raised by `ready()`, all of them become 503 `not-ready`.
OTHER_PROBLEM = (500, "failed", "Footnote could not do this")
_NOT_TEXT = re.compile("[\0\ud800-\udfff]")
log = structlog.get_logger(__name__)

Version = Annotated[str | None, Query(description="The version a citation names; default: today's.")]


class Desk(KeepingDesk, Protocol):
    """What the HTTP edge asks of the rest of Footnote. Every call may block, and may raise a FootnoteError."""

    def ask(self, request: AskRequest, asker: Asker) -> AskResponse: ...

    def ask_events(self, request: AskRequest, asker: Asker) -> Iterator[AskEvent]: ...

    def search(self, request: SearchRequest, access: Access) -> SearchResponse: ...

    def articles(self, access: Access, *, after: str | None, limit: int) -> ArticlesResponse: ...

    def article(self, article_id: str, access: Access, version: str | None) -> ArticleResponse: ...

    def status(self) -> StatusResponse: ...

    def index(
        self, paths: Sequence[Path | str], *, prune: bool, prune_limit: float, dry_run: bool
    ) -> IndexReportWire: ...

    def rebuild(self) -> RebuildResponse: ...

    def check(self, request: CheckRequest) -> CheckResponse: ...

    def delete(self, article_ids: Sequence[str]) -> None: ...

    def ready(self) -> None:
        """Return if questions can be asked now, else raise a FootnoteError that says why not."""


def create_app(desk: Desk, *, settings: Settings, host: str = "127.0.0.1", owner_token: str | None = None) -> FastAPI:
    """Put the service together. `host` is what it will be bound to; `owner_token` lets the local command line in."""
    gate = gate_for(settings, serving_host=host, owner_token=owner_token)
    app = FastAPI(
        title="Footnote",
        summary="Questions over a folder of articles, answered with exact citations.",
        version="1",
        # Their pages come from other hosts, which the Content-Security-Policy forbids. /openapi.json stays.
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    asked = (_questions(desk, gate), _articles(desk, gate), kept_routes(desk, gate))
    for router in (*asked, _owners(desk, gate), _health(desk), _page()):
        app.include_router(router)
    app.mount("/static", StaticFiles(directory=WEB))
    app.add_exception_handler(FootnoteError, _on_footnote_error)
    app.add_exception_handler(RequestValidationError, _on_invalid_request)
    app.add_exception_handler(AnyHTTPException, _on_http_error)
    app.add_middleware(Doorkeeper, gate=gate)
    return app


def _questions(desk: Desk, gate: Gate) -> APIRouter:
    router = APIRouter(prefix="/api", tags=["questions"])

    @router.post("/ask", responses=problems(400, 401, 403, 404, 409, 413, 415, 422, 503))
    def ask(question: AskRequest, asker: Annotated[Asker, Depends(gate.asker)]) -> AskResponse:
        """Answer a question from the articles, or say that they do not answer it."""
        _refuse_what_is_not_there_yet(question)
        said = [message.text for message in question.history]
        _check_characters(question.question, *question.filters.publishers, *question.filters.article_ids, *said)
        return desk.ask(question, asker)

    @router.post("/search", responses=problems(400, 401, 403, 409, 413, 415, 422, 503))
    def search(question: SearchRequest, access: Annotated[Access, Depends(gate.access)]) -> SearchResponse:
        """Find the passages that fit a question best, without answering it."""
        _check_characters(question.question, *question.filters.publishers, *question.filters.article_ids)
        return desk.search(question, access)

    return router


def _articles(desk: Desk, gate: Gate) -> APIRouter:
    router = APIRouter(prefix="/api/articles", tags=["articles"])

    @router.get("", responses=problems(401, 403, 409, 422))
    def articles(
        access: Annotated[Access, Depends(gate.access)], after: After = None, limit: Limit = 100
    ) -> ArticlesResponse:
        """List the articles that the asker may read, in order of id."""
        return desk.articles(access, after=after, limit=limit)

    @router.get("/{article_id:path}", responses=problems(401, 403, 404, 410, 422))
    def article(
        article_id: str, access: Annotated[Access, Depends(gate.access)], version: Version = None
    ) -> ArticleResponse:
        """Give an article with its text. Its id may hold slashes."""
        return desk.article(article_id, access, version)

    return router


def _owners(desk: Desk, gate: Gate) -> APIRouter:
    """The calls of the local command line, which holds the token of the data folder."""
    router = APIRouter(prefix="/api", tags=["owner"], dependencies=[Depends(gate.check_owner)])

    @router.get("/status", responses=problems(401, 403))
    def status() -> StatusResponse:
        """Say what is indexed."""
        return desk.status()

    @router.post("/index", responses=problems(400, 401, 403, 409, 413, 415, 422, 503))
    def index(request: IndexRequest) -> IndexReportWire:
        """Make the index equal to these files, folders and addresses. Answers when it is done."""
        paths = [named if is_address(named) else Path(named) for named in request.paths]
        if relative := [path for path in paths if isinstance(path, Path) and not path.is_absolute()]:
            raise WrongUsage(f"Give absolute paths on the machine that serves, not {str(relative[0])[:200]!r}.")
        return desk.index(paths, prune=request.prune, prune_limit=request.prune_limit, dry_run=request.dry_run)

    @router.post("/rebuild", responses=problems(401, 403, 409, 503))
    def rebuild() -> RebuildResponse:
        """Make the index again from the texts in its catalogue. Questions are answered meanwhile."""
        return desk.rebuild()

    @router.post("/check", responses=problems(400, 401, 403, 415, 422, 503))
    def check(request: CheckRequest) -> CheckResponse:
        """Compare the three stores of the index, and mend them if told to."""
        return desk.check(request)

    @router.post("/delete", status_code=204, responses=problems(400, 401, 403, 404, 413, 415, 422))
    def delete(request: DeleteRequest) -> None:
        """Delete articles. They are gone from the next answer."""
        _check_characters(*request.article_ids)
        desk.delete(request.article_ids)

    return router


def _health(desk: Desk) -> APIRouter:
    router = APIRouter(tags=["health"])

    @router.get("/healthz")
    async def healthz() -> dict[str, str]:
        """Say that the process is alive."""
        return {"status": "alive"}

    @router.get("/readyz", responses=problems(503))
    def readyz() -> dict[str, str]:
        """Say whether questions can be asked now."""
        try:
            desk.ready()
        except FootnoteError as error:
            raise Refused(503, "not-ready", str(error)) from error
        return {"status": "ready"}

    return router


def _page() -> APIRouter:
    """The page. Its script looks at the address and shows the questions, the list of articles, or one of them."""
    router = APIRouter(include_in_schema=False)

    @router.api_route("/", methods=["GET", "HEAD"])
    @router.api_route("/articles", methods=["GET", "HEAD"])
    @router.api_route("/articles/{article_id:path}", methods=["GET", "HEAD"])
    async def page() -> FileResponse:
        return FileResponse(WEB / "index.html")

    return router


def _refuse_what_is_not_there_yet(question: AskRequest) -> None:
    if question.stream:
        raise Refused(400, "streaming-unavailable", "Answers cannot be streamed yet. Leave `stream` out.")


def _check_characters(*texts: str) -> None:
    """Refuse what JSON can write and no text can hold, before a database or a tokenizer trips over it."""
    for text in texts:
        if _NOT_TEXT.search(text):
            raise QuestionError("The question or its filters hold a NUL or half a surrogate pair. Leave these out.")


async def _on_footnote_error(request: Request, error: Exception) -> Response:
    status, slug, title = next((PROBLEMS[kind] for kind in type(error).__mro__ if kind in PROBLEMS), OTHER_PROBLEM)
    if status >= 500:
        log.error("request failed", method=request.method, path=request.url.path, error=repr(error))
    return problem_response(status, slug, str(error), title=title)


async def _on_invalid_request(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    faults = error.errors()
    if faults[0]["type"] == "json_invalid":
        return problem_response(400, "json-invalid", f"The body is not JSON: {faults[0]['ctx']['error']}.")
    if request.method == "POST" and "json" not in request.headers.get("content-type", ""):
        return problem_response(415, "content-type", "Send JSON, with the header Content-Type: application/json.")
    detail = "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in faults[:5])
    return problem_response(422, "request-invalid", detail[:1_000])


async def _on_http_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, AnyHTTPException)
    return http_problem(error)
