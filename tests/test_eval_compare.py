"""Two runs side by side."""

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from eval.compare import Comparison, Turn, compare, fell_beyond_chance, print_comparison
from eval.records import CitedQuote, Result
from eval.reporting.comparison_page import differing, headline, write_comparison_page
from eval.results import REPORT_FILE
from index.errors import WrongUsage
from tests.eval_fixtures import hostile, report_of, run_in


def scored(number: int, hits: float, *, question: str = "?", latency: float = 10.0) -> Result:
    return Result(f"q{number}", question, True, status="answered", scores={"hits@1": hits}, latency_ms=latency)


def answered(number: int, *, right: bool, **more: object) -> Result:
    scores = dict.fromkeys(("answer_in_text", "answer_in_quotes"), float(right))
    result = Result(f"q{number}", f"Question {number}?", True, status="answered", text="It is so. [1]", scores=scores)
    return replace(result, **more)  # type: ignore[arg-type]


def printed(comparison: Comparison, *, terminal: bool = False) -> str:
    out = io.StringIO()
    print_comparison(comparison, Console(file=out, force_terminal=terminal, width=120))
    return out.getvalue()


def test_differences_are_paired_by_question(tmp_path: Path) -> None:
    # 40 questions: 10 won, 2 lost, 28 the same.
    before = [float(i < 20) for i in range(40)]
    after = [float(i < 18 or 20 <= i < 30) for i in range(40)]
    first = run_in(tmp_path / "a", *(scored(i, hit) for i, hit in enumerate(before)))
    second = run_in(tmp_path / "b", *(scored(i, hit, latency=20) for i, hit in reversed(list(enumerate(after)))))
    changes = {change.metric: change for change in compare(first, second).changes}
    hits = changes["hits@1"]
    assert (hits.first, hits.second, hits.won, hits.lost) == (0.5, 0.7, 10, 2)
    assert hits.difference == pytest.approx(0.2)
    # The standard error of the paired differences is sqrt((12/40 - .04) / 40) = .081.
    assert hits.low == pytest.approx(0.2 - 1.96 * 0.081, abs=0.04)
    assert hits.high == pytest.approx(0.2 + 1.96 * 0.081, abs=0.04)
    # The sign test: 2 * 79 / 2**12. Only one score differs, so there is nothing to correct for.
    assert hits.p == pytest.approx(0.0386, abs=0.006)
    assert hits.remark == "better"
    latency = changes["latency_ms_p50"]
    assert (latency.difference, latency.low, latency.p, latency.won) == (10, None, None, None)


def test_many_scores_are_corrected_for(tmp_path: Path) -> None:
    names = ("hits@1", "hits@4", "mrr@10")
    before = [replace(scored(i, 0), scores=dict.fromkeys(names, float(i < 2))) for i in range(40)]
    after = [replace(scored(i, 0), scores=dict.fromkeys(names, float(2 <= i < 12))) for i in range(40)]
    changes = compare(run_in(tmp_path / "a", *before), run_in(tmp_path / "b", *after)).changes
    tested = {change.metric: change.p for change in changes if change.metric in names}
    # Each alone would pass at .0386; three that are the same do not.
    assert list(tested.values()) == [pytest.approx(3 * 0.0386, abs=0.02)] * 3
    assert not any(change.beyond_chance for change in changes)


def test_the_same_run_differs_in_nothing(tmp_path: Path) -> None:
    first = run_in(tmp_path / "a", *(scored(i, i % 2) for i in range(10)))
    comparison = compare(first, first)
    (hits,) = [change for change in comparison.changes if change.metric == "hits@1"]
    assert (hits.difference, hits.low, hits.high, hits.won, hits.lost, hits.p) == (0, 0, 0, 0, 0, 1)
    assert not hits.beyond_chance
    assert comparison.turns == ()
    assert "better" not in printed(comparison)
    assert fell_beyond_chance(comparison) == []


def test_only_what_fell_by_more_than_chance_fails(tmp_path: Path) -> None:
    first = run_in(tmp_path / "a", *(scored(i, 1) for i in range(40)))
    second = run_in(tmp_path / "b", *(scored(i, float(i >= 10)) for i in range(40)))
    (line,) = fell_beyond_chance(compare(first, second))
    assert line.startswith("hits@1 went from 1.000 to 0.750 (difference -0.")
    assert fell_beyond_chance(compare(second, first)) == []
    slightly = run_in(tmp_path / "c", *(scored(i, float(i >= 3)) for i in range(40)))
    assert fell_beyond_chance(compare(first, slightly)) == []


def test_only_common_questions_are_compared_and_the_rest_is_counted(tmp_path: Path) -> None:
    first = run_in(tmp_path / "a", scored(1, 1), scored(2, 0), scored(3, 0))
    second = run_in(tmp_path / "b", scored(1, 1), scored(2, 0, question="Other words?"))
    comparison = compare(first, second)
    assert (comparison.common, comparison.only_first, comparison.only_second) == (1, 2, 1)
    assert "3 left out: 2 only in the first, 1 only in the second" in printed(comparison)


def test_nothing_in_common_is_wrong_usage(tmp_path: Path) -> None:
    first, second = run_in(tmp_path / "a", scored(1, 1)), run_in(tmp_path / "b", scored(2, 1))
    with pytest.raises(WrongUsage, match="no question in common"):
        compare(first, second)
    with pytest.raises(WrongUsage, match="does not exist"):
        compare(first, tmp_path / "missing")


def test_printed_in_a_pipe_and_on_a_terminal(tmp_path: Path) -> None:
    first = run_in(tmp_path / "a", *(scored(i, 0) for i in range(20)))
    second = run_in(tmp_path / "b", *(scored(i, 1) for i in range(20)))
    plain = printed(compare(first, second)).splitlines()
    assert plain[0] == "20 questions in both runs"
    shown = ["hits@1", "0.000", "1.000", "+1.000", "1.000", "to", "1.000", "20/0", "<0.001", "better"]
    assert plain[1].split() == shown
    assert "won/lost" in printed(compare(first, second), terminal=True)


def three_turns(tmp_path: Path) -> tuple[Path, Path]:
    """Question 1 is lost, 2 won, 3 wrong in another way, 4 the same."""
    refused = {"status": "no_answer", "text": "The articles do not answer this."}
    first = [answered(1, right=True), answered(2, right=False, **refused), answered(3, right=False, **refused)]
    second = [answered(1, right=False, text="It is otherwise."), answered(2, right=True), answered(3, right=False)]
    same = answered(4, right=True)
    return run_in(tmp_path / "a", *first, same), run_in(tmp_path / "b", *reversed(second), same)


def test_questions_that_turned_are_listed(tmp_path: Path) -> None:
    comparison = compare(*three_turns(tmp_path))
    assert comparison.turns == (
        Turn(("q1", "Question 1?"), "right", "not used"),
        Turn(("q2", "Question 2?"), "wrong refusal", "right"),
        Turn(("q3", "Question 3?"), "wrong refusal", "not used"),
    )
    assert [turn.way for turn in comparison.turns] == ["lost", "won", "moved"]
    assert printed(comparison).splitlines()[-4:] == [
        "Questions lost (1 of 1):",
        "  q1: right -> not used: Question 1?",
        "Questions won (1 of 1):",
        "  q2: wrong refusal -> right: Question 2?",
    ]
    assert headline(comparison) == "No score moved beyond chance. Of 4 questions 1 were won and 1 lost."


def test_the_terminal_shows_the_first_ten_and_says_so(tmp_path: Path) -> None:
    first = run_in(tmp_path / "a", *(answered(i, right=True) for i in range(12)))
    second = run_in(tmp_path / "b", *(answered(i, right=False) for i in range(12)))
    lines = printed(compare(first, second)).splitlines()
    assert "Questions lost (10 of 12):" in lines
    assert sum(line.startswith("  q") for line in lines) == 10


def test_the_page_shows_both_answers_to_what_turned(tmp_path: Path) -> None:
    first, second = three_turns(tmp_path)
    path = write_comparison_page(compare(first, second), first, second)
    assert path == second / "compare.html"
    page = path.read_text(encoding="utf-8")
    places = [page.index(f"Question {number}?") for number in (1, 2, 3)]
    assert places == sorted(places)
    assert "Question 4?" not in page
    lost = page[places[0] : places[1]]
    assert lost.index("It is so.") < lost.index("It is otherwise.")
    assert not list(second.glob("*.part"))


def test_results_without_texts_can_be_compared(tmp_path: Path) -> None:
    """A baseline that is kept holds no texts."""
    first, second = three_turns(tmp_path)
    lines = [json.loads(line) for line in (first / "results.jsonl").read_text(encoding="utf-8").splitlines()]
    kept = ("id", "question", "kind", "answerable", "status", "confidence", "scores")
    bare = tmp_path / "bare"
    bare.mkdir()
    small = "".join(json.dumps({name: line[name] for name in kept}) + "\n" for line in lines)
    (bare / "results.jsonl").write_text(small, encoding="utf-8")
    comparison = compare(bare, second)
    assert comparison.turns == compare(first, second).turns
    page = write_comparison_page(comparison, bare, second).read_text(encoding="utf-8")
    assert page.count("The text of the answer was not kept.") == 3


def test_the_page_escapes_everything(tmp_path: Path) -> None:
    cited = CitedQuote(1, hostile("id"), hostile("title"), "javascript:alert(1)", hostile("quote"), 0, 5)
    more: dict[str, object] = {
        "question": hostile("question"),
        "id": hostile("qid"),
        "kind": hostile("kind"),
        "text": hostile("text"),
    }
    more |= {"citations": (cited,), "answers": (hostile("answer"),), "disagreements": (hostile("differ"),)}
    first = run_in(tmp_path / "a", answered(1, right=True, **more))
    second = run_in(tmp_path / "b", answered(1, right=False, **more))
    report = report_of(settings={hostile("name"): hostile("value")})
    (first / REPORT_FILE).write_text(json.dumps(report), encoding="utf-8")
    page = write_comparison_page(compare(first, second), first, second).read_text(encoding="utf-8")
    assert page.count("<script") == 1
    assert page.count("</noscript>") == page.count("<noscript>") == 1
    assert "javascript:alert" not in page


def test_what_differs_between_runs_is_named() -> None:
    one = {"fusion": "fused", "limit": None, "last_sync": "1"}
    other = {"fusion": "dense", "limit": None, "last_sync": "2", "numpy": "2", "dataset": "set"}
    assert list(differing(one, other)) == [("fusion", "fused", "dense"), ("numpy", "", "2")]
    assert next(differing({"dataset": "old"}, other)) == ("dataset", "old", "set")
