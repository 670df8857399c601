"""Nodes are upgraded one after the other: older ones go on while a newer one has migrated the database."""

from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from sqlalchemy import Connection, Engine, create_engine, inspect, text

import index.stores.schema
import service.history.schema
from index.errors import IndexMismatch
from index.stores.migrating import migrate
from index.stores.postgresql import HISTORY_SCHEMA, INDEX_SCHEMA, postgresql_engine
from service.history.database import FILE, opened_database
from tests.history_assistant import HEIGHT, STAFF, TOWER, ask
from tests.servers import ChromaProcess, PostgresServer
from tests.service_fixtures import assistant_over, index_into, settings_for, write

NEWER = "9999"
# Of the first release in which nodes share a database: there is no older node.
NOT_ONLY_ADDED = {"history 0010", "history 0011"}


def folder_of(schema: ModuleType) -> Path:
    assert schema.__file__
    return Path(schema.__file__).parent / "migrations"


def shape(connection: Connection) -> dict[str, dict[str, object]]:
    """What an older version relies on: columns, and what a new row must have or must not repeat."""
    found = inspect(connection)
    return {
        table: {
            **{f"column {column['name']}": str(column["type"]) for column in found.get_columns(table)},
            "required": {
                column["name"]
                for column in found.get_columns(table)
                if not column["nullable"] and column["default"] is None
            },
            "key": found.get_pk_constraint(table)["constrained_columns"],
            "unique": sorted(str(index["column_names"]) for index in found.get_indexes(table) if index["unique"]),
        }
        for table in found.get_table_names()
        if table != "alembic_version"
    }


def steps(schema: ModuleType, engine: Engine) -> Iterator[tuple[str, bool]]:
    """Apply one migration after the other, and say of each whether it only adds."""
    for path in sorted((folder_of(schema) / "versions").glob("[0-9]*.py")):
        revision = path.name[:4]
        with engine.begin() as connection:
            before = shape(connection)
            migrate(connection, to=revision, by=folder_of(schema))
            after = shape(connection)
        yield revision, all(part.items() <= after.get(table, {}).items() for table, part in before.items())


@pytest.mark.parametrize(
    ("name", "schema"), [("index", index.stores.schema), ("history", service.history.schema)], ids=["index", "history"]
)
def test_migrations_only_add_so_that_older_nodes_go_on(name: str, schema: ModuleType, tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'database'}")
    checked = {f"{name} {revision}": only_adds for revision, only_adds in steps(schema, engine)}
    engine.dispose()
    assert max(checked) == f"{name} {schema.NEWEST}"
    assert {step for step, only_adds in checked.items() if not only_adds} == {
        step for step in NOT_ONLY_ADDED if step.startswith(name)
    }


def test_an_older_node_goes_on_while_a_newer_one_has_migrated_the_database(
    postgresql: PostgresServer, chroma: ChromaProcess, place: Path
) -> None:
    database = postgresql.database(str(place))
    older = settings_for(place / "older", database_url=database, chroma_url=chroma.url)
    with assistant_over(older, with_history=True) as assistant:
        index_into(assistant, write(place / "articles", {"tower.md": TOWER}))
        for schema, table in ((INDEX_SCHEMA, "articles"), (HISTORY_SCHEMA, "answers")):
            engine = postgresql_engine(database, schema)
            with engine.begin() as connection:
                connection.execute(text(f"ALTER TABLE {table} ADD COLUMN newer TEXT NOT NULL DEFAULT ''"))
                connection.execute(text(f"UPDATE alembic_version SET version_num = '{NEWER}'"))
            engine.dispose()
        answer = ask(assistant, HEIGHT, STAFF)
        assert assistant.stored_answer(answer.id, STAFF).citations == answer.citations
        index_into(assistant, write(place / "articles", {"mast.md": "The mast is 90 metres high."}))
        assert assistant.status().articles == 2
    with pytest.raises(IndexMismatch, match="A newer version of Footnote"), assistant_over(older):
        pass


def test_a_data_folder_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    opened_database(tmp_path).dispose()
    engine = create_engine(f"sqlite:///{tmp_path / FILE}")
    with engine.begin() as connection:
        connection.execute(text(f"UPDATE alembic_version SET version_num = '{NEWER}'"))
    engine.dispose()
    with pytest.raises(IndexMismatch, match=f"{tmp_path / FILE}.*{NEWER}.*{service.history.schema.NEWEST}"):
        opened_database(tmp_path)
