"""The queue of questions in this process: one per thread at a time, the oldest first."""

import asyncio
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from service.slack.asked import Asked, thread_of


class Backlog:
    """Questions that wait or are being answered. `limit` is how many may wait before new ones are turned away."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._reserved = 0
        self._waiting: deque[Asked] = deque()
        self._working: dict[str, str] = {}  # key of the question, its thread
        self._changed = asyncio.Condition()
        self._closed = False

    @property
    def full(self) -> bool:
        """Whether there is no room for another question."""
        return len(self._waiting) + self._reserved >= self._limit

    @contextmanager
    def place(self) -> Iterator[bool]:
        """Reserve a place for a question while it is written down, and say whether there was one."""
        reserved = not self.full
        self._reserved += reserved
        try:
            yield reserved
        finally:
            self._reserved -= reserved

    @property
    def waiting(self) -> list[Asked]:
        """The questions that were not taken yet."""
        return list(self._waiting)

    def holds(self, key: str) -> bool:
        """Say whether a question waits here, or is being answered."""
        return key in self._working or any(asked.key == key for asked in self._waiting)

    async def add(self, asked: Asked) -> None:
        """Add a question, even beyond the limit: the caller has checked it, or accepted it before."""
        async with self._changed:
            self._waiting.append(asked)
            self._changed.notify()

    async def take(self) -> Asked:
        """Wait for a question in whose thread no other one is being answered, and take it."""
        async with self._changed:
            while self._closed or (asked := self._next()) is None:
                await self._changed.wait()
            self._waiting.remove(asked)
            self._working[asked.key] = thread_of(asked)
            return asked

    async def give_back(self, asked: Asked) -> None:
        """Say that a question is no longer being answered, with a reply or without."""
        async with self._changed:
            del self._working[asked.key]
            self._changed.notify_all()

    async def close(self) -> None:
        """Give out no more questions, and wait until those that were taken are finished."""
        self._closed = True
        async with self._changed:
            while self._working:
                await self._changed.wait()

    def _next(self) -> Asked | None:
        busy = set(self._working.values())
        return next((asked for asked in self._waiting if thread_of(asked) not in busy), None)
