"""The record of each sync of a source: when, what it did, what failed and why."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, RowMapping, func, select

from index.ingest.sync_report import Problem
from service.history.schema import source_syncs

_KEPT = 50  # records of each source


@dataclass(frozen=True, slots=True)
class SyncRecord:
    """One sync of a source. Times are in UTC.

    `error` is why the source itself could not be synced, or None; `failures` is how often in a row that was so. `counts` has
    the articles by what happened to them ("added", "unchanged", "failed"), `problems` the first files that failed and
    warnings.
    """

    source: str
    started: datetime
    finished: datetime
    error: str | None
    failures: int
    counts: dict[str, int]
    problems: tuple[Problem, ...] = ()


def record_sync(engine: Engine, record: SyncRecord) -> None:
    """Store a record, and delete the oldest of its source beyond the last 50."""
    row = {name: getattr(record, name) for name in ("source", "started", "finished", "error", "failures", "counts")}
    problems = [[problem.path, problem.error] for problem in record.problems]
    number, source = source_syncs.c.number, source_syncs.c.source
    kept = select(number).where(source == record.source).order_by(number.desc()).limit(_KEPT)
    with engine.begin() as connection:
        connection.execute(source_syncs.insert().values(**row, problems=problems))
        connection.execute(source_syncs.delete().where(source == record.source, number.not_in(kept.scalar_subquery())))


def last_syncs(engine: Engine) -> dict[str, SyncRecord]:
    """Return the last record of each source, by name."""
    newest = select(func.max(source_syncs.c.number)).group_by(source_syncs.c.source)
    with engine.connect() as connection:
        rows = connection.execute(select(source_syncs).where(source_syncs.c.number.in_(newest))).mappings()
        return {row["source"]: _record(row) for row in rows}


def forget_syncs(engine: Engine, source: str) -> None:
    """Delete the records of a source."""
    with engine.begin() as connection:
        connection.execute(source_syncs.delete().where(source_syncs.c.source == source))


def _record(row: RowMapping) -> SyncRecord:
    names = ("source", "started", "finished", "error", "failures", "counts")
    return SyncRecord(**{name: row[name] for name in names}, problems=tuple(Problem(*one) for one in row["problems"]))
