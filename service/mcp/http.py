"""`/mcp`: the protocol by streamable HTTP, for clients that hold a key, with the limits of the API.

Nothing is kept between two requests: each carries its own key, and there are no sessions that another could take over.
"""

from collections.abc import AsyncGenerator, Generator, Iterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response
from mcp.server.lowlevel.server import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive, Scope, Send

from index.errors import AskerGone
from service.api.routes.articles import ArticlesAssistant
from service.api.routes.questions import AnsweringAssistant, check_question
from service.api.streaming import last_of, stream_events
from service.auth.askers import Asker
from service.auth.fair_queue import Slot
from service.auth.limits import Limits
from service.auth.middleware import MAX_BODY_BYTES
from service.mcp.server import Context, mcp_server
from service.schemas.api import (
    ArticleResponse,
    ArticlesResponse,
    AskEvent,
    AskRequest,
    SearchRequest,
    SearchResponse,
)
from service.settings import Settings

PATH = "/mcp"


class _Assistant(AnsweringAssistant, ArticlesAssistant, Protocol):
    """What the protocol needs from the rest of Footnote. Every call may block, and may raise a FootnoteError."""


def mcp_router(assistant: _Assistant, limits: Limits, settings: Settings) -> APIRouter:
    """Return the route of the protocol. It is no part of the OpenAPI document: clients learn from itself what there is."""
    router = APIRouter(include_in_schema=False)
    server = mcp_server(lambda context: _RequestCorpus(assistant, limits, settings, _request_of(context)))

    @router.post(PATH)
    async def mcp(request: Request) -> Response:
        try:
            return _Exchange(server, await request.body())
        except ClientDisconnect:
            raise AskerGone("The client closed the connection before its request had arrived.") from None

    return router


class _Exchange(Response):
    """One request of the protocol and what it is answered with: JSON, or events where there is progress to tell."""

    def __init__(self, server: Server[Any], request: bytes) -> None:
        super().__init__()
        self._server = server
        self._request: Message | None = {"type": "http.request", "body": request, "more_body": False}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def receive_again() -> Message:
            message, self._request = self._request, None
            return message or await receive()

        manager = StreamableHTTPSessionManager(self._server, stateless=True, max_request_body_size=MAX_BODY_BYTES)
        # Leaving it ends what is still worked on, as nobody waits for it any more.
        async with manager.run():
            await manager.handle_request(scope, receive_again, send)


@dataclass(frozen=True, slots=True)
class _RequestCorpus:
    """What the sender of one request may read. Questions count against the limits of the API, and are recorded as its are."""

    assistant: _Assistant
    limits: Limits
    settings: Settings
    request: Request

    @property
    def asker(self) -> Asker:
        """Who sent the request, as found by `AuthMiddleware`."""
        asker: Asker = self.request.state.asker
        return asker

    async def ask(self, request: AskRequest) -> AsyncGenerator[AskEvent, None]:
        await run_in_threadpool(check_question, request, self.settings)

        def asked() -> Generator[AskEvent, None, None]:
            return self.assistant.ask_events(request, self.asker, through="mcp")

        async with self._slot() as slot, aclosing(stream_events(asked, slot)) as events:
            async for event in events:
                yield event

    async def search(self, request: SearchRequest) -> SearchResponse:
        await run_in_threadpool(check_question, request, self.settings)

        def found() -> Iterator[SearchResponse]:
            yield self.assistant.search(request, self.asker.access)

        async with self._slot() as slot:
            return await last_of(stream_events(found, slot))

    async def articles(self, *, after: str | None, limit: int, titled: str = "") -> ArticlesResponse:
        return await run_in_threadpool(
            self.assistant.articles, self.asker.access, after=after, limit=limit, titled=titled
        )

    async def article(self, article_id: str, version: str | None = None) -> ArticleResponse:
        return await run_in_threadpool(self.assistant.article, article_id, self.asker.access, version)

    @asynccontextmanager
    async def _slot(self) -> AsyncGenerator[Slot, None]:
        async with asynccontextmanager(self.limits.admit_question)(self.request):
            yield self.request.state.slot


def _request_of(context: Context) -> Request:
    request = context.request
    assert isinstance(request, Request), "requests by HTTP carry themselves"
    return request
