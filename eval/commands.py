"""`footnote eval`: run a question set, compare two runs, check a question set, draft questions.

Everything heavy is imported by the command that needs it, so that help answers at once.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from eval.set_commands import (
    WORKERS,
    Corpus,
    Dataset,
    calibrate_command,
    check_command,
    draft_command,
    from_feedback_command,
    hostile_command,
    label_command,
    near_misses_command,
    review_command,
    vary_command,
)
from eval.terminal import errors_shown, say, show_list
from index.errors import WrongUsage

if TYPE_CHECKING:
    from eval.results import Report
    from eval.scoring.clusters import By

app = typer.Typer(no_args_is_help=True, help="Measure answers against questions with known answers.")
app.command("check")(check_command)
app.command("draft")(draft_command)
app.command("from-feedback")(from_feedback_command)
app.command("vary")(vary_command)
app.command("near-misses")(near_misses_command)
app.command("hostile")(hostile_command)
app.command("review")(review_command)
app.command("label")(label_command)
app.command("calibrate")(calibrate_command)

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
    ] = WORKERS,
    without_history: Annotated[
        bool, typer.Option("--without-history", help="Ask follow-ups as if nothing had been said before.")
    ] = False,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a run in --out that was cut off.")] = False,
    predict: Annotated[
        bool, typer.Option("--predict", help="Say how many tokens of a language model it would take, and ask nothing.")
    ] = False,
    fail_under: Thresholds = None,
    baseline: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Folder of an earlier run, or of many: the latest. Exit 1 when a score fell beyond chance.",
        ),
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
    with errors_shown():
        from eval.against.opening import other_from
        from eval.compare import compare, fell_beyond_chance
        from eval.history import latest_of
        from eval.report import read_thresholds, thresholds_missed
        from eval.results import read_results
        from eval.run import Course
        from eval.running import Asked, new_folder, run_into, write_all

        # Before the run: a typing error must not cost half an hour.
        read_thresholds(fail_under or ())
        if baseline:
            baseline = latest_of(baseline, dataset, except_run=out)
            next(read_results(baseline), None)
        if resume and out is None:
            raise WrongUsage("--resume needs --out: the folder of the run that was cut off.")
        other = other_from(against, against_command, model=model, timeout=timeout, refusals=refusal or ())
        if predict:
            from eval.running import predict as predicted

            say(predicted(Asked(dataset, corpus, other), limit))
            return
        folder = out or new_folder(dataset)
        with _saying_how_to_go_on(folder):
            asked = Asked(dataset, corpus, other, without_history, _by(cluster_by), claims)
            report = run_into(folder, asked, Course(limit, workers, resume), show_list)
        comparison = compare(baseline, folder, anytime=anytime) if baseline else None
        write_all(report, folder, baseline, comparison)
        _show(report, folder)
        fell = fell_beyond_chance(comparison) if comparison else []
        failures = [*thresholds_missed(report, fail_under or ()), *(f"{line}, against the baseline" for line in fell)]
        show_list("Not good enough", failures)
        if failures:
            raise typer.Exit(1)


@app.command("compare")
def compare_command(
    first: Annotated[Path, typer.Argument(metavar="DIR_A", help="Results of the run before.")],
    second: Annotated[Path, typer.Argument(metavar="DIR_B", help="Results of the run after.")],
    anytime: Anytime = False,
) -> None:
    """Compare two runs question by question; both answers side by side go into DIR_B/compare.html."""
    with errors_shown():
        from rich.console import Console

        from eval.compare import compare, print_comparison
        from eval.reporting.comparison_page import write_comparison_page

        comparison = compare(first, second, anytime=anytime)
        print_comparison(comparison, Console())
        say(f"Answers side by side: {write_comparison_page(comparison, first, second)}")


@app.command("history")
def history_command(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder with the results of runs, at any depth.")],
    baseline: Annotated[Path | None, typer.Option(metavar="FOLDER", help="A run to compare the others with.")] = None,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="The page. Default: history.html in DIR.")] = None,
) -> None:
    """Draw the scores of many runs over time on one page, with what changed between them."""
    with errors_shown():
        from eval.history import past_runs
        from eval.reporting.history_page import HISTORY_FILE, write_history_page
        from eval.run import progress

        runs, unreadable = past_runs(folder)
        kept = past_runs(baseline)[0][-1] if baseline else None
        show_list("Reports that cannot be read", [f"{one.path}: {one.reason}" for one in unreadable])
        with progress() as shown:
            task = shown.add_task("Comparing", total=len(runs))
            page = write_history_page(
                runs, unreadable, out or folder / HISTORY_FILE, baseline=kept, on_step=lambda: shown.advance(task)
            )
        say(f"{len(runs)} runs: {page}")


@app.command("card")
def card_command(
    runs: Annotated[
        list[Path] | None, typer.Argument(metavar="[DIR]...", help="Folders with finished runs to add, at any depth.")
    ] = None,
    kept: Annotated[Path, typer.Option(metavar="FOLDER", help="Where runs.json and sets.toml of the card are.")] = Path(
        "eval/card"
    ),
    out: Annotated[Path, typer.Option(metavar="FILE", help="The page.")] = Path("docs/card.md"),
) -> None:
    """Make a card of what was measured, of runs that are kept without texts: no question is asked again."""
    with errors_shown():
        from eval.card.entries import entries_under, keep, write
        from eval.card.page import card, sets_in

        sets = sets_in(kept)
        entries = keep([entry for run in runs or () for entry in entries_under(run)], kept)
        write(out, card(entries, sets))
        say(f"{len(entries)} runs: {out}")


@app.command("baseline")
def baseline_command(
    run: Annotated[Path, typer.Argument(metavar="DIR", help="Results of a finished run.")],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="Folder to keep its scores in, for --baseline.")],
) -> None:
    """Keep the scores of a run, without texts, to hold later runs against."""
    with errors_shown():
        from eval.baseline import keep_baseline

        say(f"{keep_baseline(run, out)} questions kept in {out}")


def _by(name: str) -> "By":
    from typing import get_args

    from eval.scoring.clusters import By

    ways: tuple[By, ...] = get_args(By)
    for way in ways:
        if way == name:
            return way
    raise WrongUsage(f"--cluster-by is {name!r}. Choose one of: {', '.join(ways)}.")


@contextmanager
def _saying_how_to_go_on(folder: Path) -> Iterator[None]:
    from eval.errors import SystemUnusable
    from eval.journal import RUN_FILE

    try:
        yield
    except (KeyboardInterrupt, SystemUnusable):
        if (folder / RUN_FILE).exists():
            say(f"Stopped. To go on, give the same command with --out {folder} --resume", err=True)
        raise


def _show(report: "Report", folder: Path) -> None:
    from collections import Counter

    from rich.console import Console

    from eval.report import power_of, print_scores
    from eval.reporting.page_sections import headline
    from eval.reporting.verdicts import verdict
    from eval.results import read_results

    print_scores(report["metrics"], Console())
    say(headline(Counter(verdict(result).stage for result in read_results(folder))))
    say(power_of(report))
    say(f"{report['asked']} questions asked in {report['seconds']:.1f} s: {folder / 'report.html'}")
    show_list(
        "Questions that ended in an error, counted as wrong", [f"{e['id']}: {e['error']}" for e in report["errors"]]
    )
    show_list("Notes", report["notes"])
