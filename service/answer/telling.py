"""Which sentences of an article belong to an answer beside the best one, where all of the answer is in that article."""

import math
from collections.abc import Mapping

from service.answer.evidence import Evidence

BELONGING_WEIGHTS: Mapping[str, float] = {
    "intercept": -0.56,
    "below": -0.22,
    "like_best": 1.88,
    "opens": 0.86,
    "before_best": -0.55,
}
"""Weights of a logistic curve: how much less the sentence tells than the one that tells most, how similar it is to the best
one, whether it opens the article, and whether the best one follows right after it. `eval/overlap.py --fit` fits them."""

LEAST_PROBABILITY = 0.34
"""The F1 of the sentences is highest where those are taken that belong with half of that F1 as their probability (Lipton,
Elkan and Naryanaswamy, ECML 2014, "Optimal Thresholding of Classifiers to Maximize F1 Measure", theorem 1)."""

# Weight of the similarity beside the score where no single value is asked for (docs/evaluation.md has the figures).
_SIMILARITY = 6.0
# Between two sentences stands a space or an empty line.
_BETWEEN = 2


def telling(one: Evidence) -> float:
    """Return how much a sentence tells of what is asked, in units of its score."""
    return one.score + _SIMILARITY * one.similarity


def belonging(one: Evidence, best: Evidence, *, below: float) -> dict[str, float]:
    """Return what says whether a sentence belongs beside the best one of its article, by the names of the weights.

    `below` is how much less it tells than the sentence of the article that tells most.
    """
    return {
        "below": below,
        "like_best": float(one.vector @ best.vector),
        "opens": float(one.hit.passage.ordinal == one.position == 0),
        "before_best": float(0 <= best.span.start - one.span.end <= _BETWEEN),
    }


def belongs(measures: Mapping[str, float]) -> float:
    """Return the probability that a sentence with these measures belongs to the answer."""
    logit = BELONGING_WEIGHTS["intercept"] + sum(BELONGING_WEIGHTS[name] * value for name, value in measures.items())
    return 1 / (1 + math.exp(-logit))
