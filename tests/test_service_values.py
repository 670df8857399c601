"""Figures come to one form, however they are put."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.answer.text.amounts import Value, mentions_in, values_in


@pytest.mark.parametrize(
    ("text", "amount", "unit"),
    [
        ("$5 billion", 5e9, "USD"),
        ("USD 5bn", 5e9, "USD"),
        ("five billion dollars", 5e9, "USD"),
        ("5-billion-dollar", 5e9, "USD"),
        ("$5,000,000,000", 5e9, "USD"),
        ("$18bn", 18e9, "USD"),
        ("$60B deal", 60e9, "USD"),
        ("€3.5 million", 3.5e6, "EUR"),
        ("12 pounds", 12.0, "GBP"),
        ("40%", 40.0, "%"),
        ("3.2 per cent", 3.2, "%"),
        ("5GW", 5.0, "gigawatt"),
        ("five gigawatts", 5.0, "gigawatt"),
        ("1,234,567 people", 1234567.0, ""),
        ("150 boats", 150.0, ""),
        ("US$5bn", 5e9, "USD"),
        ("1.5 million francs", 1.5e6, "CHF"),
        ("SEK 40 million", 40e6, "SEK"),
        ("usd 40", 40.0, "USD"),
        ("try 40 times", 40.0, ""),
    ],
)
def test_a_figure_is_read_with_its_unit(text: str, amount: float, unit: str) -> None:
    assert values_in(text) == {Value(amount, unit)}


def test_a_currency_goes_for_the_sums_behind_it_and_not_for_what_is_counted() -> None:
    text = "It cost $2.3 billion, later 2.1 billion, and has 150 million users, 3 of them paying."
    assert [mention.value.unit for mention in mentions_in(text)] == ["USD", "USD", "", ""]


@pytest.mark.parametrize("text", ["multi-billion-dollar deal", "someone", "GPT-x", "B2B", "nobody knows"])
def test_what_is_no_figure_is_not_read_as_one(text: str) -> None:
    assert values_in(text) == frozenset()


@pytest.mark.parametrize(
    ("text", "hedge"),
    [("over $4 billion", "over"), ("more than $100 billion", "more than"), ("up to 5 gigawatts", "up to"), ("$8", "")],
)
def test_the_word_that_bounds_a_figure_belongs_to_it(text: str, hedge: str) -> None:
    (mention,) = mentions_in(f"It was {text} then.")
    assert (mention.hedge, mention.words) == (hedge, text)


@given(st.text(max_size=200))
def test_every_mention_stands_where_it_says(text: str) -> None:
    for mention in mentions_in(text):
        assert text[mention.start : mention.end].strip() == mention.words
