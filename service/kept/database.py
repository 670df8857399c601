"""The service's own database. Opened by whoever owns the data folder, beside the index; safe to use from many threads."""

from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

from index.database import engine_for
from service.kept.schema import upgrade

FILE = "footnote.db"


def opened_database(data_dir: Path) -> Engine:
    """Open `<data>/footnote.db`, made or brought up to date where it has to be. Whoever opens it disposes of it.

    Raises DataFolderUnusable or IndexDamaged.
    """
    data_dir.mkdir(parents=True, exist_ok=True)
    engine = engine_for(f"sqlite:///{(data_dir / FILE).absolute()}")
    event.listen(engine, "connect", _overwrite_deleted)
    with engine.begin() as connection:
        upgrade(connection)
    return engine


def forget_log(engine: Engine) -> None:
    """Write the log of changes into the database, so that what was deleted does not stand in it any more."""
    with closing(engine.raw_connection()) as raw:
        raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def _overwrite_deleted(connection: Any, _record: object) -> None:
    # What people asked and deleted must not be found in the file.
    connection.execute("PRAGMA secure_delete=ON")
