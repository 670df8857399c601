"""Which hits are read for a question: those of the index, with the time in the question taken into account."""

from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import islice

from index.copies import without_copies
from index.records import Filters, Hit
from index.retrieval import Retrieved, retrieve
from index.store import Index
from service.periods import Period
from service.records import Preferences, Question
from service.settings import Settings
from service.timeliness import ASKED_ON_DAYS, preferred
from service.times import AskedOn, Recently, When, Within, when_asked

_COUNT = 50
# How far back the latest is looked for: further only where nothing that was found comes near the best of any time.
_RECENT_DAYS = (14, 90, 365)
_NEAR_THE_BEST = 0.15


@dataclass(frozen=True, slots=True)
class Selected(Retrieved):
    """The hits that are read, best first, and what was preferred among them."""

    preferences: Preferences = field(default_factory=Preferences)


def select_hits(index: Index, question: Question, *, settings: Settings, count: int = _COUNT) -> Selected:
    """Find the hits to read for a question, at most `count`.

    Raises what `index.retrieval.retrieve` raises.
    """
    found = retrieve(index, question.text, access=question.access, filters=question.filters, count=count)
    when = _when(question) if settings.time_preference else None
    if when is None or not found.hits:
        return Selected(found.hits, found.question_vector)
    further = _further(index, question, when, best=found.hits[0].score)
    ranked = preferred({hit.passage.id: hit for hit in (*found.hits, *further)}.values(), when, _as_of(question))
    # Copies are folded again: what ranks best now may be a copy of what did before.
    hits = islice(without_copies(ranked, index.catalog.signatures), count)
    return Selected(tuple(hits), found.question_vector, _preferences(when, _as_of(question)))


def _as_of(question: Question) -> date:
    return question.as_of or date.today()


def _when(question: Question) -> When | None:
    return when_asked(question.text, _as_of(question)) or (AskedOn() if question.as_of else None)


def _further(index: Index, question: Question, when: When, *, best: float) -> list[Hit]:
    """Return hits of the time in question, also such as are not among the best: the same words tell of every week."""
    match when:
        case Within():
            return [hit for period in when.periods for hit in _published_in(index, question, period)]
        case Recently():
            return _most_recent(index, question, best)
        case AskedOn():
            return []


def _most_recent(index: Index, question: Question, best: float) -> list[Hit]:
    as_of, hits = _as_of(question), []
    for days in _RECENT_DAYS:
        hits = _published_in(index, question, Period(as_of - timedelta(days=days), as_of))
        if hits and hits[0].score >= best - _NEAR_THE_BEST:
            break
    return hits


def _published_in(index: Index, question: Question, period: Period) -> list[Hit]:
    """Return the hits published in a period, as far as the question's own filters allow them."""
    filters = _narrowed(question.filters, period)
    return list(retrieve(index, question.text, access=question.access, filters=filters, count=_COUNT).hits)


def _narrowed(filters: Filters, period: Period) -> Filters:
    """Return the filters with the period among them; where the two share no day, nothing matches."""
    after = max(filter(None, (filters.published_after, period.first)), default=None)
    before = min(filter(None, (filters.published_before, period.last)), default=None)
    return replace(filters, published_after=after, published_before=before)


def _preferences(when: When, as_of: date) -> Preferences:
    """Return the days that were preferred, from the first of them to the last."""
    match when:
        case Within():
            firsts = [period.first for period in when.periods]
            lasts = [period.last for period in when.periods]
            return Preferences(
                published_after=None if None in firsts else min(filter(None, firsts)),
                published_before=None if None in lasts else max(filter(None, lasts)),
            )
        case Recently():
            return Preferences(published_before=as_of)
        case AskedOn():
            return Preferences(as_of - timedelta(days=ASKED_ON_DAYS), as_of)
