"""The course of a benchmark: which measurements are taken, in which order, and where."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, get_args

from eval.bench.children import measured
from eval.bench.records import Asked, Filled, Growth, Ingested, Latency, Measurements, Model, System
from index.settings import IndexSettings, Precision

OnStep = Callable[[str], None]
"""Called with the name of each measurement as it begins."""

SYSTEMS: tuple[System, ...] = get_args(System)
_SIZES = (1_000, 3_000, 10_000, 30_000)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is measured: articles that go in `rounds` times, and questions to an index that grows to `passages`.

    With 0 passages no questions are asked.
    """

    corpus: Path
    rounds: int = 3
    passages: int = 100_000
    questions: int = 200
    precision: Precision = "fastest"


def run(plan: Plan, on_step: OnStep = lambda name: None) -> Measurements:
    """Take all measurements, in a temporary folder that is removed at the end. Raises MeasurementFailed."""
    with TemporaryDirectory(prefix="footnote-bench-") as name:
        folder = Path(name)
        alone: list[Model] = []
        runs: dict[System, list[Ingested]] = {system: [] for system in SYSTEMS}
        # In turns, so that a machine that grows slower slows all of them.
        for number in range(1, plan.rounds + 1):
            for system in SYSTEMS:
                on_step(f"articles into {system}, round {number} of {plan.rounds}")
                runs[system].append(_ingested(plan, system, folder / f"{system}-{number}"))
            on_step(f"the model alone, round {number} of {plan.rounds}")
            alone.append(_alone(plan, folder / f"alone-{number}"))
        growth = [_grown(plan, folder, size, on_step) for size in _sizes(plan.passages)]
        quickstart = _quickstart_asked(plan, folder, on_step) if plan.passages else None
    ingested: dict[System, tuple[Ingested, ...]] = {system: tuple(taken) for system, taken in runs.items()}
    return Measurements(ingested, tuple(alone), tuple(growth), quickstart)


def _ingested(plan: Plan, system: System, folder: Path) -> Ingested:
    where = {"corpus": str(plan.corpus), "folder": str(folder)}
    match system:
        case "footnote":
            return Ingested(**measured("ingest_footnote", **where, precision=plan.precision, apart=True))
        case "footnote, reading here":
            return Ingested(**measured("ingest_footnote", **where, precision=plan.precision, apart=False))
        case "quickstart":
            return Ingested(**measured("ingest_quickstart", **where, tokens=None))
        case "quickstart, same length":
            tokens = IndexSettings(_env_file=None).passage_tokens
            return Ingested(**measured("ingest_quickstart", **where, tokens=tokens))


def _alone(plan: Plan, folder: Path) -> Model:
    return Model(**measured("model_alone", corpus=str(plan.corpus), folder=str(folder), precision=plan.precision))


def _sizes(passages: int) -> list[int]:
    return [*(size for size in _SIZES if size < passages), *([passages] if passages else [])]


def _grown(plan: Plan, folder: Path, size: int, on_step: OnStep) -> Growth:
    on_step(f"an index of {size:,} passages")
    place = str(folder / "grown")
    filled = Filled(**measured("fill_footnote", folder=place, passages=size))
    on_step(f"questions to {size:,} passages")
    return Growth(filled, _asked(measured("ask_footnote", folder=place, questions=plan.questions)))


def _quickstart_asked(plan: Plan, folder: Path, on_step: OnStep) -> Asked:
    on_step(f"the quickstart's index of {plan.passages:,} passages")
    place = str(folder / "quickstart")
    measured("fill_quickstart", folder=place, passages=plan.passages)
    on_step(f"questions to the quickstart's {plan.passages:,} passages")
    return _asked(measured("ask_quickstart", folder=place, questions=plan.questions))


def _asked(fields: dict[str, Any]) -> Asked:
    return Asked(**fields | {"latencies": {kind: Latency(**taken) for kind, taken in fields["latencies"].items()}})
