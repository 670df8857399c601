"""What the check of written sentences says of cases, and what it would say at other thresholds."""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from sklearn.linear_model import LogisticRegression

from eval.support.cases import Case, hits_of
from index.stores.store import Index
from service.answer.verification.check import checked, found_support

_RESAMPLES = 2_000

Verified = Sequence[bool]
Measure = Callable[[Sequence[Case], Verified], float]


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure with the bounds that 95 % of the resamples of documents lie in."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f} ({self.low:.3f} to {self.high:.3f})"


@dataclass(frozen=True, slots=True)
class Scored:
    """A case as the support model read it: its log-odds, and whether the rules let pass what would be quoted.

    `by_similarity` says whether it is verified without the model.
    """

    case: Case
    log_odds: float
    quotes_hold: bool
    by_similarity: bool


def verified(index: Index, cases: Iterable[Case], *, cited: bool = True) -> Iterator[bool]:
    """Check every case as a sentence that cites all of its texts, or one that cites nothing and was shown them."""
    for case in cases:
        hits = hits_of(case)
        yield checked(index, case.words, hits if cited else [], hits).support == "verified"


def scored(index: Index, cases: Iterable[Case], *, cited: bool = True) -> Iterator[Scored]:
    """Check every case with the index's support model, and without it."""
    bare = replace(index, support=None)
    for case in cases:
        hits = hits_of(case)
        found = found_support(index, case.words, hits if cited else [], hits)
        before = found_support(bare, case.words, hits if cited else [], hits)
        log_odds = -math.inf if found.log_odds is None else found.log_odds
        yield Scored(case, log_odds, found.quotes_hold, before.holds)


def balanced(cases: Sequence[Case], passed: Verified) -> float:
    """Return the mean of the share of supported ones that pass and of the others that do not."""
    return (passing(cases, passed) + stopped(cases, passed)) / 2


def passing(cases: Sequence[Case], passed: Verified) -> float:
    """Return the share of the supported ones that pass."""
    return _mean([p for case, p in zip(cases, passed, strict=True) if case.supported])


def stopped(cases: Sequence[Case], passed: Verified) -> float:
    """Return the share of the unsupported ones that do not pass."""
    return _mean([not p for case, p in zip(cases, passed, strict=True) if not case.supported])


def _mean(values: Sequence[bool]) -> float:
    return sum(values) / len(values) if values else math.nan


def with_interval(
    measure: Measure, cases: Sequence[Case], passed: Verified, before: Verified | None = None
) -> Interval:
    """Return a measure, or by how much it differs from `before`, by resampling documents."""
    groups: dict[str, list[int]] = {}
    for at, case in enumerate(cases):
        groups.setdefault(case.group, []).append(at)
    names, random = list(groups), np.random.default_rng(0)

    def measured(places: Sequence[int]) -> float:
        chosen = [cases[at] for at in places]
        value = measure(chosen, [passed[at] for at in places])
        return value - measure(chosen, [before[at] for at in places]) if before else value

    values = [
        measured([at for n in random.integers(0, len(names), len(names)) for at in groups[names[n]]])
        for _ in range(_RESAMPLES)
    ]
    low, high = np.nanpercentile(values, [2.5, 97.5])
    return Interval(measured(range(len(cases))), float(low), float(high))


def passed_at(rows: Sequence[Scored], threshold: float) -> list[bool]:
    """Say which cases pass where log-odds from this threshold on count as support."""
    return [row.log_odds >= threshold and row.quotes_hold for row in rows]


def best_threshold(sets: Sequence[Sequence[Scored]]) -> float | None:
    """Return the log-odds with the highest balanced accuracy, in the mean of the sets, of those that lose no supported case.

    At these, in each set, no fewer supported cases pass than by similarity. None where there are no such.
    """
    best: tuple[float, float] | None = None
    for threshold in np.arange(-6.0, 6.05, 0.1):
        accuracies = []
        for rows in sets:
            cases, passed = [row.case for row in rows], passed_at(rows, threshold)
            if passing(cases, passed) >= passing(cases, [row.by_similarity for row in rows]):
                accuracies.append(balanced(cases, passed))
        if len(accuracies) == len(sets):
            best = max(best or (-math.inf, 0.0), (sum(accuracies) / len(sets), float(threshold)))
    return best[1] if best else None


def calibrated(rows: Sequence[Scored]) -> tuple[float, float]:
    """Return intercept and slope of the logistic curve from log-odds to the probability of support, where the rules hold.

    Supported and unsupported cases count the same together, before the rules, however many there are of each.
    """
    supported = sum(row.case.supported for row in rows)
    held = [row for row in rows if row.quotes_hold and math.isfinite(row.log_odds)]
    weights = [1 / (supported if row.case.supported else len(rows) - supported) for row in held]
    curve = LogisticRegression(C=math.inf).fit(
        [[row.log_odds] for row in held],
        [row.case.supported for row in held],
        [weight * len(rows) / 2 for weight in weights],
    )
    return float(curve.intercept_[0]), float(curve.coef_[0][0])
