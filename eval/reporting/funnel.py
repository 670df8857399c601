"""How far the questions that have an answer came, stage by stage, and what became of those that have none."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from eval.report import percent
from eval.reporting.plots import slug
from eval.reporting.points import Point
from eval.reporting.verdicts import Stage

_ROW, _WIDTH, _LEFT = 26, 360, 120

# What those did that came through a stage, and the stages at which the others were lost.
_STEPS: tuple[tuple[str, tuple[Stage, ...]], ...] = (
    ("retrieved", ("error", "not retrieved")),
    ("read", ("not read",)),
    ("answered", ("wrong refusal",)),
    ("supported", ("unsupported",)),
    ("right", ("not used",)),
    ("cited", ("wrong citation",)),
)


@dataclass(frozen=True, slots=True)
class Step:
    """A stage of the pipeline: how many questions came through it of those that reached it, and where the others ended.

    What ended right counts as through every stage, wherever the answer was found.
    """

    name: str
    reached: int
    through: int
    lost: tuple[tuple[Stage, int], ...]

    @property
    def share(self) -> str:
        return percent(self.through / self.reached)


def steps_of(points: Sequence[Point]) -> list[Step]:
    """Return the stages of the questions that have an answer that is known. Stages that no question reached are left out."""
    counts: Counter[Stage] = Counter(point.stage for point in points if point.answerable and point.stage != "open")
    left = counts.total()
    steps = []
    for name, stages in _STEPS:
        lost = tuple((stage, counts[stage]) for stage in stages if counts[stage])
        through = left - sum(count for _, count in lost)
        if left:
            steps.append(Step(name, left, through, lost))
        left = through
    return steps


def refusals_of(points: Sequence[Point]) -> tuple[int, int]:
    """Return how many of the questions without an answer were refused, and how many there are."""
    without = [point for point in points if not point.answerable]
    return sum(point.stage == "right" for point in without), len(without)


def funnel(steps: Sequence[Step]) -> Markup:
    """Draw the stages as bars of one scale, what was lost at each in its colour. Each lost part filters the table."""
    total = steps[0].reached
    scale = (_WIDTH - _LEFT) / total
    rows = Markup().join(_row(at * _ROW, step, scale) for at, step in enumerate(steps))
    said = f"Of {total} questions with a known answer {steps[-1].through} came through every stage."
    return Markup('<svg class="plot funnel" viewBox="0 0 {} {}" role="group" aria-label="{}">{}</svg>').format(
        _WIDTH, len(steps) * _ROW, said, rows
    )


def _row(y: int, step: Step, scale: float) -> Markup:
    x = _LEFT + step.through * scale
    parts = []
    for stage, count in step.lost:
        words = f"{stage}: {count} of {step.reached}"
        parts.append(
            Markup(
                '<a href="#questions" data-pick="{}" data-kind="" aria-label="{}"><rect class="{}" x="{:.1f}" y="{}" '
                'width="{:.1f}" height="18"><title>{}</title></rect></a>'
            ).format(slug(stage), words, slug(stage), x, y + 4, max(count * scale, 1.5), words)
        )
        x += count * scale
    return Markup(
        '<text x="{}" y="{}" class="end">{} {}</text><rect class="right" x="{}" y="{}" width="{:.1f}" height="18"/>{}'
    ).format(_LEFT - 8, y + 17, step.name, step.through, _LEFT, y + 4, step.through * scale, Markup().join(parts))
