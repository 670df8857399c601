"""What moved between two runs over the same questions, score by score, and whether that is more than chance."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from eval.metrics import LOWER_IS_BETTER, MEANS, METRICS
from eval.records import Result
from eval.report import shown, shown_interval, value_of
from eval.scoring.aggregates import aggregate, balanced_samples, score_matrix
from eval.scoring.clusters import Clusters, clusters_of
from eval.scoring.intervals import LEVEL, Floats, detectable, interval, resampled_means, summed
from eval.scoring.randomisation import holm, randomised_p_values
from service.quality.sequences import sequence_of

_TESTED = (*MEANS, "refusal_balanced_accuracy")

Tested = tuple[float | None, float | None, float]
"""The bounds of a difference, and its corrected p-value."""


@dataclass(frozen=True, slots=True)
class Change:
    """How one score differs: `difference` is the second run less the first.

    `low` and `high` bound it with 95 % (paired bootstrap). `p` is the chance of a difference this large between runs
    that are equally good (approximate randomisation), corrected for the number of scores (Holm). `won` counts the
    questions that score better in the second run. `detectable` is the difference that would be found 8 times in 10. Scores
    that are no mean have neither bounds, p nor counts.
    """

    metric: str
    first: float
    second: float
    low: float | None = None
    high: float | None = None
    p: float | None = None
    won: int | None = None
    lost: int | None = None
    detectable: float | None = None

    @property
    def difference(self) -> float:
        return self.second - self.first

    @property
    def beyond_chance(self) -> bool:
        return self.p is not None and self.p < LEVEL

    @property
    def remark(self) -> Literal["better", "worse", ""]:
        """Say which way a difference goes that is beyond chance."""
        if not self.beyond_chance:
            return ""
        return "better" if (self.difference > 0) != (self.metric in LOWER_IS_BETTER) else "worse"


def changes(ours: Sequence[Result], theirs: Sequence[Result], *, anytime: bool = False) -> tuple[Change, ...]:
    """Compare the scores that both runs have. `ours` and `theirs` are about the same questions in the same order.

    With `anytime`, bounds and p hold however often a growing set is compared (`service.quality.sequences`). What is no mean
    of questions that both runs score then has neither.
    """
    first, second = aggregate(ours), aggregate(theirs)
    before, after = score_matrix(ours), score_matrix(theirs)
    clusters = clusters_of(theirs if any(result.cluster for result in theirs) else ours)
    moved = _measures(resampled_means(after, clusters)) - _measures(resampled_means(before, clusters))
    tested = _sequences(before, after, clusters) if anytime else _tests(before, after, clusters, moved)
    counts = _counts(before, after)
    found = []
    for name in METRICS:
        if name in first and name in second:
            low, high, p = tested.get(name, (None, None, None))
            won, lost = counts.get(name, (None, None))
            values = value_of(first[name]), value_of(second[name])
            least = _detectable(moved[:, _TESTED.index(name)]) if name in _TESTED else None
            found.append(Change(name, *values, low=low, high=high, p=p, won=won, lost=lost, detectable=least))
    return tuple(found)


def change_cells(change: Change) -> tuple[str, ...]:
    """Return a change as it is shown: name, first, second, difference, interval, won/lost, p, remark."""
    values = (shown(change.metric, value) for value in (change.first, change.second))
    difference = ("+" if change.difference > 0 else "") + shown(change.metric, change.difference)
    bounds = shown_interval(change.metric, change.low, change.high)
    counts = f"{change.won}/{change.lost}" if change.won is not None else ""
    p = "" if change.p is None else f"{change.p:.3f}" if change.p >= 0.001 else "<0.001"
    return (change.metric, *values, difference, bounds, counts, p, change.remark)


def in_words(change: Change) -> str:
    """Write a change as one line."""
    _, first, second, _, bounds, _, p, _ = change_cells(change)
    return f"{change.metric} went from {first} to {second} (difference {bounds}, p {p})"


def _tests(before: Floats, after: Floats, clusters: Clusters, moved: Floats) -> dict[str, Tested]:
    """Return bounds and corrected p-values of what is tested. `moved` are the resampled differences, paired by question."""
    found = randomised_p_values(before, after, _measures, clusters)
    p_values = _corrected({name: float(p) for name, p in zip(_TESTED, found, strict=True)})
    bounds = {name: interval(moved[:, at]) or (None, None) for at, name in enumerate(_TESTED)}
    return {name: (*bounds[name], p_values[name]) for name in _TESTED}


def _sequences(before: Floats, after: Floats, clusters: Clusters) -> dict[str, Tested]:
    """Return the same from confidence sequences over the questions, or the means of clusters, in their order."""
    differences = after[:, : len(MEANS)] - before[:, : len(MEANS)]
    counts = summed((~np.isnan(differences)).astype(np.float64), clusters)
    sums = summed(np.nan_to_num(differences), clusters)
    found = {}
    for at, name in enumerate(MEANS):
        known = counts[:, at] > 0
        if known.any():
            found[name] = sequence_of(sums[known, at] / counts[known, at])
    moved = {name: one.p for name, one in found.items() if differences[:, MEANS.index(name)].any()}
    p_values = _corrected(dict.fromkeys(found, np.nan) | moved)
    return {name: (one.low, one.high, p_values[name]) for name, one in found.items()}


def _corrected(p_values: Mapping[str, float]) -> dict[str, float]:
    """Correct for many scores. What is the same for every question (NaN) cannot be a false alarm, and is not counted."""
    return dict.fromkeys(p_values, 1.0) | holm({name: p for name, p in p_values.items() if not np.isnan(p)})


def _detectable(moved: Floats) -> float | None:
    error = float(np.nanstd(moved)) if not np.isnan(moved).all() else 0.0
    return detectable(error) if error else None


def _measures(means: Floats) -> Floats:
    return np.column_stack([means, balanced_samples(means)])


def _counts(before: Floats, after: Floats) -> dict[str, tuple[int, int]]:
    # A comparison with NaN is false, so a question counts only where both runs have the score.
    won, lost = (after > before).sum(axis=0), (after < before).sum(axis=0)
    return {name: (int(won[i]), int(lost[i])) for i, name in enumerate(MEANS)}
