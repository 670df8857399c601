"""Connections to a PostgreSQL database that several processes share, with errors that people can act on."""

import os
import socket
import sys
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from pydantic import SecretStr
from sqlalchemy import (
    URL,
    Connection,
    Engine,
    ExceptionContext,
    String,
    Text,
    create_engine,
    event,
    make_url,
    text,
)
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.compiler import compiles

from index.errors import StoreUnavailable, WrongUsage
from index.extras import how_to_install

INDEX_SCHEMA, NEXT_SCHEMA, OLD_SCHEMA = "footnote_index", "footnote_index_next", "footnote_index_old"
"""The schemas of the catalogue in use, of one that a rebuild makes, and of one that was replaced."""
HISTORY_SCHEMA = "footnote_history"
LOCKS = 0x666F6F74
"""The first key of advisory locks of Footnote: "foot" in ASCII."""
SESSION_LOCKS = LOCKS + 1
"""That of locks on sessions of people who signed in."""
_MIGRATING = 0
_OLDEST = 14
# A server that cannot be reached is noticed within seconds, also when its machine is gone.
_NETWORK = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 2,
    "tcp_user_timeout": 15_000,
}


def postgresql_engine(address: SecretStr, schema: str) -> Engine:
    """Return an engine whose connections use this schema. Connections are checked before use, so a restart costs none.

    What goes wrong becomes StoreUnavailable. Raises WrongUsage if the driver is not installed.
    """
    url = database_url(address)
    try:
        engine = create_engine(
            url,
            hide_parameters=True,  # in tracebacks: they are texts of articles and questions
            pool_pre_ping=True,
            max_overflow=20,
            connect_args=_NETWORK
            | {"application_name": _application_name(), "options": f"-c search_path={schema} -c TimeZone=UTC"},
        )
    except ModuleNotFoundError:
        raise WrongUsage(
            f"FOOTNOTE_DATABASE_URL needs the extra `postgres`. Install it: {how_to_install('postgres')}"
        ) from None
    event.listen(engine, "handle_error", _explaining(shown(url)))
    return engine


def database_url(address: SecretStr) -> URL:
    """Return the address of a PostgreSQL database. Raises WrongUsage."""
    try:
        url = make_url(address.get_secret_value())
    except ArgumentError:
        raise WrongUsage("FOOTNOTE_DATABASE_URL is no address: postgresql://USER:PASSWORD@HOST/DATABASE.") from None
    if url.get_backend_name() != "postgresql":
        raise WrongUsage(f"FOOTNOTE_DATABASE_URL names {url.get_backend_name()!r}; it begins with postgresql://.")
    return url.set(drivername="postgresql+psycopg")


def shown(url: URL) -> str:
    """Return the address of a database as people may see it: without user, password and options."""
    return f"{url.database or 'postgres'} at {url.host or url.query.get('host') or 'localhost'}:{url.port or 5432}"


def create_schema(engine: Engine, schema: str, upgrade: Callable[[Connection], None]) -> None:
    """Create a schema if it is missing, and migrate its tables. Several processes may do this at the same time.

    Raises StoreUnavailable if the server is too old or the database does not store UTF-8, IndexMismatch if a newer version of
    Footnote has migrated it. The engine is then disposed of.
    """
    with ExitStack() as undo:
        undo.callback(engine.dispose)
        with engine.begin() as connection:
            _check_server(connection, shown(engine.url))
            connection.execute(text("SELECT pg_advisory_xact_lock(:first, :second)"), _key(_MIGRATING))
            connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {schema}"))
            upgrade(connection)
        undo.pop_all()


def _check_server(connection: Connection, name: str) -> None:
    version, encoding = connection.execute(
        text("SELECT current_setting('server_version_num')::int / 10000, current_setting('server_encoding')")
    ).one()
    if version < _OLDEST:
        raise StoreUnavailable(f"The database {name} runs on PostgreSQL {version}. Footnote needs {_OLDEST} or later.")
    if encoding != "UTF8":
        raise StoreUnavailable(f"The database {name} stores {encoding}. Create one with the encoding UTF8.")


def _key(number: int) -> dict[str, int]:
    return {"first": LOCKS, "second": number}


def _application_name() -> str:
    """Return who this process is, for others that wait for it. PostgreSQL keeps 63 bytes."""
    command = " ".join(["footnote", *sys.argv[1:2]])[:24]
    return f"process {os.getpid()} on {socket.gethostname()[:20]} (`{command}`)"[:63]


def _explaining(name: str) -> Callable[[ExceptionContext], StoreUnavailable | None]:
    def explain(context: ExceptionContext) -> StoreUnavailable | None:
        from psycopg import InterfaceError, OperationalError
        from psycopg.errors import InsufficientPrivilege

        error = context.original_exception
        if not isinstance(error, OperationalError | InterfaceError | InsufficientPrivilege):
            return None
        said = " ".join(str(error).split())[:300]
        return StoreUnavailable(
            f"The database {name} cannot be used ({said}). Is the server running, and may the user of "
            "FOOTNOTE_DATABASE_URL connect and create schemas? Nothing is answered without it; what was stored is intact."
        )

    return explain


# SQLite keeps words of any length and compares them by code point. With these types, PostgreSQL does so for names and ids
# (String). Titles and publishers (Text), which are also compared without regard to case, go by the database's own rules.
@compiles(String, "postgresql")
def _name(type_: String, compiler: Any, **options: Any) -> str:
    return 'TEXT COLLATE "C"' if type_.length else "TEXT"


@compiles(Text, "postgresql")
def _words(type_: Text, compiler: Any, **options: Any) -> str:
    return "TEXT"
