"""Answers whose stream can be read on after its connection broke, as the HTML standard has it for server-sent events.

The events of such an answer are numbered, and kept while it is made and for a while after its last reader has gone. An answer
that nobody comes back to in that time is ended. All of this runs on the event loop.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

from sse_starlette import ServerSentEvent

from service.api.streaming import peeked, server_sent
from service.auth.askers import Asker
from service.schemas.api import AskEvent, AskResponse, HitsEvent, SearchingEvent, SentenceEvent

# Of the events of all answers together, as JSON: those of hundreds of answers. The oldest are given up for new ones.
_MOST_BYTES = 32_000_000
# How long a new stream waits for its first reader, who may have gone meanwhile.
_UNREAD_SECONDS = 60.0


class ResumableStream:
    """The events of one answer so far, numbered from 1, for its asker alone.

    It is kept for `seconds` after its last reader has gone; then `give_up` is called. `articles` are the ids of those that
    the events show, and `answer` is the whole answer, once it is there.
    """

    def __init__(
        self, answer_id: str, asker: Asker, *, seconds: float, give_up: "Callable[[ResumableStream], None]"
    ) -> None:
        self.answer_id = answer_id
        self.asker = asker
        self.articles: set[str] = set()
        self.answer: AskResponse | None = None
        self.ended = False
        self.bytes = 0
        self._events: list[ServerSentEvent] = []
        self._changed = asyncio.Event()
        self._readers = 0
        self._seconds = seconds
        self._give_up = give_up
        self._timer = self._timed(_UNREAD_SECONDS)
        self._work: asyncio.Task[None] | None = None

    @property
    def count(self) -> int:
        """How many events there are so far."""
        return len(self._events)

    @property
    def read(self) -> bool:
        """Whether somebody reads it now."""
        return self._readers > 0

    def collect(self, events: AsyncGenerator[AskEvent, None], on_event: Callable[[], None]) -> None:
        """Take over the events of the answer. `on_event` is called after each."""
        self._work = asyncio.create_task(self._collected(events, on_event))

    def cancel(self) -> None:
        """End the work on the answer."""
        self._timer.cancel()
        if self._work:
            self._work.cancel()

    async def after(self, number: int) -> AsyncGenerator[ServerSentEvent, None]:
        """Yield the events after this number, as they are made."""
        self._readers += 1
        self._timer.cancel()
        try:
            while True:
                for event in self._events[number:]:
                    yield event
                    number += 1
                if number >= self.count:
                    if self.ended:
                        return
                    await self._changed.wait()
        finally:
            self._readers -= 1
            if not self._readers:
                self._timer = self._timed(self._seconds)

    def _timed(self, seconds: float) -> asyncio.TimerHandle:
        return asyncio.get_running_loop().call_later(seconds, self._give_up, self)

    async def _collected(self, events: AsyncGenerator[AskEvent, None], on_event: Callable[[], None]) -> None:
        try:
            async with aclosing(server_sent(self._noted(events))) as sent:
                async for event in sent:
                    self._events.append(event)
                    event.id = str(self.count)
                    self.bytes += len(event.data or "")
                    on_event()
                    self._wake()
        finally:
            self.ended = True
            self._wake()

    async def _noted(self, events: AsyncGenerator[AskEvent, None]) -> AsyncGenerator[AskEvent, None]:
        async with aclosing(events):
            async for event in events:
                self.articles |= _articles_of(event)
                if isinstance(event, AskResponse):
                    self.answer = event
                yield event

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()


class ResumableStreams:
    """The streams of one process that can be read on, each by the id of its answer.

    `seconds` is how long one is kept after its last reader has gone.
    """

    def __init__(self, seconds: float, *, most_bytes: int = _MOST_BYTES) -> None:
        self._seconds = seconds
        self._most_bytes = most_bytes
        self._streams: dict[str, ResumableStream] = {}

    async def start(self, asker: Asker, events: AsyncGenerator[AskEvent, None]) -> ResumableStream:
        """Wait for the first event, and take over the answer: it is worked on however its connection ends.

        Raises what goes wrong before the first event.
        """
        first, events = await peeked(events)
        assert isinstance(first, HitsEvent | AskResponse)
        stream = ResumableStream(first.id, asker, seconds=self._seconds, give_up=self.stop)
        self._streams[first.id] = stream
        stream.collect(events, self._make_room)
        return stream

    def find(self, answer_id: str, asker: Asker) -> ResumableStream | None:
        """Return the stream of an answer. None if there is none for this asker, with what they may read now."""
        stream = self._streams.get(answer_id)
        return stream if stream and stream.asker == asker else None

    def stop(self, stream: ResumableStream) -> None:
        """End the work on an answer, and forget its events."""
        self._streams.pop(stream.answer_id, None)
        stream.cancel()

    def _make_room(self) -> None:
        """Forget the oldest streams while all together are too large. Who reads one now reads it to its end."""
        while len(self._streams) > 1 and sum(stream.bytes for stream in self._streams.values()) > self._most_bytes:
            oldest = self._streams.pop(next(iter(self._streams)))
            if not oldest.read:
                oldest.cancel()


def _articles_of(event: AskEvent) -> set[str]:
    """Return the ids of the articles that an event shows."""
    match event:
        case HitsEvent():
            return {hit.article_id for hit in event.hits}
        case SentenceEvent():
            return {cited.article_id for cited in event.citations}
        case AskResponse():
            return {one.article_id for one in (*event.citations, *event.nearest, *(event.hits or ()))}
        case SearchingEvent():
            return set()
