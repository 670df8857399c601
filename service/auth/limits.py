"""How much may be asked: how often by one and by all, and how many questions at once. Beyond that, a clear no at once.

Both are looked at once a request has come in whole, so a client that sends slowly takes no place from others.
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
from service.auth.fair_queue import Busy, FairQueue, Room, Turn
from service.auth.rate_limits import RateLimits
from service.settings import Settings

ALL = "all"
# Applied where keys are required and the settings say nothing else.
QUESTIONS_PER_MINUTE, QUESTIONS_PER_MINUTE_TOTAL = 60, 600
# Always applied: nobody reads answers faster.
RATINGS_PER_MINUTE = 60
_GONE = "The client closed the connection before its answer was ready."


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of one running service. RateLimits are questions a minute; 0 is no limit."""

    turns: FairQueue
    rates: RateLimits | None
    each: int
    total: int
    threads: CapacityLimiter

    async def asking(self, request: Request) -> AsyncIterator[None]:
        """Let a question be asked, as a dependency of its endpoint: `request.state.turn` is its turn.

        Raises Refused, ServiceStopping when the service stops before its turn, and AskerGone when its client hangs up.
        """
        if request.method != "POST":
            yield
            return
        await self._spend(request.state.asker)
        gone = asyncio.create_task(_hung_up(request))
        try:
            turn = await self._turn(_person(request), gone)
            request.state.turn = turn
            set_deadline(turn.deadline)
            gone.add_done_callback(lambda _: turn.deadline.end(AskerGone(_GONE)))
            try:
                yield
            finally:
                if not turn.working:
                    turn.release()
        finally:
            gone.cancel()

    async def _turn(self, who: str, gone: "asyncio.Task[None]") -> Turn:
        try:
            asked = self.turns.ask(who)
        except Busy as busy:
            raise _too_busy(busy) from None
        try:
            coming = asyncio.wrap_future(asked)
            await asyncio.wait((coming, gone), return_when=asyncio.FIRST_COMPLETED)
            if coming.done():
                return coming.result()
            raise AskerGone(_GONE)
        except BaseException:
            give_back(asked)
            raise

    async def _spend(self, asker: Asker) -> None:
        named = {} if asker == ANYONE else {asker.id: self.each}
        limits = {name: limit for name, limit in {**named, ALL: self.total}.items() if limit}
        if asker != OWNER and (wait := await self._wait(limits)):
            detail = f"Too many questions within a minute. Ask again in {wait} seconds."
            raise Refused(429, "too-many-questions", detail, headers={"Retry-After": wait})

    async def rating(self, request: Request) -> None:
        """Let an answer be rated, as a dependency of its endpoint. Raises Refused."""
        limits = {f"ratings of {_person(request)}": RATINGS_PER_MINUTE}
        if request.state.asker != OWNER and (wait := await self._wait(limits)):
            detail = f"Too many ratings within a minute. Rate again in {wait} seconds."
            raise Refused(429, "too-many-ratings", detail, headers={"Retry-After": wait})

    async def _wait(self, limits: Mapping[str, int]) -> str:
        """Spend one under each name. Return how many seconds to wait, as a header says it, or nothing."""
        if not limits or self.rates is None:
            return ""
        wait = await to_thread.run_sync(self.rates.spend, limits, limiter=self.threads)
        return str(ceil(wait)) if wait else ""


def limits_for(settings: Settings, *, keys_required: bool, rates: RateLimits | None, turns: FairQueue) -> Limits:
    """Make the limits of a service. Where no keys are required, rates are limited only if a setting says so."""
    default_each, default_total = (QUESTIONS_PER_MINUTE, QUESTIONS_PER_MINUTE_TOTAL) if keys_required else (0, 0)
    each, total = settings.questions_per_minute, settings.questions_per_minute_total
    return Limits(
        turns=turns,
        rates=rates,
        each=default_each if each is None else each,
        total=default_total if total is None else total,
        threads=CapacityLimiter(2),
    )


def turns_for(settings: Settings, *, opened: bool = True) -> FairQueue:
    """Make the turns of a service, as its settings and the cores of this machine have it."""
    at_once = settings.questions_at_once or _at_once(settings)
    with_model = settings.llm_provider != "none"
    room = Room(
        at_once=at_once,
        each=settings.questions_at_once_each or max(at_once - 1, 1),
        waiting=settings.questions_waiting,
        wait_seconds=settings.question_wait_seconds,
        # Completing a follow-up question takes the language model 15 seconds at most (`completing.py`).
        work_seconds=settings.question_seconds + with_model * (settings.llm_timeout_seconds + 15),
    )
    return FairQueue(room, opened=opened)


def _at_once(settings: Settings) -> int:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    # One more than there are cores, for one person may not take them all. With a language model, most of a question's
    # time is spent waiting for its server.
    return 4 * cores if settings.llm_provider != "none" else cores + 1


def _person(request: Request) -> str:
    """Return who a question counts for: the bearer of a key or token, or, where nobody says who they are, an address."""
    asker: Asker = request.state.asker
    if asker != ANYONE:
        return asker.id
    return f"address {request.client.host if request.client else ''}"


async def turn_of(request: Request) -> Turn:
    """Return the turn of a question, as a dependency of its endpoint."""
    turn: Turn = request.state.turn
    return turn


async def _hung_up(request: Request) -> None:
    """Return when the client of a request has closed the connection. Its body has been read."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


def give_back(asked: "Future[Turn]") -> None:
    """Take no turn any more, also when it comes at this very moment."""
    if not asked.cancel():
        asked.add_done_callback(_release)


def _release(came: "Future[Turn]") -> None:
    if came.exception() is None:
        came.result().release()


def _too_busy(busy: Busy) -> Refused:
    # By then about half of those who wait now have been served.
    headers = {"Retry-After": str(max(ceil(busy.seconds / 2), 1))}
    if busy.own:
        detail = "So many of your questions wait already that another one would have to wait too long. Ask it later."
        return Refused(429, "too-many-at-once", detail, headers=headers)
    detail = (
        f"Footnote is answering as many questions as it can, and others wait: this one would wait {ceil(busy.seconds)} "
        "seconds. Try again later."
    )
    return Refused(503, "too-busy", detail, headers=headers)
