"""A run as a page of Markdown, to be put under a pull request."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from heapq import nsmallest
from pathlib import Path

from eval.changes import change_cells
from eval.compare import Comparison
from eval.records import Result
from eval.report import power_of, score_rows
from eval.reporting.comparison_page import headline as compared
from eval.reporting.page_sections import headline, title
from eval.reporting.verdicts import FAILURES, MEANING, Stage, verdict
from eval.results import SUMMARY_FILE, Report, read_results, written_whole
from index.control_characters import visible_controls

# One or two from each step of the pipeline; all scores are in the report.
_KEY_SCORES = (
    "hits@1",
    "all_evidence_recall@10",
    "evidence_hits@4",
    "token_f1",
    "answer_in_text",
    "answer_in_quotes",
    "judged_correctness",
    "judged_faithfulness",
    "citation_precision",
    "citation_recall",
    "citations_exact",
    "refusal_recall",
    "answerable_answered",
    "refusal_balanced_accuracy",
    "attack_success",
    "risk_coverage_area",
    "latency_ms_p50",
    "latency_ms_p95",
)

_WORST = 10
_LONGEST = 200

Lines = Iterator[str]


def write_summary(report: Report, folder: Path, comparison: Comparison | None = None) -> Path:
    """Write `summary.md` next to the results in `folder`, whole or not at all, and return its path.

    Key scores, failures by stage, the worst ten questions and, where there is a comparison with a baseline, the scores
    that moved. Raises WrongUsage without results.
    """
    path = folder / SUMMARY_FILE
    counts = Counter(verdict(result).stage for result in read_results(folder))
    lines = [f"## Evaluation: {in_markdown(title(report))}", "", headline(counts), ""]
    lines += _compared(comparison) if comparison else ()
    lines += _scores(report)
    lines += _stages(counts)
    lines += _worst(read_results(folder), counts)
    with written_whole(path) as file:
        file.write("\n".join(lines).encode())
    return path


def in_markdown(text: str) -> str:
    """Write other people's words so that they stay words: no markup, table cell, link, or mention of anybody."""
    line = visible_controls(" ".join(text.split()))
    line = line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"
    line = re.sub(r"([\\`*_{}\[\]()#+!|~:-])", r"\\\1", line)
    # Backslashes do not keep names from being called, nor do they reach inside HTML.
    return line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("@", "&#64;")


def _compared(comparison: Comparison) -> Lines:
    yield from (f"**Beside the baseline.** {compared(comparison)}", "")
    moved = [change_cells(change) for change in comparison.changes if change.beyond_chance]
    rows = ((f"`{name}`", *cells[:4], *cells[5:]) for name, *cells in moved)
    if moved:
        yield from _table(("score", "baseline", "now", "difference", "95 % interval", "p", ""), rows)


def _scores(report: Report) -> Lines:
    chosen = {name: report["metrics"][name] for name in _KEY_SCORES if name in report["metrics"]}
    rows = ((f"`{row.name}`", row.value, row.interval, row.n) for row in score_rows(chosen))
    yield from _table(("score", "value", "95 % interval", "n"), rows)
    yield from (in_markdown(power_of(report)), "")


def _stages(counts: Counter[Stage]) -> Lines:
    rows = ((stage, f"{counts[stage]:,}", MEANING[stage]) for stage in FAILURES if counts[stage])
    if any(counts[stage] for stage in FAILURES):
        yield from _table(("went wrong", "questions", "meaning"), rows)


def _worst(results: Iterable[Result], counts: Counter[Stage]) -> Lines:
    """List errors first, then what is wrong with the greatest confidence."""
    wrong = sum(counts[stage] for stage in FAILURES)
    if not wrong:
        return
    shown = nsmallest(_WORST, (r for r in results if verdict(r).outcome == "wrong"), key=_badness)
    yield from (f"<details><summary>{len(shown)} of {wrong:,} questions that went wrong</summary>", "")
    rows = (
        (in_markdown(r.id), in_markdown(r.question), verdict(r).stage, in_markdown(verdict(r).words)) for r in shown
    )
    yield from _table(("id", "question", "stage", "what happened"), rows)
    yield from ("</details>", "")


def _badness(result: Result) -> tuple[bool, float]:
    return result.error is None, -(result.confidence or 0)


def _table(titles: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Lines:
    yield f"| {' | '.join(titles)} |"
    yield f"|{'---|' * len(titles)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"
    yield ""
