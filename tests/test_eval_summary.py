"""Runs as a page of Markdown."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from eval.compare import compare
from eval.records import Result
from eval.reporting.summary import in_markdown, write_summary
from eval.scoring.aggregates import Score
from index.errors import WrongUsage
from tests.eval_fixtures import hostile, report_of, run_in

SCORES = {
    "hits@1": Score(mean=0.9, low=0.85, high=0.95, n=100),
    "hits@10": Score(mean=0.9, low=0.85, high=0.95, n=100),
    "latency_ms_p50": Score(value=12.34, low=None, high=None, n=100),
}
MARKDOWN = MarkdownIt("gfm-like", {"html": True, "linkify": False})


def wrong(number: int, confidence: float | None = 0.5, **more: str) -> Result:
    scores = {"answer_in_text": 0.0, "answer_in_quotes": 0.0, "hits@1": 0.0}
    fields = {"question": f"Question {number}?", "status": "answered"} | more
    return Result(f"q{number}", answerable=True, confidence=confidence, scores=scores, **fields)  # type: ignore[arg-type]


def summary_of(folder: Path, *results: Result) -> str:
    return write_summary(report_of(metrics=SCORES), run_in(folder, *results)).read_text(encoding="utf-8")


def test_key_scores_stages_and_what_went_wrong(tmp_path: Path) -> None:
    summary = summary_of(tmp_path, wrong(1), Result("r", "Fine?", False, status="no_answer"))
    lines = summary.splitlines()
    assert lines[0] == "## Evaluation: sets/small"
    assert lines[2] == "1 of 2 questions went right (50 %). The most frequent failure: not used (1)."
    assert "| `hits@1` | 0.900 | 0.850 to 0.950 | 100 |" in lines
    assert "| `latency_ms_p50` | 12.3 |  | 100 |" in lines
    assert "hits@10" not in summary
    assert "| not used | 1 | the evidence was there, and the answer says something else |" in lines
    assert "| q1 | Question 1? | not used | " in summary
    assert "Fine?" not in summary
    assert "baseline" not in summary


def test_the_worst_ten_are_errors_and_then_the_most_confident(tmp_path: Path) -> None:
    results = [wrong(number, confidence=number / 20) for number in range(12)]
    summary = summary_of(tmp_path, *results, Result("broken", "?", True, error="boom"), wrong(99, confidence=None))
    rows = [line.split(" | ")[0] for line in summary.splitlines() if "Question" in line or "boom" in line]
    listed = [row.removeprefix("| ") for row in rows]
    assert listed == ["broken", *(f"q{number}" for number in range(11, 2, -1))]
    assert "<summary>10 of 14 questions that went wrong</summary>" in summary


def test_nothing_wrong_means_no_list(tmp_path: Path) -> None:
    summary = summary_of(tmp_path, Result("r", "Fine?", False, status="no_answer"))
    assert "1 of 1 question went right (100 %)." in summary
    assert "went wrong" not in summary


def test_beside_a_baseline_only_what_moved_is_listed(tmp_path: Path) -> None:
    good = [Result(f"q{i}", "?", True, status="answered", scores={"hits@1": 1.0, "mrr@10": 1.0}) for i in range(40)]
    bad = [Result(f"q{i}", "?", True, status="answered", scores={"hits@1": 0.0, "mrr@10": 1.0}) for i in range(40)]
    first, second = run_in(tmp_path / "a", *good), run_in(tmp_path / "b", *bad)
    summary = write_summary(report_of(metrics=SCORES), second, compare(first, second)).read_text(encoding="utf-8")
    assert "Beyond chance: 1 worse." in summary
    assert "| `hits@1` | 1.000 | 0.000 | -1.000 | -1.000 to -1.000 | <0.001 | worse |" in summary
    assert "mrr@10" not in summary


def test_other_peoples_words_stay_words(tmp_path: Path) -> None:
    text = hostile("x") + " | a | @everyone #12 **bold** [x](https://a.example) `code` ~~no~~\n\n# Title\n- item"
    summary = summary_of(tmp_path, wrong(1, question=text))
    rendered = MARKDOWN.render(summary)
    assert not any(
        made in rendered for made in ("<script", "<img", "<a ", "<strong>bold", "<code>code", "<h1", "<li>", "<s>")
    )
    assert rendered.count("<td>q1</td>") == 1
    assert "@everyone" not in summary


@given(st.text())
def test_words_become_one_paragraph_that_reads_the_same(text: str) -> None:
    said = " ".join(text.split())[:199]
    (paragraph,) = MARKDOWN.parse(f"a {in_markdown(said)} z")[1:2]
    assert [child.type for child in paragraph.children or ()] == ["text"] * len(paragraph.children or ())


def test_without_results_there_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(WrongUsage, match="does not exist"):
        write_summary(report_of(), tmp_path)
    assert list(tmp_path.iterdir()) == []
