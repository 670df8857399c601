"""The scores of many runs over time on one page, with the baseline and what changed between runs."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from markupsafe import Markup

from eval.changes import in_words
from eval.history import PastRun, Step, Unreadable, by_dataset, shares_questions, steps_of
from eval.report import is_share, shown, shown_interval, value_of
from eval.reporting.explanations import ABOUT
from eval.reporting.page_sections import Titled
from eval.reporting.pages import write_from
from eval.reporting.plots import Axis, framed
from eval.results import PAGE_FILE

HISTORY_FILE = "history.html"

# One or two from each step of the pipeline.
_DRAWN = (
    "hits@1",
    "evidence_hits@4",
    "answer_in_text",
    "judged_correctness",
    "citation_precision",
    "claim_support",
    "answerable_answered",
    "refusal_recall",
    "latency_ms_p50",
)
_LEFT, _RIGHT, _TOP, _BOTTOM = 40, 345, 18, 172


@dataclass(frozen=True, slots=True)
class Row:
    """A run in the table. `link` leads to its report; `moved` and `differs` say what changed since the run before."""

    number: int
    run: PastRun
    link: str | None
    values: tuple[str, ...]
    moved: tuple[str, ...]
    differs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """The runs of one question set. `names` are the scores of the columns of its rows, which come latest first."""

    title: str
    plots: tuple[Titled, ...]
    names: tuple[str, ...]
    rows: tuple[Row, ...]


def write_history_page(
    runs: Sequence[PastRun],
    unreadable: Sequence[Unreadable],
    out: Path,
    *,
    baseline: PastRun | None = None,
    on_step: Callable[[], None] = lambda: None,
) -> Path:
    """Write the page and return its path. `on_step` is called after each run. Links to reports are relative to the page."""
    sections = [_section(name, own, out, baseline, on_step) for name, own in by_dataset(runs).items()]
    return write_from(
        "history.html",
        out,
        code=(),
        sections=sections,
        runs=len(runs),
        baseline=baseline,
        unreadable=[f"{one.path}: {one.reason}" for one in unreadable],
    )


def _section(
    name: str, runs: Sequence[PastRun], out: Path, baseline: PastRun | None, on_step: Callable[[], None]
) -> Section:
    steps: list[Step] = []
    for step in steps_of(runs):
        steps.append(step)
        on_step()
    names = tuple(metric for metric in _DRAWN if any(metric in run.metrics for run in runs))
    held = baseline if baseline and shares_questions(baseline.folder, runs[-1].folder) else None
    plots = tuple(Titled(metric, ABOUT[metric], picture=_plot(metric, runs, steps, held)) for metric in names)
    rows = [_row(number, step, names, out) for number, step in enumerate(steps, 1)]
    return Section(name or "unnamed set", plots, names, tuple(reversed(rows)))


def _row(number: int, step: Step, names: Sequence[str], out: Path) -> Row:
    page = step.run.folder / PAGE_FILE
    link = quote(os.path.relpath(page, out.parent)) if page.is_file() else None
    values = tuple(_value(step.run, name) for name in names)
    differs = tuple(f"{name}: {one or 'none'} → {other or 'none'}" for name, one, other in step.differs)
    return Row(number, step.run, link, values, tuple(map(in_words, step.moved)), differs)


def _value(run: PastRun, name: str) -> str:
    return shown(name, value_of(run.metrics[name])) if name in run.metrics else ""


def _plot(metric: str, runs: Sequence[PastRun], steps: Sequence[Step], baseline: PastRun | None) -> Markup:
    """Draw a score over the runs with its intervals; a step that is beyond chance has a ring, the baseline is dashed."""
    known = [(number, run) for number, run in enumerate(runs) if metric in run.metrics]
    values = [value_of(run.metrics[metric]) for _, run in known]
    held = [value_of(baseline.metrics[metric])] if baseline and metric in baseline.metrics else []
    highest = 1.0 if is_share(metric) else max(*values, *held, 1.0)
    up, across = Axis(0, highest, _BOTTOM, _TOP), Axis(-0.5, len(runs) - 0.5, _LEFT, _RIGHT)
    line = " ".join(f"{across.at(number)},{up.at(value)}" for (number, _), value in zip(known, values, strict=True))
    moved = {number for number, step in enumerate(steps) if any(change.metric == metric for change in step.moved)}
    dots = Markup().join(_dot(metric, run, across.at(number), up, ringed=number in moved) for number, run in known)
    marks = Markup().join(
        Markup('<path class="marked" d="M{} {}H{}"><title>baseline {}</title></path>').format(
            _LEFT, up.at(value), _RIGHT, shown(metric, value)
        )
        for value in held
    )
    inside = Markup('{}<polyline class="curve" points="{}"/>{}').format(marks, line, dots)
    ends = dict.fromkeys((0, len(runs) - 1))
    ticks = [(across.at(number), runs[number].begun[:10]) for number in ends]
    said = f"{metric} over {len(runs)} runs: {shown(metric, values[0])} at first, {shown(metric, values[-1])} at last."
    scale = [(up.at(value), f"{value:g}" if is_share(metric) else f"{value:,.0f}") for value in (highest / 2, highest)]
    return framed(said, inside, ticks, [(up.at(0), "0"), *scale], below="runs, by time")


def _dot(metric: str, run: PastRun, x: float, up: Axis, *, ringed: bool) -> Markup:
    score = run.metrics[metric]
    low, high = score.get("low"), score.get("high")
    line = Markup()
    if low is not None and high is not None:
        line = Markup('<path class="span" d="M{} {}V{}"/>').format(x, up.at(max(0.0, low)), up.at(high))
    ring = Markup('<circle class="ring" cx="{}" cy="{}" r="7"/>').format(x, up.at(value_of(score))) if ringed else ""
    said = f"{run.begun[:16]} {run.commit[:10]}: {shown(metric, value_of(score))} {shown_interval(metric, low, high)}"
    return Markup('{}{}<circle class="count" cx="{}" cy="{}" r="3.5"><title>{}</title></circle>').format(
        line, ring, x, up.at(value_of(score)), said
    )
