"""Asks the desk, which blocks, from the bot's event loop, which must not."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from concurrent.futures import Executor
from contextlib import aclosing
from threading import Event, Semaphore

from service.wire import AskEvent

# Events that a desk may be ahead of Slack. Then it waits.
_AHEAD = 64
_LOOKS_SECONDS = 0.5


class TookTooLong(Exception):
    """An answer was not there in time."""


async def asked_events(
    ask: Callable[[], Iterator[AskEvent]], *, pool: Executor, seconds: float
) -> AsyncIterator[list[AskEvent]]:
    """Yield the events of an answer as they come, those together that came meanwhile.

    Raises what `ask` raises, or TookTooLong. Whoever stops listening stops the work at its next event.
    """
    handed: asyncio.Queue[AskEvent | BaseException | None] = asyncio.Queue()
    loop, room, gone = asyncio.get_running_loop(), Semaphore(_AHEAD), Event()

    def work() -> None:
        end: Exception | None = None
        try:
            for event in ask():
                while not room.acquire(timeout=_LOOKS_SECONDS):
                    if gone.is_set():
                        return
                if gone.is_set():
                    return
                loop.call_soon_threadsafe(handed.put_nowait, event)
        except Exception as error:  # noqa: BLE001 -- raised again, where it is waited for
            end = error
        if not gone.is_set():
            loop.call_soon_threadsafe(handed.put_nowait, end)

    loop.run_in_executor(pool, work)
    try:
        async with aclosing(_batches(handed, deadline=loop.time() + seconds)) as batches:
            async for batch in batches:
                for _ in batch:
                    room.release()
                yield batch
    finally:
        gone.set()


async def _batches(
    handed: "asyncio.Queue[AskEvent | BaseException | None]", *, deadline: float
) -> AsyncGenerator[list[AskEvent], None]:
    while True:
        try:
            async with asyncio.timeout_at(deadline):
                came = [await handed.get()]
        except TimeoutError:
            raise TookTooLong from None
        while not handed.empty():
            came.append(handed.get_nowait())
        end = came[-1]
        events = [event for event in came if event is not None and not isinstance(event, BaseException)]
        if events:
            yield events
        if isinstance(end, BaseException):
            raise end
        if end is None:
            return
