"""What people said of answers: lines of JSON, as the page for labelling writes them."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from eval.formats.collecting import filled_lines
from eval.records import Result
from index.errors import WrongUsage

Aspect = Literal["correct", "supported"]
ASPECTS: tuple[Aspect, ...] = ("correct", "supported")
"""Whether an answer is right, and whether what it cites supports it."""


class Label(BaseModel):
    """What one person said of one answer. `key` names the answer by its words; None: not said, or not sure."""

    model_config = ConfigDict(extra="ignore", strict=True)

    key: str
    rater: str = ""
    correct: bool | None = None
    supported: bool | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """What the people said of one aspect, by answer: `by_rater` each of them, `agreed` most of them, without ties."""

    by_rater: Mapping[str, Mapping[str, bool]]
    agreed: Mapping[str, bool]


def key_of(result: Result) -> str:
    """Return what names an answer: a hash of the question and of the words that were answered."""
    return hashlib.sha256(f"{result.id}\n{result.question}\n{result.text}".encode()).hexdigest()[:20]


def read_labels(paths: Iterable[Path]) -> list[Label]:
    """Read files of labels. A later label of the same person for the same answer takes the place of the earlier.

    Raises WrongUsage where a file cannot be read or a line is no label.
    """
    found = {(label.rater, label.key): label for path in paths for label in _lines(path)}
    return list(found.values())


def said_of(labels: Sequence[Label], aspect: Aspect) -> Said:
    """Gather what was said of an aspect."""
    by_rater: dict[str, dict[str, bool]] = defaultdict(dict)
    for label in labels:
        if (value := getattr(label, aspect)) is not None:
            by_rater[label.rater][label.key] = value
    votes: dict[str, Counter[bool]] = defaultdict(Counter)
    for values in by_rater.values():
        for key, value in values.items():
            votes[key][value] += 1
    agreed = {key: count[True] > count[False] for key, count in votes.items() if count[True] != count[False]}
    return Said(by_rater, agreed)


def _lines(path: Path) -> Iterator[Label]:
    try:
        for number, line in filled_lines(path):
            try:
                yield Label.model_validate_json(line)
            except ValidationError as error:
                first = error.errors()[0]
                place = ".".join(map(str, first["loc"]))
                raise WrongUsage(f"{path}:{number} is no label: {place}: {first['msg']}.") from error
    except OSError as error:
        raise WrongUsage(f"{path} cannot be read ({error.strerror}).") from error
