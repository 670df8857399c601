"""Conversations: started by their first answer, listed for the person who asked, deleted with all their answers."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, RowMapping, Select, delete, func, insert, select, update

from index.errors import NotInHistory
from service.history.paging import after_cursor
from service.history.schema import answers, conversations

_TITLE = 120


def start(connection: Connection, asker: str, *, question: str, now: datetime) -> str:
    """Create a conversation, titled by its first question. Return its id."""
    conversation_id = f"conv_{uuid4().hex}"
    title = " ".join(question.split())
    title = title if len(title) <= _TITLE else title[: _TITLE - 1].rstrip() + "…"
    row = {"id": conversation_id, "asker": asker, "title": title, "created": now, "updated": now}
    connection.execute(insert(conversations).values(row))
    return conversation_id


def touch(connection: Connection, conversation_id: str, asker: str, *, now: datetime) -> None:
    """Update the time of a conversation. Raises NotInHistory if it does not exist or belongs to someone else."""
    theirs = (conversations.c.id == conversation_id, conversations.c.asker == asker)
    if not connection.execute(update(conversations).where(*theirs).values(updated=now)).rowcount:
        raise _not_found(conversation_id)


def count(connection: Connection, asker: str) -> int:
    """Return how many conversations a person has."""
    query = select(func.count()).select_from(conversations).where(conversations.c.asker == asker)
    return connection.scalar(query) or 0


def page(connection: Connection, asker: str, *, after: str | None, limit: int) -> Sequence[RowMapping]:
    """Return a person's conversations, latest first, with the number of questions in each. Raises WrongUsage."""
    query = _summaries().where(conversations.c.asker == asker)
    if after is not None:
        query = query.where(after_cursor(after, conversations.c.updated, conversations.c.id))
    latest = query.order_by(conversations.c.updated.desc(), conversations.c.id.desc()).limit(limit)
    return connection.execute(latest).mappings().all()


def summary(connection: Connection, conversation_id: str, asker: str) -> RowMapping:
    """Return one conversation as `page` does. Raises NotInHistory if it does not exist or belongs to someone else."""
    query = _summaries().where(conversations.c.id == conversation_id, conversations.c.asker == asker)
    if (row := connection.execute(query).mappings().first()) is None:
        raise _not_found(conversation_id)
    return row


def answers_of(connection: Connection, conversation_id: str) -> list[RowMapping]:
    """Return the rows of a conversation's answers (`response` and `sources`), oldest first."""
    return list(reversed(connection.execute(_latest_first(conversation_id)).mappings().all()))


def last_turns(connection: Connection, conversation_id: str, count: int) -> list[RowMapping]:
    """Return the last few answers as `answers_of` does, without small talk, to which no question refers."""
    asked = _latest_first(conversation_id).where(answers.c.status != "about").limit(count)
    return list(reversed(connection.execute(asked).mappings().all()))


def _latest_first(conversation_id: str) -> Select[tuple[Any, Any]]:
    query = select(answers.c.response, answers.c.sources).where(answers.c.conversation_id == conversation_id)
    return query.order_by(answers.c.asked.desc(), answers.c.id.desc())


def remove(connection: Connection, conversation_id: str, asker: str | None) -> None:
    """Delete a conversation of this asker, or anyone's if `asker` is None. Raises NotInHistory."""
    theirs = [conversations.c.asker == asker] if asker is not None else []
    if not connection.execute(delete(conversations).where(conversations.c.id == conversation_id, *theirs)).rowcount:
        raise _not_found(conversation_id)


def remove_empty(connection: Connection) -> None:
    """Delete the conversations that have no answers left."""
    connection.execute(delete(conversations).where(conversations.c.id.not_in(select(answers.c.conversation_id))))


def _summaries() -> Any:
    questions = (
        select(func.count()).where(answers.c.conversation_id == conversations.c.id).scalar_subquery().label("questions")
    )
    return select(conversations, questions)


def _not_found(conversation_id: str) -> NotInHistory:
    return NotInHistory(
        f"There is no conversation {conversation_id[:80]!r} of yours. It may have been deleted, or kept for as long as "
        "conversations are kept. Leave `conversation_id` out to begin another."
    )
