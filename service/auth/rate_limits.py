"""Rate limits that survive a restart of the service.

The rule is the generic cell rate algorithm: a burst of a minute's worth at once, then a question each time that its share
of the minute has passed. It needs one number for each asker. The algorithm is pyrate-limiter's. Its own store in SQLite is
not used: it keeps a row for every question and a table for every asker.
"""

import sqlite3
from collections.abc import Mapping
from pathlib import Path
from threading import Lock
from time import time

import structlog
from pyrate_limiter import GCRA, Duration, Rate

from index.errors import DataFolderUnusable
from index.stores.database import private_file

FILE = "rates.sqlite"
_TABLE = "CREATE TABLE IF NOT EXISTS spent (name TEXT PRIMARY KEY, until INTEGER NOT NULL)"
_RULE = GCRA()
log = structlog.get_logger(__name__)


class RateLimits:
    """The rate limit of each name, stored in a file. Safe to use from many threads."""

    def __init__(self, path: Path) -> None:
        self._lock = Lock()
        self._database = _opened(path)

    def spend(self, limits: Mapping[str, int]) -> float:
        """Count one question under each name, or under none if any is over its limit. `limits` are questions a minute.

        Returns how many seconds to wait before trying again: 0 if the question may be asked.
        """
        now = int(time() * 1000)
        with self._lock, self._database:
            steps = [(name, *step(self._until(name), limit, now)) for name, limit in limits.items()]
            waits = [wait for _, _, wait in steps if wait]
            if not waits:
                rows = [(name, until) for name, until, _ in steps]
                self._database.executemany("INSERT OR REPLACE INTO spent VALUES (?, ?)", rows)
        return max(waits, default=0.0)

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def _until(self, name: str) -> int:
        row = self._database.execute("SELECT until FROM spent WHERE name = ?", [name]).fetchone()
        return row[0] if row else 0


def step(until: int, limit: int, now: int) -> tuple[int, float]:
    """Return the new theoretical arrival time, in microseconds, and how many seconds to wait. `now` is in milliseconds."""
    rate = Rate(limit, Duration.MINUTE)
    latest = (now + rate.interval) * 1000  # an upper bound, in case the clock was set back
    [after], decision = _RULE.step([rate], (min(until, latest),), now, 1)
    return int(after), (decision.retry_after_ms or 0) / 1000


def _opened(path: Path) -> sqlite3.Connection:
    try:
        return _connected(path)
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError):
            raise DataFolderUnusable(f"{path} cannot be used ({error}). Is the disk full, or not writable?") from error
        log.warning(
            "rate limits damaged: counting starts again",
            path=str(path),
        )
        for file in path.parent.glob(f"{path.name}*"):
            file.unlink()
        return _connected(path)


def _connected(path: Path) -> sqlite3.Connection:
    private_file(path)
    database = sqlite3.connect(path, check_same_thread=False)
    # The last moments before a power cut may be lost: requests do not wait for the disk.
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("PRAGMA synchronous=NORMAL")
    with database:
        database.execute(_TABLE)
        database.execute("DELETE FROM spent WHERE until < ?", [int(time() * 1_000_000)])
    return database
