"""Runs each question in its own thread and passes its events to the event loop, since the assistant blocks."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Generator, Iterator
from contextlib import aclosing, closing, suppress
from contextvars import copy_context
from threading import Semaphore, Thread
from typing import Generic, TypeVar

from index.deadline import Deadline, within
from index.errors import AskerGone
from service.auth.fair_queue import Slot

# Events that the worker may be ahead of its reader, more than an answer usually has. Then it waits.
_BUFFERED_EVENTS = 64
_CHECK_SECONDS = 0.5
Event = TypeVar("Event")


async def ask_in_thread(ask: Callable[[], Iterator[Event]], slot: Slot) -> AsyncGenerator[list[Event], None]:
    """Yield the events of an answer as they come, in batches of those that arrived in the meantime.

    The worker thread releases the slot when it is done, however slowly its events are read. Raises what `ask` raises, and at
    once the reason for which the slot's deadline was ended. Closing this ends the work at its next check of the deadline.
    """
    buffer: _EventBuffer[Event] = _EventBuffer(slot.deadline)
    slot.working = True
    Thread(target=copy_context().run, args=(_work, ask, slot, buffer), name="asking", daemon=True).start()
    loop, left = asyncio.get_running_loop(), slot.deadline.seconds_left
    timer = loop.call_later(left, slot.deadline.time_out) if left is not None else None
    try:
        async with aclosing(buffer.batches()) as batches:
            async for batch in batches:
                yield batch
    finally:
        if timer:
            timer.cancel()
        slot.deadline.end(AskerGone("Nobody waits for this answer any more."))


def _work(ask: Callable[[], Iterator[Event]], slot: Slot, buffer: "_EventBuffer[Event]") -> None:
    end: BaseException | None = None
    try:
        with within(slot.deadline), closing(_generated(ask)) as events:
            for event in events:
                buffer.add(event)
                slot.deadline.check()
    except BaseException as error:  # noqa: BLE001 - raised again in the event loop
        end = error
    finally:
        slot.release()
    buffer.finish(end)


def _generated(ask: Callable[[], Iterator[Event]]) -> Generator[Event, None, None]:
    yield from ask()


class _EventBuffer(Generic[Event]):
    """A bounded buffer of events from a worker thread to the event loop in which it was created."""

    def __init__(self, deadline: Deadline) -> None:
        self._deadline = deadline
        self._loop = asyncio.get_running_loop()
        self._queue: asyncio.Queue[Event | _End] = asyncio.Queue()
        self._room = Semaphore(_BUFFERED_EVENTS)
        deadline.on_end(self.finish)

    def add(self, event: Event) -> None:
        """Add an event, once there is space. Raises the reason if the deadline is ended in the meantime."""
        while not self._room.acquire(timeout=_CHECK_SECONDS):
            self._deadline.check()
        self._put(event)

    def finish(self, error: BaseException | None) -> None:
        """End the events, with an error if there was one. Only the first call counts."""
        self._put(_End(error))

    async def batches(self) -> AsyncGenerator[list[Event], None]:
        """Yield the events in batches, as they arrive. Raises the error that they ended with."""
        while True:
            came = [await self._queue.get()]
            while not self._queue.empty():
                came.append(self._queue.get_nowait())
            end = next((one for one in came if isinstance(one, _End)), None)
            events = [one for one in came if not isinstance(one, _End)]
            if events:
                yield events
                self._room.release(len(events))
            if end is not None:
                if end.error:
                    raise end.error
                return

    def _put(self, item: "Event | _End") -> None:
        with suppress(RuntimeError):  # the loop is closed: the service has ended
            self._loop.call_soon_threadsafe(self._queue.put_nowait, item)


class _End:
    """Marks the end of the events, with the error if there was one."""

    def __init__(self, error: BaseException | None) -> None:
        self.error = error
