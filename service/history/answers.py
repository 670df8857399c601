"""Stored answers: add one to a conversation, read it again, share it, delete it."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, insert, select, update

from index.errors import NotInHistory
from service.history.schema import answers, approvals


def add(connection: Connection, response: dict[str, Any], *, asker: str, asked: datetime, made: dict[str, Any]) -> None:
    """Store an answer in its conversation. `made`: the columns `settings`, `through`, `sources` and `client_history`."""
    row = {name: response[name] for name in ("id", "conversation_id", "status")} | made
    connection.execute(insert(answers).values(**row, asker=asker, asked=asked, response=response, shared=False))


def get(connection: Connection, answer_id: str) -> RowMapping:
    """Return an answer, no matter who asked. Raises NotInHistory."""
    row = connection.execute(select(answers).where(answers.c.id == answer_id)).mappings().first()
    if row is None:
        raise not_found(answer_id)
    return row


def share(connection: Connection, answer_id: str, *, shared: bool) -> None:
    """Share an answer with others, or stop sharing it."""
    connection.execute(update(answers).where(answers.c.id == answer_id).values(shared=shared))


def remove(connection: Connection, answer_id: str) -> None:
    """Delete an answer and its feedback."""
    connection.execute(delete(answers).where(answers.c.id == answer_id))


def remove_before(connection: Connection, moment: datetime) -> int:
    """Delete the answers given before this moment, except for approved ones. Return how many there were."""
    approved = select(approvals.c.answer_id)
    old = delete(answers).where(answers.c.asked < moment, answers.c.id.not_in(approved))
    return connection.execute(old).rowcount


def not_found(answer_id: str) -> NotInHistory:
    """Return the error for an answer that does not exist, or that this person may not read."""
    return NotInHistory(
        f"There is no answer {answer_id[:80]!r} that you may read. It may have been deleted, no longer be shared, "
        "or be older than answers are kept."
    )
