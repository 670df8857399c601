"""Runs the service: opens the index, serves the API and the page over HTTP, answers in Slack, watches folders."""

import gc
import os
import socket
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack, suppress
from dataclasses import replace
from datetime import datetime
from functools import partial
from math import ceil
from pathlib import Path

import structlog
import uvicorn
from fastapi import APIRouter, FastAPI
from sqlalchemy import Engine
from sse_starlette.sse import AppStatus

from index.errors import FootnoteError, WrongUsage
from index.stores.ownership import Owner, own
from service.api.app import create_app
from service.api.server import FINAL_REPLIES_SECONDS, Server, Signals
from service.assistant import LocalAssistant
from service.auth.authentication import keys_required
from service.auth.fair_queue import FairQueue
from service.auth.limits import fair_queue_for
from service.auth.state import AuthState, opened_auth_state
from service.history.audit import Audit
from service.history.database import database_in
from service.history.keys import all_keys
from service.history.usage import UsageReports
from service.local import open_assistant
from service.maintenance.watcher import watching
from service.monitoring.logs import set_up
from service.monitoring.observers import Observer, log_question
from service.monitoring.tracing import tracing
from service.opening import service_owner
from service.quality.reports import QualityReports
from service.quality.scoring import Scoring, scoring_nightly
from service.settings import Settings
from service.slack.tokens import wanted
from service.sources.keeping import kept_in_step
from service.sources.syncing import Sources
from service.stale.watching import marking_stale
from service.stale.webhook import webhook_from

# Work whose asker has gone checks its deadline more often than this.
_IDLE_SECONDS = 5.0
# Days of answers whose quality is in the metrics.
_QUALITY_DAYS = 30
log = structlog.get_logger(__name__)


def serve(settings: Settings, *, host: str, port: int, watch: Sequence[Path] = ()) -> None:
    """Own the data folder, serve its index, and keep it equal to the watched paths. Returns when the process is stopped.

    Raises WrongUsage if the address cannot be served on or Slack refuses a token, DataFolderOwned if another process has the
    data folder.
    """
    set_up(settings.log_format)
    # Read when the models are loaded. By default, threads that wait for each other spin and take cores from threads that have
    # work: on a busy machine a question then took several times as long.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    # Streams end with the work on their question, which `Server` ends in time, and not at once when the service is stopped.
    AppStatus.enable_automatic_graceful_drain = False
    signals = Signals()
    slack = _checked_slack(settings)
    try:
        listening = _listen(host, port, stall_seconds=settings.stream_stall_seconds)
    except WrongUsage:
        # Usually this same data folder is served there already: then the error names the process.
        with own(settings.data_dir, Owner(os.getpid(), "footnote serve")):
            raise
    bound = listening.getsockname()[1]
    url = f"http://{'[' + host + ']' if ':' in host else host}:{bound}"
    owner = service_owner(f"http://{_local_address(host)}:{bound}")
    queue = fair_queue_for(settings, opened=False)
    webhook = webhook_from(settings, service=settings.public_url or url)
    with suppress(KeyboardInterrupt), listening, ExitStack() as stack:
        assistant = stack.enter_context(open_assistant(settings, owner, with_history=True))
        database = stack.enter_context(database_in(settings.data_dir, settings.database_url))
        opened = opened_auth_state(settings, database, address=settings.public_url or url)
        auth_state = replace(stack.enter_context(opened), queue=queue)
        usage_reports = UsageReports(database, assistant.live) if settings.audit_days else None
        assistant = replace(
            assistant, usage_reports=usage_reports, observers=_observers(settings, auth_state, database)
        )
        app = create_app(assistant, settings=settings, host=host, owner_token=owner.token, auth_state=auth_state)
        if keys_required(settings, host) and auth_state.signing_in is None:
            _print_key_hint(database)
        # Work whose asker has gone must end before the index is closed.
        stack.callback(queue.wait_until_idle, _IDLE_SECONDS)
        if slack:
            app.include_router(stack.enter_context(_slack(assistant, settings, database, auth_state, url)))
        stack.enter_context(tracing(app, with_texts=settings.log_questions))
        if settings.keep_days:
            stack.enter_context(marking_stale(database, assistant.live, webhook))
        if settings.keep_days and settings.score_share:
            stack.enter_context(_scoring(assistant, settings, database, auth_state))
        in_step = kept_in_step(Sources(assistant.live, settings))
        with watching(assistant, watch, data_dir=settings.data_dir), in_step:
            server = Server(
                _config(app, settings),
                queue,
                stop_seconds=settings.stop_seconds,
                request_seconds=settings.request_seconds,
                warm=partial(_warm, assistant, queue),
                ready=_announcement(settings.public_url or url),
                stop_indexing=assistant.stop_indexing,
            )
            signals.stop_on_signal(server)
            server.run(sockets=[listening])
    _exit_if_busy(queue)


def _config(app: FastAPI, settings: Settings) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        # The last resort. `Server` has ended all work before.
        timeout_graceful_shutdown=ceil(settings.stop_seconds + FINAL_REPLIES_SECONDS),
    )


def _announcement(address: str) -> Callable[[], None]:
    return partial(print, f"Footnote is at {address} (stop it with Ctrl-C)", flush=True)


def _exit_if_busy(queue: FairQueue) -> None:
    """End the process here if a thread is still running a model: it crashes if the interpreter shuts down meanwhile."""
    if not queue.opened or not queue.wait_until_idle(0):
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)


def _checked_slack(settings: Settings) -> bool:
    if not wanted(settings):
        return False
    from service.slack.running import check_tokens

    check_tokens(settings)
    return True


def _slack(
    assistant: LocalAssistant, settings: Settings, database: Engine, auth_state: AuthState, url: str
) -> AbstractContextManager[APIRouter]:
    from service.slack.http import answering_in_slack

    address = settings.public_url or url
    return answering_in_slack(assistant, settings, engine=database, public_url=address, auth_state=auth_state)


def _observers(settings: Settings, auth_state: AuthState, database: Engine) -> tuple[Observer, ...]:
    audit = [Audit(database).record] if settings.audit_days else []
    questions = [log_question] if settings.log_questions else []
    return (auth_state.metrics.record, *audit, *questions)


def _scoring(
    assistant: LocalAssistant, settings: Settings, database: Engine, auth_state: AuthState
) -> AbstractContextManager[None]:
    reports = QualityReports(database, settings.score_share)

    def note(now: datetime) -> None:
        auth_state.metrics.record_quality(reports.report(_QUALITY_DAYS, today=now.date()))

    return scoring_nightly(Scoring(database, assistant.live, settings.score_share), note)


def _print_key_hint(database: Engine) -> None:
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
        # From here on, clients wait until the index is open instead of being refused.
        listening.listen()
    except (OSError, OverflowError) as error:
        listening.close()
        raise WrongUsage(
            f"Cannot serve on {host} port {port}: {error}. Choose another with --host and --port."
        ) from error
    return listening


def _local_address(host: str) -> str:
    """Return the address under which this machine reaches itself."""
    if host in ("0.0.0.0", "::"):
        return "127.0.0.1" if host == "0.0.0.0" else "[::1]"
    return f"[{host}]" if ":" in host else host


def _warm(assistant: LocalAssistant, queue: FairQueue) -> None:
    """Load the models, then open the queue of questions. It is opened also if loading fails, so that each gets its error."""
    seconds: float | None = None
    try:
        if outdated := assistant.current_index.outdated():
            log.warning("the index has to be made again: run `footnote index --rebuild`", reason=outdated)
        assistant.ready()
        seconds = assistant.warm_up()
    except FootnoteError as error:
        log.warning("not ready", reason=str(error))
    except Exception:
        log.exception("not ready")
    # What is loaded now stays to the end. The garbage collector need not scan it each time, which took a third of a second.
    gc.collect()
    gc.freeze()
    queue.open(seconds)
