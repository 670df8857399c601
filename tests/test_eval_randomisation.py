"""Whether a difference is more than chance."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import permutation_test

from eval.scoring.intervals import Floats
from eval.scoring.randomisation import SWAPS, holm, randomised_p_values


def column(*values: float) -> Floats:
    return np.array(values, dtype=np.float64)[:, np.newaxis]


def p_value(before: Floats, after: Floats) -> float:
    return float(randomised_p_values(before, after, lambda means: means)[0])


def test_a_small_case_by_hand() -> None:
    # Ten won, two lost, 28 the same: the sign test, 2 * (C(12,0) + C(12,1) + C(12,2)) / 2**12.
    before = column(*[0] * 10, *[1] * 2, *[1] * 28)
    after = column(*[1] * 10, *[0] * 2, *[1] * 28)
    assert p_value(before, after) == pytest.approx(2 * 79 / 4096, abs=0.006)


def test_all_won_is_as_rare_as_it_can_be() -> None:
    # Of 2**5 ways to swap five questions, two are as extreme.
    assert p_value(column(0, 0, 0, 0, 0), column(1, 1, 1, 1, 1)) == pytest.approx(2 / 32, abs=0.01)
    assert p_value(column(*[0] * 50), column(*[1] * 50)) == 1 / (SWAPS + 1)


def test_scipy_finds_the_same() -> None:
    rng = np.random.default_rng(1)
    before, after = rng.random(40), rng.random(40) + 0.12
    theirs = permutation_test(
        (after - before,), np.mean, permutation_type="samples", n_resamples=20_000, rng=np.random.default_rng(2)
    )
    assert p_value(column(*before), column(*after)) == pytest.approx(theirs.pvalue, abs=0.02)


def test_a_score_that_only_one_run_has_counts_where_it_is() -> None:
    # Precision of refusals: the first run refused the first four rightly, the second eight others wrongly.
    nan = float("nan")
    before, after = column(*[1] * 4, *[nan] * 8), column(*[nan] * 4, *[0] * 8)
    # One swap moves a refusal from run to run; only with none or all swapped is the difference as large as 1.
    assert p_value(before, after) < 0.01
    assert np.isnan(p_value(before, before))


def test_what_is_the_same_or_undefined_is_not_tested() -> None:
    nan = float("nan")
    before = np.array([[1.0, 0.0, nan], [0.0, 1.0, nan]])
    after = np.array([[1.0, 1.0, nan], [0.0, 0.0, nan]])
    p = randomised_p_values(before, after, lambda means: means)
    assert np.isnan(p).tolist() == [True, False, True]
    assert p[1] == 1


def test_a_measure_of_two_scores() -> None:
    before, after = (
        np.array([[0.0, np.nan]] * 6 + [[np.nan, 0.0]] * 2),
        np.array([[1.0, np.nan]] * 6 + [[np.nan, 1.0]] * 2),
    )
    p = randomised_p_values(before, after, lambda means: means.mean(axis=1, keepdims=True))
    # The mean of two means is 1 apart only as it is or with all eight swapped: 2 / 2**8.
    assert p[0] == pytest.approx(2 / 256, abs=0.004)


def test_no_false_alarm_more_often_than_promised() -> None:
    rng = np.random.default_rng(3)
    alarms = sum(p_value(column(*rng.integers(0, 2, 60)), column(*rng.integers(0, 2, 60))) < 0.05 for _ in range(100))
    # 5 are expected; more than 11 of 100 would be a one-in-a-hundred accident.
    assert alarms <= 11


def test_holm_by_hand() -> None:
    # Smallest first: .01 * 3, .02 * 2, .04 * 1, never below the one before.
    assert holm({"a": 0.04, "b": 0.01, "c": 0.02}) == pytest.approx({"a": 0.04, "b": 0.03, "c": 0.04})
    assert holm({"a": 0.03, "b": 0.011}) == pytest.approx({"b": 0.022, "a": 0.03})
    assert holm({"a": 0.7, "b": 0.6}) == {"a": 1.0, "b": 1.0}
    assert holm({}) == {}


@given(st.dictionaries(st.text(max_size=3), st.floats(0, 1), max_size=12))
def test_holm_is_between_no_correction_and_bonferroni_and_keeps_the_order(p_values: dict[str, float]) -> None:
    corrected = holm(p_values)
    assert set(corrected) == set(p_values)
    for name, p in p_values.items():
        assert p <= corrected[name] <= min(1.0, p * len(p_values))
    ordered = sorted(p_values, key=p_values.__getitem__)
    assert [corrected[name] for name in ordered] == sorted(corrected.values())
