"""Two runs side by side."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from eval.compare import Comparison, compare, print_comparison
from eval.records import Result
from eval.results import RESULTS_FILE, result_line
from index.errors import WrongUsage


def run_of(folder: Path, *results: Result) -> Path:
    folder.mkdir()
    (folder / RESULTS_FILE).write_text("".join(map(result_line, results)), encoding="utf-8")
    return folder


def scored(number: int, hits: float, *, question: str = "?", latency: float = 10.0) -> Result:
    return Result(f"q{number}", question, True, scores={"hits@1": hits}, latency_ms=latency)


def printed(comparison: Comparison, *, terminal: bool = False) -> str:
    out = io.StringIO()
    print_comparison(comparison, Console(file=out, force_terminal=terminal, width=120))
    return out.getvalue()


def test_differences_are_paired_by_question(tmp_path: Path) -> None:
    # 40 questions: 10 won, 2 lost, 28 the same.
    before = [float(i < 20) for i in range(40)]
    after = [float(i < 18 or 20 <= i < 30) for i in range(40)]
    first = run_of(tmp_path / "a", *(scored(i, hit) for i, hit in enumerate(before)))
    second = run_of(tmp_path / "b", *(scored(i, hit, latency=20) for i, hit in reversed(list(enumerate(after)))))
    comparison = compare(first, second)
    changes = {change.metric: change for change in comparison.changes}
    hits = changes["hits@1"]
    assert (hits.first, hits.second, hits.won, hits.lost) == (0.5, 0.7, 10, 2)
    assert hits.difference == pytest.approx(0.2)
    assert hits.low is not None
    assert hits.high is not None
    # The standard error of the paired differences is sqrt((12/40 - .04) / 40) = .081.
    assert hits.low == pytest.approx(0.2 - 1.96 * 0.081, abs=0.04)
    assert hits.high == pytest.approx(0.2 + 1.96 * 0.081, abs=0.04)
    assert hits.beyond_chance
    latency = changes["latency_ms_p50"]
    assert (latency.difference, latency.low, latency.won) == (10, None, None)


def test_the_same_run_differs_in_nothing(tmp_path: Path) -> None:
    first = run_of(tmp_path / "a", *(scored(i, i % 2) for i in range(10)))
    comparison = compare(first, first)
    (hits,) = [change for change in comparison.changes if change.metric == "hits@1"]
    assert (hits.difference, hits.low, hits.high, hits.won, hits.lost) == (0, 0, 0, 0, 0)
    assert not hits.beyond_chance
    assert "better" not in printed(comparison)


def test_only_common_questions_are_compared_and_the_rest_is_counted(tmp_path: Path) -> None:
    first = run_of(tmp_path / "a", scored(1, 1), scored(2, 0), scored(3, 0))
    second = run_of(tmp_path / "b", scored(1, 1), scored(2, 0, question="Other words?"))
    comparison = compare(first, second)
    assert (comparison.common, comparison.only_first, comparison.only_second) == (1, 2, 1)
    assert "3 left out: 2 only in the first, 1 only in the second" in printed(comparison)


def test_nothing_in_common_is_wrong_usage(tmp_path: Path) -> None:
    first, second = run_of(tmp_path / "a", scored(1, 1)), run_of(tmp_path / "b", scored(2, 1))
    with pytest.raises(WrongUsage, match="no question in common"):
        compare(first, second)
    with pytest.raises(WrongUsage, match="does not exist"):
        compare(first, tmp_path / "missing")


def test_printed_in_a_pipe_and_on_a_terminal(tmp_path: Path) -> None:
    first = run_of(tmp_path / "a", *(scored(i, 0) for i in range(5)))
    second = run_of(tmp_path / "b", *(scored(i, 1) for i in range(5)))
    plain = printed(compare(first, second)).splitlines()
    assert plain[0] == "5 questions in both runs"
    assert plain[1].split() == ["hits@1", "0.000", "1.000", "+1.000", "1.000", "to", "1.000", "5/0", "better"]
    assert "won/lost" in printed(compare(first, second), terminal=True)
