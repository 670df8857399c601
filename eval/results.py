"""The files of a run: `results.jsonl` with a line for each question, `report.json` with the scores."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, TypedDict

from pydantic import TypeAdapter, ValidationError

from eval.records import Result
from eval.scoring.aggregates import Score
from index.errors import WrongUsage

RESULTS_FILE = "results.jsonl"
REPORT_FILE = "report.json"
PAGE_FILE = "report.html"
SUMMARY_FILE = "summary.md"
JUNIT_FILE = "junit.xml"
COMPARISON_FILE = "compare.html"
WRITTEN_FILES = (REPORT_FILE, PAGE_FILE, SUMMARY_FILE, JUNIT_FILE, COMPARISON_FILE)
"""What is made of the results at the end of a run."""

RESULT = TypeAdapter(Result)


class ErrorRow(TypedDict):
    """A question that could not be answered for a fault of ours, not of the corpus."""

    id: str
    question: str
    error: str


class Report(TypedDict):
    """What `report.json` holds.

    `problems` are rows that were not asked, `notes` doubts about the scores. `seconds` is the time of asking, `asked` the
    questions that were asked in it: the others were finished by a run before.
    """

    metrics: dict[str, Score]
    by_kind: dict[str, dict[str, Score]]
    questions: int
    errors: list[ErrorRow]
    problems: list[str]
    notes: list[str]
    settings: dict[str, Any]
    index: dict[str, Any]
    versions: dict[str, str]
    machine: dict[str, str]
    commit: str | None
    begun: str
    seconds: float
    asked: int


def result_line(result: Result) -> str:
    """Return a result as one line of JSON, with its end."""
    return RESULT.dump_json(result).decode() + "\n"


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
                yield RESULT.validate_json(line)
            except ValidationError as error:
                raise WrongUsage(f"{path}:{number} is no result. Was the run cut off? Run it again.") from error


def write_report(report: Report, folder: Path) -> None:
    """Write `report.json`, whole or not at all."""
    with written_whole(folder / REPORT_FILE) as file:
        # NaN is no JSON, and no score may be one.
        file.write((json.dumps(report, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode())


@contextmanager
def written_whole(path: Path) -> Iterator[IO[bytes]]:
    """Open a file for writing that takes its place only when all is written."""
    draft = path.with_name(f"{path.name}.part")
    with draft.open("wb") as file:
        yield file
    draft.replace(path)
