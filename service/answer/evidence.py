"""The sentences of the hits, scored by how likely each answers the question."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from index.deadline import check_deadline
from index.ingest.segmentation import display_text
from index.models.embedding import Vectors
from index.records import Hit, SentenceSpan, Span
from index.retrieval import Retrieved
from index.stores.store import Index
from service.answer.boilerplate import is_boilerplate
from service.answer.reading import Found, found_in, read_hits
from service.answer.relations import untold
from service.answer.sought import holds, wanted
from service.answer.text.terms import (
    asks_ahead,
    asks_back,
    asks_whether_it_happened,
    covered,
    distinctive,
    new_names,
    of_total,
    tells_back,
    tells_now,
    tells_of_pending,
)

# How many of the best passages are read sentence by sentence: those whose score comes near the best. Among articles about
# one thing many do; where one passage stands out, reading the others would cost time and change nothing.
_HITS_LEAST = 4
_HITS_MOST = 16
_SCORE_MARGIN = 0.4
_TITLED = 40
_NUMBERS = frozenset({"number", "count", "amount", "percentage", "frequency"})

SIMILARITY_WEIGHTS: Mapping[str, float] = {
    "titled_similarity": 8.8,
    "passage_score": 9.1,
    "covered": 5.3,
    "amount": 1.7,
    "number": 3.3,
    "date": 3.2,
    "person": 1.1,
    "full_name": 1.6,
    "tells_back": 2.5,
    "tells_now": 1.8,
    "of_total": 2.0,
    "pending": -2.0,
    "untold": -1.5,
    "fragment": -2.4,
    "position": 0.9,
}
"""What is measured of a sentence without a reader, with its weight in the score. `eval/fitting.py` fits them."""

READER_WEIGHTS: Mapping[str, float] = {
    "passage_score": 10.0,
    "covered": 3.0,
    "number": 1.8,
    "date": 0.7,
    "tells_back": 2.5,
    "tells_now": 1.8,
    "of_total": 2.0,
    "pending": -2.0,
    "untold": -1.5,
    "fragment": -2.3,
    "answered": 0.15,
    "stretch": 0.22,
}
"""The same with a reader: how sure it is that the passage answers, and the score of its best stretch in the sentence. What
adds nothing to that is left out, above all the similarity under the title, the dearest part of a question."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """A sentence of a passage.

    `text` is as people read it. `vector` is its embedding. `similarity` is its cosine to the question; without a reader,
    the mean of taken alone and under its article's title: a title says what "it" is, and misleads in an article about many
    things. `found` is what a reader found in it. `score` orders the sentences of one question.
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
    found: Found | None = None

    @property
    def answer(self) -> Span | None:
        """The part of it that answers by itself, as a stretch of the article, where the reader is sure of one."""
        return self.found.stretch if self.found and self.found.score > 0 else None


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a sentence stands: the rank of its passage among the hits, and its position in the passage."""

    hit: Hit
    rank: int
    position: int
    span: SentenceSpan


def weights_in_use(index: Index) -> Mapping[str, float]:
    """Return the weights of what is measured of a sentence: with a reader there is more to go by."""
    return READER_WEIGHTS if index.reader else SIMILARITY_WEIGHTS


def read_sentences(index: Index, question: str, retrieved: Retrieved) -> list[Evidence]:
    """Return the sentences of the best hits, and those of further hits that hold the figure asked for, best first."""
    hits = _worth_reading(retrieved.hits)
    readings = read_hits(index, question, hits)
    weights = distinctive(question, [f"{hit.passage.article.title} {hit.passage.text}" for hit in hits])
    places = _places(question, retrieved.hits, whole=len(hits))
    found = [found_in(readings, rank=place.rank, hit=place.hit, sentence=place.span) for place in places]
    texts = [display_text(p.hit.passage.words_of(p.span), p.hit.passage.article.format) for p in places]
    vectors = index.sentence_vectors.of(texts)
    alone = vectors @ retrieved.question_vector
    features = [
        _features(question, weights, place, text) | _found_features(one)
        for place, text, one in zip(places, texts, found, strict=True)
    ]
    similarities = alone
    if not readings:
        titled = _titled_similarities(index, retrieved, places, texts, alone=alone, features=features)
        similarities = (alone + titled) / 2
        features = [f | {"titled_similarity": float(t)} for f, t in zip(features, titled, strict=True)]
    evidence = [
        Evidence(
            place.hit,
            place.rank,
            place.position,
            place.span,
            text,
            vectors[at],
            similarity=float(similarities[at]),
            features=features[at],
            score=_score(weights_in_use(index), features[at]),
            found=found[at],
        )
        for at, (place, text) in enumerate(zip(places, texts, strict=True))
    ]
    return sorted(evidence, key=lambda e: (-e.score, e.rank, e.position))


def _found_features(found: Found | None) -> dict[str, float]:
    return {"answered": found.answered, "stretch": found.score} if found else {}


def _places(question: str, hits: Sequence[Hit], *, whole: int) -> list[_Place]:
    """Return every sentence of the first `whole` hits, and of the others those that hold an amount or share asked for.

    Such sentences are few, and one that stands in an article about something else may give another figure.
    """
    kind = wanted(question)
    return [
        _Place(hit, rank, position, span)
        for rank, hit in enumerate(hits)
        for position, span in enumerate(hit.passage.sentences)
        if not is_boilerplate(hit.passage.words_of(span))
        and (rank < whole or (kind in ("amount", "percentage") and holds(kind, hit.passage.words_of(span), question)))
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
    scores = [
        _score(SIMILARITY_WEIGHTS, {**feature, "titled_similarity": float(similarity)})
        for feature, similarity in zip(features, alone, strict=True)
    ]
    best = sorted(range(len(texts)), key=lambda at: -scores[at])[:_TITLED]
    vectors = index.sentence_vectors.of([f"{places[at].hit.passage.article.title}\n{texts[at]}" for at in best])
    similarities = alone.copy()
    similarities[best] = vectors @ retrieved.question_vector
    return similarities


def _score(weights: Mapping[str, float], features: Mapping[str, float]) -> float:
    return sum(weights.get(name, 0.0) * value for name, value in features.items())


def _worth_reading(hits: Sequence[Hit]) -> Sequence[Hit]:
    near = sum(hit.score >= hits[0].score - _SCORE_MARGIN for hit in hits)
    return hits[: max(_HITS_LEAST, min(near, _HITS_MOST))]


def _features(question: str, weights: Mapping[str, float], place: _Place, text: str) -> dict[str, float]:
    check_deadline()
    title, kind = place.hit.passage.article.title, wanted(question)
    fits = holds(kind, text, question)
    return {
        "passage_score": place.hit.score,
        "covered": covered(weights, text, title),
        "amount": float(fits and kind == "amount"),
        "number": float(kind in _NUMBERS and holds("frequency" if kind == "frequency" else "number", text, question)),
        "date": float(fits and kind == "date"),
        "person": float(fits and kind == "person"),
        "full_name": float(kind == "person" and any(" " in name for name in new_names(text, f"{question} {title}"))),
        "tells_back": float(tells_back(text)) * (asks_back(question) - asks_ahead(question)),
        "tells_now": tells_now(question, text),
        "of_total": float(of_total(question) and of_total(text)),
        "pending": float(asks_whether_it_happened(question) and tells_of_pending(text)),
        "untold": float(untold(question, text)),
        "fragment": float(place.span.kind == "fragment"),
        "position": 1 / (1 + place.position),
    }
