"""Reports for admins on how good kept answers are: levels of support, refusals, time and ratings, and when they changed."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from statistics import median

import numpy as np
from sqlalchemy import Engine

from service.history import answer_scores
from service.history.answer_scores import ScoredAnswer
from service.quality.levels import levels_of
from service.schemas.quality import DayOfQuality, LevelWire, Measure, MeasureWire, QualityResponse

# Values that are looked at, the latest. Each takes some microseconds on each day.
_MOST = 5_000
# Answers whose times say what is slow. They are not counted themselves.
_FIRST = 50

Value = tuple[date, float]


@dataclass(frozen=True, slots=True)
class QualityReports:
    """Reports from the scores in an open database, of this `share` of the answers. Safe to use from many threads."""

    engine: Engine
    share: float

    def report(self, days: int, *, today: date) -> QualityResponse:
        """Report on the answers of the last `days` days before today, in UTC."""
        first = today - timedelta(days=days)
        begin, end = (datetime.combine(day, time(), UTC) for day in (first, today))
        with self.engine.connect() as connection:
            scored = answer_scores.scored(connection, begin, end, limit=_MOST)
            rated = answer_scores.rated(connection, begin, end, limit=_MOST)
        measures = [
            _measure("supported", _supported(scored)),
            _measure("refused", [(one.day, float(one.refused)) for one in scored]),
            _slower(scored),
            _measure("rated_good", [(day, float(good)) for day, good in rated]),
        ]
        found = [measure for measure in measures if measure]
        last = today - timedelta(days=1)
        return QualityResponse(first=first, last=last, share=self.share, scored=len(scored), measures=found)


def _supported(scored: Iterable[ScoredAnswer]) -> list[Value]:
    return [(one.day, one.score.supported / one.score.claims) for one in scored if one.score.claims]


def _slower(scored: list[ScoredAnswer]) -> MeasureWire | None:
    if len(scored) <= _FIRST:
        return None
    usual = median(one.score.milliseconds for one in scored[:_FIRST])
    values = [(one.day, float(one.score.milliseconds > usual)) for one in scored[_FIRST:]]
    return _measure("slower", values, than_ms=usual)


def _measure(name: Measure, values: list[Value], *, than_ms: float | None = None) -> MeasureWire | None:
    if not values:
        return None
    by_day: dict[date, list[float]] = defaultdict(list)
    for day, value in values:
        by_day[day].append(value)
    groups = [np.array(group) for group in by_day.values()]
    days = list(by_day)
    levels = [
        LevelWire(first=days[level.first], n=level.n, mean=level.mean, low=level.low, high=level.high)
        for level in levels_of(groups)
    ]
    means = [DayOfQuality(day=day, n=len(group), mean=float(np.mean(group))) for day, group in by_day.items()]
    return MeasureWire(name=name, days=means, levels=levels, than_ms=than_ms)
