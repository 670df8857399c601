"""Which hits are read for a question: those of the index, with the time and the sources that it names."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import islice

from index.ingest.near_duplicates import without_near_duplicates
from index.models.reranking import reranked
from index.records import Filters, Hit
from index.retrieval import Retrieved, retrieve
from index.stores.store import Index
from service.answer.analysis import QuestionAnalysis
from service.answer.models import Preferences
from service.answer.retrieval.timeliness import ASKED_ON_DAYS, bonus, of_another_time
from service.answer.text.periods import Period
from service.answer.text.publishers import publishers_named
from service.answer.text.when import AskedOn, Recently, Within

_COUNT = 50
# How far back the latest is looked for: further only where nothing that was found comes near the best of any time.
_RECENT_DAYS = (14, 90, 365)
_NEAR_THE_BEST = 0.15
# What a hit gains when the question names its publisher, in the units of `Hit.score`.
_NAMED = 0.3
# So many hits of each publisher that is named come right behind the best, whatever the others have.
_OF_EACH = 2


@dataclass(frozen=True, slots=True)
class Selected(Retrieved):
    """The hits that are read, best first, and what was preferred among them."""

    preferences: Preferences = field(default_factory=Preferences)


@dataclass(frozen=True, slots=True)
class _Search:
    """A text that is searched for, for a question that may name a time, and the publishers that it names."""

    text: str
    analysis: QuestionAnalysis
    publishers: tuple[str, ...]


def select_hits(index: Index, text: str, analysis: QuestionAnalysis, *, count: int = _COUNT) -> Selected:
    """Find the hits to read for one of the searches of a question, at most `count`.

    Raises what `index.retrieval.retrieve` raises.
    """
    asked = analysis.question
    found = retrieve(index, text, access=asked.access, filters=asked.filters, count=count)
    search = _Search(text, analysis, publishers_named(text, found.hits))
    if not found.hits or not (analysis.when or search.publishers):
        return Selected(_reranked(index, text, found.hits), found.question_vector)
    of_publishers = _of_publishers(index, search)
    further = (*_of_its_time(index, search, found.hits[0].score), *(hit for part in of_publishers for hit in part))
    # The same passage has one score here: that of the whole question, where that found it.
    hits = {hit.passage.id: hit for hit in reversed((*found.hits, *further))}
    best_first = sorted(hits.values(), key=lambda hit: -hit.score)
    ranked = _ranked(search, _reranked(index, text, best_first), of_publishers)
    # Copies are folded again: what ranks best now may be a copy of what did before.
    kept = islice(without_near_duplicates(ranked, index.catalog.signatures), count)
    return Selected(tuple(kept), found.question_vector, _preferences(analysis))


def _reranked(index: Index, text: str, hits: Sequence[Hit]) -> tuple[Hit, ...]:
    return reranked(index.reranker, text, hits, first=index.settings.reranked_passages)


def _of_its_time(index: Index, search: _Search, best: float) -> list[Hit]:
    """Return hits of the time in question, also such as are not among the best: the same words tell of every week."""
    match search.analysis.when:
        case Within(periods):
            return [hit for period in periods for hit in _published_in(index, search, period)]
        case Recently():
            return _most_recent(index, search, best)
        case _:
            return []


def _most_recent(index: Index, search: _Search, best: float) -> list[Hit]:
    hits: list[Hit] = []
    as_of = search.analysis.as_of
    for days in _RECENT_DAYS:
        hits = _published_in(index, search, Period(as_of - timedelta(days=days), as_of))
        if hits and hits[0].score >= best - _NEAR_THE_BEST:
            break
    return hits


def _published_in(index: Index, search: _Search, period: Period) -> list[Hit]:
    """Return the hits published in a period, as far as the question's own filters allow them."""
    filters = search.analysis.question.filters
    after = max(filter(None, (filters.published_after, period.first)), default=None)
    before = min(filter(None, (filters.published_before, period.last)), default=None)
    # Where the two share no day, nothing matches.
    return _found(index, search, replace(filters, published_after=after, published_before=before))


def _of_publishers(index: Index, search: _Search) -> list[list[Hit]]:
    """Return the hits of each publisher that is named."""
    filters = search.analysis.question.filters
    return [_found(index, search, replace(filters, publishers=(publisher,))) for publisher in search.publishers]


def _found(index: Index, search: _Search, filters: Filters) -> list[Hit]:
    access = search.analysis.question.access
    return list(retrieve(index, search.text, access=access, filters=filters, count=_COUNT).hits)


def _ranked(search: _Search, found: Sequence[Hit], of_publishers: Sequence[Sequence[Hit]]) -> Iterator[Hit]:
    """Yield the hits in order of score and bonus, best first, with scores to match.

    The first keeps the score that it had: a source of another time or name that is the only one is as good as ever.
    """
    hits = {hit.passage.id: hit for hit in found}
    bonuses = {id_: _bonus(search, hit) for id_, hit in hits.items()}
    scores = {id_: hit.score + bonuses[id_] for id_, hit in hits.items()}
    top = max(scores, key=lambda id_: scores[id_])
    lifted: set[str] = set()
    for part in of_publishers:
        of_part = sorted(part, key=lambda hit: -hit.score - _time_bonus(search.analysis, hit))
        lifted |= {hit.passage.id for hit in of_part[:_OF_EACH]}
    scores |= dict.fromkeys(lifted, scores[top])
    for id_ in sorted(scores, key=lambda id_: (-scores[id_], id_ != top, id_ not in lifted, id_)):
        score = hits[top].score + scores[id_] - scores[top]
        preference = bonuses[id_] - bonuses[top]
        timely = _is_timely(search.analysis, hits[id_], hits[top])
        yield replace(hits[id_], score=score, preference=preference, timely=timely)


def _bonus(search: _Search, hit: Hit) -> float:
    return _time_bonus(search.analysis, hit) + _NAMED * (hit.passage.article.publisher in search.publishers)


def _time_bonus(analysis: QuestionAnalysis, hit: Hit) -> float:
    return bonus(hit.passage.article.published, analysis.when, analysis.as_of) if analysis.when else 0.0


def _is_timely(analysis: QuestionAnalysis, hit: Hit, best: Hit) -> bool:
    days = (hit.passage.article.published, best.passage.article.published)
    return not (analysis.when and of_another_time(*days, analysis.when, analysis.as_of))


def _preferences(analysis: QuestionAnalysis) -> Preferences:
    """Return the days that were preferred, from the first of them to the last; of the latest only the last is known."""
    match analysis.when:
        case Within(periods):
            firsts, lasts = [p.first for p in periods], [p.last for p in periods]
            return Preferences(
                published_after=None if None in firsts else min(filter(None, firsts)),
                published_before=None if None in lasts else max(filter(None, lasts)),
            )
        case Recently():
            return Preferences(published_before=analysis.as_of)
        case AskedOn():
            return Preferences(analysis.as_of - timedelta(days=ASKED_ON_DAYS), analysis.as_of)
        case None:
            return Preferences()
