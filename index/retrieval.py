"""A question to hits: dense and lexical candidates, scored by both, fused, checked against the catalogue."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice

from index.copies import without_copies
from index.embedding import Vectors
from index.records import Access, Filters, Hit, Passage
from index.store import Index

# Fused score = cosine + weight * BM25. BM25 grows with the number and rarity of the words that match, so long questions
# full of names lean on words and short, plain ones on meaning, without a weight to choose for each kind of corpus
# (docs/decisions/0002-fusion.md has the figures).
LEXICAL_WEIGHT = 0.016

_CANDIDATES = 100
# Up to here every passage that the filters leave is scored; beyond, the best candidates are filtered.
_SCORE_ALL = 2_000


@dataclass(frozen=True, slots=True)
class Retrieved:
    """The hits of a question, best first, with the question's vector for whoever compares sentences to it."""

    hits: tuple[Hit, ...]
    question_vector: Vectors


def retrieve(index: Index, question: str, *, access: Access, filters: Filters, count: int = 50) -> Retrieved:
    """Find the passages that fit a question best, among those that the asker may read and that match the filters.

    Raises IndexEmpty or IndexMismatch when nothing can be found.
    """
    index.check()
    vector = index.embedder.embed_questions([question])[0]
    passages = _candidates(index, question, vector, access=access, filters=filters)
    ids = list(passages)
    dense = index.vectors.similarities(vector, ids)
    lexical = index.words.scores(question, ids)
    hits = [
        _hit(passage, dense, lexical, index.settings.fusion) for passage in passages.values() if passage.id in dense
    ]
    ranked = sorted(hits, key=lambda hit: (-hit.score, hit.passage.id))
    return Retrieved(tuple(islice(without_copies(ranked, index.catalog.signatures), count)), vector)


def _candidates(
    index: Index, question: str, vector: Vectors, *, access: Access, filters: Filters
) -> Mapping[str, Passage]:
    """Return the passages worth scoring.

    Chroma answers a filtered query far more slowly than a plain one, so more is fetched than needed and what does not
    match is dropped, widening until enough is left.
    """
    if (
        not filters.is_open
        and len(few := index.catalog.passage_ids(access, filters, limit=_SCORE_ALL + 1)) <= _SCORE_ALL
    ):
        return index.catalog.passages(few, access, filters)
    total, wanted = index.vectors.count(), _CANDIDATES
    while True:
        ids: dict[str, float] = {}
        if index.settings.fusion != "lexical":
            ids |= index.vectors.nearest(vector, min(wanted, total))
        if index.settings.fusion != "dense":
            ids |= index.words.best(question, min(wanted, total))
        passages = index.catalog.passages(list(ids), access, filters)
        if wanted >= total or len(passages) >= _CANDIDATES // 2:
            return passages
        wanted *= 8


def _hit(passage: Passage, dense: Mapping[str, float], lexical: Mapping[str, float], fusion: str) -> Hit:
    similarity, bm25 = dense[passage.id], lexical.get(passage.id, 0.0)
    scores = {"fused": similarity + LEXICAL_WEIGHT * bm25, "dense": similarity, "lexical": bm25}
    return Hit(passage, scores[fusion], similarity, bm25)
