"""A batch evaluation from questions to files: asks every one, keeps what was answered, and sums up the scores."""

import importlib.metadata
import platform
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from eval.aggregates import Score, aggregate
from eval.asking import article_texts, ask
from eval.records import EvalQuestion, QuestionSet, Result
from eval.results import PAGE_FILE, REPORT_FILE, RESULTS_FILE, ErrorRow, Report, result_line, write_report
from index.errors import IndexEmpty, WrongUsage
from service.client import Client

NO_KIND = "unspecified"

# Named one by one: a report should say what could change its figures, not list a whole environment.
_PACKAGES = (
    "footnote",
    "chromadb",
    "ir-measures",
    "llama-index-core",
    "numpy",
    "sentence-transformers",
    "tantivy",
    "torch",
)


def run(
    question_set: QuestionSet,
    client: Client,
    out: Path,
    *,
    limit: int | None = None,
    settings: Mapping[str, Any] | None = None,
) -> Report:
    """Ask the first `limit` questions (all by default), and write `results.jsonl` and `report.json` into `out`.

    Files of an earlier run in `out` are replaced. A question that ends in an error counts as wrong and is listed.
    `settings` is recorded in the report. Raises WrongUsage when there is no question to ask, IndexEmpty when there is
    no article.
    """
    questions = question_set.questions[:limit]
    if not questions:
        raise WrongUsage("The set has no question that can be asked.")
    status = client.status()
    if not status.articles:
        raise IndexEmpty("Nothing is indexed. Run `footnote index PATH` first, or name the articles with --corpus.")
    started = time.perf_counter()
    _clear(out)
    results = _ask_all(questions, client, out / RESULTS_FILE)
    report = Report(
        metrics=aggregate(results),
        by_kind=_by_kind(results),
        questions=len(results),
        errors=[ErrorRow(id=r.id, question=r.question, error=r.error) for r in results if r.error is not None],
        problems=[str(problem) for problem in question_set.problems],
        notes=_notes(questions, results),
        settings=dict(settings or {}),
        index=status.model_dump(mode="json"),
        versions=_versions(),
        seconds=round(time.perf_counter() - started, 3),
    )
    write_report(report, out)
    return report


def _clear(out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    # A report of earlier results must not stand beside new ones when this run is cut off.
    for name in (RESULTS_FILE, REPORT_FILE, PAGE_FILE):
        (out / name).unlink(missing_ok=True)


def _ask_all(questions: Sequence[EvalQuestion], client: Client, path: Path) -> list[Result]:
    text_of = article_texts(client)
    results = []
    with path.open("w", encoding="utf-8") as file, _progress() as progress:
        for question in progress.track(questions, description="Asking"):
            result = ask(question, client, text_of)
            file.write(result_line(result))
            # A line for each finished question, whenever the run is killed.
            file.flush()
            results.append(result)
    return results


def _progress() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty())


def _by_kind(results: Sequence[Result]) -> dict[str, dict[str, Score]]:
    kinds = sorted({result.kind or NO_KIND for result in results})
    return {kind: aggregate([result for result in results if (result.kind or NO_KIND) == kind]) for kind in kinds}


def _notes(questions: Sequence[EvalQuestion], results: Sequence[Result]) -> list[str]:
    """Say what the reader of the scores should know."""
    notes = [f"{result.id}: {note}" for result in results for note in result.notes]
    follow_ups = sum(bool(question.history) for question in questions)
    if follow_ups:
        notes.append(f"{follow_ups} questions follow on a conversation (`history`); they were asked without it.")
    degraded = sum(result.degraded is not None for result in results)
    if degraded:
        notes.append(f"{degraded} answers were degraded; results.jsonl says why.")
    return notes


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version(), "platform": platform.platform()}
    for name in _PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = "not installed"
    return found
