"""Answers the queued questions. Each ends with a reply, with a message about an error, or is postponed."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress

import structlog
from sqlalchemy.exc import DBAPIError

from index.errors import FootnoteError, ServiceStopping
from service.slack.asked import Asked, InThread
from service.slack.backlog import Backlog
from service.slack.bot import Bot
from service.slack.events import LEASE_SECONDS
from service.slack.faults import PlaceGone, SlackFault, TokenRefused, Unreachable
from service.slack.replies import reply, say, say_directly
from service.slack.wording import FAILED, GAVE_UP, NO_PLACE
from service.slack.workspaces import Bots

MOST_ATTEMPTS = 5
_FIRST_PAUSE_SECONDS = 30.0
_SWEEP_SECONDS = 5.0
log = structlog.get_logger(__name__)


async def accept(asked: Asked, bot: Bot, *, event_id: str | None = None) -> bool:
    """Take a question on, unless it has been seen before: then return False. It is written down when this returns."""
    with bot.answering.place() as place:
        if not place and isinstance(asked, InThread) and asked.unasked:
            return True  # nobody waits for it
        if not place:
            asked = asked.model_copy(update={"turned_away": True})
        if not await bot.noted(bot.remembered.note, asked, event_id=event_id):
            bot.counts.events.labels("seen before").inc()
            return False
        bot.counts.events.labels("taken on" if place else "turned away").inc()
        await _backlog(asked, bot).add(asked)
        return True


async def work(bots: Bots, *, workers: int) -> None:
    """Answer questions until cancelled, first those that a process before this one left."""
    base = bots.base
    await base.noted(base.remembered.end_leases)
    async with asyncio.TaskGroup() as tasks:
        for _ in range(workers):
            tasks.create_task(_work_on(base.answering, bots))
        tasks.create_task(_work_on(base.turning_away, bots))
        tasks.create_task(_sweep(base))


async def _work_on(backlog: Backlog, bots: Bots) -> None:
    while True:
        asked = await backlog.take()
        try:
            await _see_to(asked, bots)
        except Exception:
            # Most likely the database. The lease expires, and the question is started again.
            log.exception("question not seen to", key=asked.key)
        finally:
            await backlog.give_back(asked)


async def _see_to(asked: Asked, bots: Bots) -> None:
    base = bots.base
    before = await base.noted(base.remembered.begin, asked.key)
    if before is None:
        return
    try:
        bot = await bots.at(asked.installation)
    except SlackFault as fault:
        await _later(asked, fault, base, before=before)
        return
    if bot is None:
        log.warning("question dropped: the app is not installed there any more", key=asked.key)
        await base.noted(base.remembered.finish, asked.key)
        base.counts.questions.labels("uninstalled").inc()
        return
    try:
        async with _leased(asked, bot):
            outcome = await _attempt(asked, bot, before=before)
    except TimeoutError:
        log.warning("lease lost: the question is left to another node", key=asked.key)
        return
    except (Unreachable, TokenRefused) as fault:
        await _later(asked, fault, bot, before=before)
        return
    except ServiceStopping:
        await bot.noted(bot.remembered.release, asked.key)
        return
    except asyncio.CancelledError:
        await bot.noted(bot.remembered.release, asked.key)
        raise
    await bot.noted(bot.remembered.finish, asked.key)
    bot.counts.questions.labels(outcome).inc()


async def _attempt(asked: Asked, bot: Bot, *, before: int) -> str:
    """Return how it ended.

    Raises Unreachable or TokenRefused while nothing can be said in Slack, and ServiceStopping when it was put off.
    """
    try:
        if before >= MOST_ATTEMPTS:
            await say(asked, GAVE_UP, bot)
            return "given up"
        await reply(asked, bot, begun_before=before > 0)
    except (Unreachable, TokenRefused, ServiceStopping):
        raise
    except PlaceGone as fault:
        log.warning("no place for a reply", key=asked.key, kind=fault.code)
        await _try_to_say_directly(asked, bot)
        return "no place"
    except Exception:
        log.exception("question failed", key=asked.key)
        await _try_to_say(asked, bot)
        return "failed"
    return "turned away" if asked.turned_away else "replied"


async def _try_to_say(asked: Asked, bot: Bot) -> None:
    try:
        await say(asked, FAILED, bot)
    except (Unreachable, TokenRefused):
        raise
    except SlackFault as fault:
        log.error("could not say that a question failed", key=asked.key, kind=fault.code)


async def _try_to_say_directly(asked: Asked, bot: Bot) -> None:
    try:
        await say_directly(asked, NO_PLACE, bot)
    except SlackFault as fault:
        log.error("could not say that there is no place for a reply", key=asked.key, kind=fault.code)


async def _later(asked: Asked, fault: SlackFault, bot: Bot, *, before: int) -> None:
    if before + 1 >= MOST_ATTEMPTS:
        log.error("question lost: Slack could not be reached", key=asked.key, kind=fault.code)
        await bot.noted(bot.remembered.finish, asked.key)
        bot.counts.questions.labels("lost").inc()
        return
    await bot.noted(bot.remembered.release, asked.key, seconds=_FIRST_PAUSE_SECONDS * 2**before)


@asynccontextmanager
async def _leased(asked: Asked, bot: Bot) -> AsyncIterator[None]:
    """Renew the lease of a question while it is being answered. Raises TimeoutError when the lease is lost."""
    clock = asyncio.get_running_loop().time

    async def renew() -> None:
        while True:
            await asyncio.sleep(LEASE_SECONDS / 3)
            asked_at = clock()
            with _database_may_fail("a lease was not renewed"):
                renewed = await bot.noted(bot.remembered.renew, asked.key)
                lease.reschedule(asked_at + LEASE_SECONDS if renewed else asked_at)

    async with asyncio.timeout(LEASE_SECONDS) as lease:
        renewing = asyncio.create_task(renew())
        try:
            yield
        finally:
            renewing.cancel()
            with suppress(asyncio.CancelledError):
                await renewing


async def _sweep(bot: Bot) -> None:
    """Queue the questions that were postponed or left, and those whose lease has expired, on whichever node."""
    while True:
        with _database_may_fail("questions that are due were not looked up"):
            for asked in await bot.noted(bot.remembered.due):
                backlog = _backlog(asked, bot)
                if not backlog.holds(asked.key):
                    await backlog.add(asked)
        await asyncio.sleep(_SWEEP_SECONDS)


@contextmanager
def _database_may_fail(what: str) -> Iterator[None]:
    """Log that the database cannot be used at the moment. It is tried again a little later."""
    try:
        yield
    except (FootnoteError, DBAPIError) as error:
        log.error(what, kind=type(error).__name__)


def _backlog(asked: Asked, bot: Bot) -> Backlog:
    return bot.turning_away if asked.turned_away else bot.answering
