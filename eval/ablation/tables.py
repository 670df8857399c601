"""What was lost without each thing, as tables in Markdown."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from eval.ablation.changes import Ablation
from eval.ablation.runs import EVERYTHING, Study, set_names
from eval.outcomes import outcome_matrix, paired, shown
from eval.records import Result
from eval.results import read_results
from eval.scoring.aggregates import Score
from eval.scoring.intervals import Floats, interval, resampled_means

MEASURES = ("right", "wrong", "rightly refused", "citation F1")
_RISES = {"right": 1, "wrong": -1, "rightly refused": 1, "citation F1": 1}


def tables(study: Study) -> str:
    """Return a table for each set, and one of what moved beyond chance in any."""
    changed = {name: _changes(study, name) for name in set_names(study.datasets)}
    sections = [_summary(study.ablations, changed)]
    for name, changes in changed.items():
        results = list(read_results(study.out / name / EVERYTHING.name))
        sections.append(
            "\n".join([f"**{name}**, {len(results)} questions", "", *_rows(study.ablations, results, changes)])
        )
    return "\n\n".join(sections)


def _changes(study: Study, name: str) -> dict[str, dict[str, Score]]:
    """Return for each ablation how each measure differs from the run with everything, paired by question."""
    whole = list(read_results(study.out / name / EVERYTHING.name))
    found = {}
    for ablation in study.ablations:
        before, after = paired(whole, list(read_results(study.out / name / ablation.name)))
        found[ablation.name] = _differences(_matrix(before), _matrix(after))
    return found


def _matrix(results: Sequence[Result]) -> Floats:
    """Return a row for each result and a column for each of MEASURES, NaN where one is not defined."""
    cited = np.array([[result.scores.get("citation_f1", np.nan)] for result in results], np.float64)
    right, wrong, _, rightly_refused = range(4)
    return np.hstack([outcome_matrix(results)[:, [right, wrong, rightly_refused]], cited])


def _differences(before: Floats, after: Floats) -> dict[str, Score]:
    moved = resampled_means(after) - resampled_means(before)
    found = {}
    for at, name in enumerate(MEASURES):
        both = ~np.isnan(before[:, at]) & ~np.isnan(after[:, at])
        if both.any():
            low, high = interval(moved[:, at]) or (None, None)
            mean = float((after[both, at] - before[both, at]).mean())
            found[name] = Score(mean=mean, low=low, high=high, n=int(both.sum()))
    return found


def _rows(
    ablations: Sequence[Ablation], whole: Sequence[Result], changes: Mapping[str, Mapping[str, Score]]
) -> Iterator[str]:
    yield f"| without | {' | '.join(MEASURES)} |"
    yield f"|{'---|' * (len(MEASURES) + 1)}"
    yield f"| nothing | {' | '.join(_absolute(_matrix(whole)))} |"
    for ablation in ablations:
        cells = (_cell(name, changes[ablation.name].get(name)) for name in MEASURES)
        yield f"| {ablation.name} | {' | '.join(cells)} |"


def _absolute(values: Floats) -> Iterator[str]:
    samples = resampled_means(values)
    for at in range(len(MEASURES)):
        defined = values[~np.isnan(values[:, at]), at]
        low, high = interval(samples[:, at]) or (None, None)
        yield shown(Score(mean=float(defined.mean()), low=low, high=high)) if defined.size else ""


def _cell(name: str, score: Score | None) -> str:
    if score is None:
        return ""
    text = "same" if score["mean"] == score["low"] == score["high"] == 0 else shown(score, signed=True)
    return f"**{text}**" if _beyond_chance(score) else text


def _beyond_chance(score: Score) -> bool:
    low, high = score["low"], score["high"]
    return low is not None and high is not None and (low > 0 or high < 0)


def _summary(ablations: Sequence[Ablation], changed: Mapping[str, Mapping[str, Mapping[str, Score]]]) -> str:
    lines = ["| without | is | worse beyond chance | better beyond chance |", "|---|---|---|---|"]
    for ablation in ablations:
        moved: dict[bool, list[str]] = {True: [], False: []}
        for dataset, changes in changed.items():
            for name, score in changes[ablation.name].items():
                if _beyond_chance(score):
                    moved[score["mean"] * _RISES[name] > 0].append(f"{dataset} {name} {shown(score, signed=True)}")
        lines.append(f"| {ablation.name} | {ablation.about} | {'; '.join(moved[False])} | {'; '.join(moved[True])} |")
    return "\n".join(lines)


def write_tables(study: Study) -> Path:
    """Write the tables into the folder of the study, and return the file."""
    path = study.out / "ablation.md"
    path.write_text(tables(study) + "\n", encoding="utf-8")
    return path
