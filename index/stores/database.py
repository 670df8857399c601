"""Connections to SQLite databases, with durable settings and errors that people can act on."""

import os
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, ExceptionContext, create_engine, event, text

from index.errors import DataFolderUnusable, FootnoteError, IndexDamaged

_MAPPED = 256_000_000
_DAMAGED = ("SQLITE_CORRUPT", "SQLITE_NOTADB")
_UNUSABLE = ("SQLITE_FULL", "SQLITE_IOERR", "SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM", "SQLITE_TOOBIG")


@dataclass(frozen=True, slots=True)
class Purpose:
    """How error messages describe a database: its name, and what to do if it is damaged or cannot be written."""

    name: str
    when_damaged: str
    when_unusable: str


def engine_for(url: str, purpose: Purpose) -> Engine:
    """Return an engine with consistent reads and durable writes. Errors that people can act on become FootnoteErrors."""
    engine = create_engine(url, hide_parameters=True)  # in tracebacks: they are texts of articles and questions
    if engine.dialect.name == "sqlite":
        event.listen(engine, "do_connect", _make_private)
        event.listen(engine, "connect", _set_up_sqlite)
        event.listen(engine, "begin", _checking(purpose))
        event.listen(engine, "handle_error", _explaining(purpose))
    return engine


def copy_database(engine: Engine, path: Path, purpose: Purpose) -> None:
    """Copy a whole SQLite database, as one consistent snapshot, into a new file."""
    try:
        private_file(path)
        with closing(engine.raw_connection()) as raw, closing(sqlite3.connect(path)) as copy:
            assert raw.driver_connection is not None
            raw.driver_connection.backup(copy)
    except sqlite3.Error as error:
        raise explained(error, path, purpose) or error from error


def private_file(path: str | Path) -> None:
    """Create an empty file that only this user can read, if there is none. SQLite gives its other files the same mode."""
    with suppress(OSError):  # opening the database reports what is wrong
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))


def _make_private(_dialect: object, _record: object, arguments: Sequence[Any], _named: object) -> None:
    if arguments and arguments[0] != ":memory:":
        private_file(arguments[0])


def check_intact(engine: Engine, purpose: Purpose) -> None:
    """Check a whole database with SQLite's integrity check. Raises IndexDamaged."""
    with engine.connect() as connection:
        said = [str(line) for line in connection.scalars(text("PRAGMA integrity_check(5)"))]
    if said != ["ok"]:
        raise IndexDamaged(damaged(engine, "; ".join(said)[:500], purpose))


def damaged(engine: Engine, what: str, purpose: Purpose) -> str:
    """Return the message that a database is damaged, and what to do."""
    return f"{purpose.name} {engine.url.database} is damaged ({what}). {purpose.when_damaged}"


def _checking(purpose: Purpose) -> Callable[[Connection], None]:
    """Return a function that checks that the file still exists, and begins a transaction.

    SQLite would write to a file that was removed without an error, and the data would be lost when it is closed.
    """

    def begin(connection: Connection) -> None:
        path = connection.engine.url.database
        if path:
            there = _identity(path)
            if there is None or connection.info.setdefault("file", there) != there:
                raise DataFolderUnusable(
                    f"{purpose.name} {path} was moved or deleted while Footnote ran. Put it back, or restore a backup, "
                    "and start Footnote again."
                )
        connection.exec_driver_sql("BEGIN")

    return begin


def _identity(path: str) -> tuple[int, int] | None:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _set_up_sqlite(connection: Any, _record: object) -> None:
    # The driver itself begins transactions only for writes. Reads need a consistent snapshot too (`_checking`).
    connection.isolation_level = None
    # WAL allows reading while articles are written; FULL keeps a commit through a power cut. With a memory-mapped file,
    # passages are looked up in two thirds of the time.
    pragmas = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=10000", f"mmap_size={_MAPPED}")
    for pragma in pragmas:
        connection.execute(f"PRAGMA {pragma}")
    # SQLite's own `lower` handles only ASCII.
    connection.create_function("lower", 1, lambda text: text and text.lower(), deterministic=True)


def _explaining(purpose: Purpose) -> Callable[[ExceptionContext], FootnoteError | None]:
    def explain(context: ExceptionContext) -> FootnoteError | None:
        path = context.engine.url.database if context.engine else None
        return explained(context.original_exception, path, purpose)

    return explain


def explained(error: BaseException, path: object, purpose: Purpose) -> FootnoteError | None:
    """Return an error of SQLite as a FootnoteError, or None if people cannot act on it."""
    kind = getattr(error, "sqlite_errorname", None) or ""
    if kind.startswith(_DAMAGED):
        return IndexDamaged(f"{purpose.name} {path} is damaged ({error}). {purpose.when_damaged}")
    if kind.startswith(_UNUSABLE):
        return DataFolderUnusable(
            f"{purpose.name} {path} cannot be used ({error}). Is the disk full, or the folder not writable? "
            f"{purpose.when_unusable}"
        )
    return None
