"""Serves the API and the page over HTTP until it is told to stop."""

import gc
import os
import signal
import socket
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from threading import Thread

import structlog
import uvicorn
from fastapi import APIRouter
from sqlalchemy import Engine

from index.errors import FootnoteError, WrongUsage
from index.ownership import Owner, own
from service.admission.access import keys_required
from service.admission.guard import Guard, opened_guard
from service.api import create_app
from service.desk import LocalDesk
from service.kept.audit import Audit
from service.kept.database import opened_database
from service.kept.keys import all_keys
from service.kept.usage import Usage
from service.observed.logs import set_up
from service.observed.observing import Observer, log_question
from service.observed.tracing import tracing
from service.opening import open_desk, service_owner
from service.settings import Settings
from service.slack.tokens import wanted
from service.watching import watching

log = structlog.get_logger(__name__)


def serve(settings: Settings, *, host: str, port: int, watch: Sequence[Path] = ()) -> None:
    """Own the data folder and serve it, and keep it equal to the paths to watch. Returns when the process is told to stop.

    Raises WrongUsage when the address cannot be served on or Slack refuses a token, DataFolderOwned when another process has
    the data folder.
    """
    set_up(settings.log_format)
    # Read when the models are loaded. By default threads that wait for each other spin, and take the cores from whoever has
    # work: on a busy machine a question then took several times as long.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    slack = _checked_slack(settings)
    try:
        listening = _listen(host, port, stall_seconds=settings.stream_stall_seconds)
    except WrongUsage:
        # Most often it is this very data folder that is served there: then say by whom.
        with own(settings.data_dir, Owner(os.getpid(), "footnote serve")):
            raise
    bound = listening.getsockname()[1]
    url = f"http://{'[' + host + ']' if ':' in host else host}:{bound}"
    owner = service_owner(f"http://{_reachable(host)}:{bound}")
    # As Ctrl-C does, so that the data folder is closed and let go of. uvicorn finishes what is being answered, then
    # raises the signal again.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with suppress(KeyboardInterrupt), listening, ExitStack() as stack:
        desk = stack.enter_context(open_desk(settings, owner, keeping=True))
        database = stack.enter_context(_database(settings))
        guard = stack.enter_context(opened_guard(settings, database))
        recorded = Usage(database, desk.live) if settings.audit_days else None
        desk = replace(desk, recorded=recorded, observers=_observers(settings, guard, database))
        app = create_app(desk, settings=settings, host=host, owner_token=owner.token, guard=guard)
        if keys_required(settings, host):
            _say_how_to_make_a_key(database)
        if slack:
            app.include_router(stack.enter_context(_slack(desk, settings, database, guard, url)))
        # Loaded beside the start: the page is there at once, and the first question seldom has to wait.
        Thread(target=_warm, args=[desk], daemon=True).start()
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=20,
        )
        stack.enter_context(tracing(app, with_texts=settings.log_questions))
        with watching(desk, watch, data_dir=settings.data_dir):
            _Server(config, settings.public_url or url).run(sockets=[listening])


class _Server(uvicorn.Server):
    """Says where it is once it can be reached, and stopped."""

    def __init__(self, config: uvicorn.Config, address: str) -> None:
        super().__init__(config)
        self._address = address

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        print(f"Footnote is at {self._address} (stop it with Ctrl-C)", flush=True)


@contextmanager
def _database(settings: Settings) -> Iterator[Engine]:
    engine = opened_database(settings.data_dir)
    try:
        yield engine
    finally:
        engine.dispose()


def _checked_slack(settings: Settings) -> bool:
    if not wanted(settings):
        return False
    from service.slack.running import check_tokens

    check_tokens(settings)
    return True


def _slack(
    desk: LocalDesk, settings: Settings, database: Engine, guard: Guard, url: str
) -> AbstractContextManager[APIRouter]:
    from service.slack.http import answering_in_slack

    address = settings.public_url or url
    return answering_in_slack(desk, settings, engine=database, public_url=address, registry=guard.metrics.registry)


def _observers(settings: Settings, guard: Guard, database: Engine) -> tuple[Observer, ...]:
    audit = [Audit(database).note] if settings.audit_days else []
    questions = [log_question] if settings.log_questions else []
    return (guard.metrics.note, *audit, *questions)


def _say_how_to_make_a_key(database: Engine) -> None:
    if all(key.revoked for key in all_keys(database)):
        print(
            "Requests need a key, and there is none yet. Make one: footnote keys add NAME --groups GROUP,GROUP",
            flush=True,
        )


def _listen(host: str, port: int, *, stall_seconds: float) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        # Connections inherit it: Linux drops one whose reader takes nothing, with all that was to be sent.
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(1_000 * stall_seconds))
    try:
        listening.bind((host, port))
        # From here on whoever comes waits until the index is open, and is not turned away.
        listening.listen()
    except (OSError, OverflowError) as error:
        listening.close()
        raise WrongUsage(
            f"Cannot serve on {host} port {port}: {error}. Choose another with --host and --port."
        ) from error
    return listening


def _reachable(host: str) -> str:
    """Return the address under which this machine reaches itself."""
    if host in ("0.0.0.0", "::"):
        return "127.0.0.1" if host == "0.0.0.0" else "[::1]"
    return f"[{host}]" if ":" in host else host


def _warm(desk: LocalDesk) -> None:
    try:
        if outdated := desk.opened.outdated():
            log.warning("the index has to be made again: run `footnote index --rebuild`", reason=outdated)
        desk.ready()
    except FootnoteError as error:
        log.warning("not ready", reason=str(error))
    # What is loaded now stays to the end. The collector need not go through it again and again: each time, everything
    # stood still for a third of a second.
    gc.collect()
    gc.freeze()
