"""Locks that hold back other threads of this process and, with a shared database, other processes on any machine."""

from contextlib import ExitStack, closing
from threading import Lock, get_ident
from time import monotonic, sleep
from typing import Self, TypeAlias

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import SQLAlchemyError

from index.errors import IndexBusy, StoreUnavailable
from index.stores.postgresql import LOCKS, shown

_WAIT_SECONDS = 10.0
_HOLDER = text(
    "SELECT application_name FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE locktype = 'advisory' AND granted AND "
    "classid = :first AND objid = :second AND datname = current_database()"
)


class SharedLock:
    """An advisory lock of PostgreSQL. It ends with the connection that holds it, and so with its process.

    Threads of this process wait without limit, as for any lock. Other processes wait for ten seconds; then IndexBusy is
    raised, which names the holder. If the database cannot be reached, StoreUnavailable is raised.
    """

    def __init__(self, engine: Engine, number: int, *, wait_seconds: float = _WAIT_SECONDS) -> None:
        self.here = Lock()
        self._engine = engine
        self._key = {"first": LOCKS, "second": number}
        self._wait_seconds = wait_seconds
        self._held: tuple[int, Connection] | None = None

    @property
    def connection(self) -> Connection | None:
        """The connection that holds the lock, if this thread does. What is written over it is written under the lock."""
        held = self._held
        return held[1] if held and held[0] == get_ident() else None

    def acquire(self, blocking: bool = True) -> bool:
        """Take the lock. Return False if it is taken and `blocking` is False."""
        if not self.here.acquire(blocking):
            return False
        with ExitStack() as undo:
            undo.callback(self.here.release)
            connection = undo.enter_context(closing(self._engine.connect()))
            if self._take(connection, self._wait_seconds if blocking else 0.0):
                undo.pop_all()
                self._held = get_ident(), connection
                return True
            if blocking:
                raise IndexBusy(self._explained(connection))
        return False

    def locked(self) -> bool:
        """Return whether a thread of this process holds the lock, or waits for another process to let go of it."""
        return self.here.locked()

    def release(self) -> None:
        """Let go of the lock."""
        held, self._held = self._held, None
        try:
            if held:
                self._give_back(held[1])
        finally:
            self.here.release()

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def __exit__(self, *error: object) -> None:
        self.release()

    def _take(self, connection: Connection, seconds: float) -> bool:
        deadline = monotonic() + seconds
        take = text("SELECT pg_try_advisory_lock(:first, :second)")
        while True:
            with connection.begin():
                if connection.scalar(take, self._key):
                    return True
            if monotonic() >= deadline:
                return False
            sleep(0.05)

    def _give_back(self, connection: Connection) -> None:
        try:
            with connection.begin():
                connection.execute(text("SELECT pg_advisory_unlock(:first, :second)"), self._key)
        except (StoreUnavailable, SQLAlchemyError):
            connection.invalidate()  # the lock ends with its connection
        finally:
            connection.close()

    def _explained(self, connection: Connection) -> str:
        with connection.begin():
            holder = connection.scalar(_HOLDER, self._key)
        database = f"The index in the database {shown(self._engine.url)}"
        if holder is None:
            return f"{database} was being changed by another process until now. Run the same command again."
        return f"{database} is being changed by {holder}. Wait until it ends, or stop that process."


RunLock: TypeAlias = "Lock | SharedLock"
"""A lock on a part of the work on an index."""
