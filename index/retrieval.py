"""A question to hits: dense and lexical candidates, checked against the catalogue, scored by both and fused."""

import os
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice

from index.deadline import check_deadline
from index.ingest.copies import AT_ONCE, without_copies
from index.models.embedding import Vectors
from index.records import Access, Filters, Hit
from index.stores.finding import Stretch
from index.stores.store import Index

# Fused score = cosine + weight * BM25. BM25 grows with the number and rarity of the words that match, so long questions
# full of names lean on words and short, plain ones on meaning, without a weight to choose for each kind of corpus
# (docs/decisions/0002-fusion.md has the figures).
LEXICAL_WEIGHT = 0.016

_CANDIDATES = 50
_WIDER = 4
# No more than this are scored one by one: at 100,000 passages that takes some half a second.
_SCORE_ALL = 4_000
# Words are looked up while another core embeds the question or fetches vectors.
_BESIDE = ThreadPoolExecutor(os.cpu_count(), thread_name_prefix="words")


@dataclass(frozen=True, slots=True)
class Retrieved:
    """The hits of a question, best first, with the question's vector for whoever compares sentences to it."""

    hits: tuple[Hit, ...]
    question_vector: Vectors


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question, by whom, of what. `words` are the `first` passages that its words find best, on their way."""

    question: str
    vector: Vectors
    access: Access
    filters: Filters
    first: int
    words: Future[dict[str, float]]


@dataclass(frozen=True, slots=True)
class _Candidates:
    """Passages that may be shown, by id, with the scores of those that each search found."""

    stretches: Mapping[str, Stretch]
    dense: Mapping[str, float]
    lexical: Mapping[str, float]


def retrieve(index: Index, question: str, *, access: Access, filters: Filters, count: int = 50) -> Retrieved:
    """Find the passages that fit a question best, among those that the asker may read and that match the filters.

    As many as `count` come back wherever there are so many; the same words under several names count once.
    Raises IndexEmpty or IndexMismatch when nothing can be found.
    """
    index.check()
    check_deadline()
    first = max(_CANDIDATES, 2 * count)
    words = _BESIDE.submit(_best_by_words, index, question, first)
    asked = _Asked(question, index.embedder.embed_questions([question])[0], access, filters, first, words)
    candidates = _candidates(index, asked, count)
    scored = _scored(index, asked, candidates)
    # Few are copies: reading a fourth more than wanted most often suffices.
    at_once = min(AT_ONCE, count + count // 4 + 4)
    hits = without_copies(_hits(index, asked, scored, at_once), index.catalog.signatures, at_once=at_once)
    return Retrieved(tuple(islice(hits, count)), asked.vector)


def _candidates(index: Index, asked: _Asked, count: int) -> _Candidates:
    """Return the passages worth scoring.

    Chroma answers a filtered query far more slowly than a plain one, so more is fetched than needed and what may not be
    shown is dropped. Where too few are left, all that may be shown are scored if these are no more than would have to be
    fetched to find enough; otherwise more are fetched.
    """
    total, wanted = index.vectors.count(), asked.first
    found = _found(index, asked, min(wanted, total))
    if wanted >= total or _enough(found, count, wanted):
        return _best_of_each(found, asked.first)
    allowed = index.catalog.passage_ids(asked.access, asked.filters, limit=_SCORE_ALL + 1)
    # Twice as many as it takes when what may be shown lies evenly among the rest.
    wanted = max(wanted, 2 * count * total // max(len(allowed), 1))
    if len(allowed) <= min(wanted, _SCORE_ALL):
        return _Candidates(index.catalog.stretches(allowed, asked.access, asked.filters), {}, {})
    known = frozenset(allowed) if len(allowed) <= _SCORE_ALL else None
    while True:
        check_deadline()
        found = _found(index, asked, min(wanted, total), among=known)
        if wanted >= total or _enough(found, count, wanted):
            return _best_of_each(found, asked.first)
        wanted *= _WIDER


def _found(index: Index, asked: _Asked, wanted: int, *, among: frozenset[str] | None = None) -> _Candidates:
    """Return what may be shown of so many that each search finds best; `among` are all that may be, if they are known."""
    at_first = wanted <= asked.first
    words = asked.words if at_first else _BESIDE.submit(_best_by_words, index, asked.question, wanted)
    dense = index.vectors.nearest(asked.vector, wanted) if index.settings.fusion != "lexical" else {}
    lexical = words.result()
    ids = [id_ for id_ in dense | lexical if among is None or id_ in among]
    return _Candidates(index.catalog.stretches(ids, asked.access, asked.filters), dense, lexical)


def _best_by_words(index: Index, question: str, wanted: int) -> dict[str, float]:
    return index.words.best(question, wanted) if index.settings.fusion != "dense" else {}


def _enough(found: _Candidates, count: int, wanted: int) -> bool:
    """Say whether each search found so many that may be shown, or cannot find more."""
    stretches = found.stretches
    in_dense = {stretches[id_] for id_ in found.dense if id_ in stretches}
    in_lexical = {stretches[id_] for id_ in found.lexical if id_ in stretches}
    # Of a word that is in few passages there are no more, however many are asked for.
    by_words = len(in_lexical) >= count or len(found.lexical) < wanted
    return by_words and (len(in_dense) >= count or not found.dense)


def _best_of_each(found: _Candidates, most: int) -> _Candidates:
    """Return the best of each search among what may be shown, so that a question costs as much with filters as without.

    Copies do not count: there are as many different stretches among them as before, up to `most`.
    """
    kept: dict[str, Stretch] = {}
    for search in (found.dense, found.lexical):
        seen: set[Stretch] = set()
        for passage_id in (id_ for id_ in search if id_ in found.stretches):
            if len(seen) == most:
                break
            seen.add(stretch := found.stretches[passage_id])
            kept[passage_id] = stretch
    return _Candidates(kept, found.dense, found.lexical)


def _scored(index: Index, asked: _Asked, candidates: _Candidates) -> dict[str, tuple[float, float, float]]:
    """Return the score of each candidate, its similarity, and its BM25."""
    ids = list(candidates.stretches)
    unknown = [i for i in ids if i not in candidates.lexical]
    scores = _BESIDE.submit(index.words.scores, asked.question, unknown)
    dense = {
        **candidates.dense,
        **index.vectors.similarities(asked.vector, [i for i in ids if i not in candidates.dense]),
    }
    lexical = {**candidates.lexical, **scores.result()}
    return {i: _fused(dense[i], lexical.get(i, 0.0), index.settings.fusion) for i in ids if i in dense}


def _fused(similarity: float, bm25: float, fusion: str) -> tuple[float, float, float]:
    scores = {"fused": similarity + LEXICAL_WEIGHT * bm25, "dense": similarity, "lexical": bm25}
    return scores[fusion], similarity, bm25


def _hits(index: Index, asked: _Asked, scored: Mapping[str, tuple[float, float, float]], at_once: int) -> Iterator[Hit]:
    """Yield the hits, best first. They are checked again when they are read: an article may have changed meanwhile."""
    ranked = sorted(scored, key=lambda id_: (-scored[id_][0], id_))
    for first in range(0, len(ranked), at_once):
        check_deadline()
        part = ranked[first : first + at_once]
        passages = index.catalog.passages(part, asked.access, asked.filters)
        yield from (Hit(passages[id_], *scored[id_]) for id_ in part if id_ in passages)
