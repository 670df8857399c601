"""`footnote bench`. Everything heavy is imported when it runs, so that help answers at once."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, get_args

import typer

from index.settings import Precision

if TYPE_CHECKING:
    from eval.bench.run import OnStep


def bench(
    path: Annotated[
        Path | None, typer.Argument(metavar="PATH", help="Articles to index. Default: synthetic ones.")
    ] = None,
    articles: Annotated[int, typer.Option(min=1, metavar="NUMBER", help="How many synthetic articles.")] = 500,
    rounds: Annotated[int, typer.Option(min=1, metavar="NUMBER", help="How often each system indexes them.")] = 3,
    passages: Annotated[
        int,
        typer.Option(
            min=0,
            metavar="NUMBER",
            help="Passages that questions are asked of, with synthetic vectors; 0 leaves this out.",
        ),
    ] = 100_000,
    questions: Annotated[int, typer.Option(min=10, metavar="NUMBER", help="How many questions.")] = 200,
    precision: Annotated[
        Precision, typer.Option(metavar="|".join(get_args(Precision)), help="What Footnote's model computes with.")
    ] = "fastest",
    out: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Folder for bench.json, bench.md and plots.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Measure indexing and asking, compared with a plain LlamaIndex quickstart on the same articles."""
    from rich.console import Console

    from eval.bench.quickstart import check_installed
    from eval.bench.report import as_json, lines_of, print_lines, write_report
    from eval.bench.run import Plan, run

    check_installed()
    with _corpus(path, articles) as corpus, _steps_shown() as on_step:
        plan = Plan(corpus, rounds, passages, questions, precision)
        taken = run(plan, on_step)
    if out:
        write_report(taken, plan, out)
    if json:
        print(as_json(taken, plan))
    else:
        print_lines(lines_of(taken), Console())


@contextmanager
def _corpus(path: Path | None, articles: int) -> Iterator[Path]:
    from eval.bench.synthetic import write_synthetic
    from index.errors import WrongUsage

    if path is not None and not path.exists():
        raise WrongUsage(f"{path} does not exist. Name a folder or file of articles, or none for synthetic ones.")
    with TemporaryDirectory(prefix="footnote-bench-corpus-") as folder:
        if path is None:
            path = Path(folder, "synthetic.jsonl")
            write_synthetic(path, articles)
        yield path


@contextmanager
def _steps_shown() -> "Iterator[OnStep]":
    """Show the measurement that is being taken on a terminal, nothing in a pipe."""
    from rich.console import Console

    console = Console(stderr=True)
    if not sys.stderr.isatty():
        yield lambda name: None
        return
    with console.status("Measuring") as status:
        yield lambda name: status.update(f"Measuring {name}")
