"""Streams answers as server-sent events, sentence by sentence.

An answer is computed to its end however slowly it is read: a slow reader keeps the rest of one answer in memory, but no
core busy. When the client disconnects, the work stops between two of its steps, unless the stream can be resumed
(`service.api.resuming`).
"""

import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from contextlib import aclosing
from typing import TypeVar

import structlog
from pydantic import BaseModel
from sse_starlette import EventSourceResponse, ServerSentEvent
from sse_starlette.sse import SendTimeoutError
from starlette.types import Receive, Scope, Send

from index.errors import FootnoteError
from service.api.async_assistant import ask_in_thread
from service.api.problem_types import UNEXPECTED, problem_of
from service.auth.fair_queue import Slot
from service.schemas.api import AskEvent, HitsEvent, Problem, SearchingEvent, SentenceEvent

KEEP_ALIVE_SECONDS = 15.0
# While the service stops, a stream goes on until the work on its question is ended, and then says so (`FairQueue.end`).
SHUTDOWN_SECONDS = 86_400.0
# Many proxies buffer a stream unless these headers forbid it.
STREAM_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
_LINE_END = "\n"  # what clients expect that parse a stream themselves
Event = TypeVar("Event")
log = structlog.get_logger(__name__)


async def stream_events(ask: Callable[[], Iterator[Event]], slot: Slot) -> AsyncGenerator[Event, None]:
    """Yield each event of an answer as it is made, as `service.api.async_assistant.ask_in_thread` does."""
    async with aclosing(ask_in_thread(ask, slot)) as batches:
        async for batch in batches:
            for event in batch:
                yield event


async def started(events: AsyncGenerator[Event, None]) -> AsyncGenerator[Event, None]:
    """Wait for the first event, and return all events. Raises what goes wrong before the first event."""
    _, all_events = await peeked(events)
    return all_events


async def peeked(events: AsyncGenerator[Event, None]) -> tuple[Event, AsyncGenerator[Event, None]]:
    """Wait for the first event. Return it, and all events. Raises what goes wrong before the first event."""
    first = await anext(events)

    async def all_of_them() -> AsyncGenerator[Event, None]:
        async with aclosing(events):
            yield first
            async for event in events:
                yield event

    return first, all_of_them()


async def last_of(events: AsyncGenerator[Event, None]) -> Event:
    """Return the last event."""
    async with aclosing(events):
        last = await anext(events)
        async for event in events:
            last = event
    return last


async def server_sent(events: AsyncGenerator[AskEvent, None]) -> AsyncGenerator[ServerSentEvent, None]:
    """Yield each event with its name, as JSON. An error becomes an `error` event, in place of the rest."""
    async with aclosing(events):
        try:
            async for event in events:
                yield ServerSentEvent(event.model_dump_json(), event=_name(event), sep=_LINE_END)
        except Exception as error:  # noqa: BLE001 - the reader must learn that the stream ended, for any error
            yield ServerSentEvent(json.dumps(problem_in_stream(error).model_dump()), event="error", sep=_LINE_END)


async def single(name: str, data: BaseModel) -> AsyncGenerator[ServerSentEvent, None]:
    """Yield one event."""
    yield ServerSentEvent(data.model_dump_json(), event=name, sep=_LINE_END)


def problem_in_stream(error: Exception) -> Problem:
    """Return an error after the start of a stream as a problem. An unexpected one is logged and shown without details."""
    if isinstance(error, FootnoteError):
        return problem_of(error)
    log.error("unexpected error in a stream", exc_info=error)
    return UNEXPECTED


class EventStream(EventSourceResponse):
    """Server-sent events with keep-alive comments. A client that reads nothing for `stall_seconds` is dropped."""

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
            # Returning before the end of the response makes the server close the connection.
            log.warning("a reader stalled and was dropped", path=scope["path"], seconds=self.send_timeout)


def _name(event: AskEvent) -> str:
    match event:
        case HitsEvent():
            return "hits"
        case SearchingEvent():
            return "searching"
        case SentenceEvent():
            return "sentence"
        case _:
            return "answer"
