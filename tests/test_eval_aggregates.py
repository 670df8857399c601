"""Scores of a run, computed by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.records import Result
from eval.scoring.aggregates import aggregate, risk_coverage_area
from eval.scoring.intervals import RESAMPLES, interval, resampled_means


def result(name: str, *, answerable: bool = True, confidence: float | None = 0.5, **scores: float) -> Result:
    renamed = {key.replace("_at_", "@"): value for key, value in scores.items()}
    return Result(name, "?", answerable, confidence=confidence, scores=renamed)


def test_means_are_over_the_questions_that_have_the_score() -> None:
    scores = aggregate([result("a", hits_at_1=1.0), result("b", hits_at_1=0.0), result("c", token_f1=0.5)])
    assert scores["hits@1"]["mean"] == 0.5
    assert scores["hits@1"]["n"] == 2
    assert scores["token_f1"] == {"mean": 0.5, "low": 0.5, "high": 0.5, "n": 1}
    assert "exact_match" not in scores
    assert "latency_ms_p50" not in scores


def test_no_results_have_no_scores() -> None:
    assert aggregate([]) == {}


def test_refusals_by_hand() -> None:
    # Three unanswerable, two of them refused; four answerable, one of them refused.
    results = [result(f"u{i}", answerable=False, refusal_recall=1.0, refusal_precision=1.0) for i in range(2)]
    results.append(result("u2", answerable=False, refusal_recall=0.0))
    results += [result(f"a{i}", answerable_answered=1.0) for i in range(3)]
    results.append(result("a3", answerable_answered=0.0, refusal_precision=0.0))
    scores = aggregate(results)
    assert scores["refusal_precision"]["mean"] == pytest.approx(2 / 3)
    assert scores["refusal_recall"]["mean"] == pytest.approx(2 / 3)
    balanced = scores["refusal_balanced_accuracy"]
    assert balanced["value"] == pytest.approx((2 / 3 + 3 / 4) / 2)
    assert balanced["n"] == 7
    assert balanced["low"] is not None
    assert balanced["high"] is not None
    assert balanced["low"] <= balanced["value"] <= balanced["high"]


def test_balanced_accuracy_needs_questions_of_both_kinds() -> None:
    assert "refusal_balanced_accuracy" not in aggregate([result("a", answerable_answered=1.0)])


@pytest.mark.parametrize(
    ("confidences", "correct", "expected"),
    [
        ([0.9, 0.8, 0.7], [True, True, False], (0 + 0 + 1 / 3) / 3),
        ([0.9, 0.8, 0.7], [False, True, True], (1 + 1 / 2 + 1 / 3) / 3),
        ([0.5, 0.5], [True, False], 0.5),  # tied: half a mistake in each place
        ([0.5, 0.5], [False, True], 0.5),
        ([0.1], [True], 0.0),
    ],
)
def test_risk_coverage_area_by_hand(confidences: list[float], correct: list[bool], expected: float) -> None:
    assert risk_coverage_area(confidences, correct) == pytest.approx(expected)


@given(st.lists(st.tuples(st.sampled_from([0.1, 0.5, 0.9]), st.booleans()), min_size=1))
def test_risk_coverage_area_does_not_depend_on_the_order(pairs: list[tuple[float, bool]]) -> None:
    area, other = (risk_coverage_area([c for c, _ in p], [r for _, r in p]) for p in (pairs, pairs[::-1]))
    assert area == pytest.approx(other)
    assert 0 <= area <= 1


def test_risk_counts_unanswerable_questions_as_wrong_and_errors_as_last() -> None:
    results = [
        result("right", confidence=0.9, answer_in_quotes=1.0),
        result("unanswerable", answerable=False, confidence=0.5, refusal_recall=1.0),
        result("error", confidence=None, answer_in_quotes=0.0),
        result("unknown", confidence=1.0, answerable_answered=1.0),
    ]
    area = aggregate(results)["risk_coverage_area"]
    assert area["n"] == 3
    assert area["value"] == pytest.approx((0 + 1 / 2 + 2 / 3) / 3)


def test_latency_percentiles() -> None:
    results = [Result(str(i), "?", True, latency_ms=float(i)) for i in range(1, 102)]
    scores = aggregate([*results, Result("error", "?", True)])
    assert scores["latency_ms_p50"] == {"value": 51.0, "low": None, "high": None, "n": 101}
    assert scores["latency_ms_p95"]["value"] == 96.0


def test_intervals_hold_about_two_standard_errors() -> None:
    values = np.array([[1.0]] * 80 + [[0.0]] * 20)
    bounds = interval(resampled_means(values)[:, 0])
    assert bounds is not None
    # The standard error of .8 over 100 questions is .04.
    assert bounds[0] == pytest.approx(0.8 - 1.96 * 0.04, abs=0.015)
    assert bounds[1] == pytest.approx(0.8 + 1.96 * 0.04, abs=0.015)


def test_resampling_is_repeatable_and_pairs_runs_of_the_same_length() -> None:
    values = np.arange(30, dtype=np.float64).reshape(-1, 1)
    first, second = resampled_means(values), resampled_means(values + 1)
    assert first.shape == (RESAMPLES, 1)
    assert np.allclose(second - first, 1)
    assert np.array_equal(first, resampled_means(values))


def test_a_score_that_no_question_has_has_no_interval() -> None:
    assert interval(resampled_means(np.full((5, 1), np.nan))[:, 0]) is None
    # Defined once in five questions: a third of the resamples miss it, the others all say the same.
    assert interval(resampled_means(np.array([[1.0], *[[np.nan]] * 4]))[:, 0]) == (1.0, 1.0)
