"""Fits which sentences answer and when a question is refused, with scikit-learn, and measures it on questions kept aside.

    python -m eval.fitting read DATASET[@R/M]... --out FOLDER [--limit N]
    python -m eval.fitting fit FOLDER [--tune SET]... [--add FEATURE]... [--drop FEATURE]...

`read` searches and reads once for every question, as the product does, and writes what it measured of every sentence into
FOLDER. `@0/6` takes every sixth question, from the first on: those that a reader was not trained on. `fit` takes seconds: it
prints the weights for `service.answer.evidence` and `service.answer.refusal`, and what they give for each set when they are
fitted without the question's document, and without its set. `--tune` names the sets that the threshold is chosen on.
"""

import argparse
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from eval.fitting.cases import read_cases
from eval.fitting.report import Fitting, lines
from index.control_characters import visible_controls
from index.errors import FootnoteError, WrongUsage
from service.answer.evidence import READER_WEIGHTS, SIMILARITY_WEIGHTS
from service.answer.extractive import BELONGS
from service.answer.refusal import READER_REFUSAL, SIMILARITY_REFUSAL
from service.settings import load_settings


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the arguments say, and return the exit code: 2 for wrong usage."""
    given = _parser().parse_args(arguments)
    try:
        given.run(given)
    except FootnoteError as error:
        print(visible_controls(f"Error: {error}"), file=sys.stderr)
        return 2 if isinstance(error, WrongUsage) else 1
    return 0


def _read(given: argparse.Namespace) -> None:
    from eval.fitting.reading import read_into, sample_from

    try:
        samples = [sample_from(text) for text in given.datasets]
    except ValueError as error:
        raise WrongUsage("Write a set as PATH or PATH@R/M, for example nq@0/6.") from error
    read_into(given.out, samples, load_settings(), limit=given.limit)


def _fit(given: argparse.Namespace) -> None:
    sets = read_cases(given.folder)
    if unknown := sorted(set(given.tune) - sets.keys()):
        raise WrongUsage(f"{given.folder} has no set {unknown[0]!r}. It has: {', '.join(sets)}.")
    cases = [case for some in sets.values() for case in some]
    reads = any("evidence" in row.features for case in cases for row in case.rows[:1])
    sentence, refusal = (READER_WEIGHTS, READER_REFUSAL) if reads else (SIMILARITY_WEIGHTS, SIMILARITY_REFUSAL)
    fitting = Fitting(_names(sentence, given), _names(refusal, given, adding=False), given.belongs)
    for line in lines(fitting, cases, rightly_refused=given.rightly_refused, tuned_on=given.tune):
        print(line)


def _names(weights: Iterable[str], given: argparse.Namespace, *, adding: bool = True) -> tuple[str, ...]:
    names = [name for name in weights if name != "intercept" and name not in given.drop]
    return tuple(dict.fromkeys([*names, *(given.add if adding else [])]))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m eval.fitting", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(required=True)
    read = commands.add_parser("read", help="search and read for every question, and keep what was measured")
    read.add_argument("datasets", nargs="+", metavar="DATASET[@R/M]")
    read.add_argument("--out", type=Path, required=True, metavar="FOLDER")
    read.add_argument("--limit", type=int, metavar="N", help="at most so many questions of each set, drawn at random")
    read.set_defaults(run=_read)
    fit = commands.add_parser("fit", help="fit and measure")
    fit.add_argument("folder", type=Path, metavar="FOLDER")
    fit.add_argument("--tune", action="append", default=[], metavar="SET", help="choose the threshold on this set")
    fit.add_argument("--add", action="append", default=[], metavar="FEATURE", help="weigh this of a sentence, too")
    fit.add_argument("--drop", action="append", default=[], metavar="FEATURE", help="leave this out")
    fit.add_argument("--rightly-refused", type=float, default=0.8, metavar="SHARE", help="wanted (default: 0.8)")
    fit.add_argument(
        "--belongs", type=float, default=BELONGS, metavar="P", help=f"shown from here on (default: {BELONGS})"
    )
    fit.set_defaults(run=_fit)
    return parser


if __name__ == "__main__":
    sys.exit(main())
