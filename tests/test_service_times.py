"""What a question says of time: periods named in many ways, counted from the day on which it is asked."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.answer.text.dates import WEEKDAYS
from service.answer.text.periods import Period, around, last_weekday
from service.answer.text.when import Recently, Within, when_asked

WEDNESDAY = date(2026, 6, 17)


def days(text: str) -> Period:
    """Read "2026-06-15..2026-06-17"; a dot or two at an end leaves it open."""
    first, last = (date.fromisoformat(day) if day else None for day in text.split(".."))
    return Period(first, last)


@pytest.mark.parametrize(
    ("question", "periods"),
    [
        ("What did the bank decide today?", "2026-06-17..2026-06-17"),
        ("yesterday's vote", "2026-06-16..2026-06-16"),
        ("What did the bank decide this week?", "2026-06-15..2026-06-17"),
        ("What did the bank decide last week?", "2026-06-08..2026-06-14"),
        ("What did the bank say in the last two weeks?", "2026-06-03..2026-06-17"),
        ("What did the bank decide two weeks ago?", "2026-05-31..2026-06-06"),
        ("Which flaws were mended this month?", "2026-06-01..2026-06-17"),
        ("sales last quarter", "2026-01-01..2026-03-31"),
        ("sales in the second quarter of 2025", "2025-04-01..2025-06-30"),
        ("Q3 2025 results", "2025-07-01..2025-09-30"),
        ("Who resigned last year?", "2025-01-01..2025-12-31"),
        ("Who resigned in 2025?", "2025-01-01..2025-12-31"),
        ("What was signed in April 2026?", "2026-04-01..2026-04-30"),
        ("What was signed in april?", "2026-04-01..2026-04-30"),
        ("What was signed in September?", "2025-09-01..2025-09-30"),
        ("What was decided at the May meeting?", "2026-05-01..2026-05-31"),
        ("What has changed since March?", "2026-03-01..2026-06-17"),
        ("What was said since the announcement on 3 May?", "2026-05-03..2026-06-17"),
        ("What was the price before the announcement on 3 May?", "..2026-05-02"),
        ("What was the price before April 2026?", "..2026-03-31"),
        ("What was said between March and May?", "2026-03-01..2026-05-31"),
        ("What was said from 3 April to 10 April 2026?", "2026-04-03..2026-04-10"),
        ("Who won on Monday?", "2026-06-15..2026-06-15"),
        ("Who won last Friday?", "2026-06-12..2026-06-12"),
        ("Who won last Wednesday?", "2026-06-10..2026-06-10"),
        ("What did Friday's ruling say?", "2026-06-12..2026-06-12"),
        ("Who won over the weekend?", "2026-06-13..2026-06-14"),
        ("What was reported on 2026-06-10?", "2026-06-10..2026-06-10"),
    ],
)
def test_a_period_is_understood_from_the_day_of_the_question(question: str, periods: str) -> None:
    assert when_asked(question, WEDNESDAY) == Within((days(periods),))


def test_several_days_are_several_periods() -> None:
    question = "Between the report published on October 7, 2025, and the one of October 12, 2025, was there a change?"
    both = (days("2025-10-07..2025-10-07"), days("2025-10-12..2025-10-12"))
    assert when_asked(question, WEDNESDAY) == Within(both)


@pytest.mark.parametrize(
    "question",
    ["What is the latest on the strike?", "Who is the current mayor?", "most recent rate", "how old is he now"],
)
def test_the_newest_is_asked_for(question: str) -> None:
    assert when_asked(question, WEDNESDAY) == Recently()


@pytest.mark.parametrize(
    "question",
    [
        "Which company may raise prices?",
        "Who led the march on Washington?",
        "What did May say?",
        "How many years ago did it start?",
        "How many seconds does it take?",
        "What has changed since the announcement?",
        "Will it open by 2030?",
        "What will open in September?",
        "What is planned for next month?",
        "How long did the last week of school take?",
        "What was said at the second meeting?",
        "Who signed on 30 February?",
        "Who won in 2031?",
    ],
)
def test_other_questions_name_no_time_that_has_been(question: str) -> None:
    assert when_asked(question, WEDNESDAY) is None


_WORDS = st.sampled_from(
    "this last past week month year quarter since before after between and in on the 2025 2026 3 31 29 May February "
    "April Monday weekend ago two few from to by Q1 second of yesterday latest announcement 2024-02-30 30".split()
)


@given(st.lists(_WORDS, max_size=12), st.dates(date(1990, 1, 1), date(2090, 12, 31)))
def test_no_period_begins_after_the_question(words: list[str], as_of: date) -> None:
    when = when_asked(" ".join(words), as_of)
    if isinstance(when, Within):
        assert when.periods
        assert all((period.first or as_of) <= as_of for period in when.periods)
        assert all(period.last is not None and period.last <= as_of for period in when.periods)


@given(st.dates(date(1990, 1, 1), date(2090, 12, 31)), st.sampled_from(["day", "week", "month", "quarter", "year"]))
def test_periods_of_the_calendar_follow_one_another(day: date, unit: str) -> None:
    period = around(day, unit)
    assert period.first is not None
    assert period.last is not None
    assert period.first <= day <= period.last
    assert around(period.last + timedelta(days=1), unit).first == period.last + timedelta(days=1)


@given(st.dates(date(1990, 1, 1), date(2090, 12, 31)), st.sampled_from([*WEEKDAYS]))
def test_the_last_weekday_is_within_the_week(day: date, name: str) -> None:
    last = last_weekday(day, WEEKDAYS[name])
    assert last.strftime("%A").lower() == name
    assert 0 <= (day - last).days < 7
