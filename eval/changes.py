"""What moved between two runs over the same questions, score by score, and whether that is more than chance."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from eval.metrics import LOWER_IS_BETTER, MEANS, METRICS
from eval.records import Result
from eval.report import shown, shown_interval, value_of
from eval.scoring.aggregates import aggregate, balanced_samples, score_matrix
from eval.scoring.intervals import Floats, interval, resampled_means
from eval.scoring.randomisation import holm, randomised_p_values

LEVEL = 0.05
"""The chance of at least one false alarm among all scores of a comparison."""

_TESTED = (*MEANS, "refusal_balanced_accuracy")


@dataclass(frozen=True, slots=True)
class Change:
    """How one score differs: `difference` is the second run less the first.

    `low` and `high` bound it with 95 % (paired bootstrap). `p` is the chance of a difference this large between runs
    that are equally good (approximate randomisation), corrected for the number of scores (Holm). `won` counts the
    questions that score better in the second run. Scores that are no mean have neither bounds, p nor counts.
    """

    metric: str
    first: float
    second: float
    low: float | None = None
    high: float | None = None
    p: float | None = None
    won: int | None = None
    lost: int | None = None

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


def changes(ours: Sequence[Result], theirs: Sequence[Result]) -> tuple[Change, ...]:
    """Compare the scores that both runs have. `ours` and `theirs` are about the same questions in the same order."""
    first, second = aggregate(ours), aggregate(theirs)
    before, after = score_matrix(ours), score_matrix(theirs)
    bounds, counts, p_values = _bounds(before, after), _counts(before, after), _p_values(before, after)
    found = []
    for name in METRICS:
        if name in first and name in second:
            low, high = bounds.get(name, (None, None))
            won, lost = counts.get(name, (None, None))
            values = value_of(first[name]), value_of(second[name])
            found.append(Change(name, *values, low=low, high=high, p=p_values.get(name), won=won, lost=lost))
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


def _bounds(before: Floats, after: Floats) -> dict[str, tuple[float, float]]:
    # The same number of rows is resampled in the same way: this is what pairs the two runs.
    moved = _measures(resampled_means(after)) - _measures(resampled_means(before))
    found = {name: interval(moved[:, i]) for i, name in enumerate(_TESTED)}
    return {name: bounds for name, bounds in found.items() if bounds}


def _p_values(before: Floats, after: Floats) -> dict[str, float]:
    """Return corrected p-values. What is the same for every question cannot be a false alarm, and is not corrected for."""
    p_values = randomised_p_values(before, after, _measures)
    tested = {name: float(p) for name, p in zip(_TESTED, p_values, strict=True) if not np.isnan(p)}
    return dict.fromkeys(_TESTED, 1.0) | holm(tested)


def _measures(means: Floats) -> Floats:
    return np.column_stack([means, balanced_samples(means)])


def _counts(before: Floats, after: Floats) -> dict[str, tuple[int, int]]:
    # A comparison with NaN is false, so a question counts only where both runs have the score.
    won, lost = (after > before).sum(axis=0), (after < before).sum(axis=0)
    return {name: (int(won[i]), int(lost[i])) for i, name in enumerate(MEANS)}
