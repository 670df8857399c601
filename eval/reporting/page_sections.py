"""What `report.html` says above its table of questions: facts, stages, scores and plots."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any

from markupsafe import Markup

from eval.report import ScoreRow, is_share, percent, score_rows, value_of
from eval.reporting.explanations import ABOUT
from eval.reporting.plots import latency_plot, rank_plot, reliability_plot, risk_coverage_plot, stage_bar, whisker
from eval.reporting.points import Point, stages_by_kind
from eval.reporting.verdicts import FAILURES, STAGES, Stage
from eval.results import Report
from eval.scoring.aggregates import Score
from eval.scoring.reliability import reliability
from eval.scoring.risk_coverage import risks

# The scores that tell kinds of questions apart: one for each step of the pipeline.
_BY_KIND = (
    "hits@1",
    "evidence_hits@4",
    "answer_in_text",
    "judged_correctness",
    "citation_precision",
    "answerable_answered",
    "refusal_recall",
    "attack_success",
)

_MACHINE = {"processor": "", "cores": " cores"}


@dataclass(frozen=True, slots=True)
class ScoreLine:
    """A score as it stands in a table: `name` is a score or, in a panel, a kind of question."""

    name: str
    about: str
    value: str
    interval: str
    n: str
    drawn: Markup


@dataclass(frozen=True, slots=True)
class Titled:
    """A few score lines, or a picture, under a title."""

    title: str
    about: str
    lines: tuple[ScoreLine, ...] = ()
    picture: Markup = field(default_factory=Markup)


@dataclass(frozen=True, slots=True)
class Bar:
    """How the questions of a kind ended. `kind` is empty for all of them."""

    kind: str
    right: int
    total: int
    picture: Markup


def facts(report: Report) -> list[tuple[str, str]]:
    """Return what a reader asks first: what was run on what, when. Facts that are not known are left out."""
    settings, index, machine = report["settings"], report["index"], report["machine"]
    commit, plus, changes = (report["commit"] or "").partition("+")
    found = [
        ("Dataset", settings.get("dataset")),
        ("Date", report["begun"][:16].replace("T", " ")),
        ("Questions", f"{report['questions']:,}"),
        ("Time", _time(report)),
        ("Articles", _articles(index)),
        ("Answers by", index.get("answerer")),
        ("Embedding model", index.get("model")),
        ("Reading model", index.get("reader")),
        ("Language model", settings.get("llm_model")),
        ("Commit", f"{commit[:10]}{plus}{changes}"),
        ("Machine", ", ".join(f"{machine[name]}{said}" for name, said in _MACHINE.items() if name in machine)),
    ]
    return [(name, str(value)) for name, value in found if value]


def title(report: Report) -> str:
    """Return the name of what was run: the end of its path."""
    return "/".join(Path(str(report["settings"].get("dataset") or "Evaluation")).parts[-2:])


def headline(counts: Mapping[Stage, int]) -> str:
    """Return the outcome of a run in a sentence or two."""
    total, right = sum(counts.values()), counts.get("right", 0)
    said = f"{right:,} of {total:,} {'question' if total == 1 else 'questions'} went right ({percent(right / total)})."
    worst = max(FAILURES, key=lambda stage: counts.get(stage, 0))
    if counts.get(worst):
        said += f" The most frequent failure: {worst} ({counts[worst]:,})."
    return said


def bars(points: Sequence[Point]) -> list[Bar]:
    """Return one bar for all questions and, where there are several kinds, one for each."""
    by_kind = stages_by_kind(points)
    everything = sum(by_kind.values(), Counter[Stage]())
    shown = {"": everything} | (by_kind if len(by_kind) > 1 else {})
    return [Bar(kind, counts["right"], counts.total(), stage_bar(counts, kind)) for kind, counts in shown.items()]


def legend(points: Sequence[Point]) -> list[tuple[Stage, int]]:
    """Count the questions at each stage that any of them ended at, failures first."""
    counts = Counter(point.stage for point in points)
    return [(stage, counts[stage]) for stage in STAGES if counts[stage]]


def score_groups(scores: Mapping[str, Score]) -> list[Titled]:
    """Return the scores of a run, group by group."""
    grouped = groupby(score_rows(scores), key=lambda row: row.group)
    return [Titled(group, "", tuple(_line(row, scores[row.name]) for row in rows)) for group, rows in grouped]


def kind_panels(report: Report) -> list[Titled]:
    """Return, for each of a few scores, its value for each kind of question, where it has two."""
    panels = (Titled(name, ABOUT[name], tuple(_kind_lines(name, report["by_kind"]))) for name in _BY_KIND)
    return [panel for panel in panels if len(panel.lines) > 1]


def plots(points: Sequence[Point]) -> list[Titled]:
    """Return the plots for which there is anything to be drawn."""
    return [plot for plot in _all_plots(points) if plot.picture]


def _all_plots(points: Sequence[Point]) -> Iterator[Titled]:
    yield _ranks(points)
    yield _risk_coverage(points)
    yield _reliability(points)
    yield _latencies(points)


def _articles(index: Mapping[str, Any]) -> str:
    passages = f" in {index['passages']:,} passages" if "passages" in index else ""
    return f"{index['articles']:,}{passages}" if "articles" in index else ""


def _time(report: Report) -> str:
    """Return the time of asking; a run that was resumed asked some of its questions before."""
    resumed = report["asked"] < report["questions"]
    return f"{report['seconds']:,.1f} s" + (f" for the last {report['asked']:,}" if resumed else "")


def _line(row: ScoreRow, score: Score) -> ScoreLine:
    return ScoreLine(row.name, ABOUT.get(row.name, ""), row.value, row.interval, row.n, _drawn(row.name, score))


def _kind_lines(name: str, by_kind: Mapping[str, Mapping[str, Score]]) -> Iterator[ScoreLine]:
    for kind, scores in by_kind.items():
        for row in score_rows({name: scores[name]} if name in scores else {}):
            yield ScoreLine(kind, "", row.value, row.interval, row.n, _drawn(name, scores[name]))


def _drawn(name: str, score: Score) -> Markup:
    return whisker(value_of(score), score.get("low"), score.get("high")) if is_share(name) else Markup()


def _ranks(points: Sequence[Point]) -> Titled:
    ranks = [point.rank for point in points if point.rank is not None]
    about = "How far down the first hit stood that holds evidence, or else the first relevant article."
    return Titled("Rank of the first relevant hit", about, picture=rank_plot(ranks) if ranks else Markup())


def _risk_coverage(points: Sequence[Point]) -> Titled:
    known = [point for point in points if point.correct is not None]
    confidences = [point.confidence if point.confidence is not None else float("-inf") for point in known]
    about = "Share of wrong answers if only the most confident were given. A good confidence keeps the left side low."
    picture = risk_coverage_plot(risks(confidences, [bool(point.correct) for point in known])) if known else Markup()
    return Titled("Risk and coverage", about, picture=picture)


def _reliability(points: Sequence[Point]) -> Titled:
    known = [(point.confidence, point.answerable) for point in points if point.confidence is not None]
    about = (
        "Share of questions that have an answer, by the confidence they got. The dashes are where both are the same."
    )
    # Of questions that all have an answer, or all have none, it would tell nothing.
    both = len({answerable for _, answerable in known}) == 2
    bins = reliability([c for c, _ in known], [a for _, a in known]) if both else []
    return Titled("Reliability", about, picture=reliability_plot(bins) if bins else Markup())


def _latencies(points: Sequence[Point]) -> Titled:
    latencies = [point.latency_ms for point in points if point.latency_ms is not None]
    about = "What the pipeline took for a question, on the machine of the run."
    return Titled("Latency", about, picture=latency_plot(latencies) if latencies else Markup())
