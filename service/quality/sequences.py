"""Looking at growing data again and again, without false alarms adding up.

An interval that is looked at after every few new values leaves out the truth far more often than once in twenty. A
confidence sequence holds at all sizes of the data at once. This is the hedged betting sequence, with its predictable plug-in
bets, of Waudby-Smith and Ramdas, "Estimating means of bounded random variables by betting", JRSS B 86(1), 2024: who bets
that the mean is not m gets rich only if it is not. It supposes that new values are like those before; they may have any
distribution.
"""

from collections.abc import Sequence as Ordered
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_LEVEL = 0.05
# Candidates for the mean, from 0 to 1.
_GRID = np.linspace(0, 1, 401)
# The share of its capital that a bet may lose: the "c" of the paper.
_BOLDEST = 0.5


@dataclass(frozen=True, slots=True)
class Sequence:
    """The bounds of a mean difference after all values so far, and the p-value of there being none, both at any time."""

    low: float
    high: float
    p: float


def sequence_of(differences: Floats, *, level: float = _LEVEL) -> Sequence:
    """Return what is known after these differences, each between -1 and 1, in the order in which they came.

    With a chance of 1 - `level`, the bounds hold the mean difference at every size of the data. Where that difference is 0,
    `p` is below `level` at any size with a chance of at most `level`.
    """
    most = _most_won((differences + 1) / 2, [len(differences)], level)[0]
    low, high = _bounds(most, level) or (0.0, 1.0)
    p = float(min(1.0, np.exp(-most[len(_GRID) // 2])))
    return Sequence(2 * low - 1, 2 * high - 1, p)


def bounds_at(values: Floats, sizes: Ordered[int], *, level: float) -> list[tuple[float, float] | None]:
    """Return the bounds of a mean after the first so many values, each between 0 and 1, for each of these sizes.

    With a chance of 1 - `level`, all of them hold the mean. None where no mean is left: the values changed on the way.
    """
    return [_bounds(most, level) for most in _most_won(values, sizes, level)]


def _bounds(most: Floats, level: float) -> tuple[float, float] | None:
    inside = _GRID[most < np.log(1 / level)]
    return (float(inside[0]), float(inside[-1])) if inside.size else None


def _most_won(values: Floats, sizes: Ordered[int], level: float) -> Floats:
    """Return, as (sizes, grid), the logarithm of the most that was won against each m within the first so many values."""
    bets = _bets(values, level)
    # Half of the capital bets on more than m, half on less.
    up = _wealth(values, np.minimum(bets[:, None], _BOLDEST / np.maximum(_GRID, 1e-12)))
    down = _wealth(values, -np.minimum(bets[:, None], _BOLDEST / np.maximum(1 - _GRID, 1e-12)))
    won = np.maximum.accumulate(np.maximum(up, down), axis=0) + np.log(0.5)
    nothing = np.full((1, len(_GRID)), -np.inf)
    most: Floats = np.concatenate([nothing, won])[np.asarray(sizes, dtype=np.intp)]
    return most


def _bets(values: Floats, level: float) -> Floats:
    """Return how much is bet on each value, from the values before it alone."""
    places = np.arange(1, len(values) + 1)
    means = (0.5 + np.cumsum(values)) / (places + 1)
    variances = (0.25 + np.cumsum((values - means) ** 2)) / (places + 1)
    before = np.concatenate([[0.25], variances[:-1]])
    bets: Floats = np.sqrt(2 * np.log(2 / level) / (before * places * np.log(places + 1)))
    return bets


def _wealth(values: Floats, bets: Floats) -> Floats:
    """Return the logarithm of what a capital of 1 has become after each value, for each m of the grid."""
    wealth: Floats = np.cumsum(np.log1p(bets * (values[:, None] - _GRID)), axis=0)
    return wealth
