"""Finds the passages for a question: dense and lexical candidates, checked against the catalogue, with fused scores."""

import os
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice

from index.deadline import check_deadline
from index.ingest.near_duplicates import HITS_AT_ONCE, without_near_duplicates
from index.models.embedding import Vectors
from index.records import Access, Filters, Hit
from index.stores.passage_lookup import PassageLocation
from index.stores.store import Index

# Fused score = cosine + weight * BM25. BM25 grows with the number and rarity of the matching words. So words count more for
# long questions full of names, and meaning for short, plain ones, without a weight for each kind of corpus
# (docs/decisions/0002-fusion.md has the figures).
LEXICAL_WEIGHT = 0.016

_CANDIDATES = 50
_WIDER = 4
# At most this many are scored one by one: with 100,000 passages that takes about half a second.
_SCORE_ALL = 4_000
# The lexical search runs while another core embeds the question or fetches vectors.
_LEXICAL_POOL = ThreadPoolExecutor(os.cpu_count(), thread_name_prefix="words")


@dataclass(frozen=True, slots=True)
class Retrieved:
    """The hits of a question, best first, with the question's vector, which is also compared to sentences."""

    hits: tuple[Hit, ...]
    question_vector: Vectors


@dataclass(frozen=True, slots=True)
class _Query:
    """A question with its access and filters. `words` will be the `first` best passages of the lexical search."""

    question: str
    vector: Vectors
    access: Access
    filters: Filters
    first: int
    words: Future[dict[str, float]]


@dataclass(frozen=True, slots=True)
class _Candidates:
    """Passages that may be shown, by id, with the scores of each search for those that it found."""

    locations: Mapping[str, PassageLocation]
    dense: Mapping[str, float]
    lexical: Mapping[str, float]


def retrieve(index: Index, question: str, *, access: Access, filters: Filters, count: int = 50) -> Retrieved:
    """Find the passages that fit a question best, among those that the asker may read and that match the filters.

    Returns `count` passages if there are that many. Near-duplicates count once. Raises IndexEmpty or IndexMismatch if nothing
    can be searched.
    """
    index.check()
    check_deadline()
    first = max(_CANDIDATES, 2 * count)
    words = _LEXICAL_POOL.submit(_best_by_words, index, question, first)
    query = _Query(question, index.embedder.embed_questions([question])[0], access, filters, first, words)
    candidates = _candidates(index, query, count)
    scored = _scored(index, query, candidates)
    # Few are near-duplicates: reading a quarter more than needed is usually enough.
    at_once = min(HITS_AT_ONCE, count + count // 4 + 4)
    hits = without_near_duplicates(_hits(index, query, scored, at_once), index.catalog.signatures, at_once=at_once)
    return Retrieved(tuple(islice(hits, count)), query.vector)


def _candidates(index: Index, query: _Query, count: int) -> _Candidates:
    """Return the passages worth scoring.

    Chroma answers a filtered query much more slowly than a plain one. So more passages are fetched than needed, and those
    that may not be shown are dropped. If too few are left, all that may be shown are scored, if these are no more than would
    have to be fetched to find enough. Otherwise more are fetched.
    """
    total, limit = index.vectors.count(), query.first
    found = _search(index, query, min(limit, total))
    if limit >= total or _enough(found, count, limit):
        return _best_of_each(found, query.first)
    allowed = index.catalog.passage_ids(query.access, query.filters, limit=_SCORE_ALL + 1)
    # Twice as many as are needed if the passages that may be shown are spread evenly among the rest.
    limit = max(limit, 2 * count * total // max(len(allowed), 1))
    if len(allowed) <= min(limit, _SCORE_ALL):
        return _Candidates(index.catalog.locations(allowed, query.access, query.filters), {}, {})
    known = frozenset(allowed) if len(allowed) <= _SCORE_ALL else None
    while True:
        check_deadline()
        found = _search(index, query, min(limit, total), among=known)
        if limit >= total or _enough(found, count, limit):
            return _best_of_each(found, query.first)
        limit *= _WIDER


def _search(index: Index, query: _Query, limit: int, *, among: frozenset[str] | None = None) -> _Candidates:
    """Return what may be shown of the `limit` best of each search. `among` are all that may be shown, if known."""
    at_first = limit <= query.first
    words = query.words if at_first else _LEXICAL_POOL.submit(_best_by_words, index, query.question, limit)
    dense = index.vectors.nearest(query.vector, limit) if index.settings.fusion != "lexical" else {}
    lexical = words.result()
    ids = [id_ for id_ in dense | lexical if among is None or id_ in among]
    return _Candidates(index.catalog.locations(ids, query.access, query.filters), dense, lexical)


def _best_by_words(index: Index, question: str, limit: int) -> dict[str, float]:
    return index.words.best(question, limit) if index.settings.fusion != "dense" else {}


def _enough(found: _Candidates, count: int, limit: int) -> bool:
    """Return whether each search found `count` passages that may be shown, or cannot find more."""
    locations = found.locations
    in_dense = {locations[id_] for id_ in found.dense if id_ in locations}
    in_lexical = {locations[id_] for id_ in found.lexical if id_ in locations}
    # If the words are in few passages, the lexical search returns fewer than `limit`, and there are no more.
    by_words = len(in_lexical) >= count or len(found.lexical) < limit
    return by_words and (len(in_dense) >= count or not found.dense)


def _best_of_each(found: _Candidates, most: int) -> _Candidates:
    """Return the best of each search among what may be shown, so that a question costs as much with filters as without.

    Up to `most` different locations are returned. Passages at the same location count once.
    """
    kept: dict[str, PassageLocation] = {}
    for search in (found.dense, found.lexical):
        seen: set[PassageLocation] = set()
        for passage_id in (id_ for id_ in search if id_ in found.locations):
            if len(seen) == most:
                break
            seen.add(location := found.locations[passage_id])
            kept[passage_id] = location
    return _Candidates(kept, found.dense, found.lexical)


def _scored(index: Index, query: _Query, candidates: _Candidates) -> dict[str, tuple[float, float, float]]:
    """Return the fused score, cosine similarity and BM25 score of each candidate. Those of the best are exact."""
    ids = list(candidates.locations)
    unknown = [i for i in ids if i not in candidates.lexical]
    scores = _LEXICAL_POOL.submit(index.words.scores, query.question, unknown)
    dense = {
        **candidates.dense,
        **index.vectors.similarities(query.vector, [i for i in ids if i not in candidates.dense]),
    }
    lexical = {**candidates.lexical, **scores.result()}
    scored = {i: _fused(dense[i], lexical.get(i, 0.0), index.settings.fusion) for i in ids if i in dense}
    exact = index.vectors.compared(query.vector, _ranked(scored)[: query.first])
    return scored | {i: _fused(exact[i], lexical.get(i, 0.0), index.settings.fusion) for i in exact}


def _ranked(scored: Mapping[str, tuple[float, float, float]]) -> list[str]:
    return sorted(scored, key=lambda id_: (-scored[id_][0], id_))


def _fused(similarity: float, bm25: float, fusion: str) -> tuple[float, float, float]:
    scores = {"fused": similarity + LEXICAL_WEIGHT * bm25, "dense": similarity, "lexical": bm25}
    return scores[fusion], similarity, bm25


def _hits(index: Index, query: _Query, scored: Mapping[str, tuple[float, float, float]], at_once: int) -> Iterator[Hit]:
    """Yield the hits, best first. Access is checked again when they are read, as an article may have changed meanwhile."""
    ranked = _ranked(scored)
    for first in range(0, len(ranked), at_once):
        check_deadline()
        part = ranked[first : first + at_once]
        passages = index.catalog.passages(part, query.access, query.filters)
        yield from (Hit(passages[id_], *scored[id_]) for id_ in part if id_ in passages)
