"""`footnote mcp`: the protocol on standard input and output, for the owner of the data folder.

Standard output carries the protocol and nothing else. The folder is opened for calls alone, or reached through the service
that has it.
"""

import asyncio
import os
import signal
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing
from dataclasses import dataclass
from typing import NoReturn, TypeVar

from anyio import create_task_group, open_signal_receiver, to_thread
from mcp.server.stdio import stdio_server

from service.api.routes.questions import check_question
from service.api.streaming import last_of, stream_events
from service.auth.fair_queue import FairQueue, Slot
from service.auth.limits import cancel_or_release, fair_queue_for
from service.client import AdminClient
from service.mcp.kept_open import KeptOpen
from service.mcp.server import mcp_server
from service.schemas.api import (
    ArticleResponse,
    ArticlesResponse,
    AskEvent,
    AskRequest,
    SearchRequest,
    SearchResponse,
)
from service.settings import Settings

_PERSON = "owner"
# Work that is still going on when the protocol ends checks its deadline more often than this.
_IDLE_SECONDS = 5.0
Result = TypeVar("Result")


def serve_stdio(settings: Settings) -> None:
    """Speak the protocol until standard input ends, or a signal to stop arrives."""
    corpus = _OwnerCorpus(KeptOpen(settings), fair_queue_for(settings), settings)
    try:
        asyncio.run(_serve(corpus))
    except* BrokenPipeError:
        pass  # the reader of the output has gone
    _finish(corpus)


@dataclass(frozen=True, slots=True)
class _OwnerCorpus:
    """All articles, for the owner of the data folder, through a client that is opened when it is needed."""

    opened: KeptOpen
    queue: FairQueue
    settings: Settings

    async def ask(self, request: AskRequest) -> AsyncGenerator[AskEvent, None]:
        await to_thread.run_sync(check_question, request, self.settings)

        def asked() -> Iterator[AskEvent]:
            with self.opened.client() as client:
                yield from client.ask_events(request)

        async with aclosing(stream_events(asked, await self._slot())) as events:
            async for event in events:
                yield event

    async def search(self, request: SearchRequest) -> SearchResponse:
        await to_thread.run_sync(check_question, request, self.settings)

        def found() -> Iterator[SearchResponse]:
            with self.opened.client() as client:
                yield client.search(request)

        return await last_of(stream_events(found, await self._slot()))

    async def articles(self, *, after: str | None, limit: int, titled: str = "") -> ArticlesResponse:
        return await self._looked_up(lambda client: client.articles(after=after, limit=limit, titled=titled))

    async def article(self, article_id: str, version: str | None = None) -> ArticleResponse:
        return await self._looked_up(lambda client: client.article(article_id, version))

    async def _looked_up(self, look_up: Callable[[AdminClient], Result]) -> Result:
        def looked_up() -> Result:
            with self.opened.client() as client:
                return look_up(client)

        return await to_thread.run_sync(looked_up)

    async def _slot(self) -> Slot:
        asked = self.queue.acquire(_PERSON)
        try:
            return await asyncio.wrap_future(asked)
        except BaseException:
            cancel_or_release(asked)
            raise


async def _serve(corpus: _OwnerCorpus) -> None:
    server = mcp_server(lambda _: corpus)
    async with create_task_group() as tasks, stdio_server() as (reading, writing):
        tasks.start_soon(_stop_on_signal, corpus)
        await server.run(reading, writing, server.create_initialization_options())
        tasks.cancel_scope.cancel()


async def _stop_on_signal(corpus: _OwnerCorpus) -> None:
    with open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
        async for _ in signals:
            await to_thread.run_sync(_finish, corpus)


def _finish(corpus: _OwnerCorpus) -> NoReturn:
    """End all work, close the data folder, and end the process.

    The interpreter is not shut down: a thread that still runs a model would crash it, the one that reads standard input
    cannot be interrupted, and clients kill a server that takes longer than two seconds to end.
    """
    corpus.queue.end()
    corpus.queue.wait_until_idle(_IDLE_SECONDS)
    corpus.opened.close()
    os._exit(0)
