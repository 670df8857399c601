"""Whether somebody greets, thanks, says good-bye or asks what this service is, and so asks nothing of the articles.

Learned: a multinomial logistic regression on the vector that the embedding model gives a question. Its weights are in
`small_talk.json` and fit the packaged embedding model alone; with another one, everything counts as a question.
`python -m eval.small_talk.fit` makes the file; docs/evaluation.md has the figures.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

from index.models.embedding import Vectors
from index.stores.store import Index
from service.answer.models import Message, SmallTalk

WEIGHTS = Path(__file__).with_name("small_talk.json")


@dataclass(frozen=True, slots=True)
class SmallTalkClassifier:
    """Weights for the vectors of one embedding model, which `model` tells from any other (`Embedder.fingerprint`).

    `weights` has a row for questions and then one for each of `kinds`; `least` is the probability from which on what is
    said counts as one of them.
    """

    model: str
    kinds: tuple[SmallTalk, ...]
    intercepts: NDArray[np.float64]
    weights: NDArray[np.float64]
    least: float

    def kind_of(self, vector: Vectors) -> SmallTalk | None:
        """Return what is said where that is small talk; None for a question. `vector` is one question's."""
        logits = self.intercepts + self.weights @ vector
        question, *others = np.exp(logits - logits.max())
        if sum(others) < self.least * (question + sum(others)):
            return None
        return self.kinds[int(np.argmax(others))]


def small_talk(index: Index, text: str) -> SmallTalk | None:
    """Return which kind of small talk a text is, or None where it is a question. Raises ModelUnusable."""
    classifier = shipped_classifier()
    if index.embedder.fingerprint != classifier.model:
        return None
    return classifier.kind_of(index.embedder.embed_questions([text])[0])


def without_small_talk(index: Index, history: Sequence[Message]) -> tuple[Message, ...]:
    """Return a conversation without what was small talk in it, and without the replies to that."""
    left: list[Message] = []
    skipping = False
    for message in history:
        if message.role == "user":
            skipping = small_talk(index, message.text) is not None
        if not skipping:
            left.append(message)
    return tuple(left)


@cache
def shipped_classifier() -> SmallTalkClassifier:
    """Return the classifier that ships."""
    stored = json.loads(WEIGHTS.read_text(encoding="utf-8"))
    rows = np.array([stored["weights"][name] for name in ("question", *stored["kinds"])])
    kinds = cast("tuple[SmallTalk, ...]", tuple(stored["kinds"]))
    return SmallTalkClassifier(stored["model"], kinds, rows[:, 0], rows[:, 1:], stored["least"])
