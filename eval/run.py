"""A batch evaluation from questions to files: asks every one, keeps what was answered, and sums up the scores."""

import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from eval.asking import Answering, Asking, answering_by, ask
from eval.cost import Prices, counted
from eval.journal import journal_in
from eval.provenance import commit, machine, versions
from eval.records import EvalQuestion, QuestionSet, Result
from eval.reporting.points import kind_of
from eval.results import ErrorRow, Report, read_results, write_report
from eval.scoring.aggregates import Score, aggregate
from eval.scoring.claims import ClaimCheck
from eval.scoring.clusters import said_of
from eval.scoring.judging import Judge
from eval.scoring.multihop_scores import is_multihop
from index.errors import WrongUsage
from service.client import Client

WORKERS = 8


@dataclass(frozen=True, slots=True)
class Course:
    """The plan of a run: the first `limit` questions (None: all), so many at a time, from the start or where it stopped.

    A `judge` scores the answers too, a `check` their sentences. `settings` are recorded in the report, and `predicted` says
    in words what the run was expected to take of a language model.
    """

    limit: int | None = None
    workers: int = WORKERS
    resume: bool = False
    judge: Judge | None = None
    check: ClaimCheck | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    predicted: str | None = None
    prices: Prices | None = None


def run(question_set: QuestionSet, asked_of: Client | Answering, out: Path, course: Course | None = None) -> Report:
    """Ask the questions and write `results.jsonl` and `report.json` into `out`.

    Files of an earlier run in `out` are replaced, or completed. A question that ends in an error counts as wrong and is
    listed. Raises WrongUsage when there is no question to ask or the earlier run in `out` was another, IndexEmpty when
    there is no article.
    """
    course = course or Course()
    questions = question_set.questions[: course.limit]
    if not questions:
        raise WrongUsage("The set has no question that can be asked.")
    answering = asked_of if isinstance(asked_of, Answering) else answering_by(asked_of)
    begun, started = datetime.now(UTC), time.perf_counter()
    asked = _ask_all(questions, answering, out, course)
    seconds = time.perf_counter() - started
    results = [_light(result) for result in read_results(out)]
    report = Report(
        metrics=aggregate(results),
        by_kind=_by_kind(results),
        questions=len(results),
        errors=[ErrorRow(id=r.id, question=r.question, error=r.error) for r in results if r.error is not None],
        problems=[str(problem) for problem in question_set.problems],
        notes=_notes(questions, results, answering, course),
        settings=dict(course.settings),
        index=dict(answering.told),
        versions=versions(),
        machine=machine(),
        commit=commit(),
        begun=begun.isoformat(timespec="seconds"),
        seconds=round(seconds, 3),
        asked=asked,
    )
    write_report(report, out)
    return report


def _plan(answering: Answering, course: Course) -> dict[str, Any]:
    """Return what the answers depend on: a run that was cut off goes on only where none of it changed."""
    index = dict(answering.depends_on)
    judge = {"model": course.judge.name, "votes": len(course.judge.voters)} if course.judge else None
    checked = {"claims": "checked"} if course.check else {}
    return {"settings": dict(course.settings), "index": index, "judge": judge} | checked


def _ask_all(questions: Sequence[EvalQuestion], answering: Answering, out: Path, course: Course) -> int:
    """Ask what is not finished yet, and return how many that were."""
    asking = Asking(answering, course.judge, is_multihop(questions), course.check)
    plan = _plan(answering, course)
    with journal_in(out, plan, questions, resume=course.resume) as journal, progress() as shown:
        left = [question for question in questions if question.id not in journal.finished]
        task = shown.add_task("Asking", total=len(questions), completed=len(questions) - len(left))
        for result in _as_finished(left, asking, workers=course.workers):
            journal.add(result)
            shown.advance(task)
    return len(left)


def _as_finished(questions: Iterable[EvalQuestion], asking: Asking, *, workers: int) -> Iterator[Result]:
    """Yield results as they are finished. Never more than a few questions wait, however many there are."""
    waiting = iter(questions)
    with ThreadPoolExecutor(workers, thread_name_prefix="asking") as threads:
        running: set[Future[Result]] = set()
        try:
            while True:
                fresh = islice(waiting, 2 * workers - len(running))
                running |= {threads.submit(ask, question, asking) for question in fresh}
                if not running:
                    return
                done, running = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    yield future.result()
        finally:
            threads.shutdown(wait=True, cancel_futures=True)


def _light(result: Result) -> Result:
    """Return a result without its texts: of thousands, only what scores need stays in memory."""
    return replace(result, text="", citations=(), disagreements=(), answers=(), relevant_ids=(), ranking=())


def progress() -> Progress:
    """Return a progress bar that is shown on a terminal alone."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    return Progress(*columns, console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty())


def _by_kind(results: Sequence[Result]) -> dict[str, dict[str, Score]]:
    kinds = sorted({kind_of(result) for result in results})
    return {kind: aggregate([result for result in results if kind_of(result) == kind]) for kind in kinds}


def _notes(
    questions: Sequence[EvalQuestion], results: Sequence[Result], answering: Answering, course: Course
) -> list[str]:
    """Say what the reader of the scores should know."""
    notes = [f"{result.id}: {note}" for result in results for note in result.notes]
    notes += filter(None, [said_of(results)])
    if used := counted(results):
        expected = f"; {course.predicted} were predicted" if course.predicted else ""
        notes.append(f"The language model took {used.in_words(course.prices)}{expected}.")
    follow_ups = sum(bool(question.history) for question in questions)
    if follow_ups and answering.checks:
        completed = sum(result.completed_question is not None for result in results)
        notes.append(
            f"{follow_ups} questions follow on a conversation (`history`); {completed} were completed from it."
        )
    for name in answering.untold:
        if concerned := sum(bool(getattr(question, name)) for question in questions):
            notes.append(f"{concerned} questions have `{name}`, which this system cannot be told.")
    degraded = sum(result.degraded is not None for result in results)
    if degraded:
        notes.append(f"{degraded} answers were degraded; results.jsonl says why.")
    failures = [f"{result.id}: {failure}" for result in results for failure in result.judge_failures]
    if course.judge and failures:
        notes.append(
            f"{len(failures)} replies of the judge {course.judge.name} could not be counted; the first: {failures[0]}"
        )
    return notes
