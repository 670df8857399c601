"""Which hits are read for a question: those of the index, with the time, the sources and the things that it names."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import islice

from index.ingest.copies import without_copies
from index.models.reranking import reranked
from index.records import Filters, Hit
from index.retrieval import Retrieved, retrieve
from index.stores.store import Index
from service.answer.models import Preferences, Question
from service.answer.retrieval.events import event_named, period_from
from service.answer.retrieval.neighbours import joined
from service.answer.retrieval.parts import compared, publishers_named, titles_named
from service.answer.retrieval.periods import Period
from service.answer.retrieval.timeliness import ASKED_ON_DAYS, bonus, of_another_time
from service.answer.retrieval.times import AskedOn, Recently, When, Within, when_asked
from service.settings import Settings

_COUNT = 50
# How far back the latest is looked for: further only where nothing that was found comes near the best of any time.
_RECENT_DAYS = (14, 90, 365)
_NEAR_THE_BEST = 0.15
# What a hit gains when the question names its publisher or title, in the units of `Hit.score`.
_NAMED = 0.3
# So many hits of each part of a question come right behind the best, whatever the others have.
_OF_EACH = 2
# A year outside of these is a slip of the keys, and days cannot be counted from the ends of the calendar.
_EARLIEST, _LATEST = date(1900, 1, 1), date(2999, 12, 31)


@dataclass(frozen=True, slots=True)
class Selected(Retrieved):
    """The hits that are read, best first, and what was preferred among them."""

    preferences: Preferences = field(default_factory=Preferences)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question with what it names: a time, counted from `as_of`, publishers, and things that it compares."""

    question: Question
    as_of: date
    when: When | None
    publishers: tuple[str, ...]
    things: tuple[str, ...]


def select_hits(index: Index, question: Question, *, settings: Settings, count: int = _COUNT) -> Selected:
    """Find the hits to read for a question, at most `count`.

    Raises what `index.retrieval.retrieve` raises.
    """
    found = retrieve(index, question.text, access=question.access, filters=question.filters, count=count)
    asked = _asked(index, question, found.hits, settings)
    if not found.hits or not (asked.when or asked.publishers or asked.things):
        return Selected(joined(index, _reranked(index, question.text, found.hits)), found.question_vector)
    parts = _parts(index, asked)
    further = (*_of_its_time(index, asked, found.hits[0].score), *(hit for part in parts for hit in part))
    # The same passage has one score here: that of the whole question, where that found it.
    hits = {hit.passage.id: hit for hit in reversed((*found.hits, *further))}
    best_first = sorted(hits.values(), key=lambda hit: -hit.score)
    ranked = _ranked(asked, _reranked(index, question.text, best_first), parts)
    # Copies are folded again: what ranks best now may be a copy of what did before.
    kept = islice(without_copies(ranked, index.catalog.signatures), count)
    return Selected(joined(index, tuple(kept)), found.question_vector, _preferences(asked))


def _reranked(index: Index, text: str, hits: Sequence[Hit]) -> tuple[Hit, ...]:
    return reranked(index.reranker, text, hits, first=index.settings.reranked_passages)


def _asked(index: Index, question: Question, hits: Sequence[Hit], settings: Settings) -> _Asked:
    as_of = min(max(question.as_of or date.today(), _EARLIEST), _LATEST)
    when: When | None = None
    if settings.time_preference:
        when = when_asked(question.text, as_of) or _when_told(index, question, as_of)
        when = when or (AskedOn() if question.as_of else None)
    return _Asked(question, as_of, when, publishers_named(question.text, hits), compared(question.text))


def _when_told(index: Index, question: Question, as_of: date) -> Within | None:
    """Return the time from or up to an event that the question names, where the articles tell its day."""
    if (event := event_named(question.text)) is None:
        return None
    found = retrieve(index, event.sought, access=question.access, filters=question.filters, count=_COUNT)
    period = period_from(event, found.hits, as_of)
    return Within((period,)) if period else None


def _of_its_time(index: Index, asked: _Asked, best: float) -> list[Hit]:
    """Return hits of the time in question, also such as are not among the best: the same words tell of every week."""
    match asked.when:
        case Within(periods):
            return [hit for period in periods for hit in _published_in(index, asked, period)]
        case Recently():
            return _most_recent(index, asked, best)
        case _:
            return []


def _most_recent(index: Index, asked: _Asked, best: float) -> list[Hit]:
    hits: list[Hit] = []
    for days in _RECENT_DAYS:
        hits = _published_in(index, asked, Period(asked.as_of - timedelta(days=days), asked.as_of))
        if hits and hits[0].score >= best - _NEAR_THE_BEST:
            break
    return hits


def _published_in(index: Index, asked: _Asked, period: Period) -> list[Hit]:
    """Return the hits published in a period, as far as the question's own filters allow them."""
    return _found(index, asked, asked.question.text, _narrowed(asked.question.filters, period))


def _narrowed(filters: Filters, period: Period) -> Filters:
    """Return the filters with the period among them; where the two share no day, nothing matches."""
    after = max(filter(None, (filters.published_after, period.first)), default=None)
    before = min(filter(None, (filters.published_before, period.last)), default=None)
    return replace(filters, published_after=after, published_before=before)


def _parts(index: Index, asked: _Asked) -> list[list[Hit]]:
    """Return the hits of each publisher that is named, and of each thing that is compared."""
    filters = asked.question.filters
    of_publishers = [replace(filters, publishers=(publisher,)) for publisher in asked.publishers]
    return [
        *(_found(index, asked, asked.question.text, narrowed) for narrowed in of_publishers),
        *(_found(index, asked, thing, filters) for thing in asked.things),
    ]


def _found(index: Index, asked: _Asked, text: str, filters: Filters) -> list[Hit]:
    return list(retrieve(index, text, access=asked.question.access, filters=filters, count=_COUNT).hits)


def _ranked(asked: _Asked, found: Sequence[Hit], parts: Sequence[Sequence[Hit]]) -> Iterator[Hit]:
    """Yield the hits in order of score and bonus, best first, with scores to match.

    The first keeps the score that it had: a source of another time or name that is the only one is as good as ever.
    """
    hits = {hit.passage.id: hit for hit in found}
    titled = titles_named(asked.question.text, found)
    scores = {id_: hit.score + _time_bonus(asked, hit) + _name_bonus(asked, hit, titled) for id_, hit in hits.items()}
    top = max(scores, key=lambda id_: scores[id_])
    lifted: set[str] = set()
    for part in parts:
        of_part = sorted(part, key=lambda hit: -hit.score - _time_bonus(asked, hit))
        lifted |= {hit.passage.id for hit in of_part[:_OF_EACH]}
    scores |= dict.fromkeys(lifted, scores[top])
    for id_ in sorted(scores, key=lambda id_: (-scores[id_], id_ != top, id_ not in lifted, id_)):
        score = hits[top].score + scores[id_] - scores[top]
        yield replace(hits[id_], score=score, timely=_is_timely(asked, hits[id_], hits[top]))


def _time_bonus(asked: _Asked, hit: Hit) -> float:
    return bonus(hit.passage.article.published, asked.when, asked.as_of) if asked.when else 0.0


def _name_bonus(asked: _Asked, hit: Hit, titled: frozenset[str]) -> float:
    article = hit.passage.article
    return _NAMED * (article.publisher in asked.publishers or article.id in titled)


def _is_timely(asked: _Asked, hit: Hit, best: Hit) -> bool:
    days = (hit.passage.article.published, best.passage.article.published)
    return not (asked.when and of_another_time(*days, asked.when, asked.as_of))


def _preferences(asked: _Asked) -> Preferences:
    """Return the days that were preferred, from the first of them to the last; of the latest only the last is known."""
    match asked.when:
        case Within(periods):
            firsts, lasts = [p.first for p in periods], [p.last for p in periods]
            return Preferences(
                published_after=None if None in firsts else min(filter(None, firsts)),
                published_before=None if None in lasts else max(filter(None, lasts)),
            )
        case Recently():
            return Preferences(published_before=asked.as_of)
        case AskedOn():
            return Preferences(asked.as_of - timedelta(days=ASKED_ON_DAYS), asked.as_of)
        case None:
            return Preferences()
