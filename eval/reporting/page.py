"""A run as one HTML file that can be sent to someone: scores, plots, and every question with its answer and sources."""

from pathlib import Path

from eval.metrics import MEANS
from eval.report import power_of
from eval.reporting.funnel import funnel, refusals_of, steps_of
from eval.reporting.page_sections import bars, facts, headline, kind_panels, legend, plots, score_groups, title
from eval.reporting.pages import write_from
from eval.reporting.points import point_of
from eval.reporting.question_rows import question_rows
from eval.reporting.verdicts import MEANING
from eval.results import PAGE_FILE, Report, read_results

# Shown in the table until the reader picks another.
_FIRST_SCORE = "token_f1"


def write_page(report: Report, folder: Path) -> Path:
    """Write `report.html` next to the results in `folder` and return its path. Raises WrongUsage without results.

    The results are read twice, and one at a time: a few numbers of each stay in memory, for the plots.
    """
    points = [point_of(result) for result in read_results(folder)]
    stages, steps = legend(points), steps_of(points)
    names = _score_names(report)
    return write_from(
        "report.html",
        folder / PAGE_FILE,
        title=title(report),
        facts=facts(report),
        headline=headline(dict(stages)),
        power=power_of(report),
        bars=bars(points),
        legend=stages,
        steps=steps,
        funnel=funnel(steps) if steps else "",
        refusals=refusals_of(points),
        meaning=MEANING,
        groups=score_groups(report["metrics"]),
        panels=kind_panels(report),
        plots=plots(points),
        remarks=_remarks(report),
        setup={
            "Settings": report["settings"],
            "Index": report["index"],
            "Versions": report["versions"],
            "Machine": report["machine"],
        },
        kinds=sorted({point.kind for point in points}),
        score_names=names,
        shown_score=names.index(_FIRST_SCORE) if _FIRST_SCORE in names else 0,
        rows=question_rows(read_results(folder), names),
    )


def _score_names(report: Report) -> list[str]:
    """Return the scores that single questions of a run can have."""
    return [name for name in MEANS if name in report["metrics"]]


def _remarks(report: Report) -> dict[str, list[str]]:
    found = {
        "Errors": [f"{row['id']}: {row['error']}" for row in report["errors"]],
        "Rows that were not asked": report["problems"],
        "Notes": report["notes"],
    }
    return {title: lines for title, lines in found.items() if lines}
