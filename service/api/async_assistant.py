"""Asks the assistant, which blocks, from an event loop, which must not: each question in a thread of its own."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Generator, Iterator
from contextlib import aclosing, closing, suppress
from contextvars import copy_context
from threading import Semaphore, Thread
from typing import Generic, TypeVar

from index.deadline import Deadline, within
from index.errors import AskerGone
from service.auth.fair_queue import Turn

# Events that the work may be ahead of its reader: more than an answer has. Then it waits.
_AHEAD = 64
_LOOKS_SECONDS = 0.5
Event = TypeVar("Event")


async def asked_events(ask: Callable[[], Iterator[Event]], turn: Turn) -> AsyncGenerator[list[Event], None]:
    """Yield the events of an answer as they come, those together that came meanwhile.

    The thread that works gives the turn back when it is done, however slowly its events are taken. Raises what `ask` raises,
    and what the deadline of the turn was ended for, at once. Closing this ends the work at its next look at the deadline.
    """
    handing: _Handing[Event] = _Handing(turn.deadline)
    turn.working = True
    Thread(target=copy_context().run, args=(_work, ask, turn, handing), name="asking", daemon=True).start()
    loop, left = asyncio.get_running_loop(), turn.deadline.seconds_left
    timer = loop.call_later(left, turn.deadline.time_out) if left is not None else None
    try:
        async with aclosing(handing.batches()) as batches:
            async for batch in batches:
                yield batch
    finally:
        if timer:
            timer.cancel()
        turn.deadline.end(AskerGone("Nobody waits for this answer any more."))


def _work(ask: Callable[[], Iterator[Event]], turn: Turn, handing: "_Handing[Event]") -> None:
    end: BaseException | None = None
    try:
        with within(turn.deadline), closing(_generated(ask)) as events:
            for event in events:
                handing.give(event)
                turn.deadline.check()
    except BaseException as error:  # noqa: BLE001 - raised again, where it is waited for
        end = error
    finally:
        turn.release()
    handing.finish(end)


def _generated(ask: Callable[[], Iterator[Event]]) -> Generator[Event, None, None]:
    yield from ask()


class _Handing(Generic[Event]):
    """What one thread hands to the event loop in which this was made."""

    def __init__(self, deadline: Deadline) -> None:
        self._deadline = deadline
        self._loop = asyncio.get_running_loop()
        self._handed: asyncio.Queue[Event | _End] = asyncio.Queue()
        self._room = Semaphore(_AHEAD)
        deadline.when_ended(self.finish)

    def give(self, event: Event) -> None:
        """Hand over an event, once there is room. Raises what the deadline was ended for meanwhile."""
        while not self._room.acquire(timeout=_LOOKS_SECONDS):
            self._deadline.check()
        self._put(event)

    def finish(self, error: BaseException | None) -> None:
        """Say that this was all, or what went wrong. The first time counts."""
        self._put(_End(error))

    async def batches(self) -> AsyncGenerator[list[Event], None]:
        """Yield what was handed over."""
        while True:
            came = [await self._handed.get()]
            while not self._handed.empty():
                came.append(self._handed.get_nowait())
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
            self._loop.call_soon_threadsafe(self._handed.put_nowait, item)


class _End:
    """The end of the events, and what went wrong, if anything."""

    def __init__(self, error: BaseException | None) -> None:
        self.error = error
