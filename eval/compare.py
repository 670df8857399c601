"""Two runs over the same questions, question by question: what moved, and whether that is more than chance."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from eval.aggregates import aggregate, balanced_samples, score_matrix
from eval.intervals import Floats, interval, resampled_means
from eval.metrics import LOWER_IS_BETTER, MEANS, METRICS
from eval.records import Result
from eval.report import shown, shown_interval, value_of
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
        print(f"{cells[0]:<27}  {numbers}  {cells[4]:<18}  {cells[5]:>9}  {cells[6]}".rstrip(), file=console.file)


def _changes(ours: Sequence[Result], theirs: Sequence[Result]) -> tuple[Change, ...]:
    """Compare the scores that both runs have. `ours` and `theirs` are about the same questions in the same order."""
    first, second = aggregate(ours), aggregate(theirs)
    before, after = score_matrix(ours), score_matrix(theirs)
    bounds, counts = _bounds(before, after), _counts(before, after)
    return tuple(
        Change(
            name,
            value_of(first[name]),
            value_of(second[name]),
            *bounds.get(name, (None, None)),
            *counts.get(name, (None, None)),
        )
        for name in METRICS
        if name in first and name in second
    )


def _bounds(before: Floats, after: Floats) -> dict[str, tuple[float, float]]:
    # The same number of rows is resampled in the same way: this is what pairs the two runs.
    samples = resampled_means(before), resampled_means(after)
    moved = {name: interval(samples[1][:, i] - samples[0][:, i]) for i, name in enumerate(MEANS)}
    moved["refusal_balanced_accuracy"] = interval(balanced_samples(samples[1]) - balanced_samples(samples[0]))
    return {name: bounds for name, bounds in moved.items() if bounds}


def _counts(before: Floats, after: Floats) -> dict[str, tuple[int, int]]:
    # A comparison with NaN is false, so a question counts only where both runs have the score.
    won, lost = (after > before).sum(axis=0), (after < before).sum(axis=0)
    return {name: (int(won[i]), int(lost[i])) for i, name in enumerate(MEANS)}


def _cells(change: Change) -> tuple[str, ...]:
    values = (shown(change.metric, value) for value in (change.first, change.second))
    bounds = shown_interval(change.metric, change.low, change.high)
    counts = f"{change.won}/{change.lost}" if change.won is not None else ""
    return (change.metric, *values, _signed(change), bounds, counts, _remark(change))


def _signed(change: Change) -> str:
    sign = "+" if change.difference > 0 else ""
    return sign + shown(change.metric, change.difference)


def _remark(change: Change) -> str:
    if not change.beyond_chance:
        return ""
    return "better" if (change.difference > 0) != (change.metric in LOWER_IS_BETTER) else "worse"


def _table(changes: Sequence[Change]) -> Table:
    table = Table(box=SIMPLE, show_edge=False)
    table.add_column("score")
    for title in ("first", "second", "difference", "95 % interval", "won/lost"):
        table.add_column(title, justify="right")
    table.add_column("beyond chance")
    for change in changes:
        table.add_row(*_cells(change))
    return table
