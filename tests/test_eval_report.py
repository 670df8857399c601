"""Scores as people see them, and thresholds."""

import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from eval.aggregates import Score
from eval.page import write_page
from eval.records import CitedQuote, Result
from eval.report import print_scores, read_thresholds, thresholds_missed
from eval.results import RESULTS_FILE, Report, read_results, result_line, write_report
from index.errors import WrongUsage

SCORES = {
    "hits@1": Score(mean=0.9, low=0.85, high=0.95, n=100),
    "risk_coverage_area": Score(value=0.2, low=None, high=None, n=100),
    "latency_ms_p95": Score(value=812.34, low=None, high=None, n=100),
}


def report(**changed: object) -> Report:
    fields: dict[str, object] = {
        "metrics": SCORES,
        "by_kind": {},
        "questions": 1,
        "errors": [],
        "problems": [],
        "notes": [],
        "settings": {"dataset": "<set>"},
        "index": {"model": "m"},
        "versions": {},
        "seconds": 1.5,
    }
    return fields | changed  # type: ignore[return-value]


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
    assert thresholds_missed(report(), [threshold]) == ([message] if message else [])


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
        ["retrieval", "hits@1", "0.900", "0.850", "to", "0.950", "100"],
        ["refusal", "risk_coverage_area", "0.200", "100"],
        ["cost", "latency_ms_p95", "812.3", "100"],
    ]


def test_scores_on_a_terminal_are_a_table() -> None:
    out = io.StringIO()
    print_scores(SCORES, Console(file=out, force_terminal=True, width=100))
    assert "95 % interval" in out.getvalue()
    assert "0.850 to 0.950" in out.getvalue()


def hostile(text: str) -> str:
    return f"<script>alert('{text}')</script>&\"'"


def test_the_page_escapes_everything_and_links_only_to_the_web(tmp_path: Path) -> None:
    citations = (
        CitedQuote(1, hostile("id"), hostile("title"), "javascript:alert(1)", hostile("quote"), 3, 9),
        CitedQuote(2, "b", "B", 'https://example.org/?a="><script>', "q", 0, 1),
    )
    result = Result(
        hostile("qid"),
        hostile("question"),
        True,
        answers=(hostile("answer"),),
        kind=hostile("kind"),
        status="answered",
        text=hostile("text"),
        citations=citations,
        scores={"answer_in_text": 1.0},
        error=hostile("error"),
    )
    (tmp_path / RESULTS_FILE).write_text(result_line(result), encoding="utf-8")
    remarks = {"problems": [hostile("problem")], "notes": [hostile("note")]}
    errors = [{"id": hostile("eid"), "question": "?", "error": hostile("message")}]
    settings = {"dataset": hostile("dataset")}
    page = write_page(report(errors=errors, settings=settings, **remarks), tmp_path).read_text(encoding="utf-8")
    assert "<script" not in page
    assert "javascript:" not in page
    assert page.count("&lt;script&gt;alert(") == 14
    assert 'href="https://example.org/?a=&quot;&gt;&lt;script&gt;"' in page


@pytest.mark.parametrize(
    ("result", "outcome", "words"),
    [
        (Result("a", "?", True, status="answered", scores={"answer_in_text": 1.0}), "right", "right"),
        (Result("a", "?", True, status="answered", scores={"answer_in_text": 0.0}), "wrong", "known answer not given"),
        (Result("a", "?", True, status="answered"), "open", "answer not known to the set"),
        (Result("a", "?", True, status="no_answer"), "wrong", "wrongly refused"),
        (Result("a", "?", False, status="no_answer"), "right", "rightly refused"),
        (Result("a", "?", False, status="answered"), "wrong", "should have been refused"),
        (Result("a", "?", False, error="boom"), "wrong", "failed"),
    ],
)
def test_the_page_says_what_was_right(tmp_path: Path, result: Result, outcome: str, words: str) -> None:
    (tmp_path / RESULTS_FILE).write_text(result_line(result), encoding="utf-8")
    page = write_page(report(), tmp_path).read_text(encoding="utf-8")
    assert f'class="question {outcome}"' in page
    assert f'<span class="badge">{words}</span>' in page


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
        write_report(report(metrics=broken), tmp_path)
