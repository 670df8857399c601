"""`report.html` as a file: what it holds, what it escapes, what it may run."""

import base64
import hashlib
import html
import re
import tracemalloc
from pathlib import Path

import pytest

from eval.records import CitedQuote, Result
from eval.reporting.page import write_page
from eval.reporting.page_sections import facts, headline, kind_panels, plots, title
from eval.reporting.points import Point
from eval.results import RESULTS_FILE, result_line
from eval.scoring.aggregates import Score
from index.errors import WrongUsage
from tests.eval_fixtures import hostile, report_of, run_in

RIGHT = {"answer_in_text": 1.0, "answer_in_quotes": 1.0}


def page_of(folder: Path, *results: Result, **report: object) -> str:
    return write_page(report_of(**report), run_in(folder, *results)).read_text(encoding="utf-8")


def everything_hostile() -> Result:
    cited = (
        CitedQuote(
            1, hostile("id"), hostile("title"), "javascript:alert(1)", hostile("quote"), 0, 9,
            publisher=hostile("publisher"), published=hostile("date"),
        ),
        CitedQuote(2, "b", "B", 'https://example.org/?a="><script>', "q", 0, 1),
    )  # fmt: skip
    return Result(
        hostile("qid"),
        hostile("question"),
        True,
        answers=(hostile("answer"),),
        relevant_ids=(hostile("relevant"),),
        kind=hostile("kind"),
        status="answered",
        text=hostile("text") + " [1]",
        short_answer=hostile("short"),
        citations=cited,
        answerer=hostile("answerer"),
        degraded=hostile("degraded"),
        ranking=(hostile("ranking"),),
        disagreements=(hostile("differ"),),
        scores=RIGHT,
        notes=(hostile("note"),),
    )


def test_other_peoples_words_are_escaped_everywhere(tmp_path: Path) -> None:
    page = page_of(
        tmp_path,
        everything_hostile(),
        Result("e", "?", True, error=hostile("error")),
        problems=[hostile("problem")],
        notes=[hostile("remark")],
        errors=[{"id": hostile("eid"), "question": "?", "error": hostile("message")}],
        settings={"dataset": hostile("dataset"), "llm_model": hostile("model"), hostile("name"): hostile("value")},
        index={"model": hostile("embedding"), "answerer": hostile("by")},
        versions={hostile("package"): hostile("version")},
        machine={"processor": hostile("processor")},
        commit=hostile("commit"),
    )
    assert page.count("<script") == page.count("</script>") == 1
    assert "<img" not in page
    assert page.count("<noscript>") == page.count("</noscript>") == 2
    assert "javascript:alert" not in page
    assert 'href="https://example.org/?a=&#34;&gt;&lt;script&gt;"' in page
    assert html.escape(hostile("quote"), quote=False)[:40] in page


def test_the_policy_lets_run_what_the_page_was_written_with_and_nothing_else(tmp_path: Path) -> None:
    page = page_of(tmp_path, Result("q", "?", True, status="answered"))
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)
    rules = dict(rule.split(" ", 1) for rule in html.unescape(policy).split("; "))
    assert rules["default-src"] == "'none'"
    for tag, rule in (("script", "script-src"), ("style", "style-src")):
        (inside,) = re.findall(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(inside.encode()).digest()).decode()
        assert rules[rule] == f"'sha256-{digest}'"
    assert "unsafe" not in policy
    assert " style=" not in page
    assert not re.findall(r'(?:src|href|action)="(?!#|https?:)', page)
    assert not re.findall(r"<(?:link|img|iframe|object|embed)\b", page)


@pytest.mark.parametrize(
    ("result", "marks"),
    [
        (Result("a", "?", True, status="answered", scores=RIGHT), "right right"),
        (Result("a", "?", True, status="answered", scores=dict.fromkeys(RIGHT, 0.0)), "not-used wrong"),
        (Result("a", "?", True, status="answered"), "open open"),
        (Result("a", "?", False, status="answered"), "should-have-refused wrong"),
        (Result("a", "?", False, error="boom"), "error wrong"),
    ],
)
def test_rows_are_marked_with_stage_and_outcome(tmp_path: Path, result: Result, marks: str) -> None:
    assert f'<tr data-is="{marks}" ' in page_of(tmp_path, result)


def test_scores_of_a_row_stand_in_the_order_of_the_list(tmp_path: Path) -> None:
    metrics = {name: Score(mean=0.5, low=0.4, high=0.6, n=1) for name in ("mrr@10", "token_f1", "answer_in_text")}
    result = Result("a", "?", True, status="answered", scores={"token_f1": 1 / 3, "answer_in_text": 1})
    page = page_of(tmp_path, result, metrics=metrics)
    assert re.findall(r"<option(?: selected)?>([^<]+)</option>", page)[-3:] == ["mrr@10", "token_f1", "answer_in_text"]
    assert 'data-scores=",0.333,1"' in page
    assert "<option selected>token_f1</option>" in page


def test_what_a_run_was_is_told() -> None:
    report = report_of(
        commit="0123456789abcdef+changes",
        questions=1200,
        asked=200,
        index={"model": "m", "answerer": "extractive", "articles": 5, "passages": 1021},
        machine={"processor": "P", "cores": "2", "platform": "L"},
    )
    assert facts(report) == [
        ("Dataset", "sets/small"),
        ("Date", "2026-04-24 09:30"),
        ("Questions", "1,200"),
        ("Time", "1.5 s for the last 200"),
        ("Articles", "5 in 1,021 passages"),
        ("Answers by", "extractive"),
        ("Embedding model", "m"),
        ("Commit", "0123456789+changes"),
        ("Machine", "P, 2 cores"),
    ]
    assert title(report_of(settings={"dataset": "/a/b/set/questions.jsonl"})) == "set/questions.jsonl"
    assert title(report_of(settings={})) == "Evaluation"


def test_the_headline_names_the_most_frequent_failure() -> None:
    said = "6 of 10 questions went right (60 %). The most frequent failure: not used (3)."
    assert headline({"right": 6, "not used": 3, "wrong refusal": 1}) == said
    assert headline({"right": 2}) == "2 of 2 questions went right (100 %)."
    assert headline({"open": 1}) == "0 of 1 question went right (0 %)."


def test_kinds_are_set_beside_each_other_where_there_are_two() -> None:
    score = Score(mean=0.5, low=0.4, high=0.6, n=4)
    by_kind = {"fact": {"hits@1": score, "refusal_recall": score}, "synthesis": {"hits@1": score}}
    (panel,) = kind_panels(report_of(by_kind=by_kind))
    assert panel.title == "hits@1"
    assert [(line.name, line.value, line.interval, line.n) for line in panel.lines] == [
        ("fact", "0.500", "0.400 to 0.600", "4"),
        ("synthesis", "0.500", "0.400 to 0.600", "4"),
    ]


def test_only_what_is_known_is_plotted() -> None:
    known = Point("fact", "right", confidence=0.5, latency_ms=3, rank=1, correct=True, answerable=True)
    assert [plot.title for plot in plots([known])] == ["Rank of the first relevant hit", "Risk and coverage", "Latency"]
    assert (
        plots([Point("fact", "open", confidence=None, latency_ms=None, rank=None, correct=None, answerable=True)]) == []
    )


def test_reliability_is_drawn_where_some_questions_have_an_answer_and_some_none() -> None:
    points = [Point("fact", "right", at / 40, 3, None, None, answerable=at % 2 == 0) for at in range(40)]
    assert [plot.title for plot in plots(points)] == ["Reliability", "Latency"]
    assert [plot.title for plot in plots(points[::2] * 2)] == ["Latency"]


def test_without_results_no_page_is_left_behind(tmp_path: Path) -> None:
    with pytest.raises(WrongUsage, match="does not exist"):
        write_page(report_of(), tmp_path)
    (tmp_path / RESULTS_FILE).write_text(result_line(Result("q", "?", True)) + "torn", encoding="utf-8")
    with pytest.raises(WrongUsage, match="no result"):
        write_page(report_of(), tmp_path)
    assert not (tmp_path / "report.html").exists()


def test_memory_does_not_grow_with_the_texts(tmp_path: Path) -> None:
    """Ten megabytes of answers are written with little more than one page of them in memory."""
    result = Result("q", "?", True, status="answered", text="word " * 4_000, scores=RIGHT, latency_ms=5, confidence=0.5)
    with (tmp_path / RESULTS_FILE).open("w", encoding="utf-8") as file:
        file.writelines(result_line(result) for _ in range(500))
    write_page(report_of(), run_in(tmp_path / "warm", result))
    tracemalloc.start()
    page = write_page(report_of(), tmp_path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert page.stat().st_size > 10_000_000
    assert peak < 3_000_000
