"""A question to hits: dense and lexical candidates, checked against the catalogue, scored by both and fused."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from index.catalog import Stretch
from index.copies import AT_ONCE, without_copies
from index.embedding import Vectors
from index.records import Access, Filters, Hit
from index.store import Index

# Fused score = cosine + weight * BM25. BM25 grows with the number and rarity of the words that match, so long questions
# full of names lean on words and short, plain ones on meaning, without a weight to choose for each kind of corpus
# (docs/decisions/0002-fusion.md has the figures).
LEXICAL_WEIGHT = 0.016

_CANDIDATES = 100
_WIDER = 8
# Where too few of the best candidates may be shown and no more passages than this may be shown at all, each is scored.
_SCORE_ALL = 4_000


@dataclass(frozen=True, slots=True)
class Retrieved:
    """The hits of a question, best first, with the question's vector for whoever compares sentences to it."""

    hits: tuple[Hit, ...]
    question_vector: Vectors


@dataclass(frozen=True, slots=True)
class _Asked:
    question: str
    vector: Vectors
    access: Access
    filters: Filters


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
    asked = _Asked(question, index.embedder.embed_questions([question])[0], access, filters)
    candidates = _candidates(index, asked, count)
    scored = _scored(index, asked, candidates)
    hits = without_copies(_hits(index, asked, scored), index.catalog.signatures)
    return Retrieved(tuple(islice(hits, count)), asked.vector)


def _candidates(index: Index, asked: _Asked, count: int) -> _Candidates:
    """Return the passages worth scoring.

    Chroma answers a filtered query far more slowly than a plain one, so more is fetched than needed and what may not be
    shown is dropped. Where too few are left, all that may be shown are scored, or where these are many, more are fetched.
    """
    total, wanted = index.vectors.count(), max(_CANDIDATES, 2 * count)
    found = _found(index, asked, min(wanted, total))
    if wanted < total and not _enough(found, count, wanted) and not (asked.access.everything and asked.filters.is_open):
        few = index.catalog.passage_ids(asked.access, asked.filters, limit=_SCORE_ALL + 1)
        if len(few) <= _SCORE_ALL:
            return _Candidates(index.catalog.stretches(few, asked.access, asked.filters), {}, {})
    while wanted < total and not _enough(found, count, wanted):
        wanted *= _WIDER
        found = _found(index, asked, min(wanted, total))
    return found


def _found(index: Index, asked: _Asked, wanted: int) -> _Candidates:
    """Return what may be shown of so many that each search finds best."""
    by_vector = index.settings.fusion != "lexical"
    by_words = index.settings.fusion != "dense"
    dense = index.vectors.nearest(asked.vector, wanted) if by_vector else {}
    lexical = index.words.best(asked.question, wanted) if by_words else {}
    stretches = index.catalog.stretches(list(dense | lexical), asked.access, asked.filters)
    return _Candidates(stretches, dense, lexical)


def _enough(found: _Candidates, count: int, wanted: int) -> bool:
    """Say whether each search found so many that may be shown, or cannot find more."""
    stretches = found.stretches
    in_dense = {stretches[id_] for id_ in found.dense if id_ in stretches}
    in_lexical = {stretches[id_] for id_ in found.lexical if id_ in stretches}
    # Of a word that is in few passages there are no more, however many are asked for.
    by_words = len(in_lexical) >= count or len(found.lexical) < wanted
    return by_words and (len(in_dense) >= count or not found.dense)


def _scored(index: Index, asked: _Asked, candidates: _Candidates) -> dict[str, tuple[float, float, float]]:
    """Return the score of each candidate, its similarity, and its BM25."""
    ids = list(candidates.stretches)
    dense = {
        **candidates.dense,
        **index.vectors.similarities(asked.vector, [i for i in ids if i not in candidates.dense]),
    }
    unknown = [i for i in ids if i not in candidates.lexical]
    lexical = {**candidates.lexical, **index.words.scores(asked.question, unknown)}
    return {i: _fused(dense[i], lexical.get(i, 0.0), index.settings.fusion) for i in ids if i in dense}


def _fused(similarity: float, bm25: float, fusion: str) -> tuple[float, float, float]:
    scores = {"fused": similarity + LEXICAL_WEIGHT * bm25, "dense": similarity, "lexical": bm25}
    return scores[fusion], similarity, bm25


def _hits(index: Index, asked: _Asked, scored: Mapping[str, tuple[float, float, float]]) -> Iterator[Hit]:
    """Yield the hits, best first. They are checked again when they are read: an article may have changed meanwhile."""
    ranked = sorted(scored, key=lambda id_: (-scored[id_][0], id_))
    for first in range(0, len(ranked), AT_ONCE):
        part = ranked[first : first + AT_ONCE]
        passages = index.catalog.passages(part, asked.access, asked.filters)
        yield from (Hit(passages[id_], *scored[id_]) for id_ in part if id_ in passages)
