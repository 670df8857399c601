"""Migrates a database to the newest schema (Alembic)."""

from pathlib import Path

from sqlalchemy import Connection, inspect, select, text


def migrate(connection: Connection, *, to: str, by: Path) -> None:
    """Apply the migrations of a folder up to revision `to`, which is the newest except in tests.

    Costs one query if the database is up to date.
    """
    if inspect(connection).has_table("alembic_version") and (
        connection.execute(select(text("version_num")).select_from(text("alembic_version"))).scalar() == to
    ):
        return
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(by))
    config.attributes["connection"] = connection
    command.upgrade(config, to)
