"""The sentences of the hits, scored by how likely each answers the question."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from index.embedding import Vectors
from index.records import Hit, SentenceSpan
from index.retrieval import Retrieved
from index.segmentation import display_text
from index.store import Index
from service.wording import asks_back, covered, distinctive, holds, new_names, tells_back, wanted

# How many of the best passages are read sentence by sentence: those whose score comes near the best. Among articles about
# one thing many do; where one passage stands out, reading the others would cost time and change nothing.
_HITS_LEAST = 4
_HITS_MOST = 16
_SCORE_MARGIN = 0.4

WEIGHTS: Mapping[str, float] = {
    "titled_similarity": 8.8,
    "passage_score": 9.1,
    "covered": 5.3,
    "amount": 1.7,
    "number": 3.3,
    "date": 3.2,
    "person": 1.1,
    "full_name": 1.6,
    "tells_back": 2.5,
    "fragment": -2.4,
    "position": 0.9,
}
"""What is measured of a sentence, with its weight in the score. `eval/fitting.py` fits and measures them."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """A sentence of a passage.

    `text` is as people read it. `vector` is its embedding. `similarity` is its cosine to the question, the mean of taken
    alone and under its article's title: a title says what "it" is, and misleads in an article about many things.
    `score` orders the sentences of one question.
    """

    hit: Hit
    rank: int
    position: int
    span: SentenceSpan
    text: str
    vector: Vectors
    similarity: float
    features: Mapping[str, float]
    score: float


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a sentence stands: the rank of its passage among the hits, and its position in the passage."""

    hit: Hit
    rank: int
    position: int
    span: SentenceSpan


def read_sentences(index: Index, question: str, retrieved: Retrieved) -> list[Evidence]:
    """Return every sentence of the best hits with its features and score, best first."""
    hits = _worth_reading(retrieved.hits)
    places = [
        _Place(hit, rank, position, span)
        for rank, hit in enumerate(hits)
        for position, span in enumerate(hit.passage.sentences)
    ]
    texts = [display_text(p.hit.passage.words_of(p.span), p.hit.passage.article.format) for p in places]
    titled = [f"{p.hit.passage.article.title}\n{text}" for p, text in zip(places, texts, strict=True)]
    vectors = index.sentence_vectors.of([*texts, *titled])
    similarities = (vectors @ retrieved.question_vector).reshape(2, -1).T
    weights = distinctive(question, [f"{hit.passage.article.title} {hit.passage.text}" for hit in hits])
    evidence = []
    for place, text, vector, (alone, titled_similarity) in zip(places, texts, vectors, similarities, strict=False):
        features = _features(question, weights, place, text) | {"titled_similarity": float(titled_similarity)}
        score = sum(WEIGHTS[name] * value for name, value in features.items())
        similarity = float(alone + titled_similarity) / 2
        evidence.append(
            Evidence(place.hit, place.rank, place.position, place.span, text, vector, similarity, features, score)
        )
    return sorted(evidence, key=lambda e: (-e.score, e.rank, e.position))


def _worth_reading(hits: Sequence[Hit]) -> Sequence[Hit]:
    near = sum(hit.score >= hits[0].score - _SCORE_MARGIN for hit in hits)
    return hits[: max(_HITS_LEAST, min(near, _HITS_MOST))]


def _features(question: str, weights: Mapping[str, float], place: _Place, text: str) -> dict[str, float]:
    title, kind = place.hit.passage.article.title, wanted(question)
    fits = holds(kind, text, question)
    return {
        "passage_score": place.hit.score,
        "covered": covered(weights, text, title),
        "amount": float(fits and kind == "amount"),
        "number": float(kind in ("number", "amount", "percentage") and holds("number", text, question)),
        "date": float(fits and kind == "date"),
        "person": float(fits and kind == "person"),
        "full_name": float(kind == "person" and any(" " in name for name in new_names(text, f"{question} {title}"))),
        "tells_back": float(asks_back(question) and tells_back(text)),
        "fragment": float(place.span.kind == "fragment"),
        "position": 1 / (1 + place.position),
    }
