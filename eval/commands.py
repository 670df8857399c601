"""`footnote eval`: run a question set, compare two runs, check a question set.

Everything heavy is imported by the command that needs it, so that help answers at once.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from index.errors import FootnoteError, WrongUsage

if TYPE_CHECKING:
    from eval.results import Report

app = typer.Typer(no_args_is_help=True, help="Measure answers against questions with known answers.")

Dataset = Annotated[
    Path, typer.Argument(help="Folder with questions.jsonl, a .jsonl file, or a SQuAD or LlamaIndex .json file.")
]
Corpus = Annotated[
    Path | None,
    typer.Option(help="Articles to ask about, in an index of their own. Default: the set's, or the live index."),
]

_SHOWN = 10


@app.command("run")
def run_command(
    dataset: Dataset,
    out: Annotated[
        Path | None, typer.Option(help="Folder for the results. Default: a new one in the data folder.")
    ] = None,
    corpus: Corpus = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Ask only the first so many questions.")] = None,
    fail_under: Annotated[
        list[str] | None,
        typer.Option(metavar="METRIC=VALUE", help="Exit 1 when the score is worse. May be given more than once."),
    ] = None,
) -> None:
    """Ask every question and score the answers: results.jsonl, report.json, report.html."""
    with _errors_shown():
        from eval.report import read_thresholds, thresholds_missed

        # Before the run: a typing error must not cost half an hour.
        read_thresholds(fail_under or ())
        report, folder = _run(dataset, out, corpus, limit)
        _show(report, folder)
        missed = thresholds_missed(report, fail_under or ())
        _list("Not good enough", missed)
        if missed:
            raise typer.Exit(1)


@app.command("compare")
def compare_command(
    first: Annotated[Path, typer.Argument(metavar="DIR_A", help="Results of the run before.")],
    second: Annotated[Path, typer.Argument(metavar="DIR_B", help="Results of the run after.")],
) -> None:
    """Compare two runs question by question."""
    with _errors_shown():
        from rich.console import Console

        from eval.compare import compare, print_comparison

        print_comparison(compare(first, second), Console())


@app.command("check")
def check_command(dataset: Dataset, corpus: Corpus = None) -> None:
    """Find questions without answers, quotes that are not in their article, duplicates."""
    with _errors_shown():
        from eval.asking import article_texts
        from eval.check import check_questions
        from eval.datasets import read_questions
        from eval.opening import asked_of, opened
        from service.settings import load_settings

        questions = asked_of(read_questions(dataset), corpus)
        with opened(questions, dataset, load_settings()) as (client, left_out):
            found = left_out + check_questions(questions, article_texts(client))
        for line in found:
            print(line)
        print(f"{len(questions.questions)} questions, {len(found)} problems")
        if found:
            raise typer.Exit(1)


def _run(dataset: Path, out: Path | None, corpus: Path | None, limit: int | None) -> tuple["Report", Path]:
    from eval.datasets import read_questions
    from eval.opening import asked_of, opened
    from eval.page import write_page
    from eval.run import Course, run
    from service.settings import load_settings

    settings = load_settings()
    questions = asked_of(read_questions(dataset), corpus)
    _list("Rows that are not asked", [str(problem) for problem in questions.problems])
    folder = out or settings.data_dir / "eval" / "runs" / f"{dataset.stem}-{datetime.now():%Y%m%d-%H%M%S}"
    with opened(questions, dataset, settings) as (client, left_out):
        _list("Articles that could not be indexed", left_out)
        asked = {"dataset": str(dataset), "corpus": corpus and str(corpus), "limit": limit}
        recorded = asked | settings.model_dump(mode="json", exclude={"llm_api_key"})
        report = run(questions, client, folder, Course(limit=limit, settings=recorded))
    write_page(report, folder)
    return report, folder


def _show(report: "Report", folder: Path) -> None:
    from rich.console import Console

    from eval.report import print_scores

    print_scores(report["metrics"], Console())
    print(f"{report['questions']} questions in {report['seconds']:.1f} s: {folder / 'report.html'}")
    _list("Questions that ended in an error, counted as wrong", [f"{e['id']}: {e['error']}" for e in report["errors"]])
    _list("Notes", report["notes"])


def _list(title: str, lines: list[str]) -> None:
    """Show the first lines on standard error; the report holds them all."""
    if not lines:
        return
    print(f"{title} ({len(lines)}):", file=sys.stderr)
    for line in lines[:_SHOWN]:
        print(f"  {line}", file=sys.stderr)
    if len(lines) > _SHOWN:
        print(f"  … and {len(lines) - _SHOWN} more", file=sys.stderr)


@contextmanager
def _errors_shown() -> Iterator[None]:
    """Show errors that a person can act on as one line: exit 2 for wrong usage, 1 for the others."""
    try:
        yield
    except FootnoteError as error:
        print(f"Error: {error}", file=sys.stderr)
        raise typer.Exit(2 if isinstance(error, WrongUsage) else 1) from error
