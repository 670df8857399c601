"""Ratings of answers, one for each person and answer, and the list of answers that admins review."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Connection, RowMapping, or_, select

from service.history.database import insert_into
from service.history.paging import after_cursor
from service.history.schema import answers, feedback
from service.schemas.api import AnswerStatus


@dataclass(frozen=True, slots=True)
class ReviewFilter:
    """Which answers to list: with this rating from anybody, and with this status. None means any."""

    rating: Literal["up", "down"] | None = None
    status: AnswerStatus | None = None


def rate(connection: Connection, answer_id: str, asker: str, *, said: Mapping[str, Any]) -> None:
    """Store a person's feedback on an answer (`rating`, `comment`, `given`). It replaces their earlier feedback."""
    new = insert_into(connection, feedback).values(answer_id=answer_id, asker=asker, **said)
    connection.execute(new.on_conflict_do_update(index_elements=["answer_id", "asker"], set_=dict(said)))


def rating_of(connection: Connection, answer_id: str, asker: str) -> str | None:
    """Return a person's rating of an answer, or None."""
    query = select(feedback.c.rating).where(feedback.c.answer_id == answer_id, feedback.c.asker == asker)
    rating: str | None = connection.scalar(query)
    return rating


def ratings_of(connection: Connection, answer_ids: Iterable[str]) -> dict[str, list[RowMapping]]:
    """Return the feedback on each of these answers, oldest first."""
    query = select(feedback).where(feedback.c.answer_id.in_(list(answer_ids))).order_by(feedback.c.given)
    said: defaultdict[str, list[RowMapping]] = defaultdict(list)
    for row in connection.execute(query).mappings():
        said[row["answer_id"]].append(row)
    return said


def answers_matching(
    connection: Connection, review_filter: ReviewFilter, *, after: str | None, limit: int
) -> Sequence[RowMapping]:
    """Return the answers to anybody's questions that match the filter, latest first. Raises WrongUsage."""
    query = select(answers)
    if review_filter.status:
        query = query.where(answers.c.status == review_filter.status)
    if review_filter.rating:
        rated = select(feedback.c.answer_id).where(feedback.c.rating == review_filter.rating)
        query = query.where(answers.c.id.in_(rated))
    if after is not None:
        query = query.where(after_cursor(after, answers.c.asked, answers.c.id))
    return connection.execute(query.order_by(answers.c.asked.desc(), answers.c.id.desc()).limit(limit)).mappings().all()


def without_good_answer(connection: Connection, *, limit: int) -> Sequence[RowMapping]:
    """Return the answers that found nothing or were rated down by anybody, latest first."""
    rated_down = select(feedback.c.answer_id).where(feedback.c.rating == "down")
    query = select(answers).where(or_(answers.c.status == "no_answer", answers.c.id.in_(rated_down)))
    return connection.execute(query.order_by(answers.c.asked.desc(), answers.c.id.desc()).limit(limit)).mappings().all()
