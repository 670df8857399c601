"""What was measured as a table, as JSON, and as plots."""

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from markupsafe import Markup
from rich.console import Console
from rich.table import Table

from eval.bench.records import Growth, Ingested, Latency, Measurements, System
from eval.bench.run import Plan
from eval.provenance import machine
from eval.reporting.plots import Axis, framed, log_axis, log_ticks, standalone

_MB = 1_000_000
_BOTTOM, _TOP = 172, 18
_RATES: dict[str, Callable[[Ingested], float]] = {
    "articles": lambda run: run.articles / run.seconds,
    "passages": lambda run: run.rate,
}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table: what was measured, of Footnote, of the quickstart, and how many times as good."""

    name: str
    footnote: str
    quickstart: str = ""
    ratio: float | None = None

    @property
    def shown_ratio(self) -> str:
        """The ratio as people read it."""
        return "" if self.ratio is None else f"{self.ratio:.2f}"


def lines_of(taken: Measurements) -> list[Line]:
    """Return the table."""
    return [*_ingestion_lines(taken), *_question_lines(taken)]


def print_lines(lines: list[Line], console: Console) -> None:
    """Print the table."""
    table = Table(box=None)
    for name in ("", "Footnote", "quickstart", "ratio"):
        table.add_column(name, justify="left" if not name else "right")
    for line in lines:
        table.add_row(line.name, line.footnote, line.quickstart, line.shown_ratio)
    console.print(table)


def as_json(taken: Measurements, plan: Plan) -> str:
    """Return everything that was measured, with its ratios and the machine, as JSON."""
    ratios = {line.name: round(line.ratio, 3) for line in lines_of(taken) if line.ratio is not None}
    what = asdict(plan) | {"corpus": str(plan.corpus)}
    return json.dumps({"plan": what, "machine": machine(), "ratios": ratios} | asdict(taken), indent=2)


def write_report(taken: Measurements, plan: Plan, folder: Path) -> None:
    """Write bench.json, bench.md and, where an index was grown, plots of time and memory."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "bench.json").write_text(as_json(taken, plan) + "\n", encoding="utf-8")
    rows = [
        f"| {i.name} | {i.footnote} | {i.quickstart} | {'' if i.ratio is None else f'{i.ratio:.2f}'} |"
        for i in lines_of(taken)
    ]
    (folder / "bench.md").write_text("\n".join(["| | Footnote | quickstart | ratio |", "|---|---|---|---|", *rows, ""]))
    if len(taken.growth) > 1:
        (folder / "time.svg").write_text(_plot(taken, _question_time, "milliseconds of a question"), encoding="utf-8")
        (folder / "memory.svg").write_text(_plot(taken, _resident, "resident memory, MB"), encoding="utf-8")
        (folder / "adding.svg").write_text(_plot(taken, _adding, "milliseconds to add a passage, without its vector"))


def _ingestion_lines(taken: Measurements) -> Iterator[Line]:
    ours = taken.ingested["footnote"]
    labels: dict[System, str] = {
        "quickstart": "its own passages",
        "quickstart, same length": "passages of the same length",
    }
    for name, label in labels.items():
        theirs = taken.ingested[name]
        rates = [_middle(runs, lambda run: run.rate) for runs in (ours, theirs)]
        yield Line(f"passages a second ({label})", f"{rates[0]:.1f}", f"{rates[1]:.1f}", rates[0] / rates[1])
        seconds = [_middle(runs, lambda run: run.seconds) for runs in (ours, theirs)]
        yield Line(
            f"seconds for all articles ({label})", f"{seconds[0]:.1f}", f"{seconds[1]:.1f}", seconds[1] / seconds[0]
        )
        yield Line(f"passages ({label})", f"{ours[0].passages:,}", f"{theirs[0].passages:,}")
        peaks = [_middle(runs, lambda run: run.peak) for runs in (ours, theirs)]
        yield Line(f"most memory, MB ({label})", f"{peaks[0] / _MB:.0f}", f"{peaks[1] / _MB:.0f}")
    here = taken.ingested["footnote, reading here"]
    for unit, rate in _RATES.items():
        apart, same = _middle(ours, rate), _middle(here, rate)
        yield Line(f"{unit} a second", f"{apart:.1f}")
        yield Line(f"{unit} a second, files read in the same process", f"{same:.1f}", ratio=apart / same)
    first, alone = taken.model[0], median(model.rate for model in taken.model)
    yield Line(f"the model alone, passages a second ({first.precision})", f"{alone:.1f}")
    yield Line("share of the model alone", f"{_middle(ours, lambda run: run.rate) / alone:.0%}")
    yield Line("cosine to float32, least and median", f"{first.least_cosine:.5f}, {first.middle_cosine:.5f}")


def _question_lines(taken: Measurements) -> Iterator[Line]:
    if taken.quickstart is None:
        return
    asked, theirs = taken.growth[-1].asked, taken.quickstart.latencies["all articles"]
    for kind, latency in asked.latencies.items():
        name = f"a question over {asked.passages:,} passages: {kind}, ms (p95)"
        yield Line(name, _shown(latency), _shown(theirs), theirs.p50 / latency.p50)
    yield Line("opening until the first question, s", f"{asked.opening:.2f}", f"{taken.quickstart.opening:.2f}")
    yield Line("resident memory, MB", f"{asked.resident / _MB:.0f}", f"{taken.quickstart.resident / _MB:.0f}")
    yield Line("on disk, MB", f"{taken.growth[-1].filled.disk / _MB:.0f}")


def _middle(runs: tuple[Ingested, ...], value: Callable[[Ingested], float]) -> float:
    return median(map(value, runs))


def _shown(latency: Latency) -> str:
    return f"{latency.p50:.1f} ({latency.p95:.1f})"


def _question_time(growth: Growth) -> float:
    return growth.asked.latencies["all articles"].p50


def _resident(growth: Growth) -> float:
    return growth.asked.resident / _MB


def _adding(growth: Growth) -> float:
    return growth.filled.seconds / max(growth.filled.added, 1) * 1_000


def _plot(taken: Measurements, value: Callable[[Growth], float], said: str) -> str:
    """Draw a value over the number of passages, as a picture that stands by itself."""
    sizes, values = [one.asked.passages for one in taken.growth], [value(one) for one in taken.growth]
    across, up = log_axis(sizes[0], sizes[-1]), Axis(0, max(values) * 1.1, _BOTTOM, _TOP)
    points = [(across.at(size), up.at(height)) for size, height in zip(sizes, values, strict=True)]
    dots = Markup().join(Markup('<circle class="count" cx="{}" cy="{}" r="3"/>').format(x, y) for x, y in points)
    line = Markup('<polyline class="curve" points="{}"/>').format(" ".join(f"{x},{y}" for x, y in points))
    ticks = [(across.at(size), f"{size:,.0f}") for size in log_ticks(across)]
    heights = [
        (up.at(height), f"{height:,.0f}" if height >= 100 else f"{height:.3g}")
        for height in (0, max(values) / 2, max(values))
    ]
    drawn = framed(f"{said}, by passages", line + dots, ticks, heights, below=f"passages; upwards: {said}")
    return standalone(drawn)
