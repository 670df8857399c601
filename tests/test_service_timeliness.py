"""How well days of publication suit a question: fully within its time, less and less outside, half where unknown."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.answer.retrieval.timeliness import bonus, of_another_time, suits
from service.answer.text.periods import Period
from service.answer.text.when import AskedOn, Recently, When, Within

AS_OF = date(2026, 6, 17)
APRIL = Within((Period(date(2026, 4, 1), date(2026, 4, 30)),))
BEFORE_MAY = Within((Period(None, date(2026, 4, 30)),))
DAYS = st.dates(date(1990, 1, 1), AS_OF)


@pytest.mark.parametrize("when", [APRIL, BEFORE_MAY, Recently(), AskedOn()])
def test_an_unknown_day_is_neither_better_nor_worse(when: When) -> None:
    assert suits(None, when, AS_OF) == 0.5
    assert not of_another_time(None, AS_OF, when, AS_OF)
    assert not of_another_time(AS_OF, None, when, AS_OF)


def test_what_was_published_in_the_period_suits_in_full_and_shortly_after_it_too() -> None:
    assert suits(date(2026, 4, 1), APRIL, AS_OF) == suits(date(2026, 5, 4), APRIL, AS_OF) == 1
    assert suits(date(2026, 3, 28), APRIL, AS_OF) > suits(date(2026, 3, 1), APRIL, AS_OF) > 0
    assert of_another_time(date(2026, 3, 1), date(2026, 4, 9), APRIL, AS_OF)
    assert not of_another_time(date(2026, 4, 2), date(2026, 4, 9), APRIL, AS_OF)


def test_where_nothing_is_of_the_time_in_question_nothing_is_of_another() -> None:
    assert not of_another_time(date(2024, 1, 1), date(2025, 1, 1), APRIL, AS_OF)


def test_an_open_period_takes_all_that_was_before() -> None:
    assert suits(date(1990, 1, 1), BEFORE_MAY, AS_OF) == suits(date(2026, 4, 30), BEFORE_MAY, AS_OF) == 1
    assert suits(date(2026, 6, 1), BEFORE_MAY, AS_OF) < 0.01


def test_several_periods_suit_alike() -> None:
    both = Within((Period(date(2026, 4, 1), date(2026, 4, 1)), Period(date(2026, 5, 1), date(2026, 5, 1))))
    assert suits(date(2026, 4, 1), both, AS_OF) == suits(date(2026, 5, 1), both, AS_OF) == 1
    assert suits(date(2026, 4, 16), both, AS_OF) < 0.1


@given(DAYS, DAYS)
def test_the_newer_suits_the_latest_at_least_as_well(one: date, other: date) -> None:
    newer, older = max(one, other), min(one, other)
    assert suits(newer, Recently(), AS_OF) >= suits(older, Recently(), AS_OF)


@given(st.dates(), st.sampled_from([APRIL, BEFORE_MAY, Recently(), AskedOn()]))
def test_a_day_suits_between_0_and_1_and_gains_something_bounded(published: date, when: When) -> None:
    assert 0 <= suits(published, when, AS_OF) <= 1
    assert 0 <= bonus(published, when, AS_OF) <= 0.4


@given(st.dates(AS_OF + timedelta(days=1)), st.sampled_from([APRIL, BEFORE_MAY, Recently(), AskedOn()]))
def test_what_was_not_there_yet_suits_not_at_all(published: date, when: When) -> None:
    assert suits(published, when, AS_OF) == 0
