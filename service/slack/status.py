"""Shows that a question is being answered: as a status where Slack has one, else as a reaction. Always removed."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress

from service.slack.asked import InThread
from service.slack.calls import Calls
from service.slack.faults import SlackFault

STATUS = "is looking through the articles…"
REACTION = "eyes"
# Slack takes a status away after two minutes.
_SHOWN_AGAIN_SECONDS = 60.0
_CLEARING_SECONDS = 10.0


Working = Callable[[str], Awaitable[None]]
"""Sets the status of a question to this text."""


@asynccontextmanager
async def working_on(asked: InThread, calls: Calls) -> AsyncIterator[Working]:
    """Show that a question is being worked on until this context ends. Yields what says what is being done."""
    reacted = not await _set(asked, calls, STATUS) and await _react(asked, calls)
    shown = [STATUS]
    again = None if reacted else asyncio.create_task(_keep(asked, calls, shown))

    async def say(status: str) -> None:
        if not reacted:
            shown[:] = [status]
            await _set(asked, calls, status)

    try:
        yield say
    finally:
        if again:
            again.cancel()
        # Also when the process stops, so that no status remains for ever.
        with suppress(TimeoutError):
            async with asyncio.timeout(_CLEARING_SECONDS):
                await clear(asked, calls, reacted=reacted)


async def clear(asked: InThread, calls: Calls, *, reacted: bool) -> None:
    """Remove the status and the reaction. Errors are logged by the call."""
    await _set(asked, calls, "")
    if reacted:
        with suppress(SlackFault):
            await calls.call("reactions.remove", channel=asked.channel, timestamp=asked.ts, name=REACTION)


async def _keep(asked: InThread, calls: Calls, shown: Sequence[str]) -> None:
    while True:
        await asyncio.sleep(_SHOWN_AGAIN_SECONDS)
        await _set(asked, calls, shown[-1])


async def _set(asked: InThread, calls: Calls, status: str) -> bool:
    try:
        await calls.call("assistant.threads.setStatus", channel_id=asked.channel, thread_ts=asked.thread, status=status)
    except SlackFault:
        return False
    return True


async def _react(asked: InThread, calls: Calls) -> bool:
    try:
        await calls.call("reactions.add", channel=asked.channel, timestamp=asked.ts, name=REACTION)
    except SlackFault as fault:
        return fault.code == "already_reacted"  # by a bot that was stopped in the middle
    return True
