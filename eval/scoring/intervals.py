"""Bootstrap confidence intervals on means over questions.

Percentile intervals of 95 %: Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, ch. 13. Two runs over
the same questions are resampled together (paired): Koehn, "Statistical Significance Tests for Machine Translation
Evaluation", EMNLP 2004.
"""

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 1000
SEED = 20260424

Floats = NDArray[np.float64]

# Resamples at a time: bounds memory to a few megabytes for every thousand questions.
_BATCH = 50


def resampled_means(values: Floats) -> Floats:
    """Return the column means of 1000 resamples of the rows.

    `values` is (questions, metrics), NaN where a metric is not defined for a question; the result is
    (1000, metrics), NaN where a resample holds no question for which the metric is defined. The same number of rows
    always gives the same resamples, so that two runs over the same questions can be subtracted.
    """
    rows = values.shape[0]
    defined = (~np.isnan(values)).astype(np.float64)
    filled = np.nan_to_num(values)
    rng = np.random.default_rng(SEED)
    batches = []
    for _ in range(RESAMPLES // _BATCH):
        draws = rng.multinomial(rows, np.full(rows, 1 / rows), size=_BATCH).astype(np.float64)
        counts = draws @ defined
        sums = draws @ filled
        batches.append(np.divide(sums, counts, out=np.full_like(sums, np.nan), where=counts > 0))
    return np.concatenate(batches)


def interval(samples: Floats) -> tuple[float, float] | None:
    """Return the bounds that hold the middle 95 % of the samples; None when there is none."""
    defined = samples[~np.isnan(samples)]
    if not defined.size:
        return None
    low, high = np.percentile(defined, [2.5, 97.5])
    return float(low), float(high)
