"""The service's own database. Opened by whoever owns the data folder, beside the index; safe to use from many threads."""

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
    when_damaged="Nothing of the articles is in it. Restore this file from a backup; or move it away, with those beside it "
    "that end in -wal and -shm: an empty one is then made, and keys have to be made again.",
    when_unusable="Mend that and run again; what was kept before is intact.",
)


def opened_database(data_dir: Path) -> Engine:
    """Open `<data>/footnote.db`, made or brought up to date where it has to be. Whoever opens it disposes of it.

    Raises DataFolderUnusable or IndexDamaged.
    """
    private_folder(data_dir)
    engine = engine_for(f"sqlite:///{(data_dir / FILE).absolute()}", _PURPOSE)
    event.listen(engine, "connect", _overwrite_deleted)
    with engine.begin() as connection:
        upgrade(connection)
    return engine


def copy_to(data_dir: Path, path: Path) -> None:
    """Copy `<data>/footnote.db`, as it is at one moment, into a new file, also while others write to it."""
    engine = opened_database(data_dir)
    try:
        copy_database(engine, path, _PURPOSE)
    finally:
        engine.dispose()


def check_database(data_dir: Path) -> None:
    """Read the whole database, where there is one. Raises IndexDamaged."""
    if (data_dir / FILE).exists():
        engine = opened_database(data_dir)
        try:
            check_intact(engine, _PURPOSE)
        finally:
            engine.dispose()


def forget_log(engine: Engine) -> None:
    """Write the log of changes into the database, so that what was deleted does not stand in it any more."""
    with closing(engine.raw_connection()) as raw:
        raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def _overwrite_deleted(connection: Any, _record: object) -> None:
    # What people asked and deleted must not be found in the file.
    connection.execute("PRAGMA secure_delete=ON")
