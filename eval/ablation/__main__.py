"""What each feature and stage of an answer is worth: every set asked without each of them.

    python -m eval.ablation DATASET... --out FOLDER [--limit N] [--only NAME]...

asks each set with everything, then again without each thing of eval/ablation/registry.py, and prints what was lost as tables
in Markdown: differences in the shares of questions, with 95 % of the paired bootstrap samples. They are also in
FOLDER/ablation.md. Killed, the same command goes on where it stopped; run on other code, it wants another folder.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from eval.ablation.changes import Ablation
from eval.ablation.registry import ABLATIONS, BY_NAME
from eval.ablation.runs import Study, ask_all
from eval.ablation.tables import write_tables
from index.control_characters import visible_controls
from index.errors import FootnoteError, WrongUsage
from service.settings import load_settings


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the study that the arguments name, and return the exit code: 2 for wrong usage."""
    given = _parser().parse_args(arguments)
    try:
        study = Study(
            tuple(given.datasets),
            _named(given.only),
            given.out,
            limit=given.limit,
            seed=given.seed,
            workers=given.workers,
        )
        ask_all(study, load_settings())
        print(write_tables(study).read_text(encoding="utf-8"), end="")
    except FootnoteError as error:
        print(visible_controls(f"Error: {error}"), file=sys.stderr)
        return 2 if isinstance(error, WrongUsage) else 1
    except KeyboardInterrupt:
        print("Stopped. The same command goes on from here.", file=sys.stderr)
        return 130
    return 0


def _named(names: Sequence[str]) -> tuple[Ablation, ...]:
    if unknown := [name for name in names if name not in BY_NAME]:
        raise WrongUsage(f"There is nothing named {unknown[0]!r} to take away. Known are: {', '.join(BY_NAME)}.")
    return tuple(BY_NAME[name] for name in dict.fromkeys(names)) if names else ABLATIONS


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m eval.ablation", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("datasets", type=Path, nargs="+", metavar="DATASET", help="question sets, as for `eval run`")
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="where the runs are kept")
    parser.add_argument(
        "--limit", type=int, metavar="N", help="ask at most so many questions of each set, drawn at random"
    )
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of the draw (default: 0)")
    parser.add_argument(
        "--only", action="append", default=[], metavar="NAME", help="take away only this; again for more"
    )
    parser.add_argument("--workers", type=int, default=2, metavar="N", help="questions asked at a time (default: 2)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
