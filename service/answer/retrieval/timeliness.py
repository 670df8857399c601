"""How well an article's day of publication suits the time in a question: a preference among hits that is never a filter."""

from datetime import date, timedelta
from math import exp, log2

from service.answer.text.periods import Period
from service.answer.text.when import AskedOn, Recently, When, Within

ASKED_ON_DAYS = 14
"""How far back articles are preferred of a question that was asked on a known day and names no time."""

# What an article that suits in full has over one that does not at all, in the units of `Hit.score`.
_WITHIN, _RECENTLY, _ASKED_ON = 0.4, 0.4, 0.1
# News on what happened in a period comes a little later, too: by this share of its length, or by a day. Beyond, and before,
# an article suits the less the further it is, in the same measure.
_LATER = 0.25
_FEWEST_DAYS = 3
# Days from which something is no longer the latest, and how often that doubles until it is old.
_FRESH_DAYS, _DOUBLINGS = 7, 6
_UNKNOWN = 0.5


def bonus(published: date | None, when: When, as_of: date) -> float:
    """Return what an article's score gains by its day of publication, in the units of `Hit.score`."""
    suit = suits(published, when, as_of)
    match when:
        case Within():
            return _WITHIN * suit
        case Recently():
            return _RECENTLY * suit
        case AskedOn():
            return _ASKED_ON * suit


def suits(published: date | None, when: When, as_of: date) -> float:
    """Return how well a day of publication suits, between 0 and 1; half for one that is not known.

    In a period that was asked for it suits in full, and the less the further from it. The latest is told by the logarithm
    of its age: of a weekly report last week's is old, of a yearly one last year's.
    """
    if published is None:
        return _UNKNOWN
    if published > as_of:  # not there yet when the question was asked
        return 0.0
    match when:
        case Within():
            return max(_near(published, period) for period in when.periods)
        case Recently():
            return max(0.0, 1 - log2(1 + (as_of - published).days / _FRESH_DAYS) / _DOUBLINGS)
        case AskedOn():
            return _near(published, Period(as_of - timedelta(days=ASKED_ON_DAYS), as_of))


def of_another_time(published: date | None, best: date | None, when: When, as_of: date) -> bool:
    """Say whether an article is of another time than the best one, and that is of the time in question."""
    if published is None or best is None:
        return False
    less = suits(best, when, as_of) - suits(published, when, as_of)
    match when:
        case Within():
            return less > 0.5
        case Recently():
            return less > 0.1
        case AskedOn():  # says nothing of what the question is about
            return False


def _near(published: date, period: Period) -> float:
    before = (period.first - published).days if period.first else 0
    after = (published - period.last).days if period.last else 0
    if period.first is None or period.last is None:
        return exp(-max(before, after, 0) / _FEWEST_DAYS)
    length = (period.last - period.first).days + 1
    return exp(-max(before, after - max(1, _LATER * length), 0) / max(_FEWEST_DAYS, _LATER * length))
