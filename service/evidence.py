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
_TITLED = 40

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
    """Return the sentences of the best hits, and those of further hits that hold the figure asked for, best first."""
    hits = _worth_reading(retrieved.hits)
    weights = distinctive(question, [f"{hit.passage.article.title} {hit.passage.text}" for hit in hits])
    places = _places(question, retrieved.hits, whole=len(hits))
    texts = [display_text(p.hit.passage.words_of(p.span), p.hit.passage.article.format) for p in places]
    vectors = index.sentence_vectors.of(texts)
    alone = vectors @ retrieved.question_vector
    features = [_features(question, weights, place, text) for place, text in zip(places, texts, strict=True)]
    titled = _titled_similarities(index, retrieved, places, texts, alone=alone, features=features)
    return sorted(
        (
            Evidence(
                place.hit,
                place.rank,
                place.position,
                place.span,
                text,
                vectors[at],
                similarity=float(alone[at] + titled[at]) / 2,
                features=features[at] | {"titled_similarity": float(titled[at])},
                score=_score(features[at], float(titled[at])),
            )
            for at, (place, text) in enumerate(zip(places, texts, strict=True))
        ),
        key=lambda e: (-e.score, e.rank, e.position),
    )


def _places(question: str, hits: Sequence[Hit], *, whole: int) -> list[_Place]:
    """Return every sentence of the first `whole` hits, and of the others those that hold an amount or share asked for.

    Such sentences are few, and one that stands in an article about something else may give another figure.
    """
    kind = wanted(question)
    return [
        _Place(hit, rank, position, span)
        for rank, hit in enumerate(hits)
        for position, span in enumerate(hit.passage.sentences)
        if rank < whole or (kind in ("amount", "percentage") and holds(kind, hit.passage.words_of(span), question))
    ]


def _titled_similarities(
    index: Index,
    retrieved: Retrieved,
    places: Sequence[_Place],
    texts: Sequence[str],
    *,
    alone: Vectors,
    features: Sequence[Mapping[str, float]],
) -> Vectors:
    """Return the similarity of each sentence under its article's title to the question.

    Only for those that may come to be shown: it is the dearest part of a question. For the others, that of the sentence
    alone stands in.
    """
    scores = [_score(feature, float(similarity)) for feature, similarity in zip(features, alone, strict=True)]
    best = sorted(range(len(texts)), key=lambda at: -scores[at])[:_TITLED]
    vectors = index.sentence_vectors.of([f"{places[at].hit.passage.article.title}\n{texts[at]}" for at in best])
    similarities = alone.copy()
    similarities[best] = vectors @ retrieved.question_vector
    return similarities


def _score(features: Mapping[str, float], titled_similarity: float) -> float:
    weighed = sum(WEIGHTS[name] * value for name, value in features.items())
    return weighed + WEIGHTS["titled_similarity"] * titled_similarity


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
