"""What a report keeps of every question of a run: a few numbers, no texts."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from eval.records import Result
from eval.reporting.verdicts import Stage, first_rank, verdict
from eval.scoring.risk_coverage import answered_rightly

NO_KIND = "unspecified"


@dataclass(frozen=True, slots=True)
class Point:
    """One question in the plots. `rank` as `first_rank` gives it; `correct` as `answered_rightly` does.

    `latency_ms` is what the pipeline took; `confidence` lies between 0 and 1. None where not known.
    """

    kind: str
    stage: Stage
    confidence: float | None
    latency_ms: float | None
    rank: int | None
    correct: bool | None
    answerable: bool


def point_of(result: Result) -> Point:
    """Reduce a result to what is plotted."""
    return Point(
        kind=kind_of(result),
        stage=verdict(result).stage,
        confidence=result.confidence,
        latency_ms=result.latency_ms,
        rank=first_rank(result),
        correct=answered_rightly(result),
        answerable=result.answerable,
    )


def kind_of(result: Result) -> str:
    """Return the kind of a question, or a word for having none."""
    return result.kind or NO_KIND


def stages_by_kind(points: Iterable[Point]) -> dict[str, Counter[Stage]]:
    """Count the stages for each kind, kinds in alphabetical order."""
    counted: dict[str, Counter[Stage]] = {}
    for point in points:
        counted.setdefault(point.kind, Counter())[point.stage] += 1
    return dict(sorted(counted.items()))
