"""Pages of lists that are ordered by time, the latest first. A page is asked for by the last row of the one before it."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Column, and_, or_
from sqlalchemy.sql.elements import ColumnElement

from index.errors import WrongUsage


def mark(moment: datetime, row_id: str) -> str:
    """Name a row, for whoever asks for the rows after it. Needs no escaping in an address."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}~{row_id}"


def after_mark(after: str, moment: Column[Any], row_id: Column[Any]) -> ColumnElement[bool]:
    """Return the condition that a row comes after the one that `mark` named, which need not be there any more.

    Raises WrongUsage where it is no such name.
    """
    then, _, last = after.partition("~")
    try:
        when = datetime.fromisoformat(then).replace(tzinfo=UTC)
    except ValueError:
        raise WrongUsage(f"{after[:80]!r} names no page. Use the `next_after` of the page before.") from None
    return or_(moment < when, and_(moment == when, row_id < last))
