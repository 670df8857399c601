"""Deletes what was kept for long enough: when the database is opened, and every hour while it is served."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Event, Thread

import structlog
from sqlalchemy import Connection, Engine, delete
from sqlalchemy.exc import DBAPIError

from index.errors import FootnoteError
from service.history import answers, conversations
from service.history.database import forget_log
from service.history.schema import audit, slack_events, slack_threads

_SECONDS = 3600.0
# Longer than Slack goes on delivering an event, and than people come back to share what `/ask` answered.
_EVENT_DAYS = 7
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Days:
    """For how many days answers are kept with all that goes with them, and the record of who asked when. 0 is not at all."""

    answers: int
    audit: int


def expire(engine: Engine, *, days: Days, now: datetime) -> int:
    """Delete what is older: answers, what was said of them, conversations that none is left of, Slack's threads and events,
    and lines of the audit record. Return how many answers.
    """
    with engine.begin() as connection:
        expired = answers.remove_before(connection, now - timedelta(days=days.answers))
        conversations.remove_empty(connection)
        connection.execute(delete(audit).where(audit.c.at < now - timedelta(days=days.audit)))
        _expire_slack(connection, days.answers, now)
    forget_log(engine)
    return expired


def _expire_slack(connection: Connection, days: int, now: datetime) -> None:
    event_days = timedelta(days=_EVENT_DAYS)
    # A thread whose question may still come again is one that the bot takes part in, also where no answer is kept.
    thread_days = max(timedelta(days=days), event_days)
    connection.execute(delete(slack_events).where(slack_events.c.received < (now - event_days).timestamp()))
    connection.execute(delete(slack_threads).where(slack_threads.c.updated < (now - thread_days).timestamp()))


@contextmanager
def expiring(engine: Engine, *, days: Days, every_seconds: float = _SECONDS) -> Iterator[None]:
    """Expire now, and again and again while in this context."""
    expire(engine, days=days, now=datetime.now(UTC))
    stopping = Event()
    thread = Thread(target=_expire_until, args=[stopping, engine, days, every_seconds], name="expiry", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join()


def _expire_until(stopping: Event, engine: Engine, days: Days, every_seconds: float) -> None:
    while not stopping.wait(every_seconds):
        try:
            expired = expire(engine, days=days, now=datetime.now(UTC))
        except (FootnoteError, DBAPIError) as error:
            log.error("old answers could not be deleted", kind=type(error).__name__)  # the next hour tries again
        else:
            log.info("old answers deleted", answers=expired)
