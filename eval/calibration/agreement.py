"""How far those agree who judged the same answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Confusion:
    """What a judge said, compared with what people said. "passed" is the judge's yes, "right" the people's."""

    passed_right: int
    passed_wrong: int
    failed_right: int
    failed_wrong: int

    @property
    def count(self) -> int:
        return self.passed_right + self.passed_wrong + self.failed_right + self.failed_wrong

    @property
    def agreement(self) -> float:
        """The share of the answers of which both say the same."""
        return (self.passed_right + self.failed_wrong) / self.count


def confusion_of(judge: Sequence[bool], people: Sequence[bool]) -> Confusion:
    """Count what a judge and people said of the same answers."""
    pairs = list(zip(judge, people, strict=True))
    return Confusion(*(pairs.count(pair) for pair in ((True, True), (True, False), (False, True), (False, False))))


def kappa(judge: Sequence[bool], people: Sequence[bool]) -> float | None:
    """Return how far two agree beyond chance: Cohen, "A coefficient of agreement for nominal scales", 1960.

    1 is always, 0 as often as by chance. None where both always say one and the same: there is nothing to agree beyond.
    """
    from sklearn.metrics import cohen_kappa_score

    if len({*judge, *people}) < 2:
        return None
    return float(cohen_kappa_score(judge, people, labels=[False, True]))


def alpha(raters: Sequence[Mapping[str, object]]) -> float | None:
    """Return Krippendorff's alpha for nominal data, for any number of raters, each of some of the units.

    `raters` give each unit's value by its name. 1 is perfect, 0 is chance. None where no unit has two values, or all values
    are the same. Krippendorff, "Computing Krippendorff's Alpha-Reliability", 2011, section D.
    """
    units = {name for rater in raters for name in rater}
    rated = [[rater[name] for rater in raters if name in rater] for name in units]
    paired = [values for values in rated if len(values) > 1]
    names = list({value for values in paired for value in values})
    if len(names) < 2:
        return None
    counts = np.array([[values.count(name) for name in names] for values in paired], np.float64)
    sizes = counts.sum(axis=1, keepdims=True)
    # Of each unit, the pairs of different values, over the pairs that each of its values is in.
    observed = float(((sizes**2 - (counts**2).sum(axis=1, keepdims=True)) / (sizes - 1)).sum())
    totals = counts.sum(axis=0)
    expected = (totals.sum() ** 2 - (totals**2).sum()) / (totals.sum() - 1)
    return float(1 - observed / expected)
