"""Approved answers in the database: signed, listed, counted, withdrawn."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, RowMapping, delete, insert, select, update

from index.errors import NotInHistory
from service.history.schema import answers, approvals, citations


def add(connection: Connection, answer_id: str, *, wordings: Sequence[str], by: str, now: datetime) -> None:
    """Store that an answer is approved."""
    row = {"answer_id": answer_id, "wordings": list(wordings), "approved_by": by, "approved": now, "given": 0}
    connection.execute(insert(approvals).values(row))


def latest(connection: Connection, *, limit: int) -> Sequence[RowMapping]:
    """Return the approvals with their answers, the latest first."""
    query = select(approvals, answers).join(answers, answers.c.id == approvals.c.answer_id)
    latest_first = query.order_by(approvals.c.approved.desc(), approvals.c.answer_id)
    return connection.execute(latest_first.limit(limit)).mappings().all()


def wordings(connection: Connection, *, limit: int) -> list[tuple[str, list[str]]]:
    """Return the ids of the approved answers that are not stale, the latest first, with the ways to ask for them."""
    query = select(approvals.c.answer_id, approvals.c.wordings).join(answers, answers.c.id == approvals.c.answer_id)
    latest_first = query.where(answers.c.stale_since.is_(None)).order_by(approvals.c.approved.desc()).limit(limit)
    return [(row.answer_id, row.wordings) for row in connection.execute(latest_first)]


def quoted(connection: Connection, answer_id: str) -> Sequence[RowMapping]:
    """Return how what an answer quotes stands now (rows of `citations`), in order of number."""
    query = select(citations).where(citations.c.answer_id == answer_id).order_by(citations.c.number)
    return connection.execute(query).mappings().all()


def count_given(connection: Connection, answer_id: str) -> None:
    """Count that an approved answer was given once more."""
    change = update(approvals).where(approvals.c.answer_id == answer_id)
    connection.execute(change.values(given=approvals.c.given + 1))


def remove(connection: Connection, answer_id: str) -> None:
    """Withdraw an approval. The answer itself stays. Raises NotInHistory."""
    if not connection.execute(delete(approvals).where(approvals.c.answer_id == answer_id)).rowcount:
        raise NotInHistory(f"There is no approved answer {answer_id[:80]!r}. It may have been withdrawn already.")
