"""The parts of a running bot."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator
from concurrent.futures import Executor
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, ParamSpec, Protocol, TypeVar

from index.deadline import too_long
from index.errors import NotInHistory
from index.records import Access
from service.api.async_assistant import ask_in_thread
from service.auth.askers import Asker
from service.auth.fair_queue import FairQueue, Slot
from service.auth.limits import cancel_or_release
from service.history.store import Through
from service.schemas.api import AskEvent, AskRequest, CollectionsResponse, FiltersWire
from service.schemas.history import FeedbackRequest, StoredAnswerResponse
from service.slack.asked import Asked, InThread
from service.slack.audience import Audience
from service.slack.backlog import Backlog
from service.slack.calls import Calls
from service.slack.channels import ChannelBook
from service.slack.counts import Counts
from service.slack.events import Remembered

P = ParamSpec("P")
T = TypeVar("T")


class SlackAssistant(Protocol):
    """What the bot needs from the rest of Footnote. Every call may block, and may raise a FootnoteError."""

    def ask_events(self, request: AskRequest, asker: Asker, *, through: Through) -> Iterator[AskEvent]: ...

    def rate(self, request: FeedbackRequest, asker: Asker) -> None: ...

    def stored_answer(self, answer_id: str, asker: Asker) -> StoredAnswerResponse: ...

    def asks_nothing(self, text: str) -> bool: ...

    def collections(self, access: Access) -> CollectionsResponse: ...

    def delete_answer(self, answer_id: str, asker: Asker) -> None: ...

    def questions_to_try(self, access: Access) -> tuple[str, ...]: ...


@dataclass(frozen=True, slots=True)
class Help:
    """Where questions are brought that a person should answer, and the user group that is mentioned there."""

    channel: str
    group: str | None


@dataclass(frozen=True, slots=True)
class Bot:
    """A bot in one workspace or organisation. `user` and `bot_id` are its own ids there.

    `books` writes down, `queue` gives out slots. `answering` are questions that wait to be answered, `turning_away` those
    that are only told that there are too many.
    """

    user: str
    bot_id: str | None
    calls: Calls
    assistant: SlackAssistant
    remembered: Remembered
    audience: Audience
    public_url: str
    answer_seconds: float
    books: Executor
    queue: FairQueue
    answering: Backlog
    turning_away: Backlog
    channels: ChannelBook
    help: Help | None = None
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def installation(self) -> str:
        """Where this bot is installed; empty if its token is in the settings."""
        return self.remembered.installation

    @property
    def counts(self) -> Counts:
        """What is counted."""
        return self.calls.counts

    async def noted(self, work: Callable[P, T], *given: P.args, **named: P.kwargs) -> T:
        """Call a method of the database, outside the event loop."""
        return await asyncio.get_running_loop().run_in_executor(self.books, lambda: work(*given, **named))

    async def asks_nothing(self, text: str) -> bool:
        """Say whether a text is small talk, or nothing that could be asked."""
        return await asyncio.to_thread(self.assistant.asks_nothing, text)

    async def questions_to_try(self, asker: Asker) -> tuple[str, ...]:
        """Return a few questions that the articles answer this person. Raises what `events` raises."""
        slot = await self._slot(asker, latest=asyncio.get_running_loop().time() + self.answer_seconds)
        try:
            return await asyncio.to_thread(self.assistant.questions_to_try, asker.access)
        finally:
            slot.release()

    async def events(self, asked: Asked, asker: Asker) -> AsyncGenerator[list[AskEvent], None]:
        """Ask the assistant, once there is a slot. A thread that was asked in before is a conversation that goes on.

        Raises what the assistant raises, Busy when a slot would take too long, and what its deadline was ended for.
        """
        thread = (asked.channel, asked.thread) if isinstance(asked, InThread) else None

        def ask() -> Iterator[AskEvent]:
            conversation = self.remembered.conversation(*thread) if thread else None
            public = isinstance(asked, InThread) and not asked.direct
            filters = FiltersWire(scope=self.channels.get(asked.channel).scope) if public else FiltersWire()
            request = AskRequest(question=asked.text, conversation_id=conversation, filters=filters)
            try:
                yield from self.assistant.ask_events(request, asker, through="slack")
            except NotInHistory:  # the conversation expired, or was deleted: a new one begins
                if conversation is None:
                    raise
                again = request.model_copy(update={"conversation_id": None})
                yield from self.assistant.ask_events(again, asker, through="slack")

        loop = asyncio.get_running_loop()
        latest = loop.time() + self.answer_seconds
        slot = await self._slot(asker, latest=latest)
        timer = loop.call_at(latest, slot.deadline.end, too_long(self.answer_seconds))
        try:
            async with aclosing(ask_in_thread(ask, slot)) as batches:
                async for batch in batches:
                    yield batch
        finally:
            timer.cancel()

    async def _slot(self, asker: Asker, *, latest: float) -> Slot:
        coming = self.queue.acquire(asker.id)
        try:
            async with asyncio.timeout_at(latest):
                return await asyncio.wrap_future(coming)
        except TimeoutError:
            cancel_or_release(coming)
            raise too_long(self.answer_seconds) from None
        except BaseException:
            cancel_or_release(coming)
            raise

    def soon(self, work: Coroutine[Any, Any, None]) -> None:
        """Start something in the background, for which Slack need not wait."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)  # the loop itself holds tasks only weakly
        task.add_done_callback(self._tasks.discard)
