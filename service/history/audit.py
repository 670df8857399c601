"""The audit record: who signed in and asked when, which articles were cited, and how long it took.

No question, answer or comment.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import structlog
from sqlalchemy import Engine, select
from sqlalchemy.exc import DBAPIError

from index.errors import FootnoteError
from service.history import schema
from service.monitoring.observers import Abandoned, Asked, Failed, Rated, Signed
from service.schemas.api import AskResponse

_AT_ONCE = 1_000
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the audit record. `at` is in UTC. `status` of a failure is the name of the error's class."""

    at: datetime
    asker: str
    action: str
    through: str | None
    answer_id: str | None
    status: str
    article_ids: tuple[str, ...]
    milliseconds: float


@dataclass(frozen=True, slots=True)
class Audit:
    """Writes the audit record of a service into its open database. Safe to use from many threads."""

    engine: Engine

    def record(self, event: Asked | Rated | Signed) -> None:
        """Write a line for this event."""
        match event:
            case Asked():
                entry = _asked(event)
            case Rated():
                entry = _rated(event)
            case Signed():
                entry = _signed(event)
        try:
            with self.engine.begin() as connection:
                connection.execute(schema.audit.insert().values(entry))
        except (FootnoteError, DBAPIError) as error:
            # The event has already happened. Only the error's class is logged: its text may quote who asked.
            log.error("audit entry not kept", kind=type(error).__name__)


def entries(engine: Engine, *, since: datetime) -> Iterator[Entry]:
    """Yield the entries from a time on, earliest first."""
    audit, last = schema.audit, 0
    while True:
        query = select(audit).where(audit.c.at >= since, audit.c.number > last).order_by(audit.c.number)
        with engine.connect() as connection:
            rows = connection.execute(query.limit(_AT_ONCE)).mappings().all()
        for row in rows:
            values = {name: row[name] for name in Entry.__slots__}
            yield Entry(**values | {"at": row["at"].replace(tzinfo=UTC), "article_ids": tuple(row["article_ids"])})
        if len(rows) < _AT_ONCE:
            return
        last = rows[-1]["number"]


def _asked(asked: Asked) -> dict[str, Any]:
    entry = {"at": asked.began, "asker": asked.asker.id, "action": "ask", "through": asked.through}
    status, cited = "abandoned", list[str]()
    match asked.ending:
        case AskResponse() as answer:
            status = answer.status
            cited = sorted({citation.article_id for citation in answer.citations})
            entry["answer_id"] = answer.id
        case Failed(kind):
            status = kind
        case Abandoned():
            pass
    return entry | {"status": status, "article_ids": cited, "milliseconds": round(asked.seconds * 1000, 1)}


def _signed(signed: Signed) -> dict[str, Any]:
    entry = {"at": datetime.now(UTC), "asker": signed.who, "action": signed.action, "through": "page"}
    return entry | {"status": signed.outcome, "article_ids": [], "milliseconds": 0.0}


def _rated(rated: Rated) -> dict[str, Any]:
    return {
        "at": datetime.now(UTC),
        "asker": rated.asker.id,
        "action": "rate",
        "answer_id": rated.request.answer_id,
        "status": rated.request.rating,
        "article_ids": [],
        "milliseconds": 0.0,
    }
