"""Answers as they come: each sentence is sent as a server-sent event.

An answer is made to its end however slowly it is read: a slow reader holds the rest of one answer in memory, and no core.
When the client hangs up, the work stops between two of its steps.
"""

import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from contextlib import aclosing
from typing import TypeVar

import structlog
from sse_starlette import EventSourceResponse, ServerSentEvent
from sse_starlette.sse import SendTimeoutError
from starlette.types import Receive, Scope, Send

from index.errors import FootnoteError
from service.api.async_assistant import asked_events
from service.api.problem_types import UNEXPECTED, problem_of
from service.auth.fair_queue import Turn
from service.schemas.api import AskEvent, HitsEvent, Problem, SentenceEvent

KEEP_ALIVE_SECONDS = 15.0
# A stream goes on while the service stops, until the work on its question is ended: then it says so (`FairQueue.end`).
SHUTDOWN_SECONDS = 86_400.0
# Many proxies hold a stream back until it is long, unless they are told not to.
STREAM_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
_LINE_END = "\n"  # what readers expect that split a stream by hand
Event = TypeVar("Event")
log = structlog.get_logger(__name__)


async def stepwise(ask: Callable[[], Iterator[Event]], turn: Turn) -> AsyncGenerator[Event, None]:
    """Yield each event of an answer as it is made, as `service.api.async_assistant.asked_events` does."""
    async with aclosing(asked_events(ask, turn)) as batches:
        async for batch in batches:
            for event in batch:
                yield event


async def begun(events: AsyncGenerator[Event, None]) -> AsyncGenerator[Event, None]:
    """Wait for the first event, and return all of them. What goes wrong before the first is raised here."""
    first = await anext(events)

    async def all_of_them() -> AsyncGenerator[Event, None]:
        async with aclosing(events):
            yield first
            async for event in events:
                yield event

    return all_of_them()


async def last_of(events: AsyncGenerator[Event, None]) -> Event:
    """Return the last event."""
    async with aclosing(events):
        last = await anext(events)
        async for event in events:
            last = event
    return last


async def server_sent(events: AsyncGenerator[AskEvent, None]) -> AsyncIterator[ServerSentEvent]:
    """Name each event and write it as JSON. What goes wrong comes as an `error` event, in place of the rest."""
    async with aclosing(events):
        try:
            async for event in events:
                yield ServerSentEvent(event.model_dump_json(), event=_name(event), sep=_LINE_END)
        except Exception as error:  # noqa: BLE001 - whatever it is, the reader is told that it ended
            yield ServerSentEvent(json.dumps(problem_in_stream(error).model_dump()), event="error", sep=_LINE_END)


def problem_in_stream(error: Exception) -> Problem:
    """Say what went wrong after a stream has begun. What nobody expected goes to the log and says nothing of the inside."""
    if isinstance(error, FootnoteError):
        return problem_of(error)
    log.error("unexpected error in a stream", exc_info=error)
    return UNEXPECTED


class EventStream(EventSourceResponse):
    """Server-sent events with keep-alive comments. A reader who takes nothing for `stall_seconds` is dropped."""

    def __init__(self, events: AsyncIterator[ServerSentEvent | str], *, stall_seconds: float) -> None:
        super().__init__(
            events,
            headers=STREAM_HEADERS,
            sep=_LINE_END,
            ping=KEEP_ALIVE_SECONDS,
            ping_message_factory=lambda: ServerSentEvent(comment="still here", sep=_LINE_END),
            send_timeout=stall_seconds,
            shutdown_grace_period=SHUTDOWN_SECONDS,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        except SendTimeoutError:
            # Returned from before its end, the server closes the connection.
            log.warning("a reader stalled and was dropped", path=scope["path"], seconds=self.send_timeout)


def _name(event: AskEvent) -> str:
    match event:
        case HitsEvent():
            return "hits"
        case SentenceEvent():
            return "sentence"
        case _:
            return "answer"
