"""The result of a run that makes the index equal to its sources."""

from collections.abc import Sequence
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Problem:
    """A file or article that was not indexed, or a warning about one that was."""

    path: str
    error: str


@dataclass(frozen=True, slots=True)
class SyncReport:
    """The result of a run. `articles` and `passages` count what is in the index now."""

    added: int
    updated: int
    renamed: int
    unchanged: int
    deleted: int
    skipped: tuple[str, ...]
    failed: tuple[Problem, ...]
    warnings: tuple[Problem, ...]
    articles: int
    passages: int
    seconds: float


def combined(reports: Sequence[SyncReport]) -> SyncReport:
    """Return one report for several runs, one after the other."""
    first, *rest = reports
    for report in rest:
        first = replace(
            report,
            added=first.added + report.added,
            updated=first.updated + report.updated,
            renamed=first.renamed + report.renamed,
            unchanged=first.unchanged + report.unchanged,
            deleted=first.deleted + report.deleted,
            skipped=first.skipped + report.skipped,
            failed=first.failed + report.failed,
            warnings=first.warnings + report.warnings,
            seconds=round(first.seconds + report.seconds, 3),
        )
    return first
