"""Measures of short answers and of probabilities, with intervals."""

from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from index.reader.examples import normalise

Numbers = NDArray[np.float64]
_RESAMPLES = 1_000


def exact_match(given: str, answers: Sequence[str]) -> float:
    """Return 1 when the given answer is one of the right ones, as SQuAD's own script normalises them, else 0."""
    return float(any(normalise(given) == normalise(answer) for answer in answers))


def token_f1(given: str, answers: Sequence[str]) -> float:
    """Return the best F1 of the given answer's words with those of a right one, between 0 and 1."""
    return max((_f1(normalise(given).split(), normalise(answer).split()) for answer in answers), default=0.0)


def _f1(given: Sequence[str], right: Sequence[str]) -> float:
    shared = sum((Counter(given) & Counter(right)).values())
    return 2 * shared / (len(given) + len(right)) if shared else float(given == right)


def area(scores: Numbers, right: Numbers) -> float:
    """Return the area under the ROC curve: how often a right case scores above a wrong one. NaN without both kinds."""
    positive, ranks = right > 0.5, rankdata(scores)
    count = int(positive.sum())
    others = len(right) - count
    if not count or not others:
        return float("nan")
    return float((ranks[positive].sum() - count * (count + 1) / 2) / (count * others))


def balanced_accuracy(probabilities: Numbers, right: Numbers) -> float:
    """Return the mean of the shares of answerable and of unanswerable cases on the right side of one half."""
    said = probabilities > 0.5
    return float((said[right > 0.5].mean() + (~said[right < 0.5]).mean()) / 2)


def f1_of_choice(scores: Numbers, right: Numbers, least: float) -> float:
    """Return the F1 of choosing what scores at least so much."""
    chosen = scores >= least
    shared = float((chosen * right).sum())
    return 2 * shared / float(chosen.sum() + right.sum()) if shared else 0.0


def best_threshold(cases: Sequence[tuple[Numbers, Numbers]]) -> float:
    """Return the least score to choose by that gives cases of scores and right ones the highest mean F1."""
    tried = np.quantile(np.concatenate([scores for scores, _ in cases]), np.linspace(0, 1, 100))
    means = [np.mean([f1_of_choice(scores, right, least) for scores, right in cases]) for least in tried]
    return float(tried[int(np.argmax(means))])


def interval(measure: Callable[[NDArray[np.int64]], float], count: int, seed: int = 0) -> tuple[float, float]:
    """Return the 95 % interval of a measure, by resampling cases (Efron 1979): `measure` takes the indices of cases."""
    random = np.random.default_rng(seed)
    values = [measure(random.integers(0, count, count)) for _ in range(_RESAMPLES)]
    low, high = np.nanpercentile(values, [2.5, 97.5])
    return float(low), float(high)


def reliability(probabilities: Numbers, right: Numbers, bins: int = 5) -> list[tuple[float, float, int]]:
    """Return for each fifth of the range of probability: the mean probability, the share that is right, how many."""
    of_bin = np.minimum((probabilities * bins).astype(int), bins - 1)
    return [
        (float(probabilities[of_bin == b].mean()), float(right[of_bin == b].mean()), int((of_bin == b).sum()))
        for b in range(bins)
        if (of_bin == b).any()
    ]
