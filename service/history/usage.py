"""Usage reports for admins, from the audit record: how many questions, with which outcome, by whom, over which articles."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from math import ceil
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Select, String, and_, case, cast, func, select, true

from index.records import Access, ArticleInfo
from index.stores.catalog import Catalog
from index.stores.live import LiveIndex
from service.history.schema import answers, audit
from service.schemas.api import NearestWire
from service.schemas.usage import ArticleUse, AskerUse, DayOfUse, Outcomes, UsageResponse

_SHOWN = 10  # articles and askers, each
_AT_ONCE = 1_000
_GIVEN = ("answered", "no_answer")
_KNOWN_ENDINGS = (*_GIVEN, "about", "abandoned")


@dataclass(frozen=True, slots=True)
class UsageReports:
    """Reports from the audit record in an open database, with today's articles. Safe to use from many threads."""

    engine: Engine
    live: LiveIndex

    def report(self, days: int, access: Access, *, today: date) -> UsageResponse:
        """Report on the last `days` days, including today, in UTC. Articles that `access` may not read are left out."""
        first = today - timedelta(days=days - 1)
        asked = _within(first, today, action="ask")
        with self.engine.connect() as connection:
            outcomes = _outcomes(connection, asked)
            cited = _cited(connection, asked)
            askers = _askers(connection, asked)
            kept, degraded = _degraded(connection, asked)
            rated = _rated(connection, _within(first, today, action="rate"))
            median, slow = (_percentile(connection, asked, share) for share in (0.5, 0.95))
        every_day = [first + timedelta(days=day) for day in range(days)]
        return UsageResponse(
            first=first,
            last=today,
            questions=_summed(list(outcomes.values())),
            per_day=[DayOfUse(day=day, **outcomes.get(day, Outcomes()).model_dump()) for day in every_day],
            kept=kept,
            degraded=degraded,
            median_ms=median,
            p95_ms=slow,
            rated_up=rated.get("up", 0),
            rated_down=rated.get("down", 0),
            askers_total=len(askers),
            askers=[AskerUse(asker=asker, questions=questions) for asker, questions in askers[:_SHOWN]],
            **self._articles(cited, access),
        )

    def _articles(self, cited: list[tuple[str, int]], access: Access) -> dict[str, Any]:
        with self.live.pinned() as index:
            titles = {info.id: info.title for info in _readable(index.catalog, access)}
        uses = [
            ArticleUse(article_id=article, title=titles[article], answers=n)
            for article, n in cited
            if article in titles
        ]
        left = titles.keys() - {article for article, _ in cited}
        first_left = [NearestWire(article_id=article, title=titles[article]) for article in sorted(left)[:_SHOWN]]
        return {"most_cited": uses[:_SHOWN], "not_cited_total": len(left), "not_cited": first_left}


def _within(first: date, last: date, *, action: str) -> ColumnElement[bool]:
    begin, end = (datetime.combine(day, time(), UTC) for day in (first, last + timedelta(days=1)))
    return and_(audit.c.action == action, audit.c.at >= begin, audit.c.at < end)


def _outcomes(connection: Connection, asked: ColumnElement[bool]) -> dict[date, Outcomes]:
    ended = case((audit.c.status.in_(_KNOWN_ENDINGS), audit.c.status), else_="failed")
    day = cast(func.date(audit.c.at), String)
    each = select(day.label("day"), ended.label("ended")).where(asked).subquery()
    counted: dict[date, dict[str, int]] = {}
    counts = select(each.c.day, each.c.ended, func.count()).group_by(each.c.day, each.c.ended)
    for on, how, number in connection.execute(counts):
        counted.setdefault(date.fromisoformat(on), {})[how] = number
    return {on: Outcomes(**numbers) for on, numbers in counted.items()}


def _summed(outcomes: list[Outcomes]) -> Outcomes:
    return Outcomes(**{name: sum(getattr(one, name) for one in outcomes) for name in Outcomes.model_fields})


def _cited(connection: Connection, asked: ColumnElement[bool]) -> list[tuple[str, int]]:
    """Return every cited article with the number of answers that cite it, most cited first."""
    elements = func.json_array_elements_text if connection.dialect.name == "postgresql" else func.json_each
    listed = elements(audit.c.article_ids).table_valued("value")
    article = listed.c.value
    counts = select(article, func.count()).select_from(audit.join(listed, true())).where(asked).group_by(article)
    return _most_first(connection, counts)


def _askers(connection: Connection, asked: ColumnElement[bool]) -> list[tuple[str, int]]:
    """Return every asker with their number of questions, most questions first."""
    return _most_first(connection, select(audit.c.asker, func.count()).where(asked).group_by(audit.c.asker))


def _most_first(connection: Connection, counts: Select[Any]) -> list[tuple[str, int]]:
    what, _ = counts.selected_columns
    return [(name, number) for name, number in connection.execute(counts.order_by(func.count().desc(), what))]


def _degraded(connection: Connection, asked: ColumnElement[bool]) -> tuple[int, int]:
    """Return how many of the answers are stored, and how many of these were made with something left out."""
    why = answers.c.settings["degraded"].as_string()
    joined = audit.join(answers, answers.c.id == audit.c.answer_id)
    kept, degraded = connection.execute(select(func.count(), func.count(why)).select_from(joined).where(asked)).one()
    return kept, degraded


def _rated(connection: Connection, rated: ColumnElement[bool]) -> dict[str, int]:
    """Count ratings. Of each person and answer, only the last one counts."""
    last = select(func.max(audit.c.number)).where(rated).group_by(audit.c.asker, audit.c.answer_id)
    counts = select(audit.c.status, func.count().label("n")).where(audit.c.number.in_(last)).group_by(audit.c.status)
    return {row.status: row.n for row in connection.execute(counts)}


def _percentile(connection: Connection, asked: ColumnElement[bool], share: float) -> float | None:
    """Return the percentile of the answers' times (nearest rank), in milliseconds, or None if there are no answers."""
    given = select(audit.c.milliseconds).where(asked, audit.c.status.in_(_GIVEN))
    number = connection.scalar(select(func.count()).select_from(given.subquery())) or 0
    rank = max(ceil(share * number), 1)
    found: float | None = connection.scalar(given.order_by(audit.c.milliseconds).offset(rank - 1).limit(1))
    return found


def _readable(catalog: Catalog, access: Access) -> Iterator[ArticleInfo]:
    last = None
    while page := catalog.articles(access, after=last, limit=_AT_ONCE):
        yield from page
        last = page[-1].id
