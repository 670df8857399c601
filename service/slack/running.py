"""Runs the bot in a thread and an event loop of its own, so that other load does not delay Slack's events."""

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Coroutine, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from typing import Any, TypeVar

import aiohttp
import structlog
from prometheus_client import CollectorRegistry
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp, AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.web.async_client import AsyncWebClient
from sqlalchemy import Engine

from index.errors import WrongUsage
from index.stores.ownership import folder_id
from service.auth.limits import fair_queue_for
from service.auth.state import AuthState
from service.settings import Settings
from service.slack.app import bolt_app
from service.slack.asked import Asked
from service.slack.backlog import Backlog
from service.slack.bot import Bot, SlackAssistant
from service.slack.calls import RATE_LIMITED, Calls
from service.slack.channels import ChannelBook
from service.slack.counts import Counts
from service.slack.events import Remembered
from service.slack.faults import SlackFault, Unreachable
from service.slack.installations import InstallationBook, seal_of
from service.slack.installing import Installing
from service.slack.replies import put_off
from service.slack.stale_notes import post_stale_notes
from service.slack.tokens import installs
from service.slack.working import work
from service.slack.workspaces import Bots, OneBot, audience_for, help_for, installed_bots

_CALL_SECONDS = 20
_PING_SECONDS = 5.0
_WATCH_SECONDS = 1.0
# Time to notify those whose questions are postponed.
_TELLING_SECONDS = 3.0
_TRY_AGAIN_SECONDS = 10.0
T = TypeVar("T")
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Running:
    """A bot that has reached Slack: its app, and the loop that this runs in."""

    app: AsyncApp
    loop: asyncio.AbstractEventLoop
    installing: Installing | None

    async def wait_for(self, work: Coroutine[Any, Any, T]) -> T:
        """Wait in another event loop for what is done in this one."""
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self.loop))


class SlackBot:
    """A bot that runs, or tries to. Give it what Slack sends over HTTP."""

    def __init__(self) -> None:
        self.running: Future[Running] = Future()

    async def dispatch(self, body: str, headers: Mapping[str, str]) -> BoltResponse | None:
        """Take a signed request of Slack from another event loop. None while the bot has not reached Slack yet."""
        if not self.running.done():
            return None
        running, request = self.running.result(), AsyncBoltRequest(body=body, headers=_several(headers))
        return await running.wait_for(running.app.async_dispatch(request))

    async def install(self, query: str, headers: Mapping[str, str], *, finish: bool) -> BoltResponse | None:
        """Take a browser that begins to install the app, or comes back from Slack. None while the bot starts."""
        if not self.running.done() or (installing := self.running.result().installing) is None:
            return None
        request = AsyncBoltRequest(body="", query=query, headers=_several(headers))
        return await self.running.result().wait_for(installing.finish(request) if finish else installing.begin(request))


def check_tokens(settings: Settings) -> None:
    """Raise WrongUsage where Slack does not take the tokens. While Slack cannot be reached, nothing is said of them."""
    if installs(settings):
        seal_of(settings)
    try:
        asyncio.run(_try_tokens(settings))
    except SlackFault as fault:
        if isinstance(fault, Unreachable) or fault.code == RATE_LIMITED:
            log.warning("Slack cannot be reached; it is tried again and again", kind=fault.code)
            return
        raise WrongUsage(
            f"Slack does not take a token ({fault.method}: {fault.code}). Look at FOOTNOTE_SLACK_BOT_TOKEN and "
            "FOOTNOTE_SLACK_APP_TOKEN."
        ) from None


@contextmanager
def slack_bot(
    assistant: SlackAssistant, settings: Settings, *, engine: Engine, public_url: str, auth_state: AuthState
) -> Iterator[SlackBot]:
    """Run the bot until this is left, or the service stops; then finish what is being answered, as far as there is time.

    What is not answered by then is when the bot runs again, and its askers are told so.
    """
    bot, queue = SlackBot(), auth_state.queue or fair_queue_for(settings)
    loop, stop = asyncio.new_event_loop(), asyncio.Event()

    def stop_soon() -> None:
        with suppress(RuntimeError):  # the loop has ended by itself
            loop.call_soon_threadsafe(stop.set)

    async def answer() -> None:
        async with _client(settings) as client, _executor(settings) as books:
            calls = Calls(client, Counts(auth_state.metrics.registry))
            own = {"user_id": ""} if installs(settings) else await _unless(stop, _own(calls))
            if own is None:
                return
            base = Bot(
                user=own["user_id"],
                bot_id=own.get("bot_id"),
                calls=calls,
                assistant=assistant,
                remembered=Remembered(engine, folder_id(settings.data_dir)),
                audience=audience_for(settings, calls, ChannelBook(engine), books),
                public_url=public_url,
                answer_seconds=settings.slack_answer_seconds,
                books=books,
                queue=queue,
                answering=Backlog(settings.slack_queue),
                turning_away=Backlog(settings.slack_queue),
                channels=ChannelBook(engine),
                help=help_for(settings, ""),
            )
            book = InstallationBook(engine, seal_of(settings)) if installs(settings) else None
            bots = OneBot(base) if book is None else await installed_bots(base, book, settings)
            secret = settings.slack_signing_secret
            app = bolt_app(bots, signing_secret=secret.get_secret_value() if secret else None)
            installing = None if book is None else Installing(settings, base, book, public_url=public_url)
            bot.running.set_result(Running(app, loop, installing))
            async with _noting_stale(bots, engine, settings):
                await _work_until(stop, bots, app, settings)

    def run() -> None:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            runner.run(answer())

    thread = threading.Thread(target=run, name="slack")
    thread.start()
    queue.on_stop(stop_soon)
    try:
        yield bot
    finally:
        stop_soon()
        thread.join()


def _several(headers: Mapping[str, str]) -> dict[str, str | Sequence[str]]:
    return {name: [value] for name, value in headers.items()}


async def _try_tokens(settings: Settings) -> None:
    async with _client(settings) as client:
        calls = Calls(client, Counts(CollectorRegistry()))
        if not installs(settings):
            await calls.call("auth.test")
        if settings.slack_app_token:
            await calls.call("apps.connections.open", token=settings.slack_app_token.get_secret_value())


async def _work_until(stop: asyncio.Event, bots: Bots, app: AsyncApp, settings: Settings) -> None:
    working = asyncio.create_task(work(bots, workers=settings.slack_workers))
    try:
        async with _socket(app, settings, bots.base.counts):
            log.info("answering in Slack", bot=bots.base.user or settings.slack_client_id)
            await _unless(stop, asyncio.shield(working))
        await _finish(bots, seconds=settings.stop_seconds)
    finally:
        working.cancel()
        with suppress(asyncio.CancelledError):
            await working
        await bots.base.noted(bots.base.remembered.end_leases)


@asynccontextmanager
async def _noting_stale(bots: Bots, engine: Engine, settings: Settings) -> AsyncIterator[None]:
    """Post notes on stale answers while in this context, if the settings ask for them."""
    if not settings.slack_stale_notes:
        yield
        return
    posting = asyncio.create_task(post_stale_notes(bots, engine))
    try:
        yield
    finally:
        posting.cancel()
        with suppress(asyncio.CancelledError):
            await posting


async def _finish(bots: Bots, *, seconds: float) -> None:
    """Finish the questions that are being answered, and notify those whose questions are postponed."""
    bot = bots.base
    closing = asyncio.ensure_future(asyncio.gather(bot.answering.close(), bot.turning_away.close()))
    telling = asyncio.gather(*(_put_off(asked, bots) for asked in bot.answering.waiting))
    await asyncio.wait((closing,), timeout=seconds)
    if not closing.done():
        # `working.py` notifies each asker.
        bot.queue.end()
    await asyncio.wait((closing, telling), timeout=_TELLING_SECONDS)
    closing.cancel()
    telling.cancel()


async def _put_off(asked: Asked, bots: Bots) -> None:
    with suppress(SlackFault):  # logged with the call; the reply comes all the same
        if bot := await bots.at(asked.installation):
            await put_off(asked, bot)


async def _own(calls: Calls) -> Mapping[str, Any]:
    """Return what Slack says of the bot, once it can be reached."""
    while True:
        try:
            return await calls.call("auth.test")
        except SlackFault as fault:
            log.error("Slack cannot be reached", kind=fault.code)
            await asyncio.sleep(_TRY_AGAIN_SECONDS)


async def _unless(stop: asyncio.Event, work: Awaitable[T]) -> T | None:
    """Wait for something, or for the bot to be stopped: then None."""
    tasks = asyncio.ensure_future(work), asyncio.ensure_future(stop.wait())
    done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in pending:
        task.cancel()
    return tasks[0].result() if tasks[0] in done else None


@asynccontextmanager
async def _client(settings: Settings) -> AsyncIterator[AsyncWebClient]:
    token = settings.slack_bot_token
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_CALL_SECONDS)) as session:
        yield AsyncWebClient(
            token=token.get_secret_value() if token else None,
            base_url=settings.slack_api_url,
            session=session,
            retry_handlers=[],  # they would post twice what may have been posted; see `calls`
        )


@asynccontextmanager
async def _executor(settings: Settings) -> AsyncIterator[ThreadPoolExecutor]:
    # A file has one writer at a time. A server is waited for.
    books = ThreadPoolExecutor(1 if settings.database_url is None else 4, thread_name_prefix="slack-books")
    try:
        yield books
    finally:
        books.shutdown()


@asynccontextmanager
async def _socket(app: AsyncApp, settings: Settings, counts: Counts) -> AsyncIterator[None]:
    """Receive events by Socket Mode, if there is a token for it. A lost connection is made again (by the SDK)."""
    if settings.slack_app_token is None:
        yield
        return
    token = settings.slack_app_token.get_secret_value()
    handler = AsyncSocketModeHandler(app, token, ping_interval=_PING_SECONDS)
    connecting = asyncio.create_task(handler.connect_async())  # type: ignore[no-untyped-call]
    watching = asyncio.create_task(_watch(handler.client, counts))
    try:
        yield
    finally:
        connecting.cancel()
        watching.cancel()
        await handler.close_async()  # type: ignore[no-untyped-call]


async def _watch(client: SocketModeClient, counts: Counts) -> None:
    """Log and count when the connection is lost, and when it is there again."""
    connected = False
    while True:
        await asyncio.sleep(_WATCH_SECONDS)
        now = await client.is_connected()
        if connected and not now:
            counts.connections_lost.inc()
            log.warning("connection to Slack lost")
        elif now and not connected:
            log.info("connected to Slack")
        connected = now
