"""Deletes what was kept for long enough: when the database is opened, and every hour while it is served."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from threading import Event, Thread

import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from index.errors import FootnoteError
from service.kept import answers, conversations
from service.kept.database import forget_log

_SECONDS = 3600.0
log = structlog.get_logger(__name__)


def expire(engine: Engine, *, days: int, now: datetime) -> int:
    """Delete the answers that are older, what was said of them, and conversations that none is left of. Return how many."""
    with engine.begin() as connection:
        expired = answers.remove_before(connection, now - timedelta(days=days))
        conversations.remove_empty(connection)
    forget_log(engine)
    return expired


@contextmanager
def expiring(engine: Engine, *, days: int, every_seconds: float = _SECONDS) -> Iterator[None]:
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


def _expire_until(stopping: Event, engine: Engine, days: int, every_seconds: float) -> None:
    while not stopping.wait(every_seconds):
        try:
            expired = expire(engine, days=days, now=datetime.now(UTC))
        except (FootnoteError, DBAPIError) as error:
            log.error("old answers could not be deleted", kind=type(error).__name__)  # the next hour tries again
        else:
            log.info("old answers deleted", answers=expired)
