"""Two runs as one HTML file: what moved, what the runs differ in, and both answers to every question that turned."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from markupsafe import Markup

from eval.changes import Change, change_cells
from eval.compare import WAYS, Comparison, Turn, Way, key_of
from eval.records import Result
from eval.report import is_share
from eval.reporting.explanations import ABOUT
from eval.reporting.pages import write_from
from eval.reporting.plots import whisker
from eval.reporting.points import kind_of
from eval.reporting.question_rows import Answered, answered
from eval.results import COMPARISON_FILE, REPORT_FILE, read_results

MEANING: dict[Way, str] = {
    "lost": "right in the first run only",
    "won": "right in the second run only",
    "moved": "right in neither, and wrong in another way",
}

# What differs between any two runs and explains nothing; and what a baseline that is kept does not tell.
_INCIDENTAL = frozenset({"last_sync", "data_dir"})
_UNTOLD = frozenset({"dataset", "corpus"})


@dataclass(frozen=True, slots=True)
class ChangeLine:
    """A change as it stands in the table; `cells` as `change_cells` gives them."""

    about: str
    cells: tuple[str, ...]
    drawn: Markup


@dataclass(frozen=True, slots=True)
class TurnRow:
    """A question that went another way, with what was answered in both runs. `number` counts from 1."""

    number: int
    kind: str
    turn: Turn
    before: Answered
    after: Answered


def write_comparison_page(comparison: Comparison, first: Path, second: Path) -> Path:
    """Write `compare.html` into the folder of the second run and return its path.

    Texts are kept in memory only for the first answers to questions that turned. Raises WrongUsage as `read_results` does.
    """
    counts = Counter(turn.way for turn in comparison.turns)
    kinds = {kind_of(result) for result in _turned(comparison, second)}
    return write_from(
        "compare.html",
        second / COMPARISON_FILE,
        first=str(first),
        second=str(second),
        headline=headline(comparison),
        common=comparison.common,
        left_out=(comparison.only_first, comparison.only_second),
        differing=list(differing(setup_of(first), setup_of(second))),
        lines=change_lines(comparison.changes),
        counts=[(way, counts[way]) for way in WAYS if counts[way]],
        meaning=MEANING,
        kinds=sorted(kinds),
        rows=_rows(comparison, first, second),
    )


def headline(comparison: Comparison) -> str:
    """Return the outcome of a comparison in a sentence or two."""
    remarks = Counter(change.remark for change in comparison.changes)
    ways = Counter(turn.way for turn in comparison.turns)
    moved = [f"{remarks[remark]} {remark}" for remark in ("better", "worse") if remarks[remark]]
    said = f"Beyond chance: {' and '.join(moved)}." if moved else "No score moved beyond chance."
    return f"{said} Of {comparison.common:,} questions {ways['won']:,} were won and {ways['lost']:,} lost."


def differing(first: dict[str, Any], second: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Yield what is recorded of two runs and not the same: name, first, second."""
    for name in dict.fromkeys([*first, *second]):
        untold = name in _UNTOLD and not (name in first and name in second)
        one, other = first.get(name, ""), second.get(name, "")
        if one != other and name not in _INCIDENTAL and not untold:
            yield name, str(one), str(other)


def change_lines(changes: Iterable[Change]) -> list[ChangeLine]:
    """Return the changes with their differences drawn on one scale, zero in its middle."""
    rows = list(changes)
    ends = [abs(end) for row in rows if is_share(row.metric) for end in (row.low, row.high, row.difference) if end]
    bound = max([0.05, *ends])
    return [ChangeLine(ABOUT.get(row.metric, ""), change_cells(row), _drawn(row, bound)) for row in rows]


def _drawn(change: Change, bound: float) -> Markup:
    if not is_share(change.metric):
        return Markup()
    return whisker(change.difference, change.low, change.high, bound=(-bound, bound))


def setup_of(folder: Path) -> dict[str, Any]:
    """Return what was recorded of a run, in one level. Empty where there is no report."""
    path = folder / REPORT_FILE
    if not path.is_file():
        return {}
    report: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    named: dict[str, Any] = {name: report[name] for name in ("begun", "commit") if name in report}
    for part in ("settings", "index", "versions", "machine"):
        named |= report.get(part, {})
    return named


def _turned(comparison: Comparison, folder: Path) -> Iterator[Result]:
    keys = {turn.key for turn in comparison.turns}
    return (result for result in read_results(folder) if key_of(result) in keys)


def _rows(comparison: Comparison, first: Path, second: Path) -> Iterator[TurnRow]:
    """Yield lost questions, then won, then moved ones, reading the second run once for each of the three."""
    turns = {turn.key: turn for turn in comparison.turns}
    before = {key_of(result): result for result in _turned(comparison, first)}
    number = 0
    for way in WAYS:
        for result in _turned(comparison, second):
            turn = turns[key_of(result)]
            if turn.way == way:
                number += 1
                yield TurnRow(number, kind_of(result), turn, answered(before[turn.key]), answered(result))
