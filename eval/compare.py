"""Two runs over the same questions, question by question: what moved, and whether that is more than chance."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from eval.aggregates import Score, aggregate, balanced_samples, score_matrix
from eval.intervals import Floats, interval, resampled_means
from eval.metrics import LOWER_IS_BETTER, MEANS, METRICS
from eval.records import Result
from eval.report import shown, value_of
from eval.results import read_results
from index.errors import WrongUsage


@dataclass(frozen=True, slots=True)
class Change:
    """How one score differs: `difference` is the second run less the first.

    `low` and `high` bound it with 95 % (paired bootstrap). `won` counts the questions that score better in the
    second run. Scores that are no mean have neither bounds nor counts.
    """

    metric: str
    first: float
    second: float
    low: float | None = None
    high: float | None = None
    won: int | None = None
    lost: int | None = None

    @property
    def difference(self) -> float:
        return self.second - self.first

    @property
    def beyond_chance(self) -> bool:
        return self.low is not None and self.high is not None and (self.low > 0 or self.high < 0)


@dataclass(frozen=True, slots=True)
class Comparison:
    """The scores of two runs over the `common` questions; `only_first` and `only_second` were left out."""

    changes: tuple[Change, ...]
    common: int
    only_first: int
    only_second: int


def compare(first: Path, second: Path) -> Comparison:
    """Compare the results in two folders over the questions that both asked, the same id with the same words.

    Raises WrongUsage when a folder has no results, or they have no question in common.
    """
    ours = {(result.id, result.question): result for result in read_results(first)}
    theirs = {(result.id, result.question): result for result in read_results(second)}
    common = [key for key in ours if key in theirs]
    if not common:
        raise WrongUsage(f"{first} and {second} have no question in common. Compare runs of the same question set.")
    changes = _changes([ours[key] for key in common], [theirs[key] for key in common])
    return Comparison(changes, len(common), len(ours) - len(common), len(theirs) - len(common))


def print_comparison(comparison: Comparison, console: Console) -> None:
    """Show what changed: a table on a terminal, plain aligned columns anywhere else."""
    left_out = comparison.only_first + comparison.only_second
    print(f"{comparison.common} questions in both runs", file=console.file)
    if left_out:
        sides = f"{comparison.only_first} only in the first, {comparison.only_second} only in the second"
        print(f"{left_out} left out: {sides}", file=console.file)
    if console.is_terminal:
        console.print(_table(comparison.changes))
        return
    for change in comparison.changes:
        cells = _cells(change)
        numbers = "  ".join(f"{cell:>8}" for cell in cells[1:4])
        print(f"{cells[0]:<27}  {numbers}  {cells[4]:<17}  {cells[5]:>9}  {cells[6]}".rstrip(), file=console.file)


def _changes(ours: Sequence[Result], theirs: Sequence[Result]) -> tuple[Change, ...]:
    first, second = aggregate(ours), aggregate(theirs)
    before, after = score_matrix(ours), score_matrix(theirs)
    # The same number of rows is resampled in the same way: this is what pairs the two runs.
    samples = resampled_means(before), resampled_means(after)
    moved = samples[1] - samples[0]
    balanced = balanced_samples(samples[1]) - balanced_samples(samples[0])
    return tuple(
        _change(name, first[name], second[name], moved, balanced, before, after)
        for name in METRICS
        if name in first and name in second
    )
