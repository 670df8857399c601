"""Limits on questions: how many a minute, per person and in total, and how many at once. Others are refused at once.

Limits are checked after the whole request has arrived, so a client that sends slowly does not use up the slots of others.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from math import ceil

from anyio import CapacityLimiter, to_thread
from fastapi import Request

from index.deadline import set_deadline
from index.errors import AskerGone
from service.api.problem_details import Refused
from service.auth.askers import ANYONE, OWNER, Asker
from service.auth.fair_queue import Busy, FairQueue, QueueLimits, Slot
from service.auth.rate_limits import RateLimits
from service.auth.shared_rates import SharedRates
from service.settings import Settings

ALL = "all"
# The defaults where keys are required.
QUESTIONS_PER_MINUTE, QUESTIONS_PER_MINUTE_TOTAL = 60, 600
# Always applied: nobody reads answers faster.
RATINGS_PER_MINUTE = 60
_GONE = "The client closed the connection before its answer was ready."


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of one running service. `per_person` and `total` are questions a minute; 0 means no limit."""

    queue: FairQueue
    rates: RateLimits | SharedRates | None
    per_person: int
    total: int
    threads: CapacityLimiter

    async def admit_question(self, request: Request) -> AsyncIterator[None]:
        """Admit a question, as a dependency of its endpoint. Its slot is in `request.state.slot`.

        Raises Refused, ServiceStopping if the service stops before there is a slot, and AskerGone if the client disconnects.
        """
        if request.method != "POST":
            yield
            return
        await self._spend(request.state.asker)
        gone = asyncio.create_task(_disconnected(request))
        try:
            slot = await self._slot(_person(request), gone)
            request.state.slot = slot
            set_deadline(slot.deadline)
            gone.add_done_callback(lambda _: None if slot.detached else slot.deadline.end(AskerGone(_GONE)))
            try:
                yield
            finally:
                if not slot.working:
                    slot.release()
        finally:
            gone.cancel()

    async def _slot(self, who: str, gone: "asyncio.Task[None]") -> Slot:
        try:
            asked = self.queue.acquire(who)
        except Busy as busy:
            raise _too_busy(busy) from None
        try:
            coming = asyncio.wrap_future(asked)
            await asyncio.wait((coming, gone), return_when=asyncio.FIRST_COMPLETED)
            if coming.done():
                return coming.result()
            raise AskerGone(_GONE)
        except BaseException:
            cancel_or_release(asked)
            raise

    async def _spend(self, asker: Asker) -> None:
        named = {} if asker == ANYONE else {asker.id: self.per_person}
        limits = {name: limit for name, limit in {**named, ALL: self.total}.items() if limit}
        if asker != OWNER and (wait := await self._wait(limits)):
            detail = f"Too many questions within a minute. Ask again in {wait} seconds."
            raise Refused(429, "too-many-questions", detail, headers={"Retry-After": wait})

    async def admit_rating(self, request: Request) -> None:
        """Admit a rating, as a dependency of its endpoint. Raises Refused."""
        limits = {f"ratings of {_person(request)}": RATINGS_PER_MINUTE}
        if request.state.asker != OWNER and (wait := await self._wait(limits)):
            detail = f"Too many ratings within a minute. Rate again in {wait} seconds."
            raise Refused(429, "too-many-ratings", detail, headers={"Retry-After": wait})

    async def _wait(self, limits: Mapping[str, int]) -> str:
        """Count one request under each name. Return how many seconds to wait, as text for a header, or ""."""
        if not limits or self.rates is None:
            return ""
        wait = await to_thread.run_sync(self.rates.spend, limits, limiter=self.threads)
        return str(ceil(wait)) if wait else ""


def limits_for(
    settings: Settings, *, keys_required: bool, rates: RateLimits | SharedRates | None, queue: FairQueue
) -> Limits:
    """Build the limits of a service. If keys are not required, rates are limited only if a setting says so."""
    default_per_person, default_total = (QUESTIONS_PER_MINUTE, QUESTIONS_PER_MINUTE_TOTAL) if keys_required else (0, 0)
    per_person, total = settings.questions_per_minute, settings.questions_per_minute_total
    return Limits(
        queue=queue,
        rates=rates,
        per_person=default_per_person if per_person is None else per_person,
        total=default_total if total is None else total,
        threads=CapacityLimiter(2),
    )


def fair_queue_for(settings: Settings, *, opened: bool = True) -> FairQueue:
    """Build the queue of a service from its settings and the number of cores."""
    at_once = settings.questions_at_once or _at_once(settings)
    with_model = settings.llm_provider != "none"
    limits = QueueLimits(
        at_once=at_once,
        per_person=settings.questions_at_once_each or max(at_once - 1, 1),
        waiting=settings.questions_waiting,
        wait_seconds=settings.question_wait_seconds,
        # The language model completes a follow-up question in 15 seconds at most, and confirms an answer in 30.
        work_seconds=settings.question_seconds
        + with_model * (settings.llm_timeout_seconds * (1 + settings.llm_self_check) + 15 + 30),
    )
    return FairQueue(limits, opened=opened)


def _at_once(settings: Settings) -> int:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    # One more than there are cores, as one person may not take them all. With a language model, most of the time of a
    # question is spent waiting for the model's server.
    return 4 * cores if settings.llm_provider != "none" else cores + 1


def _person(request: Request) -> str:
    """Return whose limit a question counts against: the holder of a key or token, or else a network address."""
    asker: Asker = request.state.asker
    if asker != ANYONE:
        return asker.id
    return f"address {request.client.host if request.client else ''}"


async def slot_of(request: Request) -> Slot:
    """Return the slot of a question, as a dependency of its endpoint."""
    slot: Slot = request.state.slot
    return slot


async def _disconnected(request: Request) -> None:
    """Return when the client has closed the connection. The body must have been read before."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


def cancel_or_release(asked: "Future[Slot]") -> None:
    """Cancel waiting for a slot, or release the slot if it was assigned at the same moment."""
    if not asked.cancel():
        asked.add_done_callback(_release)


def _release(came: "Future[Slot]") -> None:
    if came.exception() is None:
        came.result().release()


def _too_busy(busy: Busy) -> Refused:
    # By then, about half of the waiting questions have been answered.
    headers = {"Retry-After": str(max(ceil(busy.seconds / 2), 1))}
    if busy.own:
        detail = "So many of your questions wait already that another one would have to wait too long. Ask it later."
        return Refused(429, "too-many-at-once", detail, headers=headers)
    detail = (
        f"Footnote is answering as many questions as it can, and others wait: this one would wait {ceil(busy.seconds)} "
        "seconds. Try again later."
    )
    return Refused(503, "too-busy", detail, headers=headers)
