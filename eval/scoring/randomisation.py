"""Whether two runs over the same questions differ by more than chance.

Approximate randomisation: if the runs were equally good, each question's two outcomes might as well be swapped. Noreen,
"Computer-Intensive Methods for Testing Hypotheses", 1989; for scores that are ratios, Yeh, "More Accurate Tests for
the Statistical Significance of Result Differences", COLING 2000. scipy.stats.permutation_test does the same for one
score at a time; here all scores share the swaps, and a score may be defined in one run only (it was refused in one).
"""

from collections.abc import Callable, Iterator, Mapping

import numpy as np

from eval.scoring.clusters import Clusters
from eval.scoring.intervals import SEED, Floats, summed

SWAPS = 10_000

# Swaps at a time: bounds memory to a few megabytes for every thousand questions.
_BATCH = 100


def randomised_p_values(
    before: Floats, after: Floats, measures: Callable[[Floats], Floats], clusters: Clusters | None = None
) -> Floats:
    """Return two-sided p-values of the differences between the measures of two runs, by 10,000 random swaps.

    `before` and `after` are (questions, metrics), NaN where a metric is not defined. `measures` turns means (n, metrics)
    into what is tested (n, k). All questions of a cluster are swapped together. The result is (k,), NaN where no question
    differs or a measure is not defined: there is nothing to test. The observed outcome counts among the random ones (Noreen),
    so that no p-value is 0.
    """
    first, second = _with_counts(before), _with_counts(after)
    if clusters is not None:
        first, second = summed(first, clusters), summed(second, clusters)
    moved = second - first
    observed = _difference(first.sum(axis=0), second.sum(axis=0), measures)
    as_extreme = np.zeros(observed.shape[1])
    for swapped in _swapped(moved):
        drawn = _difference(first.sum(axis=0) + swapped, second.sum(axis=0) - swapped, measures)
        # A draw that leaves a score undefined speaks against nothing: it counts as extreme.
        as_extreme += (~(np.abs(drawn) < np.abs(observed) - 1e-12)).sum(axis=0)
    p = (as_extreme + 1) / (SWAPS + 1)
    untested = np.isnan(observed[0]) | ~_touched(moved, measures)
    return np.where(untested, np.nan, p)


def holm(p_values: Mapping[str, float]) -> dict[str, float]:
    """Correct p-values for being many: the chance of one false alarm among all of them stays below the level.

    Holm, "A Simple Sequentially Rejective Multiple Test Procedure", Scandinavian Journal of Statistics 6, 1979.
    """
    corrected: dict[str, float] = {}
    worst = 0.0
    for place, (name, p) in enumerate(sorted(p_values.items(), key=lambda pair: pair[1])):
        worst = max(worst, min(1.0, p * (len(p_values) - place)))
        corrected[name] = worst
    return corrected


def _with_counts(values: Floats) -> Floats:
    """Put beside the scores, 0 where undefined, whether they are defined: sums of both make means."""
    return np.hstack([np.nan_to_num(values), (~np.isnan(values)).astype(np.float64)])


def _swapped(moved: Floats) -> Iterator[Floats]:
    rng = np.random.default_rng(SEED)
    # Swapping what is the same changes nothing.
    rows = moved[moved.any(axis=1)]
    for _ in range(SWAPS // _BATCH):
        yield rng.integers(0, 2, size=(_BATCH, len(rows))).astype(np.float64) @ rows


def _difference(first: Floats, second: Floats, measures: Callable[[Floats], Floats]) -> Floats:
    return measures(_means(second)) - measures(_means(first))


def _means(sums: Floats) -> Floats:
    totals, counts = np.hsplit(np.atleast_2d(sums), 2)
    # Sums of whole numbers stay exact; half an observation is no observation.
    return np.divide(totals, counts, out=np.full_like(totals, np.nan), where=counts > 0.5)


def _touched(moved: Floats, measures: Callable[[Floats], Floats]) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    """Say which measures rest on a metric in which any question differs."""
    differs = np.hsplit(moved.any(axis=0), 2)
    changed = (differs[0] | differs[1]).astype(np.float64)
    touched: np.ndarray[tuple[int, ...], np.dtype[np.bool_]] = measures(changed[np.newaxis])[0] > 0
    return touched
