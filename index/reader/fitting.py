"""Fits what combines the reader's scores with those of retrieval: which sentence comes first, and whether any answers."""

from collections.abc import Sequence

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit, logsumexp
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold, cross_val_predict
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from index.reader.scoring import Numbers

_RIDGE = 1e-2
_PENALTY = 1e-3


def fit_choice(cases: Sequence[tuple[Numbers, Numbers]]) -> Numbers:
    """Return weights by which a right row of each case scores highest: list-wise logistic regression (Cao et al., ICML
    2007). A case is its rows of features and, for each, 1 where it is right. Cases with no right row teach nothing."""
    useful = [(rows, right > 0.5) for rows, right in cases if (right > 0.5).any()]
    scale = np.vstack([rows for rows, _ in useful]).std(axis=0) + 1e-9

    def loss(weights: Numbers) -> tuple[float, Numbers]:
        total, gradient = _RIDGE * float(weights @ weights), 2 * _RIDGE * weights
        for rows, right in useful:
            scaled = rows / scale
            scores = scaled @ weights
            everywhere, among_right = logsumexp(scores), logsumexp(scores[right])
            pull = np.exp(scores - everywhere)
            pull[right] -= np.exp(scores[right] - among_right)
            total += float(everywhere - among_right) / len(useful)
            gradient = gradient + pull @ scaled / len(useful)
        return total, gradient

    found = minimize(loss, np.zeros(len(scale)), jac=True, method="L-BFGS-B")
    return np.asarray(found.x / scale, float)


def fitted_apart(cases: Sequence[tuple[Numbers, Numbers]], folds: int = 5) -> list[Numbers]:
    """Return for each case the weights that were fitted without its fold."""
    weights = [fit_choice([case for at, case in enumerate(cases) if at % folds != one]) for one in range(folds)]
    return [weights[at % folds] for at in range(len(cases))]


def fit_probability(rows: Numbers, right: Numbers) -> Numbers:
    """Return the intercept and weights of a logistic regression of `right` (0 or 1) on the rows."""
    scaler, regression = _regression(len(rows)).fit(rows, right)
    weights = regression.coef_[0] / scaler.scale_
    return np.concatenate([regression.intercept_ - weights @ scaler.mean_, weights])


def probability(weights: Numbers, rows: Numbers) -> Numbers:
    """Return the probability of each row by these weights."""
    return np.asarray(expit(weights[0] + rows @ weights[1:]), float)


def cross_validated(rows: Numbers, right: Numbers, folds: int = 10, seed: int = 0) -> Numbers:
    """Return the probability of each row by weights that were fitted without its fold."""
    divided = KFold(folds, shuffle=True, random_state=seed)
    found = cross_val_predict(_regression(len(rows)), rows, right, cv=divided, method="predict_proba")
    return np.asarray(found[:, 1], float)


def _regression(count: int) -> Pipeline:
    # The penalty is on the mean over cases, so that it does not fade as they become more.
    return make_pipeline(StandardScaler(), LogisticRegression(C=1 / (2 * _PENALTY * count)))
