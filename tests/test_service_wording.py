"""What a question asks for is read from its words."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.wording import (
    Wanted,
    asks_back,
    asks_for_overview,
    covered,
    distinctive,
    holds,
    missing_names,
    names_in,
    tells_back,
    terms,
    wanted,
)


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("How much will Amazon invest in Anthropic right away?", "amount"),
        ("What is Amazon's total commitment to Anthropic?", "amount"),
        ("how large is the commitment altogether", "amount"),
        ("What percentage of Anthropic does Amazon own?", "percentage"),
        ("How many gigawatts does Anthropic get?", "number"),
        ("When does the capacity come online?", "date"),
        ("in which year was it built", "date"),
        ("Who is the CEO of Anthropic?", "person"),
        ("What are the risks of the deal?", None),
        ("Why is compute scarce?", None),
    ],
)
def test_the_kind_of_thing_asked_for_is_read_from_the_question(question: str, kind: Wanted | None) -> None:
    assert wanted(question) == kind


@pytest.mark.parametrize(
    ("kind", "sentence", "held"),
    [
        ("amount", "It invests $5 billion.", True),
        ("amount", "It invests five billion dollars.", True),
        ("amount", "It invests billions more.", False),
        ("amount", "It runs 5 plants.", False),
        ("percentage", "It owns 15% of it.", True),
        ("percentage", "It owns 15 shares.", False),
        ("number", "Eleven boats came.", True),
        ("number", "Boats came.", False),
        ("date", "It opened in 1998.", True),
        ("date", "It opened in April.", True),
        ("date", "It opened.", False),
        ("person", "The bridge was built by Ann Lee.", True),
        ("person", "the bridge was built", False),
    ],
)
def test_a_sentence_holds_the_kind_or_not(kind: Wanted, sentence: str, held: bool) -> None:
    assert holds(kind, sentence, "question") is held


def test_a_name_that_the_question_gives_itself_answers_no_who() -> None:
    assert not holds("person", "Anthropic grew.", "Who founded Anthropic?")
    assert holds("person", "Anthropic was founded by Ann Lee.", "Who founded Anthropic?")


def test_rare_words_weigh_more_than_common_ones() -> None:
    weights = terms("Which chips does Anthropic use?")
    assert weights["anthrop"] > weights["chip"] > weights["use"]
    assert "which" not in weights


def test_what_every_text_holds_tells_little() -> None:
    texts = ["Anthropic grew.", "Anthropic shrank.", "Anthropic took a risk."]
    weights = distinctive("What are the risks for Anthropic?", texts)
    assert weights["risk"] > weights["anthrop"]
    assert covered(weights, texts[2]) == 1.0
    assert 0.0 < covered(weights, texts[0]) < 0.5


@given(st.text(string.ascii_letters + " ?", max_size=80), st.text(max_size=80))
def test_coverage_is_a_share(question: str, text: str) -> None:
    assert 0.0 <= covered(terms(question), text) <= 1.0
    assert covered(terms(question), question) == pytest.approx(1.0)


def test_names_are_words_with_a_capital_inside_the_question() -> None:
    assert names_in("What did Google pay?") == ["Google"]
    assert missing_names("How does AWS gain?", ["Amazon Web Services gains."]) == []
    assert missing_names("How much did Google invest?", ["Amazon invested $5 billion."]) == ["Google"]


def test_before_is_asked_and_told_in_different_words() -> None:
    assert asks_back("How much had it invested before?")
    assert not asks_back("Is it already running?")
    assert tells_back("It has already invested $4 billion.")


def test_an_overview_is_told_from_a_fact() -> None:
    assert asks_for_overview("Summarise the deal")
    assert asks_for_overview("What do the sources say about lock-in?")
    assert not asks_for_overview("When was the deal signed?")
