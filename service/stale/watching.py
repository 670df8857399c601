"""Checks kept answers after each change of the articles, in a thread of its own, while the service runs."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event
from time import monotonic

import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from index.background import in_background
from index.errors import FootnoteError
from index.stores.live import LiveIndex
from service.stale.checking import check_answers
from service.stale.webhook import NotTaken, Webhook

# How often it is looked without a change in this process: another one may have indexed, or a message may be due again.
_SECONDS = 300.0
_AGAIN_SECONDS = 30.0
_LONGEST_PAUSE_SECONDS = 3_600.0
log = structlog.get_logger(__name__)


@contextmanager
def marking_stale(engine: Engine, live: LiveIndex, webhook: Webhook | None) -> Iterator[None]:
    """Mark stale answers while in this context: at its start, after each change of the articles, and now and then."""
    watcher = _Watcher(engine, live, webhook)
    with in_background(watcher.run, name="stale-answers", on_stop=live.changed.set):
        yield


class _Watcher:
    def __init__(self, engine: Engine, live: LiveIndex, webhook: Webhook | None) -> None:
        self._engine = engine
        self._live = live
        self._webhook = webhook
        self._failures = 0
        self._send_at = 0.0

    def run(self, stopped: Event) -> None:
        while not stopped.is_set():
            self._live.changed.clear()
            if not stopped.is_set():
                self._check(stopped)
            self._live.changed.wait(
                min(_SECONDS, max(self._send_at - monotonic(), 1.0)) if self._failures else _SECONDS
            )

    def _check(self, stopped: Event) -> None:
        try:
            check_answers(self._engine, self._live, stopped=stopped.is_set)
            if self._webhook and monotonic() >= self._send_at:
                self._send(self._webhook, stopped)
        except (FootnoteError, DBAPIError) as error:
            log.error("stale answers could not be looked for", kind=type(error).__name__)  # the next change tries again
        except Exception:
            log.exception("stale answers could not be looked for")

    def _send(self, webhook: Webhook, stopped: Event) -> None:
        try:
            webhook.send_due(self._engine, stopped)
        except NotTaken as error:
            self._failures += 1
            pause = min(_AGAIN_SECONDS * 2.0 ** min(self._failures - 1, 10), _LONGEST_PAUSE_SECONDS)
            self._send_at = monotonic() + pause
            log.warning("the webhook was not told of stale answers", problem=str(error), again_in_seconds=pause)
        else:
            self._failures = 0
