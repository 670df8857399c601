"""Logistic regressions, by scikit-learn: which sentence answers, and whether what is shown answers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from eval.fitting.cases import Case, Flags, Numbers

FOLDS = 5


@dataclass(frozen=True, slots=True)
class Weights:
    """A logistic curve over features by name."""

    intercept: float
    by_name: dict[str, float]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.by_name)

    def logits(self, rows: Numbers) -> Numbers:
        """Return the log-odds of rows whose columns are in the order of `names`."""
        logits: Numbers = self.intercept + rows @ np.array(list(self.by_name.values()), np.float64)
        return logits


def fitted(names: Sequence[str], rows: Numbers, right: Flags, weights: Numbers | None = None) -> Weights:
    """Return the logistic regression of `right` on the rows, in the features' own units. `weights`: what each row counts."""
    model = make_pipeline(StandardScaler(), LogisticRegression(C=1.0, max_iter=1000))
    model.fit(rows, right, logisticregression__sample_weight=weights)
    scaler, logistic = model[0], model[1]
    by_name = logistic.coef_[0] / scaler.scale_
    intercept = float(logistic.intercept_[0] - by_name @ scaler.mean_)
    return Weights(intercept, {name: float(weight) for name, weight in zip(names, by_name, strict=True)})


def fitted_sentences(names: Sequence[str], cases: Sequence[Case]) -> Weights:
    """Return what tells a sentence that answers from the others that were read. Every set counts the same, however large.

    Learned from the questions for which a right sentence was read, and as negatives from those that have no answer.
    """
    useful = [case for case in cases if case.rows and (case.right.any() or not case.answerable)]
    rows = np.vstack([case.matrix(names) for case in useful])
    right = np.concatenate([case.right for case in useful])
    return fitted(names, rows, right, _even([case.dataset for case in useful for _ in case.rows]))


def fitted_answers(names: Sequence[str], cases: Sequence[Case], measures: Numbers, right: Flags) -> Weights:
    """Return what tells whether what would be shown is right. Every set counts the same, however large."""
    return fitted(names, measures, right, _even([case.dataset for case in cases]))


def _even(datasets: Sequence[str]) -> Numbers:
    names, places, counts = np.unique(datasets, return_inverse=True, return_counts=True)
    weights: Numbers = len(datasets) / (len(names) * counts[places])
    return weights


def folds(cases: Sequence[Case], count: int = FOLDS) -> list[tuple[list[int], list[int]]]:
    """Return the places to learn from and to measure on, so that no document is in both."""
    documents = [f"{case.dataset}/{case.document}" for case in cases]
    split = GroupKFold(min(count, len(set(documents)))).split(np.zeros(len(cases)), groups=documents)
    return [(list(train), list(test)) for train, test in split]


def apart_by_document(cases: Sequence[Case], fit: Callable[[Sequence[Case]], Weights]) -> list[Weights]:
    """Return for each case the weights that were fitted without its document."""
    found: list[Weights | None] = [None] * len(cases)
    for train, test in folds(cases):
        weights = fit([cases[at] for at in train])
        for at in test:
            found[at] = weights
    return [weights for weights in found if weights]


def apart_by_set(cases: Sequence[Case], fit: Callable[[Sequence[Case]], Weights]) -> list[Weights]:
    """Return for each case the weights that were fitted without its set."""
    names = sorted({case.dataset for case in cases})
    by_set = {name: fit([case for case in cases if case.dataset != name]) for name in names}
    return [by_set[case.dataset] for case in cases]
