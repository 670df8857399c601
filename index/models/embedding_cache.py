"""A cache of vectors on disk, so that a text that was embedded before need not be embedded again.

It is outside the index. Losing it costs only time, so a damaged file is discarded.
"""

import hashlib
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from time import time

import numpy as np
import structlog

from index.errors import DataFolderUnusable
from index.models.embedding import Vectors

Embed = Callable[[Sequence[str]], Vectors]

_TABLE = "CREATE TABLE IF NOT EXISTS vectors (key BLOB PRIMARY KEY, used INTEGER NOT NULL, vector BLOB NOT NULL)"
# SQLite takes a limited number of parameters in one statement.
_KEYS_AT_ONCE = 5_000
_DAY = 24 * 3600
log = structlog.get_logger(__name__)


class EmbeddingCache:
    """At most about `most` vectors, in float32. The least recently used are removed first. Safe to use from many threads."""

    def __init__(self, path: Path, *, most: int) -> None:
        self._path = path
        self._most = most
        self._lock = Lock()
        self._database: sqlite3.Connection | None = None

    def get_or_embed(self, texts: Sequence[str], *, model: str, embed: Embed) -> Vectors:
        """Return one row a text: from the cache if this model (its fingerprint) embedded the text before, else by `embed`."""
        if self._most == 0 or not texts:
            return embed(texts)
        keys = [_key(model, text) for text in texts]
        known = self._known(keys)
        new = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
        if new:
            made = dict(zip(new, embed(list(new.values())), strict=True))
            self._keep(made)
            known |= made
        return np.stack([known[key] for key in keys])

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            if self._database is not None:
                self._database.close()
                self._database = None

    def _known(self, keys: Sequence[bytes]) -> dict[bytes, Vectors]:
        now = int(time())
        found: dict[bytes, Vectors] = {}
        with self._open() as database:
            for first in range(0, len(keys), _KEYS_AT_ONCE):
                part = keys[first : first + _KEYS_AT_ONCE]
                marks = ",".join("?" * len(part))
                rows = database.execute(f"SELECT key, vector FROM vectors WHERE key IN ({marks})", part)
                found |= {key: np.frombuffer(vector, np.float32) for key, vector in rows}
                stale = f"UPDATE vectors SET used = ? WHERE used < ? AND key IN ({marks})"
                database.execute(stale, [now, now - _DAY, *part])
        return found

    def _keep(self, made: dict[bytes, Vectors]) -> None:
        now = int(time())
        with self._open() as database:
            rows = [(key, now, np.ascontiguousarray(vector, np.float32).tobytes()) for key, vector in made.items()]
            database.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?, ?)", rows)
            (count,) = database.execute("SELECT count(*) FROM vectors").fetchone()
            # With some slack, so that not every batch has to search for the oldest.
            if count > self._most * 1.1:
                oldest = "SELECT rowid FROM vectors ORDER BY used, rowid LIMIT ?"
                database.execute(f"DELETE FROM vectors WHERE rowid IN ({oldest})", [count - self._most])

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
            return _connect(self._path)
        except sqlite3.OperationalError:
            raise  # the disk or its permissions; the file may be fine
        except sqlite3.DatabaseError as error:
            self._discard(error)
            return _connect(self._path)

    def _discard(self, error: sqlite3.DatabaseError) -> None:
        log.warning("remembered vectors are damaged and start afresh", path=str(self._path), error=str(error))
        if self._database is not None:
            self._database.close()
            self._database = None
        for path in self._path.parent.glob(f"{self._path.name}*"):
            path.unlink()


def _connect(path: Path) -> sqlite3.Connection:
    # Used by one thread at a time: `_lock`.
    database = sqlite3.connect(path, check_same_thread=False)
    try:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA synchronous=NORMAL")
        database.execute(_TABLE)
    except sqlite3.Error:
        database.close()
        raise
    return database


def _key(model: str, text: str) -> bytes:
    return hashlib.sha256(f"{model}\0{text}".encode()).digest()
