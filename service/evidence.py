"""The sentences of the hits, scored by how likely each answers the question."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from index.embedding import Vectors
from index.records import Hit, SentenceSpan
from index.retrieval import Retrieved
from index.segmentation import display_text
from index.store import Index
from service.wording import covered, holds, new_names, stem_set, wanted

HITS_READ = 8
"""How many of the best passages are read sentence by sentence."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """A sentence of a passage. `text` is as people read it, `vector` its embedding under its article's title."""

    hit: Hit
    rank: int
    position: int
    span: SentenceSpan
    text: str
    vector: Vectors
    features: Vectors
    score: float

    @property
    def similarity(self) -> float:
        """Cosine similarity of the sentence, under its title, to the question."""
        return float(self.features[0])


FEATURES = (
    "similarity",
    "passage_score",
    "passage_dense",
    "passage_rank",
    "covered",
    "amount",
    "number",
    "date",
    "person",
    "full_name",
    "place",
    "fragment",
    "position",
    "length",
)


def read_sentences(index: Index, question: str, retrieved: Retrieved, *, weights: Vectors) -> list[Evidence]:
    """Return every sentence of the best hits with its features and score, best first."""
    places = [
        (rank, position, hit, span)
        for rank, hit in enumerate(retrieved.hits[:HITS_READ])
        for position, span in enumerate(hit.passage.sentences)
    ]
    texts = [display_text(hit.passage.words_of(span), hit.passage.article.format) for _, _, hit, span in places]
    titled = [f"{hit.passage.article.title}\n{text}" for (_, _, hit, _), text in zip(places, texts, strict=True)]
    vectors = index.sentence_vectors.of(titled)
    similarities = vectors @ retrieved.question_vector
    evidence = []
    for (rank, position, hit, span), text, vector, similarity in zip(places, texts, vectors, similarities, strict=True):
        features = np.array(
            _features(question, text, hit, span, rank, position, float(similarity)), np.float32
        )
        score = float(features @ weights)
        evidence.append(Evidence(hit, rank, position, span, text, vector, features, score))
    return sorted(evidence, key=lambda e: (-e.score, e.rank, e.position))


def _features(
    question: str, text: str, hit: Hit, span: SentenceSpan, rank: int, position: int, similarity: float
) -> Sequence[float]:
    kind, title = wanted(question), hit.passage.article.title
    fits = holds(kind, text, question)
    named = kind == "person" and any(" " in n for n in new_names(text, question + " " + title))
    return (
        similarity,
        hit.score,
        hit.dense,
        1 / (1 + rank),
        covered(question, text, title),
        float(kind == "amount" and fits),
        float(kind in ("number", "amount") and holds("number", text, question)),
        float(kind == "date" and fits),
        float(kind == "person" and fits),
        float(named),
        float(kind == "place" and fits),
        float(span.kind == "fragment"),
        1 / (1 + position),
        math.log1p(len(text)),
    )
