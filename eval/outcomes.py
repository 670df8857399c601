"""How many questions were answered right, answered wrong and refused: in all, by kind and by style.

    python -m eval.outcomes RUN [AFTER]

prints a Markdown table of a run of `footnote eval run --out`, or of what changed in a later run of the same questions. The
text of an answer is right when any known answer stands in it. Case, dashes, apostrophes and white space make no difference.
Of a list or of two parts, one part is enough.
"""

import argparse
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from eval.records import Result
from eval.results import read_results
from eval.scoring.aggregates import Score
from eval.scoring.clusters import clusters_of
from eval.scoring.intervals import Floats, interval, resampled_means
from index.errors import WrongUsage

Outcome = Literal["right", "wrong", "refused"]

MEASURES = ("right", "wrong", "refused", "rightly_refused")
"""Shares of the questions that have an answer; the last, of those that have none."""

_MARKER = re.compile(r"\s*\[\d+\]")
_DASHES = re.compile(r"[‐‑‒–—―−]")
_APOSTROPHES = re.compile(r"[‘’ʼ′`´]")
_HEADS = (
    "| questions | n | right | wrong | refused | n without an answer | rightly refused |\n|---|---|---|---|---|---|---|"
)


@dataclass(frozen=True, slots=True)
class Ending:
    """How a question ended, whether it has an answer, and which questions it belongs together with."""

    outcome: Outcome | None
    answerable: bool
    cluster: str | None = None


def outcome(result: Result) -> Outcome | None:
    """Return how a question ended. None where it was answered and the set does not give the answer.

    A question without an answer is right when it is refused. An error is wrong.
    """
    # What is asked in a set is a question: one that was taken for small talk was not looked up, and is wrong.
    refused = result.refused and result.error is None
    if not result.answerable:
        return "right" if refused else "wrong"
    if refused:
        return "refused"
    if result.error is None and not result.answers:
        return None
    return "right" if stands_in(result.text, result.answers) else "wrong"


def stands_in(text: str, answers: Sequence[str]) -> bool:
    """Say whether any of the answers stands in the text of an answer, whose markers of citations do not count."""
    folded = fold(_MARKER.sub("", text))
    return any(fold(answer) in folded for answer in answers)


def fold(text: str) -> str:
    """Return a text without differences of case, dashes, apostrophes and white space."""
    text = unicodedata.normalize("NFKC", text)
    return " ".join(_APOSTROPHES.sub("'", _DASHES.sub("-", text)).casefold().split())


def ending_of(result: Result) -> Ending:
    """Return how a question ended, with what is needed to count it."""
    return Ending(outcome(result), result.answerable, result.cluster)


def outcome_matrix(results: Sequence[Result | Ending]) -> Floats:
    """Return a row for each question and a column for each of MEASURES: 0 or 1, NaN where it is not defined."""
    return np.array([_row(one) for one in _endings(results)], np.float64).reshape(-1, len(MEASURES))


def outcome_shares(results: Sequence[Result | Ending]) -> dict[str, Score]:
    """Return the share of the questions that ended in each way, with 95 % of the bootstrap samples."""
    values = outcome_matrix(results)
    return _scores(values.shape[0], _means(values), resampled_means(values, clusters_of(results)), values)


def outcome_changes(before: Sequence[Result | Ending], after: Sequence[Result | Ending]) -> dict[str, Score]:
    """Return the differences of the shares, after less before, of the same questions in the same order (paired bootstrap)."""
    old, new = outcome_matrix(before), outcome_matrix(after)
    clusters = clusters_of(after)
    samples = resampled_means(new, clusters) - resampled_means(old, clusters)
    return _scores(old.shape[0], _means(new) - _means(old), samples, new)


def outcome_table(before: Sequence[Result], after: Sequence[Result] | None = None) -> str:
    """Return the table of one run, or of the differences between two of the same questions in the same order."""
    lines = [_HEADS]
    for name, places in _groups(before):
        old = [before[at] for at in places]
        scores = outcome_changes(old, [after[at] for at in places]) if after is not None else outcome_shares(old)
        lines.append(_line(name, scores, signed=after is not None))
    return "\n".join(lines)


def paired(before: Sequence[Result], after: Sequence[Result]) -> tuple[list[Result], list[Result]]:
    """Return the results of the questions that both runs asked, in the order of the first. Raises WrongUsage without any."""
    later = {result.id: result for result in after}
    both = [(result, later[result.id]) for result in before if result.id in later]
    if not both:
        raise WrongUsage("The two runs have no question in common. Name two runs of the same set.")
    return [old for old, _ in both], [new for _, new in both]


def shown(score: Score, *, signed: bool = False) -> str:
    """Write a share with its interval, or a difference of shares with its sign."""
    bounds = (score.get("low"), score.get("high"))
    value = _decimals(score["mean"], signed=signed)
    if bounds[0] is None or bounds[1] is None:
        return value
    return f"{value} ({_decimals(bounds[0], signed=signed)} to {_decimals(bounds[1], signed=signed)})"


def _endings(results: Sequence[Result | Ending]) -> list[Ending]:
    return [one if isinstance(one, Ending) else ending_of(one) for one in results]


def _row(ending: Ending) -> list[float]:
    if not ending.answerable:
        return [np.nan, np.nan, np.nan, float(ending.outcome == "right")]
    if ending.outcome is None:
        return [np.nan, np.nan, 0.0, np.nan]
    return [*(float(ending.outcome == name) for name in MEASURES[:3]), np.nan]


def _means(values: Floats) -> Floats:
    counts = (~np.isnan(values)).sum(axis=0)
    means: Floats = np.divide(np.nansum(values, axis=0), counts, out=np.full(len(MEASURES), np.nan), where=counts > 0)
    return means


def _scores(rows: int, means: Floats, samples: Floats, values: Floats) -> dict[str, Score]:
    found = {}
    for at, name in enumerate(MEASURES):
        count = int((~np.isnan(values[:, at])).sum()) if rows else 0
        if count:
            low, high = interval(samples[:, at]) or (None, None)
            found[name] = Score(mean=float(means[at]), low=low, high=high, n=count)
    return found


def _groups(results: Sequence[Result]) -> Iterator[tuple[str, list[int]]]:
    """Yield all questions, then those of each kind and of each style, as their places among the results."""
    yield "all", list(range(len(results)))
    keys: Mapping[str, Callable[[Result], str | None]] = {"kind": lambda r: r.kind, "style": lambda r: r.style}
    for group, key in keys.items():
        names = sorted({name for result in results if (name := key(result))})
        for name in names if len(names) > 1 else ():
            yield f"{group}: {name}", [at for at, result in enumerate(results) if key(result) == name]


def _line(name: str, scores: Mapping[str, Score], *, signed: bool) -> str:
    cells = {measure: shown(score, signed=signed) for measure, score in scores.items()}
    counts = [str(scores[measure]["n"]) if measure in scores else "0" for measure in ("refused", "rightly_refused")]
    answered = " | ".join(cells.get(measure, "") for measure in MEASURES[:3])
    return f"| {name} | {counts[0]} | {answered} | {counts[1]} | {cells.get(MEASURES[3], '')} |"


def _decimals(value: float, *, signed: bool) -> str:
    text = f"{value:+.2f}" if signed else f"{value:.2f}"
    return text.replace("0.", ".", 1) if abs(value) < 1 else text


def main(run: Path, after: Path | None) -> None:
    """Print the table of a run, or of what changed from it to another."""
    results = list(read_results(run))
    if after is None:
        print(outcome_table(results))
    else:
        print(outcome_table(*paired(results, list(read_results(after)))))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, metavar="RUN")
    parser.add_argument("after", type=Path, nargs="?", metavar="AFTER")
    arguments = parser.parse_args()
    main(arguments.run, arguments.after)
