"""Confidence against what came true, worked out by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.scoring.reliability import Bin, calibration_error, reliability


def test_bins_hold_as_many_questions_each_least_confident_first() -> None:
    confidences = [0.9] * 15 + [0.1] * 15
    answerable = [True] * 12 + [False] * 3 + [True] * 3 + [False] * 12
    low, high = reliability(confidences, answerable)
    assert [low.confidence, high.confidence] == [pytest.approx(0.1), pytest.approx(0.9)]
    assert [(low.share, low.count), (high.share, high.count)] == [(0.2, 15), (0.8, 15)]


def test_too_few_questions_make_no_curve() -> None:
    assert reliability([0.5] * 29, [True] * 29) == []
    assert reliability([], []) == []


def test_the_error_is_the_mean_distance_from_the_diagonal() -> None:
    assert calibration_error([Bin(0.1, 0.2, 10), Bin(0.9, 0.6, 30)]) == pytest.approx(0.25)
    assert calibration_error([Bin(0.3, 0.3, 5)]) == 0.0
    assert calibration_error([]) == 0.0


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=30, max_size=200))
def test_every_question_is_in_one_bin(asked: list[tuple[float, bool]]) -> None:
    bins = reliability([c for c, _ in asked], [a for _, a in asked])
    assert sum(one.count for one in bins) == len(asked)
    assert sum(one.share * one.count for one in bins) == pytest.approx(sum(a for _, a in asked))
    assert [one.confidence for one in bins] == sorted(one.confidence for one in bins)
