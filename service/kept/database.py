"""The service's own database. Opened by whoever owns the data folder, beside the index; safe to use from many threads."""

from pathlib import Path

from sqlalchemy import Engine

from index.database import engine_for
from service.kept.schema import upgrade

FILE = "footnote.db"


def opened_database(data_dir: Path) -> Engine:
    """Open `<data>/footnote.db`, made or brought up to date where it has to be. Whoever opens it disposes of it.

    Raises DataFolderUnusable or IndexDamaged.
    """
    data_dir.mkdir(parents=True, exist_ok=True)
    engine = engine_for(f"sqlite:///{(data_dir / FILE).absolute()}")
    with engine.begin() as connection:
        upgrade(connection)
    return engine
