"""`footnote eval`: run a question set, compare two runs, check a question set, draft questions.

Everything heavy is imported by the command that needs it, so that help answers at once.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from index.control_characters import visible_controls
from index.errors import FootnoteError, WrongUsage

if TYPE_CHECKING:
    from eval.against.opening import Other
    from eval.drafting.draft import Proposer
    from eval.results import Report
    from eval.scoring.clusters import By
    from service.settings import Settings

app = typer.Typer(no_args_is_help=True, help="Measure answers against questions with known answers.")

Dataset = Annotated[
    Path,
    typer.Argument(
        metavar="DATASET",
        help="Folder or file of questions: questions.jsonl, .csv, SQuAD, LlamaIndex, BEIR, MultiHop-RAG, CLAPNQ or MT-RAG.",
    ),
]
Corpus = Annotated[
    Path | None,
    typer.Option(
        metavar="PATH", help="Articles to ask about, in an index of their own. Default: the set's, or the live index."
    ),
]
Thresholds = Annotated[
    list[str] | None,
    typer.Option(metavar="METRIC=VALUE", help="Exit 1 when the score is worse. May be given more than once."),
]

ClusterBy = Annotated[
    str,
    typer.Option(
        metavar="[set|article|none]",
        help="Questions that count together in intervals and tests: as the set says or by conversation, by article, or none.",
    ),
]
Anytime = Annotated[
    bool,
    typer.Option("--anytime", help="Judge a difference so that it may be looked at again whenever the set has grown."),
]

_SHOWN = 10
_WORKERS = 8


@app.command("run")
def run_command(
    dataset: Dataset,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Folder for the results. Default: a new one in the data folder."),
    ] = None,
    corpus: Corpus = None,
    limit: Annotated[
        int | None, typer.Option(min=1, metavar="NUMBER", help="Ask only the first so many questions.")
    ] = None,
    workers: Annotated[
        int, typer.Option(min=1, max=256, metavar="NUMBER", help="Questions asked at a time.")
    ] = _WORKERS,
    without_history: Annotated[
        bool, typer.Option("--without-history", help="Ask follow-ups as if nothing had been said before.")
    ] = False,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a run in --out that was cut off.")] = False,
    fail_under: Thresholds = None,
    baseline: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Folder of an earlier run. Exit 1 when a score fell beyond chance."),
    ] = None,
    against: Annotated[
        str | None,
        typer.Option(
            metavar="URL", help="Ask this address, which speaks OpenAI's chat completions, in place of Footnote."
        ),
    ] = None,
    against_command: Annotated[
        str | None,
        typer.Option(metavar="COMMAND", help="Ask this program: a line of JSON in for each question, one out."),
    ] = None,
    model: Annotated[
        str | None, typer.Option(metavar="NAME", help="Model of --against. Default: the only one that it lists.")
    ] = None,
    timeout: Annotated[
        float, typer.Option(min=0.1, metavar="SECONDS", help="Longest wait for an answer of another system.")
    ] = 120.0,
    claims: Annotated[
        bool,
        typer.Option(
            "--claims", help="Check each sentence: is it supported, and what of the known answer does it say?"
        ),
    ] = False,
    cluster_by: ClusterBy = "set",
    anytime: Anytime = False,
    refusal: Annotated[
        list[str] | None,
        typer.Option(metavar="TEXT", help="Words by which another system says that it has no answer. May be repeated."),
    ] = None,
) -> None:
    """Ask every question and score the answers: results.jsonl, report.json, report.html, summary.md, junit.xml."""
    with _errors_shown():
        from eval.compare import compare, fell_beyond_chance
        from eval.report import read_thresholds, thresholds_missed
        from eval.results import read_results
        from eval.run import Course
        from eval.running import Asked, new_folder, run_into, write_all

        # Before the run: a typing error must not cost half an hour.
        read_thresholds(fail_under or ())
        if baseline:
            next(read_results(baseline), None)
        if resume and out is None:
            raise WrongUsage("--resume needs --out: the folder of the run that was cut off.")
        other = _other(against, against_command, model, timeout, refusal)
        folder = out or new_folder(dataset)
        with _saying_how_to_go_on(folder):
            asked = Asked(dataset, corpus, other, without_history, _by(cluster_by), claims)
            report = run_into(folder, asked, Course(limit, workers, resume), _list)
        comparison = compare(baseline, folder, anytime=anytime) if baseline else None
        write_all(report, folder, baseline, comparison)
        _show(report, folder)
        fell = fell_beyond_chance(comparison) if comparison else []
        failures = [*thresholds_missed(report, fail_under or ()), *(f"{line}, against the baseline" for line in fell)]
        _list("Not good enough", failures)
        if failures:
            raise typer.Exit(1)


@app.command("compare")
def compare_command(
    first: Annotated[Path, typer.Argument(metavar="DIR_A", help="Results of the run before.")],
    second: Annotated[Path, typer.Argument(metavar="DIR_B", help="Results of the run after.")],
    anytime: Anytime = False,
) -> None:
    """Compare two runs question by question; both answers side by side go into DIR_B/compare.html."""
    with _errors_shown():
        from rich.console import Console

        from eval.compare import compare, print_comparison
        from eval.reporting.comparison_page import write_comparison_page

        comparison = compare(first, second, anytime=anytime)
        print_comparison(comparison, Console())
        _say(f"Answers side by side: {write_comparison_page(comparison, first, second)}")


@app.command("baseline")
def baseline_command(
    run: Annotated[Path, typer.Argument(metavar="DIR", help="Results of a finished run.")],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="Folder to keep its scores in, for --baseline.")],
) -> None:
    """Keep the scores of a run, without texts, to hold later runs against."""
    with _errors_shown():
        from eval.baseline import keep_baseline

        _say(f"{keep_baseline(run, out)} questions kept in {out}")


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
            _say(line)
        print(f"{len(questions.questions)} questions, {len(found)} problems")
        if found:
            raise typer.Exit(1)


@app.command("draft")
def draft_command(
    source: Annotated[Path, typer.Argument(metavar="PATH", help="File or folder of articles.")],
    out: Annotated[Path, typer.Option(metavar="FILE", help="File that the questions are added to.")] = Path(
        "questions.jsonl"
    ),
    count: Annotated[int, typer.Option(min=1, metavar="NUMBER", help="Propose at most so many questions.")] = 50,
) -> None:
    """Propose questions about new articles. None is asked before a person sets its "reviewed" to true."""
    with _errors_shown():
        from eval.drafting.draft import draft_into
        from service.settings import load_settings

        settings = load_settings()
        drafted = draft_into(
            out, source, count=count, max_bytes=settings.max_article_bytes, proposer=_proposer(settings)
        )
        _list("Articles that could not be read", list(drafted.unread))
        _list("Proposals that were no use", [f"{number} {reason}" for reason, number in drafted.dropped.items()])
        _say(f'{len(drafted.added)} questions added to {out}. Read each, and set "reviewed" to true where it is right.')


@app.command("from-feedback")
def from_feedback_command(
    out: Annotated[Path, typer.Option(metavar="FILE", help="File that the questions are added to.")] = Path(
        "questions.jsonl"
    ),
    rating: Annotated[str | None, typer.Option(metavar="[up|down]", help="Only answers with this rating.")] = None,
    since: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], metavar="YYYY-MM-DD", help="Only those asked since that day."),
    ] = None,
) -> None:
    """Propose the questions of rated answers. None is asked before a person sets its "reviewed" to true."""
    with _errors_shown():
        from eval.from_feedback import candidates_into, read_rating
        from service.opening import open_client
        from service.settings import load_settings

        wanted = read_rating(rating)
        with open_client(load_settings(), with_history=True) as client:
            added = candidates_into(out, client, rating=wanted, since=since.date() if since else None)
        _say(f'{added} questions added to {out}. Read each, and set "reviewed" to true where it is right.')


def _by(name: str) -> "By":
    from typing import get_args

    from eval.scoring.clusters import By

    ways: tuple[By, ...] = get_args(By)
    for way in ways:
        if way == name:
            return way
    raise WrongUsage(f"--cluster-by is {name!r}. Choose one of: {', '.join(ways)}.")


def _other(
    url: str | None, command: str | None, model: str | None, timeout: float, refusals: list[str] | None
) -> "Other | None":
    from eval.against.opening import Endpoint, Other, Program

    if url and command:
        raise WrongUsage("--against and --against-command name two systems. Give one.")
    if not url and not command:
        if model or refusals:
            raise WrongUsage("--model and --refusal are about another system. Name it with --against.")
        return None
    return Other(Endpoint(url, model) if url else Program(command or ""), timeout, tuple(refusals or ()))


@contextmanager
def _saying_how_to_go_on(folder: Path) -> Iterator[None]:
    from eval.errors import SystemUnusable
    from eval.journal import RUN_FILE

    try:
        yield
    except (KeyboardInterrupt, SystemUnusable):
        if (folder / RUN_FILE).exists():
            _say(f"Stopped. To go on, give the same command with --out {folder} --resume", err=True)
        raise


def _proposer(settings: "Settings") -> "Proposer | None":
    from eval.drafting.draft import Proposer
    from service.answer.llm.generative import model_from

    llm = model_from(settings)
    return Proposer(llm, settings.llm_context_tokens) if llm else None


def _show(report: "Report", folder: Path) -> None:
    from collections import Counter

    from rich.console import Console

    from eval.report import power_of, print_scores
    from eval.reporting.page_sections import headline
    from eval.reporting.verdicts import verdict
    from eval.results import read_results

    print_scores(report["metrics"], Console())
    _say(headline(Counter(verdict(result).stage for result in read_results(folder))))
    _say(power_of(report))
    _say(f"{report['asked']} questions asked in {report['seconds']:.1f} s: {folder / 'report.html'}")
    _list("Questions that ended in an error, counted as wrong", [f"{e['id']}: {e['error']}" for e in report["errors"]])
    _list("Notes", report["notes"])


def _say(text: str, *, err: bool = False) -> None:
    """Print a line; control characters of questions, articles and names are shown, not sent."""
    print(visible_controls(text), file=sys.stderr if err else sys.stdout)


def _list(title: str, lines: list[str]) -> None:
    """Show the first lines on standard error; the report holds them all."""
    if not lines:
        return
    print(f"{title} ({len(lines)}):", file=sys.stderr)
    for line in lines[:_SHOWN]:
        _say(f"  {line}", err=True)
    if len(lines) > _SHOWN:
        print(f"  … and {len(lines) - _SHOWN} more", file=sys.stderr)


@contextmanager
def _errors_shown() -> Iterator[None]:
    """Show errors that a person can act on as one line: exit 2 for wrong usage, 1 for the others."""
    try:
        yield
    except FootnoteError as error:
        _say(f"Error: {error}", err=True)
        raise typer.Exit(2 if isinstance(error, WrongUsage) else 1) from error
