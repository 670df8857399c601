"""Migrates a database to the newest schema (Alembic)."""

from pathlib import Path

from sqlalchemy import Connection, inspect, select, text

from index.errors import IndexMismatch


def migrate(connection: Connection, *, to: str, by: Path) -> None:
    """Apply the migrations of a folder up to revision `to`, which is the newest except in tests.

    Costs one query if the database is up to date. Raises IndexMismatch if a newer version of Footnote has migrated it.
    """
    revision = _revision(connection)
    if revision == to:
        return
    if revision is not None and revision > to:
        raise IndexMismatch(
            f"A newer version of Footnote has migrated this database ({connection.engine.url.database}): its schema is "
            f"{revision}, and this version knows those up to {to}. Install that version, or restore a backup from before."
        )
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(by))
    config.attributes["connection"] = connection
    command.upgrade(config, to)


def _revision(connection: Connection) -> str | None:
    """Return the revision of the schema. Revisions are numbers of four digits. None for a new database."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.execute(select(text("version_num")).select_from(text("alembic_version"))).scalar()
    return revision
