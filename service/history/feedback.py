"""What people say of answers: one rating a person and answer. And the list of what was asked, for those who look after it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Connection, RowMapping, select
from sqlalchemy.dialects.sqlite import insert

from service.history.paging import after_mark
from service.history.schema import answers, feedback
from service.schemas.api import AnswerStatus


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which answers to list: with such a rating from anybody, of such a status; None is any."""

    rating: Literal["up", "down"] | None = None
    status: AnswerStatus | None = None


def rate(connection: Connection, answer_id: str, asker: str, *, said: Mapping[str, Any]) -> None:
    """Note what someone says of an answer (`rating`, `comment`, `given`), in place of what they said before."""
    new = insert(feedback).values(answer_id=answer_id, asker=asker, **said)
    connection.execute(new.on_conflict_do_update(index_elements=["answer_id", "asker"], set_=dict(said)))


def rating_of(connection: Connection, answer_id: str, asker: str) -> str | None:
    """Return how someone rated an answer, or None."""
    query = select(feedback.c.rating).where(feedback.c.answer_id == answer_id, feedback.c.asker == asker)
    rating: str | None = connection.scalar(query)
    return rating


def said_of(connection: Connection, answer_ids: Iterable[str]) -> dict[str, list[RowMapping]]:
    """Return what was said of each of these answers, oldest first."""
    query = select(feedback).where(feedback.c.answer_id.in_(list(answer_ids))).order_by(feedback.c.given)
    said: defaultdict[str, list[RowMapping]] = defaultdict(list)
    for row in connection.execute(query).mappings():
        said[row["answer_id"]].append(row)
    return said


def asked(connection: Connection, wanted: Wanted, *, after: str | None, limit: int) -> Sequence[RowMapping]:
    """Return the answers that are wanted, whosever they are, the latest first. Raises WrongUsage."""
    query = select(answers)
    if wanted.status:
        query = query.where(answers.c.status == wanted.status)
    if wanted.rating:
        rated = select(feedback.c.answer_id).where(feedback.c.rating == wanted.rating)
        query = query.where(answers.c.id.in_(rated))
    if after is not None:
        query = query.where(after_mark(after, answers.c.asked, answers.c.id))
    return connection.execute(query.order_by(answers.c.asked.desc(), answers.c.id.desc()).limit(limit)).mappings().all()
