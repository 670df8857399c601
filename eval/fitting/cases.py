"""What is learned from: for each question the sentences that were read, what was measured of them, and which are right."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter, ValidationError

from eval.outcomes import stands_in
from eval.results import written_whole
from index.errors import WrongUsage

Numbers = NDArray[np.float64]
Flags = NDArray[np.bool_]

ENDING = ".cases.jsonl"


@dataclass(frozen=True, slots=True)
class Row:
    """A sentence that was read. `right`: it holds a known answer or shares evidence, in an article that is relevant.

    `start` and `end` are its place in the article, `rank` that of its passage among the hits, from 0.
    """

    article_id: str
    start: int
    end: int
    rank: int
    text: str
    features: dict[str, float]
    right: bool


@dataclass(frozen=True, slots=True)
class Case:
    """A question with the sentences that were read for it, in the order in which the product puts them.

    `document` is the article that answers it, or another name for what it has in common with others: cases of one document
    are never both learned from and measured on. `hidden`: the passages with the answer were taken away. `measures`
    are what the product measures of all the evidence, by the names of the weights of a refusal.
    """

    dataset: str
    id: str
    question: str
    answerable: bool
    answers: tuple[str, ...]
    document: str
    rows: tuple[Row, ...]
    kind: str | None = None
    style: str | None = None
    hidden: bool = False
    measures: dict[str, float] = field(default_factory=dict)

    @property
    def right(self) -> Flags:
        return np.array([row.right for row in self.rows], bool)

    def matrix(self, names: Sequence[str]) -> Numbers:
        """Return the features of these names, a row for each sentence; 0 where a sentence has none of that name."""
        values = [[row.features.get(name, 0.0) for name in names] for row in self.rows]
        return np.array(values, np.float64).reshape(len(self.rows), len(names))

    def answered_by(self, chosen: Iterable[int]) -> bool:
        """Say whether an answer of these sentences would be right: a known answer stands in them.

        Where no right sentence holds a known answer as it is written, a right sentence is enough: some sets have long answers
        in words of their own.
        """
        rows = [self.rows[at] for at in chosen]
        if not self.answerable:
            return False
        if stands_in(" ".join(row.text for row in rows), self.answers):
            return True
        literal = any(row.right and stands_in(row.text, self.answers) for row in self.rows)
        return not literal and any(row.right for row in rows)


_CASE = TypeAdapter(Case)


def write_cases(path: Path, cases: Iterable[Case]) -> int:
    """Write a case a line, whole or not at all, and return their number."""
    count = 0
    path.parent.mkdir(parents=True, exist_ok=True)
    with written_whole(path) as file:
        for case in cases:
            file.write(_CASE.dump_json(case) + b"\n")
            count += 1
    return count


def read_cases(folder: Path) -> dict[str, list[Case]]:
    """Return the cases of each set in a folder, by the set's name. Raises WrongUsage where there are none."""
    files = sorted(folder.glob(f"*{ENDING}"))
    if not files:
        raise WrongUsage(
            f"{folder} holds no cases. Make some with `python -m eval.fitting read DATASET --out {folder}`."
        )
    return {file.name.removesuffix(ENDING): list(_lines(file)) for file in files}


def _lines(file: Path) -> Iterator[Case]:
    with file.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            try:
                yield _CASE.validate_json(line)
            except ValidationError as error:
                raise WrongUsage(f"{file}:{number} is no case. Make the cases again.") from error
