"""Finds when the mean of live values changed its level, so that it may be looked for every night.

Shekhar and Ramdas, "Sequential Changepoint Detection via Backward Confidence Sequences", ICML 2023: the level has changed
where a confidence sequence that runs forward from the first value, and one that runs backward from the last, have no mean in
common.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from service.quality.sequences import Floats, bounds_at

_FALSE_ALARM = 0.001
"""The chance that a night marks a change where nothing changed, at most, however many days could be the one."""

# Values before a change, and after it, that are looked at: the time that a look takes is linear in them.
_MOST = 1_000


@dataclass(frozen=True, slots=True)
class Level:
    """A mean that held from one day on, over `n` values, with bounds that hold at all sizes at once. Days are places."""

    first: int
    n: int
    mean: float
    low: float
    high: float


def levels_of(days: Sequence[Floats]) -> list[Level]:
    """Return the levels of values between 0 and 1, grouped by day: one, and a further one for each change beyond chance.

    Each day is looked at as it came: from the end of it on, a change is known if it was beyond chance then.
    """
    levels, first = [], 0
    while first < len(days):
        changed = _first_change(days[first:])
        last = len(days) if changed is None else first + changed
        levels += _level(first, days[first:last])
        first = last
    return levels


def _first_change(days: Sequence[Floats]) -> int | None:
    """Return the day from which on the level is another, as known at the end of the first day that shows it."""
    values, ends = np.concatenate(days), np.cumsum([len(day) for day in days]).tolist()
    # What is won up to a day does not depend on the days after it.
    forward = bounds_at(values[:_MOST], [min(end, _MOST) for end in ends], level=_FALSE_ALARM / 2)
    for look, end in enumerate(ends):
        splits = [day for day in range(1, look + 1) if max(end - _MOST, 1) <= ends[day - 1] < end]
        recent = values[max(end - _MOST, 0) : end][::-1]
        backward = bounds_at(recent, [end - ends[day - 1] for day in splits], level=_FALSE_ALARM / 2)
        if any(_apart(forward[day - 1], after) for day, after in zip(splits, backward, strict=True)):
            return max(splits, key=lambda day: _difference(values[:end], ends[day - 1]))
    return None


def _apart(one: tuple[float, float] | None, other: tuple[float, float] | None) -> bool:
    """Say whether two intervals have nothing in common. None: it is not known where it lies."""
    return one is not None and other is not None and (one[0] > other[1] or other[0] > one[1])


def _difference(values: Floats, at: int) -> float:
    """Return the squared difference of the means before and after, weighted by their sizes: what is left is least where it is
    most."""
    before, after = values[:at], values[at:]
    return float((before.mean() - after.mean()) ** 2) * len(before) * len(after)


def _level(first: int, days: Sequence[Floats]) -> list[Level]:
    values = np.concatenate(days)
    if not len(values):
        return []
    [bounds] = bounds_at(values[:_MOST], [min(len(values), _MOST)], level=0.05)
    low, high = bounds or (0.0, 1.0)
    return [Level(first, len(values), float(values.mean()), low, high)]
