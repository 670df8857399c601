"""Answers as they were given: kept under a conversation, read again, shared, deleted."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, insert, select, update

from index.errors import NotKept
from service.history.schema import answers


def add(connection: Connection, response: dict[str, Any], *, asker: str, asked: datetime, made: dict[str, Any]) -> None:
    """Keep an answer under its conversation. `made`: the columns `settings`, `through`, `sources` and `client_history`."""
    row = {name: response[name] for name in ("id", "conversation_id", "status")} | made
    connection.execute(insert(answers).values(**row, asker=asker, asked=asked, response=response, shared=False))


def one(connection: Connection, answer_id: str) -> RowMapping:
    """Return an answer, whosever it is. Raises NotKept."""
    row = connection.execute(select(answers).where(answers.c.id == answer_id)).mappings().first()
    if row is None:
        raise unknown(answer_id)
    return row


def share(connection: Connection, answer_id: str, *, shared: bool) -> None:
    """Let others read an answer, or no longer."""
    connection.execute(update(answers).where(answers.c.id == answer_id).values(shared=shared))


def remove(connection: Connection, answer_id: str) -> None:
    """Delete an answer, with what was said of it."""
    connection.execute(delete(answers).where(answers.c.id == answer_id))


def remove_before(connection: Connection, moment: datetime) -> int:
    """Delete the answers given before this moment, and return how many there were."""
    return connection.execute(delete(answers).where(answers.c.asked < moment)).rowcount


def unknown(answer_id: str) -> NotKept:
    """Return the error for an answer that is not there for this person."""
    return NotKept(
        f"There is no answer {answer_id[:80]!r} that you may read. It may have been deleted, no longer be shared, "
        "or be older than answers are kept."
    )
