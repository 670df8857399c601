"""Fits what combines the reader's scores with those of retrieval: which sentence comes first, and whether any answers."""

from collections.abc import Sequence

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit, logsumexp

from index.reader.scoring import Numbers

_RIDGE = 1e-2


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
    scale = rows.std(axis=0) + 1e-9
    scaled = np.column_stack([np.ones(len(rows)), rows / scale])
    signs = 2 * right - 1

    def loss(weights: Numbers) -> tuple[float, Numbers]:
        margins = signs * (scaled @ weights)
        ridge = np.concatenate([[0.0], weights[1:]])
        value = float(np.logaddexp(0, -margins).mean() + _RIDGE / 10 * ridge @ ridge)
        return value, -(signs * expit(-margins)) @ scaled / len(rows) + _RIDGE / 5 * ridge

    found = minimize(loss, np.zeros(scaled.shape[1]), jac=True, method="L-BFGS-B").x
    return np.concatenate([found[:1], found[1:] / scale])


def probability(weights: Numbers, rows: Numbers) -> Numbers:
    """Return the probability of each row by these weights."""
    return np.asarray(expit(weights[0] + rows @ weights[1:]), float)


def cross_validated(rows: Numbers, right: Numbers, folds: int = 10, seed: int = 0) -> Numbers:
    """Return the probability of each row by weights that were fitted without its fold."""
    fold = np.random.default_rng(seed).permutation(len(rows)) % folds
    found = np.zeros(len(rows))
    for one in range(folds):
        found[fold == one] = probability(fit_probability(rows[fold != one], right[fold != one]), rows[fold == one])
    return found
