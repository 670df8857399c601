"""How well the check of written sentences tells whether passages support them.

    python -m eval.support measure --data DIR [--model none|shipped|FOLDER]
    python -m eval.support choose --data DIR [--model shipped|FOLDER]

`DIR` holds expertqa/, clapnq/, mtrag_un/, squad2/, workplace/ and train/. `measure` checks every sentence of sets kept aside
as one that a language model wrote, citing all of its evidence: with similarity and rules, and with the model and rules.
`choose` reads other sets, and prints the threshold and the calibration for `service.answer.verification.check`.
"""

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.progress import track

from eval.support.cases import Case, development_sets, measured_sets
from eval.support.verdicts import (
    balanced,
    best_threshold,
    calibrated,
    passed_at,
    passing,
    scored,
    stopped,
    verified,
    with_interval,
)
from index.control_characters import visible_controls
from index.errors import FootnoteError, WrongUsage
from index.settings import NO_READER, NO_SUPPORT_MODEL, SHIPPED_SUPPORT_MODEL, IndexSettings
from index.stores.store import Index, open_index

_MEASURES = {"balanced accuracy": balanced, "true that pass": passing, "false that are stopped": stopped}


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the arguments say, and return the exit code: 2 for wrong usage."""
    given = _parser().parse_args(arguments)
    try:
        if not given.data.is_dir():
            raise WrongUsage(f"There is no folder {given.data}. Name the one with expertqa/, clapnq/ and the others.")
        with (
            TemporaryDirectory() as place,
            open_index(IndexSettings(data_dir=Path(place), reader=NO_READER, support_model=given.model)) as index,
        ):
            for line in given.run(index, given):
                print(line, flush=True)
    except FootnoteError as error:
        print(visible_controls(f"Error: {error}"), file=sys.stderr)
        return 2 if isinstance(error, WrongUsage) else 1
    return 0


def _measure(index: Index, given: argparse.Namespace) -> Iterator[str]:
    bare = replace(index, support=None)
    for name, cases in _sampled(measured_sets(given.data), given.limit).items():
        yield f"{name}: {sum(case.supported for case in cases)} true, {sum(not case.supported for case in cases)} false"
        before = list(verified(bare, _shown(cases, name), cited=not given.uncited))
        after = list(verified(index, _shown(cases, name), cited=not given.uncited)) if index.support else None
        for label, measure in _MEASURES.items():
            yield f"  {label}: similarity {with_interval(measure, cases, before)}"
            if after:
                difference = with_interval(measure, cases, after, before)
                yield f"  {label}: model {with_interval(measure, cases, after)}, difference {difference}"


def _choose(index: Index, given: argparse.Namespace) -> Iterator[str]:
    if index.support is None:
        raise WrongUsage("There is nothing to choose without a model. Leave --model out, or name a folder.")
    sets = {
        name: list(scored(index, _shown(cases, name), cited=not given.uncited))
        for name, cases in _sampled(development_sets(given.data), given.limit).items()
    }
    threshold = best_threshold(list(sets.values()))
    for name, rows in sets.items():
        cases = [row.case for row in rows]
        ways = {"similarity": [row.by_similarity for row in rows]}
        if threshold is not None:
            ways["model"] = passed_at(rows, threshold)
        for way, passed in ways.items():
            figures = (f"{label} {with_interval(measure, cases, passed)}" for label, measure in _MEASURES.items())
            yield f"{name}, {way}: {', '.join(figures)}"
    intercept, slope = calibrated([row for rows in sets.values() for row in rows])
    chosen = "there is none" if threshold is None else f"log-odds of {threshold:.1f}"
    yield f"threshold: {chosen}; calibration: intercept {intercept:.2f}, slope {slope:.2f}"


def _sampled(sets: Mapping[str, list[Case]], limit: int | None) -> dict[str, list[Case]]:
    """Return at most so many cases of each set, drawn by chance."""
    return {
        name: Random(0).sample(cases, limit) if limit and limit < len(cases) else cases for name, cases in sets.items()
    }


def _shown(cases: Sequence[Case], name: str) -> Iterator[Case]:
    console = Console(stderr=True)
    yield from track(cases, description=name, console=console, transient=True, disable=not console.is_terminal)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m eval.support", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(required=True)
    for name, run in (("measure", _measure), ("choose", _choose)):
        command = commands.add_parser(name)
        command.set_defaults(run=run)
        command.add_argument("--data", type=Path, required=True, help="folder with expertqa/, clapnq/ and the others")
        command.add_argument(
            "--model",
            default=SHIPPED_SUPPORT_MODEL,
            help=f"as FOOTNOTE_SUPPORT_MODEL; `{NO_SUPPORT_MODEL}` measures similarity and rules alone",
        )
        command.add_argument(
            "--uncited", action="store_true", help="check sentences that cite nothing and were shown all"
        )
        command.add_argument("--limit", type=int, help="at most so many cases of each set, drawn by chance")
    return parser


if __name__ == "__main__":
    sys.exit(main())
