"""The catalogue in a PostgreSQL database, which several processes on several machines share."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pydantic import SecretStr
from sqlalchemy import Connection, delete, func, insert, select

from index.errors import IndexDamaged
from index.records import version_of
from index.stores import schema
from index.stores.catalog import Catalog
from index.stores.postgresql import INDEX_SCHEMA, create_schema, postgresql_engine, shown
from index.stores.schema import changes, texts
from index.stores.shared_lock import SharedLock


class SharedCatalog(Catalog):
    """A catalogue in a schema of a PostgreSQL database. Any number of processes may read it; the holder of a lock writes.

    Every reading transaction sees one state. Each change of what is in use is logged, so that every process can bring its own
    index of words up to date (`index.ingest.following`).
    """

    def __init__(self, address: SecretStr, schema_name: str = INDEX_SCHEMA, *, lock: SharedLock | None = None) -> None:
        """Open or create the schema. Changes under `lock` are written over the connection that holds it.

        This and every method raises StoreUnavailable if the database cannot be reached.
        """
        engine = postgresql_engine(address, schema_name)
        create_schema(engine, schema_name, schema.upgrade)
        self._engine = engine.execution_options(isolation_level="REPEATABLE READ")
        self._lock = lock

    def check_intact(self) -> None:
        """Compare each text with the hash in its version. Raises IndexDamaged."""
        query = select(texts.c.version, texts.c.text).execution_options(yield_per=100)
        with self._engine.connect() as connection:
            for version, text in connection.execute(query):
                if version_of(text.encode()) != version:
                    raise IndexDamaged(
                        f"The catalogue in the database {shown(self._engine.url)} is damaged (a text is not the one of its "
                        f"version {version}). Restore the database from a backup."
                    )

    def copy_to(self, path: Path) -> None:
        """Copy everything, as one consistent snapshot, into a new SQLite file."""
        with Catalog(f"sqlite:///{path}") as copy:
            self.copy_into(copy)

    def latest_change(self) -> tuple[int, str]:
        """Return the number of the latest change of what is in use, and its content. (0, "") if there was none."""
        latest = select(changes.c.number, changes.c.key).order_by(changes.c.number.desc()).limit(1)
        with self._engine.connect() as connection:
            found = connection.execute(latest).first()
            return (found.number, found.key) if found else (0, "")

    def changed_since(self, number: int, key: str) -> list[tuple[int, str]] | None:
        """Return the changes after this one, in order, each with its number and the content that it is of.

        None if they are not known: there was no such change, or what followed it is no longer in the log.
        """
        log = select(changes.c.number, changes.c.key).where(changes.c.number >= number).order_by(changes.c.number)
        with self._engine.connect() as connection:
            found = [(row.number, row.key) for row in connection.execute(log)]
            if number == 0:
                return found if not found or found[0][0] == 1 else None
        return found[1:] if found[:1] == [(number, key)] else None

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        held = self._lock.connection if self._lock else None
        if held is None:
            with self._engine.begin() as connection:
                yield connection
        else:
            with held.begin():
                yield held

    def _log(self, connection: Connection, keys: Iterable[str]) -> None:
        if rows := [{"key": key, "at": datetime.now(UTC)} for key in sorted(set(keys))]:
            connection.execute(insert(changes), rows)

    def _forget_log(self, connection: Connection, older_than: timedelta) -> None:
        # The last one stays: it is the place that processes which are up to date have reached.
        last = select(func.max(changes.c.number)).scalar_subquery()
        old = changes.c.at < datetime.now(UTC) - older_than
        connection.execute(delete(changes).where(old, changes.c.number < last))
