"""What would be shown, and where the threshold lies below which a question is refused."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from eval.fitting.cases import Case, Flags, Numbers
from eval.fitting.models import Weights

SHOWN_MOST = 4


@dataclass(frozen=True, slots=True)
class Shown:
    """The sentences that would be shown for a case, the best first, and the log-odds of each that was read."""

    places: tuple[int, ...]
    logits: Numbers


def shown(case: Case, weights: Weights, *, least: float = 0.5, most: int = SHOWN_MOST) -> Shown:
    """Return the best sentence, and others that are at least so probable, at most so many."""
    logits = weights.logits(case.matrix(weights.names))
    order = np.argsort(-logits, kind="stable")[:most]
    places = tuple(int(at) for n, at in enumerate(order) if n == 0 or expit(logits[at]) >= least)
    return Shown(places, logits)


@dataclass(frozen=True, slots=True)
class Trade:
    """What a threshold gives: shares of the questions with an answer, and of those without. NaN where there are none."""

    threshold: float
    right: float
    wrong: float
    refused: float
    rightly_refused: float


def trade(confidences: Numbers, right: Flags, answerable: Flags, threshold: float) -> Trade:
    """Return how many are right, wrong and refused where all below the threshold is refused."""
    given = confidences >= threshold
    return Trade(
        threshold,
        right=_share(given & right, answerable),
        wrong=_share(given & ~right, answerable),
        refused=_share(~given, answerable),
        rightly_refused=_share(~given, ~answerable),
    )


def best_trade(
    confidences: Numbers, right: Flags, answerable: Flags, *, rightly_refused: float, cost: float = 1.0
) -> Trade:
    """Return the threshold with the most right less `cost` times wrong that refuses so many of those without an answer."""
    trades = [trade(confidences, right, answerable, float(at)) for at in np.unique(confidences)]
    enough = [one for one in trades if not one.rightly_refused < rightly_refused] or trades[-1:]
    return max(enough, key=lambda one: one.right - cost * one.wrong)


def area(confidences: Numbers, right: Flags) -> float:
    """Return the area under the ROC curve of telling right from not; NaN where all are one or the other."""
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(right, confidences)) if right.any() and not right.all() else float("nan")


def outcomes(cases: Sequence[Case], chosen: Sequence[Shown]) -> tuple[Flags, Flags]:
    """Return which of the cases would be answered right, and which have an answer."""
    right = [case.answered_by(one.places) for case, one in zip(cases, chosen, strict=True)]
    return np.array(right, bool), np.array([case.answerable for case in cases], bool)


def _share(of: Flags, among: Flags) -> float:
    return float(of[among].mean()) if among.any() else float("nan")
