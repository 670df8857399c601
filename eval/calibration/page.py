"""A page to label answers by keyboard: one HTML file that can be sent to people, and names no system."""

import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from eval.calibration.labels import key_of
from eval.records import Result
from eval.reporting.highlighting import sources
from eval.reporting.pages import write_from
from eval.results import read_results
from index.control_characters import visible_controls
from index.errors import WrongUsage


def write_label_page(runs: Sequence[Path], out: Path, *, count: int, seed: int) -> int:
    """Write a page with `count` answers of these runs, drawn at random and mixed, and return how many there are.

    Raises WrongUsage where no question was answered, or `out` cannot be written.
    """
    drawn = _drawn(runs, count, seed)
    if not drawn:
        raise WrongUsage("No question of these runs was answered, so there is nothing to label.")
    try:
        write_from("label.html", out, code=("label.js", "deck.js"), items=[_item(result) for result in drawn])
    except OSError as error:
        raise WrongUsage(f"{out} cannot be written ({error.strerror}). Name another file with --out.") from error
    return len(drawn)


def _drawn(runs: Sequence[Path], count: int, seed: int) -> list[Result]:
    """Draw answers with equal chances, however many there are (reservoir sampling; Vitter, "Algorithm R", 1985)."""
    drawing = random.Random(seed)
    kept: list[Result] = []
    seen: set[str] = set()
    for result in _answered(runs):
        # Two runs often give the same answer: it is read once.
        if (key := key_of(result)) not in seen:
            seen.add(key)
            if len(kept) < count:
                kept.append(result)
            elif (place := drawing.randrange(len(seen))) < count:
                kept[place] = result
    drawing.shuffle(kept)
    return kept


def _answered(runs: Sequence[Path]) -> Iterator[Result]:
    return (result for run in runs for result in read_results(run) if result.status == "answered" and result.text)


def _item(result: Result) -> dict[str, Any]:
    """Return what is shown of an answer: nothing that says which system gave it, or what any judge thinks of it."""
    return {
        "key": key_of(result),
        "question": visible_controls(result.question),
        "known": [visible_controls(answer) for answer in result.answers],
        "text": visible_controls(result.text),
        "sources": [
            {
                "title": visible_controls(source.title),
                "pieces": [[visible_controls(piece.text), piece.number] for piece in source.pieces],
            }
            for source in sources(result.citations)
        ],
    }
