"""Bootstrap confidence intervals on means over questions, and how small a change a set can show.

Percentile intervals of 95 %: Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, ch. 13. Two runs over
the same questions are resampled together (paired): Koehn, "Statistical Significance Tests for Machine Translation
Evaluation", EMNLP 2004. Questions that belong together are resampled together (`eval.scoring.clusters`).
"""

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 1000
SEED = 20260424
LEVEL = 0.05
"""The chance of a false alarm."""

POWER = 0.8
"""How often a change of the size that is called detectable is found."""

Floats = NDArray[np.float64]

# Resamples at a time: bounds memory to a few megabytes for every thousand questions.
_BATCH = 50


def resampled_means(values: Floats, clusters: NDArray[np.intp] | None = None) -> Floats:
    """Return the column means of 1000 resamples of the rows, or of clusters of rows.

    `values` is (questions, metrics), NaN where a metric is not defined for a question; the result is
    (1000, metrics), NaN where a resample holds no question for which the metric is defined. The same number of rows
    always gives the same resamples, so that two runs over the same questions can be subtracted.
    """
    defined = (~np.isnan(values)).astype(np.float64)
    filled = np.nan_to_num(values)
    if clusters is not None:
        defined, filled = summed(defined, clusters), summed(filled, clusters)
    rows = filled.shape[0]
    rng = np.random.default_rng(SEED)
    batches = []
    for _ in range(RESAMPLES // _BATCH):
        draws = rng.multinomial(rows, np.full(rows, 1 / rows), size=_BATCH).astype(np.float64)
        counts = draws @ defined
        sums = draws @ filled
        batches.append(np.divide(sums, counts, out=np.full_like(sums, np.nan), where=counts > 0))
    return np.concatenate(batches)


def summed(values: Floats, clusters: NDArray[np.intp]) -> Floats:
    """Return the sums of the rows of each cluster."""
    sums = np.zeros((int(clusters.max(initial=-1)) + 1, values.shape[1]))
    np.add.at(sums, clusters, values)
    return sums


def interval(samples: Floats) -> tuple[float, float] | None:
    """Return the bounds that hold the middle 95 % of the samples; None when there is none."""
    defined = samples[~np.isnan(samples)]
    if not defined.size:
        return None
    low, high = np.percentile(defined, [2.5, 97.5])
    return float(low), float(high)


def detectable(standard_error: float) -> float:
    """Return the change of a score that is found 8 times in 10, at a level of 5 % on both sides.

    `standard_error` is that of the difference of two runs over the same questions. For a run by itself that of its mean takes
    its place: they are the same where scores of the two runs have a correlation of one half. Versions of one system are more
    alike, and smaller changes are found. After Miller, "Adding Error Bars to Evals", arXiv 2411.00640, 2024.
    """
    from scipy.stats import norm

    return float((norm.isf(LEVEL / 2) + norm.isf(1 - POWER)) * standard_error)
