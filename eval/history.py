"""Many runs of the same question sets over time: which there are, in order, and what changed from one to the next."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eval.changes import Change
from eval.compare import compare, key_of
from eval.reporting.comparison_page import differing, setup_of
from eval.results import REPORT_FILE, RESULTS_FILE, read_results
from eval.scoring.aggregates import Score
from index.errors import WrongUsage


@dataclass(frozen=True, slots=True)
class PastRun:
    """A finished run. `dataset` is the end of the path of its question set; empty where that was not kept."""

    folder: Path
    dataset: str
    begun: str
    commit: str
    questions: int
    metrics: dict[str, Score]


@dataclass(frozen=True, slots=True)
class Step:
    """A run compared with the one before it: the scores that moved beyond chance, and what differs in how they were made."""

    run: PastRun
    moved: tuple[Change, ...] = ()
    differs: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A report that is none."""

    path: Path
    reason: str


def past_runs(folder: Path) -> tuple[list[PastRun], list[Unreadable]]:
    """Return the finished runs in a folder and below it, oldest first, and the reports that cannot be read.

    Raises WrongUsage where there is none.
    """
    found: list[PastRun] = []
    unreadable: list[Unreadable] = []
    for path in sorted(folder.rglob(REPORT_FILE)):
        try:
            found.append(_run(path.parent, json.loads(path.read_bytes())))
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            unreadable.append(Unreadable(path, f"{type(error).__name__}: {error}"))
    if not found:
        raise WrongUsage(f"{folder} holds no finished run of `footnote eval run`: no {REPORT_FILE} can be read there.")
    return sorted(found, key=lambda run: run.begun), unreadable


def by_dataset(runs: Sequence[PastRun]) -> dict[str, list[PastRun]]:
    """Return the runs of each question set, in their order."""
    grouped: dict[str, list[PastRun]] = {}
    for run in runs:
        grouped.setdefault(run.dataset, []).append(run)
    return dict(sorted(grouped.items()))


def steps_of(runs: Sequence[PastRun]) -> Iterator[Step]:
    """Compare each run with the one before it. Without a question in common, or without results, settings alone differ."""
    for before, run in zip((None, *runs), runs, strict=False):
        if before is None:
            yield Step(run)
        else:
            differs = tuple(
                row for row in differing(setup_of(before.folder), setup_of(run.folder)) if row[0] not in _SHOWN
            )
            yield Step(run, _moved(before, run), differs)


def latest_of(folder: Path, dataset: Path, *, except_run: Path | None = None) -> Path:
    """Return the folder of the latest finished run of a question set in a history, or the folder itself where it is a run.

    The run in `except_run` does not count: it is about to be replaced. Raises WrongUsage where there is none.
    """
    if (folder / RESULTS_FILE).is_file():
        return folder
    runs, _ = past_runs(folder)
    wanted = dataset_name(str(dataset))
    own = except_run.resolve() if except_run else None
    same = [run.folder for run in runs if run.dataset == wanted and run.folder.resolve() != own]
    same = [run for run in same if (run / RESULTS_FILE).is_file()]
    if not same:
        raise WrongUsage(f"{folder} holds no finished run of {wanted}. Name a folder with one, or of one.")
    return same[-1]


def shares_questions(one: Path, other: Path) -> bool:
    """Say whether two runs asked any same question. Results that are gone or damaged share none."""
    try:
        first, second = ({key_of(result) for result in read_results(folder)} for folder in (one, other))
    except WrongUsage:
        return False
    return not first.isdisjoint(second)


def dataset_name(path: str) -> str:
    """Return what a question set goes by: the end of its path."""
    return "/".join(Path(path).parts[-2:]) if path else ""


# They have columns of their own.
_SHOWN = ("begun", "commit", "dataset")


def _run(folder: Path, report: dict[str, Any]) -> PastRun:
    return PastRun(
        folder,
        dataset_name(report["settings"].get("dataset") or ""),
        str(report["begun"]),
        str(report["commit"] or ""),
        int(report.get("questions") or 0),
        dict(report["metrics"]),
    )


def _moved(before: PastRun, run: PastRun) -> tuple[Change, ...]:
    if not shares_questions(before.folder, run.folder):
        return ()
    return tuple(change for change in compare(before.folder, run.folder).changes if change.beyond_chance)
