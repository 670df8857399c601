"""Builds the HTTP application: routes, middleware, and errors as RFC 9457 problem details.

Endpoints that look something up are plain functions: they wait for disks, so FastAPI runs them in its pool of 40 threads.
Each question has its own thread (`async_assistant.py`). `/healthz` is `async`, so it answers even if all threads are busy.
"""

from pathlib import Path
from typing import Any, Protocol

from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.responses import FileResponse
from fastapi.staticfiles import StaticFiles

from index.errors import FootnoteError
from service.api.head_requests import HeadAsGet
from service.api.openapi_docs import problems
from service.api.problem_details import Refused
from service.api.problem_handlers import add_problem_handlers, on_http_error
from service.api.resuming import ResumableStreams
from service.api.routes.approving import ApprovingAssistant, approving_router
from service.api.routes.articles import ArticlesAssistant, articles_router
from service.api.routes.conflicts import ConflictsAssistant, conflicts_router
from service.api.routes.explaining import ExplainingAssistant, explaining_router
from service.api.routes.history import HistoryAssistant, history_router
from service.api.routes.maintenance import AdminAssistant, admin_router
from service.api.routes.me import me_router
from service.api.routes.metrics import metrics_router
from service.api.routes.questions import AnsweringAssistant, questions_router
from service.api.routes.signing_in import signing_in_router
from service.api.routes.sources import SourcesAssistant, sources_router
from service.api.routes.streams import StreamsAssistant, streams_router
from service.api.routes.uploads import UploadsAssistant, uploads_router
from service.auth.authentication import authenticator_for
from service.auth.fair_queue import STOPPING, FairQueue
from service.auth.limits import fair_queue_for, limits_for
from service.auth.middleware import MAX_BODY_BYTES, AuthMiddleware, BodyLimits
from service.auth.state import AuthState
from service.maintenance.watch_status import health
from service.mcp.http import mcp_router
from service.monitoring.llm_health import LlmHealth
from service.monitoring.metrics import measuring_loop_delay
from service.monitoring.request_log import RequestLog
from service.openai.api import openai_router
from service.openai.errors import OpenAIErrors
from service.schemas.examples import add_examples
from service.schemas.maintenance import ReadyResponse
from service.settings import Settings
from service.sources.reports import health as sources_health

_NO_MODEL = (
    "The language model cannot be reached, and FOOTNOTE_LLM_FALLBACK=false forbids quotes in its place. Is its server up, "
    "and FOOTNOTE_LLM_BASE_URL its address?"
)
_LOADING = "The models are being loaded. Questions that are asked now are answered when that is done."
WEB = Path(__file__).parents[1] / "web"
_NO_PAGES = ("/api", "/auth", "/v1", "/mcp", "/static")


class Assistant(
    AnsweringAssistant,
    ExplainingAssistant,
    StreamsAssistant,
    ArticlesAssistant,
    HistoryAssistant,
    ApprovingAssistant,
    AdminAssistant,
    ConflictsAssistant,
    SourcesAssistant,
    UploadsAssistant,
    Protocol,
):
    """What the HTTP API needs from the rest of Footnote. Every call may block, and may raise a FootnoteError."""

    def ready(self) -> None:
        """Raise a FootnoteError that says why, if no questions can be answered now."""


def create_app(
    assistant: Assistant,
    *,
    settings: Settings,
    host: str = "127.0.0.1",
    owner_token: str | None = None,
    auth_state: AuthState | None = None,
) -> FastAPI:
    """Build the application.

    `host` is what it will be bound to, `owner_token` the token of the local command line, `auth_state` has keys and rates.
    """
    auth_state = auth_state or AuthState()
    auth = authenticator_for(
        settings,
        serving_host=host,
        owner_token=owner_token,
        token_lookups=auth_state.token_lookups,
        signing_in=auth_state.signing_in,
    )
    queue = auth_state.queue or fair_queue_for(settings)
    limits = limits_for(settings, keys_required=auth.keys_required, rates=auth_state.rates, queue=queue)
    auth_state.metrics.waiting.set_function(lambda: queue.waiting)
    app = FastAPI(
        title="Footnote",
        summary="Questions over a folder of articles, answered with exact citations.",
        version="1",
        # These pages load scripts from other hosts, which the Content-Security-Policy forbids. /openapi.json stays.
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lambda _: measuring_loop_delay(auth_state.metrics),
    )
    limited: dict[str, Any] = {"dependencies": [Depends(limits.admit_question)], "responses": problems(429, 503)}
    streams = ResumableStreams(settings.stream_resume_seconds)
    app.include_router(questions_router(assistant, auth, streams, settings), **limited)
    app.include_router(streams_router(assistant, auth, streams, settings))
    app.include_router(explaining_router(assistant, auth, limits, settings))
    app.include_router(conflicts_router(assistant, auth, limits))
    app.include_router(me_router(auth))
    app.include_router(signing_in_router(auth_state.signing_in))
    app.include_router(articles_router(assistant, auth))
    app.include_router(history_router(assistant, auth, limits, settings))
    app.include_router(approving_router(assistant, auth))
    app.include_router(admin_router(assistant, auth))
    app.include_router(sources_router(assistant, auth))
    app.include_router(uploads_router(assistant, auth))
    app.include_router(openai_router(assistant, auth, settings), dependencies=[Depends(limits.admit_question)])
    app.include_router(mcp_router(assistant, limits, settings))
    app.include_router(_health(assistant, LlmHealth(settings), queue, fallback=settings.llm_fallback))
    app.include_router(metrics_router(auth_state.metrics, auth, assistant))
    app.include_router(_page())
    app.mount("/static", StaticFiles(directory=WEB))
    add_examples(app)
    add_problem_handlers(app)
    app.add_exception_handler(404, _on_not_found)
    app.add_middleware(
        AuthMiddleware,
        auth=auth,
        body=BodyLimits(MAX_BODY_BYTES, settings.request_seconds),
        upload=BodyLimits(settings.max_file_bytes + MAX_BODY_BYTES, settings.upload_seconds),
    )
    app.add_middleware(OpenAIErrors)
    app.add_middleware(HeadAsGet)
    app.add_middleware(RequestLog, metrics=auth_state.metrics)
    return app


def _health(assistant: Assistant, model: LlmHealth, queue: FairQueue, *, fallback: bool) -> APIRouter:
    router = APIRouter(tags=["health"])

    @router.get("/healthz", responses=problems(403))
    async def healthz() -> dict[str, str]:
        """Say that the process is alive."""
        return {"status": "alive"}

    @router.get("/readyz", responses=problems(403, 503))
    def readyz() -> ReadyResponse:
        """Say whether questions can be asked now, and whether a language model answers them."""
        if not queue.opened:
            raise Refused(503, "not-ready", _LOADING)
        if queue.stopping:
            raise Refused(503, "not-ready", STOPPING)
        try:
            assistant.ready()
        except FootnoteError as error:
            raise Refused(503, "not-ready", str(error)) from error
        reach = model.now()
        if reach == "unreachable" and not fallback:
            raise Refused(503, "not-ready", _NO_MODEL)
        return ReadyResponse(
            language_model=reach,
            watching=health(assistant.status().watching),
            sources=sources_health(assistant.sources.overview()),
        )

    return router


def _page() -> APIRouter:
    """The page. Its script looks at the address and shows the questions, an article, an answer and so on."""
    router = APIRouter(include_in_schema=False)

    @router.get("/")
    @router.get("/articles")
    @router.get("/articles/{article_id:path}")
    @router.get("/answers/{answer_id}")
    @router.get("/conversations")
    @router.get("/conversations/{conversation_id}")
    @router.get("/review")
    @router.get("/review/{part}")
    @router.get("/usage")
    @router.get("/sources")
    async def page() -> FileResponse:
        return FileResponse(WEB / "index.html")

    return router


async def _on_not_found(request: Request, error: Exception) -> Response:
    """Answer 404: with the page for browsers, with problem details for programs."""
    reading = request.method == "GET" and "text/html" in request.headers.get("accept", "")
    if reading and not request.url.path.startswith(_NO_PAGES):
        return FileResponse(WEB / "index.html", 404)
    return await on_http_error(request, error)
