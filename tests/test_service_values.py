"""Figures come to one form, however they are put."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.answer.text.amounts import Value, mentions_in


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
        ("5GW", 5e9, "watt"),
        ("five gigawatts", 5e9, "watt"),
        ("1,234,567 people", 1234567.0, ""),
        ("150 boats", 150.0, ""),
        ("US$5bn", 5e9, "USD"),
        ("1.5 million francs", 1.5e6, "CHF"),
        ("SEK 40 million", 40e6, "SEK"),
        ("usd 40", 40.0, "USD"),
        ("try 40 times", 40.0, ""),
        ("31 €", 31.0, "EUR"),
        ("CHF 31", 31.0, "CHF"),
        ("Rs. 500", 500.0, "INR"),
        ("€1.234.567", 1_234_567.0, "EUR"),
        ("1 234,50 kr", 1234.5, "SEK"),
        ("1'234.50 CHF", 1234.5, "CHF"),
        ("1,5 Mio. €", 1.5e6, "EUR"),
        ("5,000,000,000 dollars", 5e9, "USD"),
        ("€1.234", 1234.0, "EUR"),
        ("1.234 kg", 1234.0, "gram"),
        ("1,5 kg", 1500.0, "gram"),
        ("0,500 kg", 500.0, "gram"),
        ("021 694", 21_694.0, ""),
        ("0,500,250", 500_250.0, ""),
        ("5 lbs", 5.0, "pound"),
        ("40 °C", 40.0, "celsius"),
        ("40 degrees Fahrenheit", 40.0, "fahrenheit"),
        ("-5 °C", -5.0, "celsius"),
        ("30 km", 30_000.0, "meter"),
        ("30 miles", 30.0, "mile"),
        ("60 mph", 60.0, "mile-per-hour"),
        ("forty minutes", 2400.0, "second"),
        ("two hundred and fifty thousand people", 250_000.0, ""),
        ("0.34 watt-hours", 0.34, "watt-hour"),
        ("free of charge", 0.0, "free"),
        ("at no charge", 0.0, "free"),
        ("twice a day", 2.0, ""),
    ],
)
def test_a_figure_is_read_with_its_unit(text: str, amount: float, unit: str) -> None:
    assert {mention.value for mention in mentions_in(text)} == {Value(amount, unit)}


def test_a_currency_goes_for_the_sums_behind_it_and_not_for_what_is_counted() -> None:
    text = "It cost $2.3 billion, later 2.1 billion, and has 150 million users, 3 of them paying."
    assert [mention.value.unit for mention in mentions_in(text)] == ["USD", "USD", "", ""]


@pytest.mark.parametrize(
    "text",
    [
        "multi-billion-dollar deal",
        "someone",
        "GPT-x",
        "B2B",
        "nobody knows",
        "BX-100",
        "3.1.2",
        "07:30",
        "feel free to ask",
        "once you have signed",
        "once a mentor is found",
    ],
)
def test_what_is_no_figure_is_not_read_as_one(text: str) -> None:
    assert not mentions_in(text)


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


SAME = [
    ("$5 billion", "USD 5bn"),
    ("$5 billion", "5,000,000,000 dollars"),
    ("€1.5 million", "1,5 Mio. €"),
    ("1,234.50 SEK", "1 234,50 kr"),
    ("5 lb", "5 pounds"),
    ("90 minutes", "1.5 hours"),
    ("1 km", "1,000 metres"),
    ("free of charge", "€0"),
    ("€31 per night", "31 €"),
    ("twice a year", "two times a year"),
]
OTHER = [
    ("5 kg", "5 lb"),
    ("40 °C", "40 °F"),
    ("30 km", "30 miles"),
    ("3.1", "3.10"),
    ("$5", "€5"),
    ("$5 per month", "$5 per year"),
    ("5%", "5"),
    ("5 °C", "-5 °C"),
    ("5 MB", "5 GB"),
    ("once a year", "twice a year"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_one_figure_in_two_notations_is_the_same(one: str, other: str) -> None:
    (a,), (b,) = mentions_in(one), mentions_in(other)
    assert a.is_same(b)
    assert b.is_same(a)


@pytest.mark.parametrize(("one", "other"), OTHER)
def test_figures_of_other_units_are_not_the_same(one: str, other: str) -> None:
    (a,), (b,) = mentions_in(one), mentions_in(other)
    assert not a.may_be(b)
    assert not b.is_same(a)
