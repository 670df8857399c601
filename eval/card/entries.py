"""What the card keeps of a run: how each question ended, without any text, and where the run was made."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from pydantic import TypeAdapter, ValidationError

from eval.journal import RUN_FILE
from eval.language_model.measuring import CALLS_FILE, calls_of
from eval.outcomes import Ending, ending_of
from eval.records import Result
from eval.results import REPORT_FILE, read_results, written_whole
from index.errors import WrongUsage

RUNS_FILE = "runs.json"
UNCITED = ("plain", "citation_query_engine")
"""Contenders of `eval.language_model` that are given Footnote's hits, and whose citations are not read."""

_SCORES = ("hits@10", "evidence_hits@10", "answer_in_quotes", "citation_f1", "attack_success")


@dataclass(frozen=True, slots=True)
class Mean:
    """The mean of a score over `n` questions, with the bounds of its 95 % interval."""

    mean: float
    low: float | None
    high: float | None
    n: int


@dataclass(frozen=True, slots=True)
class Entry:
    """A run. `set` is the stem of its question set, `questions` a hash of all questions with their known answers.

    `system` is `footnote`, a contender of `eval.language_model`, or the address or command of another system; `model` None
    means no language model. Seconds and tokens are medians of a question; tokens of a server that does not count them are
    estimated. `errors` are questions that ended in one, which counts as wrong.
    """

    set: str
    questions: str
    system: str
    model: str | None
    begun: str
    commit: str | None
    machine: dict[str, str]
    seconds: float | None
    tokens: float | None
    errors: int
    scores: dict[str, Mean]
    endings: dict[str, Ending]

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What a later run takes the place of."""
        return self.set, self.questions, self.system, self.model or ""


_ENTRIES = TypeAdapter(list[Entry])


def entries_under(folder: Path) -> list[Entry]:
    """Return the finished runs in a folder and below it. Raises WrongUsage where there is none, or one has no texts."""
    reports = sorted(folder.rglob(REPORT_FILE))
    if not reports:
        raise WrongUsage(f"{folder} holds no finished run of `footnote eval run`: there is no {REPORT_FILE}.")
    return [_entry(path.parent) for path in reports]


def kept_in(folder: Path) -> list[Entry]:
    """Return the runs that the card keeps. Raises WrongUsage where they cannot be read."""
    path = folder / RUNS_FILE
    try:
        return _ENTRIES.validate_json(path.read_bytes()) if path.exists() else []
    except (OSError, ValidationError) as error:
        raise WrongUsage(f"{path} cannot be read: {error}") from error


def keep(entries: Iterable[Entry], folder: Path) -> list[Entry]:
    """Keep runs, each in place of an earlier one of the same system on the same questions. Return all that are kept.

    Raises WrongUsage where there are none, or they cannot be read or written.
    """
    latest: dict[tuple[str, str, str, str], Entry] = {}
    for entry in sorted([*kept_in(folder), *entries], key=lambda one: one.begun):
        latest[entry.key] = entry
    if not latest:
        raise WrongUsage(
            f"{folder} keeps no run: there is no {RUNS_FILE}. Name folders with finished runs, or another --kept."
        )
    ordered = [latest[key] for key in sorted(latest)]
    rows = _ENTRIES.dump_python(ordered, mode="json", exclude_defaults=True)
    lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    write(folder / RUNS_FILE, f"[\n{lines}\n]\n")
    return ordered


def write(path: Path, text: str) -> None:
    """Write a file of the card, whole or not at all. Raises WrongUsage."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with written_whole(path) as file:
            file.write(text.encode())
    except OSError as error:
        raise WrongUsage(f"{path} cannot be written ({error.strerror or error}). Name another place.") from error


def _entry(run: Path) -> Entry:
    try:
        report = json.loads((run / REPORT_FILE).read_bytes())
        plan = json.loads((run / RUN_FILE).read_bytes())
        settings, metrics = report["settings"], report["metrics"]
        system, model = _system(settings)
        results = list(read_results(run))
        if any(result.status == "answered" and not result.text for result in results):
            raise WrongUsage(f"{run} was kept without the texts of its answers. Name the folder of the run itself.")
        return Entry(
            set=Path(settings["dataset"]).stem,
            questions=plan["questions"],
            system=system,
            model=model,
            begun=report["begun"],
            commit=report["commit"],
            machine=report["machine"],
            seconds=_median([one.latency_ms / 1000 for one in results if one.latency_ms is not None]),
            tokens=_tokens(run, results),
            errors=len(report["errors"]),
            scores={name: _mean(metrics[name]) for name in _SCORES if name in metrics and system not in UNCITED},
            endings={result.id: ending_of(result) for result in results},
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise WrongUsage(f"{run} is no run that can be read ({type(error).__name__}: {error}).") from error


def _mean(score: dict[str, Any]) -> Mean:
    return Mean(score["mean"], score["low"], score["high"], score["n"])


def _system(settings: dict[str, Any]) -> tuple[str, str | None]:
    """Return what answered, and its language model."""
    if "answers" in settings:  # eval.language_model
        system = settings["answers"]
        return ("footnote", None) if system == "offline" else (system, settings["model"])
    if other := settings.get("against") or settings.get("against_command"):
        return other, settings.get("model")
    return "footnote", settings["llm_model"] if settings["llm_provider"] != "none" else None


def _tokens(run: Path, results: Sequence[Result]) -> float | None:
    if (run / CALLS_FILE).exists():
        return _median([float(sum(call["tokens"] for call in calls)) for calls in calls_of([run], results)])
    return _median([float(one.prompt_tokens) for one in results if one.prompt_tokens is not None])


def _median(values: Sequence[float]) -> float | None:
    return round(median(values), 3) if any(values) else None
