"""A mean from few labels by people and many by a judge: prediction-powered inference.

Angelopoulos, Bates, Fannjiang, Jordan and Zrnic, "Prediction-powered inference", Science 382, 2023; used for evaluations by
Saad-Falcon et al., "ARES", NAACL 2024. How much the judge counts is chosen from the labels: Angelopoulos, Duchi and Zrnic,
"PPI++", arXiv 2311.01453, 2023. A judge that says nothing then makes nothing worse.
"""

from dataclasses import dataclass

import numpy as np

from eval.scoring.intervals import LEVEL, Floats


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean with the bounds that hold it with 95 %."""

    mean: float
    low: float
    high: float


def powered_mean(people: Floats, judged: Floats, others: Floats) -> Estimate:
    """Return the mean that people would give all answers.

    `people` and `judged` are what people and the judge said of the labelled answers, in the same order, at least two;
    `others` what the judge said of those that nobody labelled. The labelled ones have to be drawn at random. Between 0 and 1.
    """
    n, rest = len(people), len(others)
    weight = _weight(people, judged, others) if rest > 1 else 0.0
    corrected = people - weight * judged
    mean = float(corrected.mean() + weight * (others.mean() if rest else 0.0))
    variance = corrected.var(ddof=1) / n + (weight**2 * others.var(ddof=1) / rest if rest > 1 else 0.0)
    return _bounded(mean, float(np.sqrt(variance)))


def people_alone(people: Floats) -> Estimate:
    """Return the mean of the labels by themselves."""
    return powered_mean(people, np.zeros_like(people), np.zeros(0))


def _weight(people: Floats, judged: Floats, others: Floats) -> float:
    """Return how much the judge counts, from 0 to 1, for the narrowest interval (PPI++, its power tuning for a mean)."""
    spread = np.concatenate([judged, others]).var(ddof=1)
    if not spread:
        return 0.0
    shared = np.cov(people, judged, ddof=1)[0, 1]
    return float(np.clip(shared / ((1 + len(people) / len(others)) * spread), 0, 1))


def _bounded(mean: float, error: float) -> Estimate:
    from scipy.stats import norm

    reach = float(norm.isf(LEVEL / 2)) * error
    return Estimate(float(np.clip(mean, 0, 1)), max(0.0, mean - reach), min(1.0, mean + reach))
