"""Keyset pagination of lists ordered by time, latest first. The last row of a page is the cursor for the next one."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Column, and_, or_
from sqlalchemy.sql.elements import ColumnElement

from index.errors import WrongUsage


def cursor(moment: datetime, row_id: str) -> str:
    """Return the cursor of a row, with which the rows after it are requested. Needs no escaping in a URL."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}~{row_id}"


def after_cursor(after: str, moment: Column[Any], row_id: Column[Any]) -> ColumnElement[bool]:
    """Return the condition that a row comes after the row of this cursor, which may have been deleted since.

    Raises WrongUsage when `after` is not a cursor.
    """
    then, _, last = after.partition("~")
    try:
        when = datetime.fromisoformat(then).replace(tzinfo=UTC)
    except ValueError:
        raise WrongUsage(f"{after[:80]!r} names no page. Use the `next_after` of the page before.") from None
    return or_(moment < when, and_(moment == when, row_id < last))
