"""Opens, copies and checks the service's own database: `<data>/footnote.db`, or a schema of a shared PostgreSQL database.

Only the owner of the data folder opens the file.
"""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from sqlalchemy import Connection, Engine, Table, event
from sqlalchemy.dialects import postgresql, sqlite

from index.stores.copying import copy_rows
from index.stores.database import Purpose, check_intact, copy_database, engine_for
from index.stores.ownership import private_folder
from index.stores.postgresql import HISTORY_SCHEMA, create_schema, postgresql_engine
from service.history.schema import metadata, upgrade

FILE = "footnote.db"
_PURPOSE = Purpose(
    name="The database of conversations and keys",
    when_damaged="It contains no articles. Restore this file from a backup; or move it away, with the files next to it "
    "that end in -wal and -shm: an empty one is then made, and keys have to be made again.",
    when_unusable="Correct that and run again; what was stored before is intact.",
)


def opened_database(data_dir: Path, address: SecretStr | None = None) -> Engine:
    """Open the PostgreSQL database at this address, or else `<data>/footnote.db`; create or migrate it first if needed.

    The caller disposes of the engine, which is safe to use from many threads. Raises StoreUnavailable, DataFolderUnusable or
    IndexDamaged.
    """
    if address is not None:
        engine = postgresql_engine(address, HISTORY_SCHEMA)
        create_schema(engine, HISTORY_SCHEMA, upgrade)
        return engine
    private_folder(data_dir)
    engine = engine_for(f"sqlite:///{(data_dir / FILE).absolute()}", _PURPOSE)
    event.listen(engine, "connect", _overwrite_deleted)
    with engine.begin() as connection:
        upgrade(connection)
    return engine


@contextmanager
def database_in(data_dir: Path, address: SecretStr | None = None) -> Iterator[Engine]:
    """Open the database while in this context."""
    engine = opened_database(data_dir, address)
    try:
        yield engine
    finally:
        engine.dispose()


def copy_to(data_dir: Path, folder: Path, address: SecretStr | None = None) -> None:
    """Copy the database into `footnote.db` of another folder, as one consistent snapshot, even while others write to it."""
    with database_in(data_dir, address) as engine:
        if address is None:
            copy_database(engine, folder / FILE, _PURPOSE)
            return
        with database_in(folder) as copy:
            copy_history(engine, copy)


def copy_history(source: Engine, target: Engine) -> None:
    """Copy all rows, as one consistent snapshot, into an empty database of either kind."""
    with snapshot(source) as rows, target.begin() as copy:
        copy_rows(rows, copy, metadata.sorted_tables)


def snapshot(engine: Engine) -> Connection:
    """Connect for reading one state of the whole database. Every transaction of a file does that anyway."""
    if engine.dialect.name == "postgresql":
        engine = engine.execution_options(isolation_level="REPEATABLE READ")
    return engine.connect()


def check_database(data_dir: Path) -> None:
    """Read the whole file, if there is one. Raises IndexDamaged. A PostgreSQL server checks its own pages."""
    if (data_dir / FILE).exists():
        with database_in(data_dir) as engine:
            check_intact(engine, _PURPOSE)


def insert_into(connection: Connection, table: Table) -> "postgresql.Insert | sqlite.Insert":
    """Return an insertion that can say what happens on a conflict."""
    return postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)


def checkpoint_log(engine: Engine) -> None:
    """Write the write-ahead log of a file into it, so that the log no longer holds deleted rows."""
    if engine.dialect.name != "sqlite":
        return  # PostgreSQL's own log and vacuum decide: docs/operations.md
    with closing(engine.raw_connection()) as raw:
        raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def _overwrite_deleted(connection: Any, _record: object) -> None:
    # Deleted questions must not remain readable in the file.
    connection.execute("PRAGMA secure_delete=ON")
