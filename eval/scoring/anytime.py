"""Looking at a growing set again and again, without false alarms adding up.

An interval that is looked at after every few new questions leaves out the truth far more often than once in twenty. A
confidence sequence holds at all sizes of the set at once. This is the hedged betting sequence, with its predictable plug-in
bets, of Waudby-Smith and Ramdas, "Estimating means of bounded random variables by betting", JRSS B 86(1), 2024: who bets
that the mean is not m gets rich only if it is not. It supposes that new questions are like those before; scores may have
any distribution.
"""

from dataclasses import dataclass

import numpy as np

from eval.scoring.intervals import LEVEL, Floats

# Candidates for the mean difference, from -1 to 1.
_GRID = 401
# The share of its capital that a bet may lose: the "c" of the paper.
_BOLDEST = 0.5


@dataclass(frozen=True, slots=True)
class Sequence:
    """The bounds of a mean difference after all questions so far, and the p-value of there being none, both at any time."""

    low: float
    high: float
    p: float


def sequence_of(differences: Floats, *, level: float = LEVEL) -> Sequence:
    """Return what is known after these differences, each between -1 and 1, in the order in which they came.

    With a chance of 1 - `level`, the bounds hold the mean difference at every size of the set. Where that difference is 0,
    `p` is below `level` at any size with a chance of at most `level`.
    """
    grid = np.linspace(0, 1, _GRID)
    values = (differences + 1) / 2
    bets = _bets(values, level)
    # Half of the capital bets on more than m, half on less.
    up = _wealth(values, grid, np.minimum(bets[:, None], _BOLDEST / np.maximum(grid, 1e-12)))
    down = _wealth(values, grid, -np.minimum(bets[:, None], _BOLDEST / np.maximum(1 - grid, 1e-12)))
    most = np.maximum(up, down).max(axis=0, initial=-np.inf) + np.log(0.5)
    inside = grid[most < np.log(1 / level)]
    # None is left where the questions changed on the way: then nothing is known.
    low, high = (inside[0], inside[-1]) if inside.size else (0.0, 1.0)
    p = float(min(1.0, np.exp(-most[_GRID // 2])))
    return Sequence(float(2 * low - 1), float(2 * high - 1), p)


def _bets(values: Floats, level: float) -> Floats:
    """Return how much is bet on each value, from the values before it alone."""
    places = np.arange(1, len(values) + 1)
    means = (0.5 + np.cumsum(values)) / (places + 1)
    variances = (0.25 + np.cumsum((values - means) ** 2)) / (places + 1)
    before = np.concatenate([[0.25], variances[:-1]])
    bets: Floats = np.sqrt(2 * np.log(2 / level) / (before * places * np.log(places + 1)))
    return bets


def _wealth(values: Floats, grid: Floats, bets: Floats) -> Floats:
    """Return the logarithm of what a capital of 1 has become after each value, for each m of the grid."""
    wealth: Floats = np.cumsum(np.log1p(bets * (values[:, None] - grid)), axis=0)
    return wealth
