"""The plots of a report as inline SVG, coloured by the page's style sheet.

Drawn by hand: six small pictures do not pay for a plotting library. Those at hand either bring megabytes of dependencies
(matplotlib, for the sake of SVG with styles inside that a strict content policy forbids and that know no dark mode) or
need a script of megabytes in the page (Vega, Plotly). Labels are escaped by markupsafe.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from eval.report import percent
from eval.reporting.verdicts import STAGES, Stage
from eval.scoring.reliability import Bin, calibration_error

_WIDTH, _HEIGHT = 360, 210
_LEFT, _RIGHT, _TOP, _BOTTOM = 40, 345, 18, 172

# More points than the plot has pixels are not seen.
_CURVE_POINTS = 300
_BARS = 24


@dataclass(frozen=True, slots=True)
class Axis:
    """Maps values from `low` to `high` onto pixels from `start` to `end`, by their logarithms where `log`."""

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    def at(self, value: float) -> float:
        """Return the pixel of a value, to a tenth."""
        low, high, here = (math.log(x) if self.log else x for x in (self.low, self.high, value))
        return round(self.start + (here - low) / (high - low) * (self.end - self.start), 1)


_SHARES = Axis(0, 1, _BOTTOM, _TOP)


def whisker(value: float, low: float | None, high: float | None, *, bound: tuple[float, float] = (0, 1)) -> Markup:
    """Draw a score as a dot and its interval as a line, on a scale between two bounds with a tick in its middle."""
    axis = Axis(*bound, 6, 134)
    middle = axis.at(sum(bound) / 2)
    line = ""
    if low is not None and high is not None:
        line = Markup('<path class="whisker" d="M{} 8H{}"/>').format(_inside(axis, low), _inside(axis, high))
    return Markup(
        '<svg class="dot" viewBox="0 0 140 16" width="140" height="16" aria-hidden="true">'
        '<path class="rule" d="M6 8H134M6 5v6M{} 5v6M134 5v6"/>{}<circle cx="{}" cy="8" r="3.5"/></svg>'
    ).format(middle, line, _inside(axis, value))


def stage_bar(counts: Mapping[Stage, int], kind: str) -> Markup:
    """Draw how many questions ended at each stage, one after another; each part is a link that filters the table."""
    parts, x = [], 0
    for stage in STAGES:
        if counts.get(stage):
            said = f"{kind or 'all'}: {stage}, {counts[stage]}"
            parts.append(
                Markup(
                    '<a href="#questions" data-pick="{}" data-kind="{}" aria-label="{}"><rect class="{}" x="{}" y="0" '
                    'width="{}" height="1"><title>{}</title></rect></a>'
                ).format(slug(stage), kind, said, slug(stage), x, counts[stage], said)
            )
            x += counts[stage]
    return Markup('<svg class="bar" viewBox="0 0 {} 1" preserveAspectRatio="none">{}</svg>').format(
        x, Markup().join(parts)
    )


def slug(words: str) -> str:
    """Return a stage as the name of a class."""
    return words.replace(" ", "-")


def risk_coverage_plot(risks: Sequence[float]) -> Markup:
    """Draw the share of wrong answers among the most confident, from the first to all of them."""
    across = Axis(0, 1, _LEFT, _RIGHT)
    step = max(1, len(risks) // _CURVE_POINTS)
    ranks = sorted({*range(0, len(risks), step), len(risks) - 1})
    line = " ".join(f"{across.at((k + 1) / len(risks))},{_SHARES.at(risks[k])}" for k in ranks)
    ticks = [(across.at(x), percent(x)) for x in (0, 0.25, 0.5, 0.75, 1)]
    inside = Markup('<polyline class="curve" points="{}"/>').format(line)
    said = f"Risk-coverage curve. Wrong among the most confident half: {percent(risks[(len(risks) - 1) // 2])}."
    return framed(said, inside, ticks, _share_ticks(), below="share of questions, most confident first")


def reliability_plot(bins: Sequence[Bin]) -> Markup:
    """Draw the share of questions that had an answer over the confidence given; calibrated lies on the diagonal."""
    across = Axis(0, 1, _LEFT, _RIGHT)
    line = " ".join(f"{across.at(one.confidence)},{_SHARES.at(one.share)}" for one in bins)
    diagonal = Markup('<path class="marked" d="M{} {}L{} {}"/>').format(_LEFT, _BOTTOM, _RIGHT, _TOP)
    dots = Markup().join(
        Markup('<circle class="count" cx="{}" cy="{}" r="3.5"><title>{}</title></circle>').format(
            across.at(one.confidence),
            _SHARES.at(one.share),
            f"{one.count} questions of confidence {one.confidence:.2f}: {percent(one.share)} had an answer",
        )
        for one in bins
    )
    ticks = [(across.at(x), percent(x)) for x in (0, 0.25, 0.5, 0.75, 1)]
    said = f"Reliability curve. Confidence is off by {percent(calibration_error(bins))} in the mean."
    inside = Markup('{}<polyline class="curve" points="{}"/>{}').format(diagonal, line, dots)
    return framed(said, inside, ticks, _share_ticks(), below="confidence that there is an answer")


def latency_plot(latencies: Sequence[float]) -> Markup:
    """Draw how many questions took how long, in milliseconds on a logarithmic scale, with median and 95th percentile."""
    ordered = sorted(max(ms, 0.1) for ms in latencies)
    axis = log_axis(ordered[0], ordered[-1])
    counts = Counter(min(_BARS - 1, int((axis.at(ms) - _LEFT) / (_RIGHT - _LEFT) * _BARS)) for ms in ordered)
    up = Axis(0, max(counts.values()), _BOTTOM, _TOP)
    width = (_RIGHT - _LEFT) / _BARS
    bars = [_bar(_LEFT + i * width, width - 1, up.at(n), f"{n} questions") for i, n in sorted(counts.items())]
    marks = [_mark(axis, _percentile(ordered, p), name) for p, name in ((0.5, "median"), (0.95, "95 %"))]
    said = f"Latency: median {_percentile(ordered, 0.5):.0f} ms, 95th percentile {_percentile(ordered, 0.95):.0f} ms."
    ticks = [(axis.at(ms), f"{ms:g}") for ms in log_ticks(axis)]
    return framed(said, Markup().join([*bars, *marks]), ticks, _count_ticks(up), below="milliseconds")


def rank_plot(ranks: Iterable[int]) -> Markup:
    """Draw how often the first relevant hit stood at each rank; 0 is none among the first ten."""
    counts = Counter(ranks)
    up = Axis(0, max(counts.values()), _BOTTOM, _TOP)
    step = (_RIGHT - _LEFT) / 11
    places = [*range(1, 11), 0]
    names = [str(rank) if rank else "none" for rank in places]
    bars = [
        _bar(_LEFT + i * step + 3, step - 6, up.at(counts[rank]), f"{names[i]}: {counts[rank]}", missed=not rank)
        for i, rank in enumerate(places)
        if counts[rank]
    ]
    ticks = [(round(_LEFT + (i + 0.5) * step, 1), name) for i, name in enumerate(names)]
    said = f"First relevant hit at rank 1 for {counts[1]} questions, not among the first ten for {counts[0]}."
    return framed(said, Markup().join(bars), ticks, _count_ticks(up), below="rank of the first relevant hit")


def standalone(plot: Markup) -> str:
    """Return a plot as a file of its own, readable on light and on dark paper."""
    style = (
        "<style>text{font:11px sans-serif;fill:#777}.middle{text-anchor:middle}.end{text-anchor:end}"
        ".rule{stroke:#999;stroke-opacity:.35}.curve{fill:none;stroke:#3465a4;stroke-width:2}"
        ".marked{stroke:#999;stroke-dasharray:3 3}.count{fill:#3465a4}</style>"
    )
    return str(plot).replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1).replace(">", f">{style}", 1) + "\n"


def _inside(axis: Axis, value: float) -> float:
    return axis.at(min(max(value, axis.low), axis.high))


def framed(
    said: str,
    inside: Markup,
    across: Sequence[tuple[float, str]],
    up: Sequence[tuple[float, str]],
    *,
    below: str,
) -> Markup:
    """Draw the rules and the words around what is inside: ticks as (pixel, name), `said` for those who cannot see it."""
    rules = Markup().join(
        Markup('<path class="rule" d="M{} {}H{}"/><text x="{}" y="{}" class="end">{}</text>').format(
            _LEFT, y, _RIGHT, _LEFT - 6, y + 4, name
        )
        for y, name in up
    )
    names = Markup().join(
        Markup('<text x="{}" y="{}" class="middle">{}</text>').format(x, _BOTTOM + 16, name) for x, name in across
    )
    caption = Markup('<text x="{}" y="{}" class="middle soft">{}</text>').format(
        (_LEFT + _RIGHT) / 2, _HEIGHT - 4, below
    )
    return Markup('<svg class="plot" viewBox="0 0 {} {}" role="img" aria-label="{}">{}{}{}{}</svg>').format(
        _WIDTH, _HEIGHT, said, rules, inside, names, caption
    )


def _bar(x: float, width: float, top: float, said: str, *, missed: bool = False) -> Markup:
    # A single question among thousands is still to be seen.
    top = min(top, _BOTTOM - 1.5)
    return Markup('<rect class="{}" x="{:.1f}" y="{}" width="{:.1f}" height="{:.1f}"><title>{}</title></rect>').format(
        "missed" if missed else "count", x, top, width, _BOTTOM - top, said
    )


def _mark(axis: Axis, value: float, name: str) -> Markup:
    x = axis.at(value)
    side = "end" if x > (_LEFT + _RIGHT) / 2 else ""
    return Markup(
        '<path class="marked" d="M{x} {top}V{bottom}"/><text x="{words}" y="{line}" class="{side}">{name}</text>'
    ).format(x=x, top=_TOP - 14, bottom=_BOTTOM, words=x - 4 if side else x + 4, line=_TOP - 6, side=side, name=name)


def _share_ticks() -> list[tuple[float, str]]:
    return [(_SHARES.at(share), percent(share)) for share in (0, 0.5, 1)]


def _count_ticks(up: Axis) -> list[tuple[float, str]]:
    highest = int(up.high)
    return [(up.at(count), f"{count:,}") for count in sorted({0, highest // 2, highest})]


def log_axis(least: float, most: float) -> Axis:
    """Leave a little room, and at least a factor of four."""
    middle = math.sqrt(least * most)
    return Axis(min(least / 1.1, middle / 2), max(most * 1.1, middle * 2), _LEFT, _RIGHT, log=True)


def log_ticks(axis: Axis) -> list[float]:
    """Return 1, 2 and 5 times the powers of ten, or the powers alone where there are many."""
    powers = range(math.floor(math.log10(axis.low)), math.ceil(math.log10(axis.high)) + 1)
    steps = (1, 2, 5) if axis.high / axis.low < 200 else (1,)
    return [step * 10**power for power in powers for step in steps if axis.low <= step * 10**power <= axis.high]


def _percentile(ordered: Sequence[float], share: float) -> float:
    """Interpolate between neighbours, as `numpy.percentile` does for the scores."""
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])
