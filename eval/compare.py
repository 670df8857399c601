"""Two runs over the same questions: which scores moved, and which questions went another way."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from eval.changes import Change, change_cells, changes, in_words
from eval.records import Result
from eval.report import power_line
from eval.reporting.verdicts import Stage, verdict
from eval.results import read_results
from index.control_characters import visible_controls
from index.errors import WrongUsage

Key = tuple[str, str]
"""What pairs two results: the id and the words of the question."""

Way = Literal["lost", "won", "moved"]
WAYS: tuple[Way, ...] = ("lost", "won", "moved")

_LISTED = 10


@dataclass(frozen=True, slots=True)
class Turn:
    """A question that went another way in the second run."""

    key: Key
    before: Stage
    after: Stage

    @property
    def way(self) -> Way:
        """Say whether the question came to be right, ceased to be, or was right in neither run."""
        if self.after == "right":
            return "won"
        return "lost" if self.before == "right" else "moved"


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two runs over the `common` questions; `only_first` and `only_second` were left out. `turns`: lost ones first."""

    changes: tuple[Change, ...]
    turns: tuple[Turn, ...]
    common: int
    only_first: int
    only_second: int


def compare(first: Path, second: Path, *, anytime: bool = False) -> Comparison:
    """Compare the results in two folders over the questions that both asked, the same id with the same words.

    With `anytime`, what is beyond chance stays so however often a growing set is compared.

    Scores, status and errors are all that is kept of a result, so results without texts can be compared, too. Raises
    WrongUsage when a folder has no results, or they have no question in common.
    """
    ours, theirs = _without_texts(first), _without_texts(second)
    common = [key for key in ours if key in theirs]
    if not common:
        raise WrongUsage(f"{first} and {second} have no question in common. Compare runs of the same question set.")
    before, after = [ours[key] for key in common], [theirs[key] for key in common]
    turns = _turns(before, after)
    moved = changes(before, after, anytime=anytime)
    return Comparison(moved, turns, len(common), len(ours) - len(common), len(theirs) - len(common))


def fell_beyond_chance(comparison: Comparison) -> list[str]:
    """Say of each score that is worse in the second run, by more than chance, how far it fell."""
    return [in_words(change) for change in comparison.changes if change.remark == "worse"]


def key_of(result: Result) -> Key:
    """Return what a result is paired by."""
    return result.id, result.question


def print_comparison(comparison: Comparison, console: Console) -> None:
    """Show what changed: a table on a terminal, plain aligned columns anywhere else; then questions lost and won."""
    left_out = comparison.only_first + comparison.only_second
    print(f"{comparison.common} questions in both runs", file=console.file)
    if left_out:
        sides = f"{comparison.only_first} only in the first, {comparison.only_second} only in the second"
        print(f"{left_out} left out: {sides}", file=console.file)
    if console.is_terminal:
        console.print(_table(comparison.changes))
    else:
        for change in comparison.changes:
            print(_line(change), file=console.file)
    print(power_line(comparison.common, _least(comparison.changes)), file=console.file)
    for line in _turn_lines(comparison.turns):
        print(visible_controls(line), file=console.file)


def _least(changes: Sequence[Change]) -> dict[str, float]:
    return {change.metric: change.detectable for change in changes if change.detectable is not None}


def _without_texts(folder: Path) -> dict[Key, Result]:
    bare = (
        replace(result, text="", answers=(), relevant_ids=(), citations=(), ranking=(), disagreements=(), notes=())
        for result in read_results(folder)
    )
    return {key_of(result): result for result in bare}


def _turns(before: Sequence[Result], after: Sequence[Result]) -> tuple[Turn, ...]:
    pairs = ((key_of(one), verdict(one).stage, verdict(other).stage) for one, other in zip(before, after, strict=True))
    turns = [Turn(key, one, other) for key, one, other in pairs if one != other]
    return tuple(sorted(turns, key=lambda turn: WAYS.index(turn.way)))


def _line(change: Change) -> str:
    cells = change_cells(change)
    numbers = "  ".join(f"{cell:>8}" for cell in cells[1:4])
    return f"{cells[0]:<27}  {numbers}  {cells[4]:<18}  {cells[5]:>9}  {cells[6]:>6}  {cells[7]}".rstrip()


def _table(rows: Sequence[Change]) -> Table:
    table = Table(box=SIMPLE, show_edge=False)
    table.add_column("score")
    for title in ("first", "second", "difference", "95 % interval", "won/lost", "p"):
        table.add_column(title, justify="right")
    table.add_column("beyond chance")
    for change in rows:
        table.add_row(*change_cells(change))
    return table


def _turn_lines(turns: Sequence[Turn]) -> list[str]:
    """List the first questions that were lost and won; the page lists them all."""
    counted = Counter(turn.way for turn in turns)
    lines = []
    for way in ("lost", "won"):
        some = [turn for turn in turns if turn.way == way][:_LISTED]
        lines += [f"Questions {way} ({len(some)} of {counted[way]}):"] if some else []
        lines += [f"  {turn.key[0]}: {turn.before} -> {turn.after}: {turn.key[1]}" for turn in some]
    return lines
