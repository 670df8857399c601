"""An index of any number of passages without embedding each: for measuring questions, memory and opening.

A passage's vector is that of one of 300 real passages, moved at random. Everything else is as in any index.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from itertools import islice

import numpy as np

from eval.bench.synthetic import synthetic_articles
from index.ingest.chunking import content_key
from index.ingest.writing import write
from index.models.embedding import Embedder, Vectors
from index.records import EVERYTHING, Article, ArticleInfo, version_of
from index.settings import PACKAGED_MODEL
from index.stores.publishing import Prepared
from index.stores.store import Index

STAFF, FEW = "staff", "few"
_RESTRICTED = 9
_REAL = 300
_REAL_CHARACTERS = 400
# As long as the vector itself: two passages about the same thing then have a cosine of about one half.
_MOVED_BY = 1.0
_ARTICLES_AT_ONCE = 1_000
# A little more than a synthetic article has, so that the index grows no larger than it should.
_PASSAGES_OF_ONE = 4


class MovedVectors(Embedder):
    """The packaged model, but for passages' vectors: these are real ones moved at random."""

    def __init__(self, model: str, real: Vectors, *, seed: int) -> None:
        super().__init__(model)
        self._real = real
        self._chance = np.random.default_rng(seed)

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """Return a vector for each text that has nothing to do with it."""
        picked = self._real[self._chance.integers(len(self._real), size=len(texts))]
        moved = picked + self._chance.normal(0, _MOVED_BY / picked.shape[1] ** 0.5, picked.shape)
        return np.asarray(moved / np.linalg.norm(moved, axis=1, keepdims=True), np.float32)


def moved_vectors(embedder: Embedder, *, seed: int) -> MovedVectors:
    """Return a stand-in for an embedding model, with the vectors of a few real texts to start from."""
    real = embedder.embed_passages([_words_of(row) for row in synthetic_articles(_REAL)])
    return MovedVectors(PACKAGED_MODEL, real, seed=seed)


def fill(index: Index, passages: int, *, seed: int = 1) -> None:
    """Add synthetic articles until the index has at least so many passages."""
    index.prepare_for_writing()
    there = index.catalog.count(EVERYTHING)
    pretended = replace(index, embedder=moved_vectors(index.embedder, seed=seed + there))
    rows = islice(synthetic_articles(passages, seed=seed), there, None)
    articles = (_prepared(row, _groups_of(there + number)) for number, row in enumerate(rows))
    while (missing := passages - index.catalog.count_passages()) > 0:
        write(pretended, islice(articles, min(missing // _PASSAGES_OF_ONE + 1, _ARTICLES_AT_ONCE)))


def _words_of(row: Mapping[str, object]) -> str:
    return f"{row['title']}\n{str(row['text'])[:_REAL_CHARACTERS]}"


def _groups_of(number: int) -> frozenset[str] | None:
    """Every tenth article is not for everyone; ten of ten thousand are for a few."""
    if number % 10 != _RESTRICTED:
        return None
    return frozenset({FEW}) if number % 1_000 == _RESTRICTED else frozenset({STAFF})


def _prepared(row: Mapping[str, object], groups: frozenset[str] | None) -> Prepared:
    text = str(row["text"])
    published = date.fromisoformat(str(row["published"]))
    info = ArticleInfo(
        str(row["id"]),
        version_of(text),
        str(row["title"]),
        publisher=str(row["publisher"]),
        published=published,
        groups=groups,
    )
    article = Article(info, text, "synthetic")
    return Prepared(article, content_key(article), "synthetic", ())
