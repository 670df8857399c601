"""The files of a run: `results.jsonl` with a line for each question, `report.json` with the scores."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypedDict

from pydantic import TypeAdapter, ValidationError

from eval.aggregates import Score
from eval.records import Result
from index.errors import WrongUsage

RESULTS_FILE = "results.jsonl"
REPORT_FILE = "report.json"
PAGE_FILE = "report.html"

_RESULT = TypeAdapter(Result)


class ErrorRow(TypedDict):
    """A question that could not be answered for a fault of ours, not of the corpus."""

    id: str
    question: str
    error: str


class Report(TypedDict):
    """What `report.json` holds. `problems` are rows that were not asked, `notes` doubts about the scores."""

    metrics: dict[str, Score]
    by_kind: dict[str, dict[str, Score]]
    questions: int
    errors: list[ErrorRow]
    problems: list[str]
    notes: list[str]
    settings: dict[str, Any]
    index: dict[str, Any]
    versions: dict[str, str]
    seconds: float


def result_line(result: Result) -> str:
    """Return a result as one line of JSON, with its end."""
    return _RESULT.dump_json(result).decode() + "\n"


def read_results(folder: Path) -> Iterator[Result]:
    """Read the results of a run, in the order in which they were finished.

    Raises WrongUsage when there are none, or a line is not whole.
    """
    path = folder / RESULTS_FILE
    if not path.is_file():
        raise WrongUsage(f"{path} does not exist. Name the folder of a run of `footnote eval run`.")
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            try:
                yield _RESULT.validate_json(line)
            except ValidationError as error:
                raise WrongUsage(f"{path}:{number} is no result. Was the run cut off? Run it again.") from error


def write_report(report: Report, folder: Path) -> None:
    """Write `report.json`, whole or not at all."""
    path = folder / REPORT_FILE
    draft = path.with_suffix(".json.part")
    # NaN is no JSON, and no score may be one.
    draft.write_text(json.dumps(report, indent=2, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")
    draft.replace(path)
