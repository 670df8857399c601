"""The scores of a run for the terminal, and whether they are good enough."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from eval.metrics import GROUPS, LOWER_IS_BETTER, METRICS
from eval.results import Report
from eval.scoring.aggregates import Score
from index.errors import WrongUsage

# Of these, the first that a run has is the one whose power is told.
_TELLING = (
    "answer_in_text",
    "judged_correctness",
    "citation_recall",
    "hits@1",
    "answerable_answered",
    "refusal_recall",
)

_HEADS = ("group", "score", "value", "95 % interval", "n")


@dataclass(frozen=True, slots=True)
class ScoreRow:
    """A score as it is shown: `interval` is empty where none is known."""

    group: str
    name: str
    value: str
    interval: str
    n: str


@dataclass(frozen=True, slots=True)
class Threshold:
    """The worst that a metric may be."""

    metric: str
    bound: float


def print_scores(scores: Mapping[str, Score], console: Console) -> None:
    """Show scores by group, below heads: a table on a terminal, plain aligned columns anywhere else."""
    rows = list(score_rows(scores))
    if console.is_terminal:
        console.print(_table(rows))
        return
    lines = [ScoreRow(*_HEADS), *rows]
    width = max(len(row.name) for row in lines)
    for row in lines:
        # Not through the console, which would break long lines at a width that a pipe does not have.
        print(
            f"{row.group:<12}  {row.name:<{width}}  {row.value:>8}  {row.interval:<16}  {row.n:>6}", file=console.file
        )


def score_rows(scores: Mapping[str, Score]) -> Iterator[ScoreRow]:
    """Yield the scores as they are shown, in the order of their groups."""
    for group, names in GROUPS.items():
        for name in names:
            if name in scores:
                score = scores[name]
                bounds = shown_interval(name, score.get("low"), score.get("high"))
                yield ScoreRow(group, name, shown(name, value_of(score)), bounds, str(score["n"]))


def power_line(questions: int, detectable: Mapping[str, float]) -> str:
    """Say how small a change of the score that matters most these questions can show."""
    name = next((name for name in _TELLING if name in detectable), None)
    if name is None:
        return f"These {questions} questions do not vary enough to say how small a change they would show."
    least = shown(name, detectable[name])
    return f"With these {questions} questions a change of {name} by {least} would be seen 8 times in 10."


def power_of(report: Report) -> str:
    """Say how small a change a later run over the questions of this one would show."""
    scores = report["metrics"].items()
    return power_line(
        report["questions"], {name: score["detectable"] for name, score in scores if "detectable" in score}
    )


def value_of(score: Score) -> float:
    """Return the score itself, be it a mean or another value."""
    return score["mean"] if "mean" in score else score["value"]


def shown_interval(name: str, low: float | None, high: float | None) -> str:
    """Write the bounds of an interval; nothing where they are not known."""
    return "" if low is None or high is None else f"{shown(name, low)} to {shown(name, high)}"


def shown(name: str, value: float) -> str:
    """Write a value: milliseconds and tokens with one decimal, everything else is a share with three."""
    return f"{value:.3f}" if is_share(name) else f"{value:.1f}"


def percent(share: float) -> str:
    """Write a share as a whole number of hundredths."""
    return f"{100 * share:.0f} %"


def is_share(name: str) -> bool:
    """Say whether a score lies between 0 and 1."""
    return name not in GROUPS["cost"]


def read_thresholds(given: Sequence[str]) -> tuple[Threshold, ...]:
    """Read `METRIC=VALUE` texts. Raises WrongUsage for a metric that does not exist or a value that is no number."""
    return tuple(_threshold(text) for text in given)


def thresholds_missed(report: Report, given: Sequence[str]) -> list[str]:
    """Say for each threshold that a run missed what it was and what it should have been.

    A score must not be below its threshold; a latency or risk (lower is better) not above. A metric that this run
    could not measure is missed: nobody knows whether it is good enough. Raises WrongUsage as `read_thresholds` does.
    """
    verdicts = (_verdict(report["metrics"], threshold) for threshold in read_thresholds(given))
    return [verdict for verdict in verdicts if verdict]


def _threshold(text: str) -> Threshold:
    name, separator, number = text.partition("=")
    name = name.strip()
    if not separator:
        raise WrongUsage(f"{text!r} is no threshold. Write METRIC=VALUE, for example hits@1=0.9.")
    if name not in METRICS:
        raise WrongUsage(f"There is no metric {name!r}. Known are: {', '.join(METRICS)}.")
    try:
        bound = float(number)
    except ValueError as error:
        raise WrongUsage(f"The threshold of {name} is {number!r}, which is no number.") from error
    if not math.isfinite(bound):
        raise WrongUsage(f"The threshold of {name} is {number!r}, which nothing can be compared with.")
    return Threshold(name, bound)


def _verdict(scores: Mapping[str, Score], threshold: Threshold) -> str | None:
    name, bound = threshold.metric, threshold.bound
    if name not in scores:
        return f"{name} was not measured: no question of this run defines it (wanted {bound:g})"
    value = value_of(scores[name])
    if name in LOWER_IS_BETTER:
        return f"{name} is {value:.6g}, above {bound:g}" if value > bound else None
    return f"{name} is {value:.6g}, below {bound:g}" if value < bound else None


def _table(rows: Sequence[ScoreRow]) -> Table:
    table = Table(box=SIMPLE, show_edge=False)
    for title in _HEADS[:2]:
        table.add_column(title)
    for title in _HEADS[2:]:
        table.add_column(title, justify="right")
    group = None
    for row in rows:
        if group not in (None, row.group):
            table.add_section()
        table.add_row("" if row.group == group else row.group, row.name, row.value, row.interval, row.n)
        group = row.group
    return table
