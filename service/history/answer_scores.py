"""The scores of stored answers: which answers have none yet, and those of a time."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, and_, literal, select

from service.history.database import insert_into
from service.history.schema import answer_scores, answers, feedback

_AT_ONCE = 1_000
_GIVEN = ("answered", "no_answer")


@dataclass(frozen=True, slots=True)
class AnswerScore:
    """What was found of an answer. `claims` are sentences that were checked, `supported` those that passed."""

    claims: int
    supported: int
    milliseconds: float


@dataclass(frozen=True, slots=True)
class ScoredAnswer:
    """The scores of an answer, the day in UTC on which it was given, and whether it was a refusal."""

    day: date
    refused: bool
    score: AnswerScore


def unscored(connection: Connection, before: datetime) -> Iterator[str]:
    """Yield the ids of the answers and refusals before this moment that have no score, oldest first."""
    joined = answers.outerjoin(answer_scores, answer_scores.c.answer_id == answers.c.id)
    query = select(answers.c.id).select_from(joined).order_by(answers.c.asked, answers.c.id)
    missing = and_(answers.c.status.in_(_GIVEN), answers.c.asked < before, answer_scores.c.answer_id.is_(None))
    yield from connection.execution_options(yield_per=_AT_ONCE).scalars(query.where(missing))


def add(connection: Connection, answer_id: str, score: AnswerScore) -> None:
    """Store the score of an answer. Does nothing if it has one, or was deleted meanwhile."""
    values = (literal(getattr(score, name)) for name in AnswerScore.__slots__)
    found = select(answers.c.id, *values).where(answers.c.id == answer_id)
    new = insert_into(connection, answer_scores).from_select([column.name for column in answer_scores.c], found)
    connection.execute(new.on_conflict_do_nothing())


def scored(connection: Connection, first: datetime, last: datetime, *, limit: int) -> list[ScoredAnswer]:
    """Return the latest scored answers from the first moment until the last, at most so many, oldest first."""
    columns = (answers.c.asked, answers.c.status, *(answer_scores.c[name] for name in AnswerScore.__slots__))
    joined = answer_scores.join(answers, answers.c.id == answer_scores.c.answer_id)
    query = select(*columns).select_from(joined).where(answers.c.asked >= first, answers.c.asked < last)
    latest = connection.execute(query.order_by(answers.c.asked.desc(), answers.c.id.desc()).limit(limit)).all()
    return [
        ScoredAnswer(asked.date(), status == "no_answer", AnswerScore(*numbers))
        for asked, status, *numbers in reversed(latest)
    ]


def rated(connection: Connection, first: datetime, last: datetime, *, limit: int) -> list[tuple[date, bool]]:
    """Return the ratings of answers of this time, at most so many, oldest answer first: the answer's day, and whether it was
    good."""
    joined = feedback.join(answers, answers.c.id == feedback.c.answer_id)
    query = select(answers.c.asked, feedback.c.rating).select_from(joined)
    query = query.where(answers.c.asked >= first, answers.c.asked < last).order_by(answers.c.asked.desc())
    latest = connection.execute(query.limit(limit)).all()
    return [(asked.date(), rating == "up") for asked, rating in reversed(latest)]
