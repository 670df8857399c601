"""Scores as people see them, and thresholds."""

import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from eval.metrics import METRICS
from eval.records import CitedQuote, Result
from eval.report import print_scores, read_thresholds, shown, thresholds_missed
from eval.reporting.explanations import ABOUT
from eval.results import RESULTS_FILE, read_results, result_line, write_report
from eval.scoring.aggregates import Score
from index.errors import WrongUsage
from tests.eval_fixtures import report_of

SCORES = {
    "hits@1": Score(mean=0.9, low=0.85, high=0.95, n=100),
    "risk_coverage_area": Score(value=0.2, low=None, high=None, n=100),
    "latency_ms_p95": Score(value=812.34, low=None, high=None, n=100),
}


@pytest.mark.parametrize(
    ("threshold", "message"),
    [
        ("hits@1=0.9", None),
        ("hits@1=.91", "hits@1 is 0.9, below 0.91"),
        ("latency_ms_p95=813", None),
        ("latency_ms_p95=800", "latency_ms_p95 is 812.34, above 800"),
        ("risk_coverage_area=0.1", "risk_coverage_area is 0.2, above 0.1"),
        ("exact_match=0", "exact_match was not measured: no question of this run defines it (wanted 0)"),
    ],
)
def test_thresholds(threshold: str, message: str | None) -> None:
    assert thresholds_missed(report_of(metrics=SCORES), [threshold]) == ([message] if message else [])


@pytest.mark.parametrize(
    ("threshold", "message"),
    [
        ("hits@2=0.9", "no metric 'hits@2'"),
        ("hits@1", "no threshold"),
        ("hits@1=90%", "no number"),
        ("hits@1=", "no number"),
        ("hits@1=nan", "compared"),
        ("hits@1=inf", "compared"),
    ],
)
def test_a_threshold_that_makes_no_sense_is_wrong_usage(threshold: str, message: str) -> None:
    with pytest.raises(WrongUsage, match=message):
        read_thresholds([threshold])


def test_scores_in_a_pipe_are_plain_lines() -> None:
    out = io.StringIO()
    print_scores(SCORES, Console(file=out))
    lines = [line.split() for line in out.getvalue().splitlines()]
    assert lines == [
        ["group", "score", "value", "95", "%", "interval", "n"],
        ["retrieval", "hits@1", "0.900", "0.850", "to", "0.950", "100"],
        ["refusal", "risk_coverage_area", "0.200", "100"],
        ["cost", "latency_ms_p95", "812.3", "100"],
    ]


def test_scores_on_a_terminal_are_a_table() -> None:
    out = io.StringIO()
    print_scores(SCORES, Console(file=out, force_terminal=True, width=100))
    assert "95 % interval" in out.getvalue()
    assert "0.850 to 0.950" in out.getvalue()


def test_costs_are_written_with_fewer_decimals_than_shares() -> None:
    assert [shown(name, 12.3456) for name in ("latency_ms_p50", "prompt_tokens", "hits@1")] == [
        "12.3",
        "12.3",
        "12.346",
    ]


def test_every_score_is_explained_in_one_sentence() -> None:
    assert set(METRICS) <= set(ABOUT)
    assert all(about.endswith(".") and len(about) <= 110 for about in ABOUT.values())


def test_results_come_back_as_they_were_written(tmp_path: Path) -> None:
    citation = CitedQuote(1, "a", "A\u2028", None, "\N{GRINNING FACE}", 0, 1)
    result = Result("q", "?", True, ("x",), citations=(citation,), scores={"hits@1": 0.1}, confidence=None)
    # Keys of a later version are no reason to refuse a comparison with it.
    later = json.dumps(json.loads(result_line(result)) | {"id": "later", "judge": {"votes": 3}})
    (tmp_path / RESULTS_FILE).write_text(result_line(result) + later + "\n", encoding="utf-8")
    first, second = read_results(tmp_path)
    assert first == result
    assert second.id == "later"


def test_a_torn_line_is_named(tmp_path: Path) -> None:
    (tmp_path / RESULTS_FILE).write_text(result_line(Result("q", "?", True)) + '{"id": "r", "ques', encoding="utf-8")
    with pytest.raises(WrongUsage, match=r"results\.jsonl:2 "):
        list(read_results(tmp_path))


def test_a_score_that_is_no_number_never_reaches_a_report(tmp_path: Path) -> None:
    broken = {"hits@1": Score(mean=float("nan"), low=None, high=None, n=1)}
    with pytest.raises(ValueError, match="nan"):
        write_report(report_of(metrics=broken), tmp_path)
