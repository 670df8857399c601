"""The HTTP edge put together: requests become calls, results JSON, and whatever goes wrong RFC 9457 problem details.

Endpoints that look something up are plain functions: they wait for disks, so FastAPI runs them in its pool of 40 threads,
and answers are made there step by step. `/healthz` is not, and answers even while all of those are busy.
"""

from pathlib import Path
from typing import Protocol

from fastapi import APIRouter, FastAPI
from fastapi.responses import FileResponse
from fastapi.staticfiles import StaticFiles

from index.errors import FootnoteError
from service.access import Doorkeeper, Refused, gate_for
from service.articles_api import ArticlesDesk, articles_router
from service.http_problems import add_problem_handlers, problems
from service.kept_api import KeepingDesk, kept_routes
from service.owner_api import OwnersDesk, owner_router
from service.questions_api import AnsweringDesk, questions_router
from service.settings import Settings

WEB = Path(__file__).parent / "web"


class Desk(AnsweringDesk, ArticlesDesk, KeepingDesk, OwnersDesk, Protocol):
    """What the HTTP edge asks of the rest of Footnote. Every call may block, and may raise a FootnoteError."""

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
    app.include_router(questions_router(desk, gate, settings))
    app.include_router(articles_router(desk, gate))
    app.include_router(kept_routes(desk, gate))
    app.include_router(owner_router(desk, gate))
    app.include_router(_health(desk))
    app.include_router(_page())
    app.mount("/static", StaticFiles(directory=WEB))
    add_problem_handlers(app)
    app.add_middleware(Doorkeeper, gate=gate)
    return app


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
    """The page. Its script looks at the address and shows the questions, an article, an answer and so on."""
    router = APIRouter(include_in_schema=False)

    @router.api_route("/", methods=["GET", "HEAD"])
    @router.api_route("/articles", methods=["GET", "HEAD"])
    @router.api_route("/articles/{article_id:path}", methods=["GET", "HEAD"])
    @router.api_route("/answers/{answer_id}", methods=["GET", "HEAD"])
    @router.api_route("/conversations", methods=["GET", "HEAD"])
    @router.api_route("/conversations/{conversation_id}", methods=["GET", "HEAD"])
    @router.api_route("/review", methods=["GET", "HEAD"])
    async def page() -> FileResponse:
        return FileResponse(WEB / "index.html")

    return router
