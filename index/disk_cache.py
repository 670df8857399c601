"""A cache on disk of what takes long to make: vectors of texts, the text of scanned pages.

It is outside the index. Losing it costs only time, so a damaged file is discarded.
"""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from threading import Lock
from time import time
from typing import Literal

import structlog

from index.errors import DataFolderUnusable

# SQLite takes a limited number of parameters in one statement.
_KEYS_AT_ONCE = 5_000
_DAY = 24 * 3600
log = structlog.get_logger(__name__)


class DiskCache:
    """At most about `most` values of one kind. The least recently used are removed first. Safe to use from many threads."""

    def __init__(self, path: Path, kind: Literal["vector", "page"], *, most: int) -> None:
        self._path = path
        self._kind = kind
        self._most = most
        self._lock = Lock()
        self._database: sqlite3.Connection | None = None

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            if self._database is not None:
                self._database.close()
                self._database = None

    def get(self, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        """Return those of these values that are there, by key. Raises DataFolderUnusable, as every method."""
        now = int(time())
        found: dict[bytes, bytes] = {}
        with self._open() as database:
            for first in range(0, len(keys), _KEYS_AT_ONCE):
                part = keys[first : first + _KEYS_AT_ONCE]
                marks = ",".join("?" * len(part))
                found |= dict(
                    database.execute(f"SELECT key, {self._kind} FROM {self._table} WHERE key IN ({marks})", part)
                )
                stale = f"UPDATE {self._table} SET used = ? WHERE used < ? AND key IN ({marks})"
                database.execute(stale, [now, now - _DAY, *part])
        return found

    def put(self, values: Mapping[bytes, bytes]) -> None:
        """Add values, by key."""
        now = int(time())
        with self._open() as database:
            rows = [(key, now, value) for key, value in values.items()]
            database.executemany(f"INSERT OR REPLACE INTO {self._table} VALUES (?, ?, ?)", rows)
            (count,) = database.execute(f"SELECT count(*) FROM {self._table}").fetchone()
            # With some slack, so that not every batch has to search for the oldest.
            if count > self._most * 1.1:
                oldest = f"SELECT rowid FROM {self._table} ORDER BY used, rowid LIMIT ?"
                database.execute(f"DELETE FROM {self._table} WHERE rowid IN ({oldest})", [count - self._most])

    def forget(self, *, older_than: timedelta) -> None:
        """Remove what was not used for so long."""
        with self._open() as database:
            database.execute(f"DELETE FROM {self._table} WHERE used < ?", [int(time() - older_than.total_seconds())])

    @property
    def _table(self) -> str:
        return f"{self._kind}s"

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """Yield the database in a transaction. A damaged file is discarded, with a warning."""
        with self._lock:
            try:
                self._database = self._database or self._connected()
                with self._database as database:
                    yield database
            except sqlite3.OperationalError as error:
                raise DataFolderUnusable(
                    f"{self._path} cannot be used ({error}). Is the disk full, or the folder not writable? Correct that and "
                    "run again; what was indexed before is intact."
                ) from error
            except sqlite3.DatabaseError as error:
                self._discard(error)

    def _connected(self) -> sqlite3.Connection:
        try:
            return self._connect()
        except sqlite3.OperationalError:
            raise  # the disk or its permissions; the file may be fine
        except sqlite3.DatabaseError as error:
            self._discard(error)
            return self._connect()

    def _discard(self, error: sqlite3.DatabaseError) -> None:
        log.warning(f"remembered {self._table} are damaged and start afresh", path=str(self._path), error=str(error))
        if self._database is not None:
            self._database.close()
            self._database = None
        for path in self._path.parent.glob(f"{self._path.name}*"):
            path.unlink()

    def _connect(self) -> sqlite3.Connection:
        # Used by one thread at a time: `_lock`.
        database = sqlite3.connect(self._path, check_same_thread=False)
        try:
            database.execute("PRAGMA journal_mode=WAL")
            database.execute("PRAGMA synchronous=NORMAL")
            columns = f"key BLOB PRIMARY KEY, used INTEGER NOT NULL, {self._kind} BLOB NOT NULL"
            database.execute(f"CREATE TABLE IF NOT EXISTS {self._table} ({columns})")
        except sqlite3.Error:
            database.close()
            raise
        return database
