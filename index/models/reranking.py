"""Reranks the best hits with an optional cross-encoder, which reads question and passage together.

Nogueira and Cho, "Passage Re-ranking with BERT", 2019. None ships: any sentence-transformers `CrossEncoder` can be set.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from threading import RLock
from typing import TYPE_CHECKING

from index.deadline import check_deadline
from index.errors import ModelUnusable
from index.ingest.segmentation import display_text
from index.records import Hit

if TYPE_CHECKING:
    from sentence_transformers import CrossEncoder

# The heads of published cross-encoders. For a model without one, a head with random weights would be created.
_HEADS = ("ForSequenceClassification", "ForCausalLM")


class Reranker:
    """A cross-encoder by name or folder, loaded with the first question. Safe to use from many threads."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._lock = RLock()

    def load(self) -> None:
        """Load the model now rather than with the first question. Raises ModelUnusable."""
        with self._lock:
            _ = self._model

    def scores(self, question: str, texts: Sequence[str]) -> list[float]:
        """Return how well each text fits the question: higher is better, on the model's own scale. Raises ModelUnusable."""
        with self._lock:
            predicted = self._model.predict([(question, text) for text in texts], show_progress_bar=False)
        return [float(score) for score in predicted]

    @cached_property
    def _model(self) -> "CrossEncoder":
        return _load(self.name)


def reranked(reranker: Reranker | None, question: str, hits: Sequence[Hit], *, first: int) -> tuple[Hit, ...]:
    """Return the hits with the first `first` in the order of the reranker, or unchanged without one.

    Each rank keeps its score, as the scores of a cross-encoder are on another scale. The model reads the passage with its
    title, as it was embedded. Raises ModelUnusable.
    """
    if reranker is None or not hits:
        return tuple(hits)
    check_deadline()
    best = hits[:first]
    scores = reranker.scores(question, [_words(hit) for hit in best])
    order = sorted(range(len(best)), key=lambda at: (-scores[at], at))
    moved = (replace(best[at], score=place.score) for at, place in zip(order, best, strict=True))
    return (*moved, *hits[first:])


def _words(hit: Hit) -> str:
    article = hit.passage.article
    return f"{article.title}\n{display_text(hit.passage.text, article.format)}"


def _load(name: str) -> "CrossEncoder":
    from safetensors import SafetensorError
    from sentence_transformers import CrossEncoder
    from transformers import AutoConfig

    try:
        kinds = AutoConfig.from_pretrained(name).architectures or []
        if not any(kind.endswith(_HEADS) for kind in kinds):
            raise ValueError(f"it is no cross-encoder but {', '.join(kinds) or 'something unnamed'}")
        model: CrossEncoder = CrossEncoder(name)
    except (OSError, ValueError, RuntimeError, SafetensorError) as error:
        raise _unusable(name, str(error)) from error
    if model.num_labels != 1:
        raise _unusable(name, f"it gives {model.num_labels} scores to a pair, not one")
    return model


def _unusable(name: str, why: str) -> ModelUnusable:
    return ModelUnusable(
        f"The reranker {name!r} cannot be used: {why}. Set FOOTNOTE_RERANKER to the name or folder of a "
        "sentence-transformers CrossEncoder with one label, or leave it out."
    )
