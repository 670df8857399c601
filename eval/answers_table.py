"""A table, in Markdown, of what answers scored before and after a change, set by set.

    python -m eval.answers_table BEFORE AFTER [--curve FILE.svg --of SET]

BEFORE and AFTER are folders with a run of `footnote eval run --out` for each set, by the same names in both. `--curve` draws
the risk-coverage curve of one of the runs after.
"""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

from eval.reporting.plots import risk_coverage_plot, standalone
from eval.results import REPORT_FILE, Report, read_results
from eval.scoring.aggregates import Score
from eval.scoring.risk_coverage import answered_rightly, risks
from index.errors import WrongUsage

SHOWN = (
    "hits@1",
    "recall@10",
    "answer_in_first_sentence",
    "answer_in_quotes",
    "answer_parts_in_quotes",
    "exact_match",
    "citation_precision",
    "citation_recall",
    "citation_f1",
    "answerable_answered",
    "refusal_recall",
    "refusal_balanced_accuracy",
    "risk_coverage_area",
    "disagreement_precision",
    "disagreement_recall",
)
"""The scores that say what was found and how good answers are, in the order of the table."""


def table(before: Path, after: Path) -> str:
    """Return the table of all sets that were run both before and after. Raises WrongUsage when there is none."""
    names = sorted({run.parent.name for run in before.glob(f"*/{REPORT_FILE}")})
    both = [name for name in names if (after / name / REPORT_FILE).is_file()]
    if not both:
        raise WrongUsage(
            f"No set was run in both {before} and {after}. Each run is a folder in them, with {REPORT_FILE}."
        )
    rows = [row for name in both for row in _rows(name, _report(before / name), _report(after / name))]
    return "\n".join(["| set | score | n | before | after |", "|---|---|---|---|---|", *rows])


def curve(run: Path) -> str:
    """Return the risk-coverage curve of a run as a picture that stands by itself."""
    known = [(result, right) for result in read_results(run) if (right := answered_rightly(result)) is not None]
    confidences = [result.confidence or 0.0 for result, _ in known]
    return standalone(risk_coverage_plot(risks(confidences, [right for _, right in known])))


def _report(run: Path) -> Report:
    report: Report = json.loads((run / REPORT_FILE).read_text(encoding="utf-8"))
    return report


def _rows(name: str, before: Report, after: Report) -> Iterator[str]:
    for score in SHOWN:
        if score in before["metrics"] or score in after["metrics"]:
            old, new = before["metrics"].get(score), after["metrics"].get(score)
            count = (new or old or Score())["n"]
            yield f"| {name} | `{score}` | {count} | {_shown(old)} | {_shown(new)} |"


def _shown(score: Score | None) -> str:
    if score is None:
        return "–"
    value = _decimals(score.get("mean", score.get("value", 0.0)))
    low, high = score.get("low"), score.get("high")
    return value if low is None or high is None else f"{value} ({_decimals(low)}–{_decimals(high)})"


def _decimals(value: float) -> str:
    return f"{value:.3f}".removeprefix("0")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path)
    parser.add_argument("--curve", type=Path, metavar="FILE.svg")
    parser.add_argument("--of", metavar="SET", help="the set whose curve is drawn")
    arguments = parser.parse_args()
    print(table(arguments.before, arguments.after))
    if arguments.curve and arguments.of:
        arguments.curve.write_text(curve(arguments.after / arguments.of), encoding="utf-8")
