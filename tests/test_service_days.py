"""Days come to one form, however they are put, and numbers are not taken for years."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.answer.text.dates import days_in


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("April 20, 2026", (2026, 4, 20)),
        ("20 April 2026", (2026, 4, 20)),
        ("20th of April 2026", (2026, 4, 20)),
        ("20. April 2026", (2026, 4, 20)),
        ("2026-04-20", (2026, 4, 20)),
        ("Sept. 5", (None, 9, 5)),
        ("May 2026", (2026, 5, None)),
        ("2027", (2027, None, None)),
        ("It opened in 1969.", (1969, None, None)),
        ("in early 2027, they say", (2027, None, None)),
    ],
)
def test_a_day_is_read_with_what_it_says(text: str, day: tuple[int | None, int | None, int | None]) -> None:
    (found,) = days_in(text)
    assert (found.year, found.month, found.day) == day


@pytest.mark.parametrize(
    "text", ["1500 soldiers", "the mayor marched 20 miles", "$2000", "about 2000", "by 2000.5", "in 1999%"]
)
def test_what_is_no_day_is_not_read_as_one(text: str) -> None:
    assert days_in(text) == []


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("20 April 2026", "April 2026", True),
        ("20 April 2026", "April 20", True),
        ("20 April 2026", "21 April 2026", False),
        ("2027", "2028", False),
        ("2026", "April 20", False),  # nothing that both say
    ],
)
def test_days_that_say_different_things_may_still_be_the_same(one: str, other: str, same: bool) -> None:
    (a,), (b,) = days_in(one), days_in(other)
    assert a.may_be(b) is same
    assert b.may_be(a) is same


@given(st.text(alphabet="0123456789 -,.AprilMay of in", max_size=60))
def test_every_day_stands_where_it_says_and_none_overlap(text: str) -> None:
    days = days_in(text)
    assert all(text[day.start : day.end] == day.words for day in days)
    assert all(one.end <= two.start for one, two in pairwise(days))
