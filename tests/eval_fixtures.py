"""Reports and folders of results for tests of what is made of them."""

from pathlib import Path
from typing import Any

from eval.records import Result
from eval.results import RESULTS_FILE, Report, result_line


def report_of(**changed: Any) -> Report:
    """Return a report in which nothing is remarkable; what is given replaces it."""
    fields: dict[str, Any] = {
        "metrics": {},
        "by_kind": {},
        "questions": 1,
        "errors": [],
        "problems": [],
        "notes": [],
        "settings": {"dataset": "sets/small"},
        "index": {"model": "m"},
        "versions": {},
        "machine": {},
        "commit": None,
        "begun": "2026-04-24T09:30:00+00:00",
        "seconds": 1.5,
        "asked": 1,
    }
    return fields | changed  # type: ignore[return-value]


def run_in(folder: Path, *results: Result) -> Path:
    """Write results into a folder, made if need be, and return it."""
    folder.mkdir(exist_ok=True)
    (folder / RESULTS_FILE).write_text("".join(map(result_line, results)), encoding="utf-8")
    return folder


def hostile(text: str) -> str:
    """Return words that would run, were they not escaped."""
    return f"</noscript></script><script>window.harmed='{text}'</script><img src=x onerror=\"window.harmed=1\">&amp;'"
