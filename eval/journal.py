"""What a run has done so far, on disk: a killed run goes on from here.

`run.json` says what is asked of what; `results.jsonl` gets a line for each question as it is finished, and is put in the
order of the questions at the end.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from pydantic import ValidationError

from eval.records import EvalQuestion, Result
from eval.results import REPORT_FILE, RESULT, RESULTS_FILE, WRITTEN_FILES, result_line, written_whole
from index.errors import WrongUsage

RUN_FILE = "run.json"


@dataclass(frozen=True, slots=True)
class Journal:
    """The results of one run. `finished` are the ids of the questions that a run before this one answered."""

    path: Path
    finished: frozenset[str]
    _file: IO[str]

    def add(self, result: Result) -> None:
        """Append a result, so that it is there whenever the run is killed."""
        self._file.write(result_line(result))
        self._file.flush()


@contextmanager
def journal_in(
    out: Path, plan: Mapping[str, Any], questions: Sequence[EvalQuestion], *, resume: bool
) -> Iterator[Journal]:
    """Open the journal of a run, empty or, with `resume`, where an earlier one of the same plan was cut off.

    `plan` is everything that the answers depend on. Questions that ended in an error are asked again. Left without an
    error, every question has its line, in the order of the questions. Raises WrongUsage when the folder holds a run that
    was cut off and is not to be resumed, or was made with another plan.
    """
    finished = _begin(out, plan, questions, resume=resume)
    path = out / RESULTS_FILE
    with path.open("a", encoding="utf-8") as file:
        yield Journal(path, finished, file)
    _put_in_order(path, questions)


def _begin(out: Path, plan: Mapping[str, Any], questions: Sequence[EvalQuestion], *, resume: bool) -> frozenset[str]:
    plan = {**plan, "questions": _fingerprint(questions)}
    out.mkdir(parents=True, exist_ok=True)
    path = out / RESULTS_FILE
    if not resume and path.exists() and not (out / REPORT_FILE).exists() and any(_finished(path)):
        raise WrongUsage(f"{out} holds a run that was cut off. Go on with --resume, or name another folder with --out.")
    finished: frozenset[str] = frozenset()
    if resume and path.exists():
        _check_plan(out, plan)
        finished = _keep_whole(path, {question.id for question in questions})
    else:
        path.unlink(missing_ok=True)
    for name in WRITTEN_FILES:
        # A report of earlier results must not remain next to new ones when this run is cut off.
        (out / name).unlink(missing_ok=True)
    with written_whole(out / RUN_FILE) as file:
        file.write((json.dumps(plan, indent=2, ensure_ascii=False) + "\n").encode())
    return finished


def _fingerprint(questions: Sequence[EvalQuestion]) -> str:
    """Return a hash of all questions with what is known of their answers: a corrected answer makes another run."""
    digest = hashlib.sha256()
    for question in questions:
        digest.update(repr(question).encode("utf-8", "backslashreplace"))
    return digest.hexdigest()


def _check_plan(out: Path, plan: Mapping[str, Any]) -> None:
    try:
        before = json.loads((out / RUN_FILE).read_bytes())
    except (OSError, ValueError) as error:
        raise WrongUsage(f"{out / RUN_FILE} cannot be read: {error}. Run again without --resume.") from error
    # Through JSON, as the plan before came: a tuple is a list there.
    now = json.loads(json.dumps(plan))
    differs = sorted(name for name in before.keys() | now.keys() if before.get(name) != now.get(name))
    if differs:
        changes = "; ".join(f"{name} was {before.get(name)!r}, now {now.get(name)!r}" for name in differs)
        raise WrongUsage(f"{out} cannot be resumed: {changes}. Name another folder with --out.")


def _keep_whole(path: Path, asked: set[str]) -> frozenset[str]:
    """Drop lines that are torn, and questions that ended in an error: they get another chance."""
    kept = set()
    with written_whole(path) as file:
        for result in _finished(path):
            if result.id in asked and result.id not in kept and result.error is None:
                kept.add(result.id)
                file.write(result_line(result).encode())
    return frozenset(kept)


def _finished(path: Path) -> Iterator[Result]:
    with path.open("rb") as lines:
        for line in lines:
            try:
                yield RESULT.validate_json(line)
            except ValidationError:
                continue


def _put_in_order(path: Path, questions: Sequence[EvalQuestion]) -> None:
    places = dict(_lines(path))
    with path.open("rb") as lines, written_whole(path) as ordered:
        for question in questions:
            lines.seek(places[question.id])
            ordered.write(lines.readline())


def _lines(path: Path) -> Iterator[tuple[str, int]]:
    """Yield each question's id with the byte at which its line begins."""
    with path.open("rb") as lines:
        at = 0
        for line in lines:
            yield json.loads(line)["id"], at
            at += len(line)
