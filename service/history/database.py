"""Opens, copies and checks the service's own database, `<data>/footnote.db`. Only the owner of the data folder opens it."""

from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

from index.stores.database import Purpose, check_intact, copy_database, engine_for
from index.stores.ownership import private_folder
from service.history.schema import upgrade

FILE = "footnote.db"
_PURPOSE = Purpose(
    name="The database of conversations and keys",
    when_damaged="It contains no articles. Restore this file from a backup; or move it away, with the files next to it "
    "that end in -wal and -shm: an empty one is then made, and keys have to be made again.",
    when_unusable="Correct that and run again; what was stored before is intact.",
)


def opened_database(data_dir: Path) -> Engine:
    """Open `<data>/footnote.db`; create it or migrate it first if needed. The caller disposes of the engine.

    The engine is safe to use from many threads. Raises DataFolderUnusable or IndexDamaged.
    """
    private_folder(data_dir)
    engine = engine_for(f"sqlite:///{(data_dir / FILE).absolute()}", _PURPOSE)
    event.listen(engine, "connect", _overwrite_deleted)
    with engine.begin() as connection:
        upgrade(connection)
    return engine


def copy_to(data_dir: Path, path: Path) -> None:
    """Copy `<data>/footnote.db` into a new file, as one consistent snapshot, even while others write to it."""
    engine = opened_database(data_dir)
    try:
        copy_database(engine, path, _PURPOSE)
    finally:
        engine.dispose()


def check_database(data_dir: Path) -> None:
    """Read the whole database, if there is one. Raises IndexDamaged."""
    if (data_dir / FILE).exists():
        engine = opened_database(data_dir)
        try:
            check_intact(engine, _PURPOSE)
        finally:
            engine.dispose()


def checkpoint_log(engine: Engine) -> None:
    """Write the write-ahead log into the database, so that the log no longer holds deleted rows."""
    with closing(engine.raw_connection()) as raw:
        raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def _overwrite_deleted(connection: Any, _record: object) -> None:
    # Deleted questions must not remain readable in the file.
    connection.execute("PRAGMA secure_delete=ON")
