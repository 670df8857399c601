"""How much may be asked: how often by one and by all, and how many questions at once. Beyond that, a clear no at once.

Both are looked at once a request has come in whole, so whoever sends slowly takes no place from others.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from math import ceil

from anyio import CapacityLimiter, Semaphore, WouldBlock, move_on_after, to_thread
from fastapi import Request

from service.admission.rates import Rates
from service.askers import ANYONE, OWNER, Asker
from service.problem_details import Refused
from service.settings import Settings

ALL = "all"
# Applied where keys are required and the settings say nothing else.
QUESTIONS_PER_MINUTE, QUESTIONS_PER_MINUTE_TOTAL = 60, 600


class Places:
    """A number of places for questions, and a bounded queue for them."""

    def __init__(self, places: int, *, queue: int, wait_seconds: float) -> None:
        self._free = Semaphore(places)
        self._queue = queue
        self._wait_seconds = wait_seconds
        self.waiting = 0

    @asynccontextmanager
    async def taken(self) -> AsyncIterator[None]:
        """Hold a place while in this context. Raises Refused when the queue is full, or none was free in time."""
        try:
            self._free.acquire_nowait()
        except WouldBlock:
            await self._wait()
        try:
            yield
        finally:
            self._free.release()

    async def _wait(self) -> None:
        if self.waiting >= self._queue:
            raise _too_busy()
        self.waiting += 1
        try:
            with move_on_after(self._wait_seconds):
                await self._free.acquire()
                return
        finally:
            self.waiting -= 1
        raise _too_busy()


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of one running service. Rates are questions a minute; 0 is no limit."""

    places: Places
    rates: Rates | None
    each: int
    total: int
    threads: CapacityLimiter

    async def asking(self, request: Request) -> AsyncIterator[None]:
        """Let a question be asked, as a dependency of its endpoint. Raises Refused."""
        if request.method != "POST":
            yield
            return
        await self._spend(request.state.asker)
        async with self.places.taken():
            yield

    async def _spend(self, asker: Asker) -> None:
        named = {} if asker == ANYONE else {asker.id: self.each}
        limits = {name: limit for name, limit in {**named, ALL: self.total}.items() if limit}
        if asker == OWNER or not limits or self.rates is None:
            return
        wait = await to_thread.run_sync(self.rates.spend, limits, limiter=self.threads)
        if wait:
            seconds = str(ceil(wait))
            detail = f"Too many questions within a minute. Ask again in {seconds} seconds."
            raise Refused(429, "too-many-questions", detail, headers={"Retry-After": seconds})


def limits_for(settings: Settings, *, keys_required: bool, rates: Rates | None) -> Limits:
    """Make the limits of a service. Where no keys are required, rates are limited only if a setting says so."""
    default_each, default_total = (QUESTIONS_PER_MINUTE, QUESTIONS_PER_MINUTE_TOTAL) if keys_required else (0, 0)
    each, total = settings.questions_per_minute, settings.questions_per_minute_total
    return Limits(
        places=Places(
            settings.questions_at_once, queue=settings.questions_waiting, wait_seconds=settings.question_wait_seconds
        ),
        rates=rates,
        each=default_each if each is None else each,
        total=default_total if total is None else total,
        threads=CapacityLimiter(2),
    )


def _too_busy() -> Refused:
    detail = "Footnote is answering as many questions as it can, and others wait. Try again in some seconds."
    return Refused(503, "too-busy", detail, headers={"Retry-After": "5"})
