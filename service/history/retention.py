"""Deletes stored answers and audit entries after their retention time: when the database is opened, and then every hour."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from threading import Event

import structlog
from sqlalchemy import Connection, Engine, delete
from sqlalchemy.exc import DBAPIError

from index.background import in_background
from index.errors import FootnoteError
from service.history import answers, conversations
from service.history.database import checkpoint_log
from service.history.schema import audit, sessions, slack_events, slack_threads

_SECONDS = 3600.0
# Longer than Slack keeps retrying an event, and longer than people come back to share an answer of `/ask`.
_EVENT_DAYS = 7
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class RetentionDays:
    """For how many days answers, with all that belongs to them, and audit entries are kept. 0 keeps none."""

    answers: int
    audit: int


def expire(engine: Engine, *, days: RetentionDays, now: datetime) -> int:
    """Delete what is older: answers and their feedback, empty conversations, Slack's threads and events, audit entries.

    Sessions that have ended are deleted, too.

    Return the number of deleted answers.
    """
    with engine.begin() as connection:
        expired = answers.remove_before(connection, now - timedelta(days=days.answers))
        conversations.remove_empty(connection)
        connection.execute(delete(audit).where(audit.c.at < now - timedelta(days=days.audit)))
        connection.execute(delete(sessions).where(sessions.c.expires < now))
        _expire_slack(connection, days.answers, now)
    checkpoint_log(engine)
    return expired


def _expire_slack(connection: Connection, days: int, now: datetime) -> None:
    event_days = timedelta(days=_EVENT_DAYS)
    # As long as Slack may deliver a question again, the bot takes part in its thread, even if no answers are kept.
    thread_days = max(timedelta(days=days), event_days)
    connection.execute(delete(slack_events).where(slack_events.c.received < (now - event_days).timestamp()))
    connection.execute(delete(slack_threads).where(slack_threads.c.updated < (now - thread_days).timestamp()))


@contextmanager
def expiring(engine: Engine, *, days: RetentionDays, every_seconds: float = _SECONDS) -> Iterator[None]:
    """Expire now, and then at this interval while in this context."""
    expire(engine, days=days, now=datetime.now(UTC))
    with in_background(partial(_expire_until, engine, days, every_seconds), name="expiry"):
        yield


def _expire_until(engine: Engine, days: RetentionDays, every_seconds: float, stopping: Event) -> None:
    while not stopping.wait(every_seconds):
        try:
            expired = expire(engine, days=days, now=datetime.now(UTC))
        except (FootnoteError, DBAPIError) as error:
            log.error("old answers could not be deleted", kind=type(error).__name__)  # the next hour tries again
        else:
            log.info("old answers deleted", answers=expired)
