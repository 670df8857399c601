"""How well an article's day of publication suits the time in a question: a preference among hits that is never a filter."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from math import exp, log2

from index.records import Hit
from service.periods import Period
from service.times import AskedOn, Recently, When, Within

# What an article that suits in full has over one that does not at all, in the units of `Hit.score`.
_WITHIN, _RECENTLY, _ASKED_ON = 0.25, 0.25, 0.08
# News on what happened in a period comes a little later, too: by this share of its length, or by a day.
_LATER = 0.25
_FEWEST_DAYS = 3
# Days from which something is no longer the latest, and how often that doubles until it is old.
_FRESH_DAYS, _DOUBLINGS = 7, 6
_UNKNOWN = 0.5
ASKED_ON_DAYS = 14
"""How far back articles are preferred of a question that was asked on a known day and names no time."""


def preferred(hits: Iterable[Hit], when: When, as_of: date) -> list[Hit]:
    """Return the hits in order of how well they and their days suit, best first, with scores to match.

    The first keeps the score that it had, whatever its day: a source that is the only one is as good as ever.
    """
    weight = _weight(when)
    raised = [(hit.score + weight * suits(hit.passage.article.published, when, as_of), hit) for hit in hits]
    ranked = sorted(raised, key=lambda pair: (-pair[0], pair[1].passage.id))
    if not ranked:
        return []
    best, first = ranked[0]
    return [replace(hit, score=score - best + first.score) for score, hit in ranked]


def suits(published: date | None, when: When, as_of: date) -> float:
    """Return how well a day of publication suits, between 0 and 1; half for one that is not known.

    In a period that was asked for it suits in full, and the less the further from it. The latest is told by the logarithm
    of its age: of a weekly report last week's is old, of a yearly one last year's.
    """
    if published is None:
        return _UNKNOWN
    match when:
        case Within():
            return max(_near(published, period) for period in when.periods)
        case Recently():
            age = (as_of - published).days
            return 0.0 if age < 0 else max(0.0, 1 - log2(1 + age / _FRESH_DAYS) / _DOUBLINGS)
        case AskedOn():
            return _near(published, Period(as_of - timedelta(days=ASKED_ON_DAYS), as_of)) if published <= as_of else 0.0


def _near(published: date, period: Period) -> float:
    length = (period.last - period.first).days + 1 if period.first and period.last else _FEWEST_DAYS
    before = (period.first - published).days if period.first else 0
    after = (published - period.last).days - max(1, _LATER * length) if period.last else 0
    return exp(-max(before, after, 0) / max(_FEWEST_DAYS, length / 4))


def _weight(when: When) -> float:
    match when:
        case Within():
            return _WITHIN
        case Recently():
            return _RECENTLY
        case AskedOn():
            return _ASKED_ON
