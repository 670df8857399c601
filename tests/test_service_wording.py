"""What a question asks for is read from its words."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.answer.text.terms import (
    asks_back,
    asks_for_list,
    asks_for_overview,
    asks_whether,
    asks_whether_it_happened,
    covered,
    distinctive,
    missing_names,
    name_others,
    names_in,
    of_total,
    parts_of,
    tells_back,
    tells_now,
    tells_of_pending,
    terms,
)


def test_rare_words_weigh_more_than_common_ones() -> None:
    weights = terms("Which chips does Anthropic use?")
    assert weights["anthrop"] > weights["chip"] > weights["use"]
    assert "which" not in weights


@pytest.mark.parametrize(
    ("one", "other", "apart"),
    [
        ("The tower of A is 120 m high.", "The tower of B is 120 m high.", True),
        ("Building A has a roof.", "Building B has a roof.", True),
        ("Rome has 40 parks.", "Pisa has 40 parks.", True),
        ("Google said it will pay.", "Amazon said it will pay.", True),
        ("“Rome pays.”", '"Pisa pays."', True),
        ("The port of East Selby is old.", "The port of West Selby is old.", True),
        ("Amazon invests $5 billion.", "Amazon.com invests $5 billion.", False),
        ("Amazon.com of Seattle invests $5 billion.", "Amazon invests $5 billion.", False),
        ("Google's plan is known.", "Google has a plan.", False),
        ("AWS runs it.", "Amazon Web Services runs it.", False),
        ("The U.S. pays.", "The United States pay.", False),
        ("Dario Amodei leads it.", "Mr. Amodei leads it.", False),
        ("In 1998 Aldwick built a harbour.", "The town of Aldwick built a harbour in 1998.", False),
        ("On Monday Aldwick built a harbour.", "Aldwick built a harbour in April.", False),
        ("However, it rained.", "Then it rained.", False),
    ],
)
def test_sentences_about_others_are_told_apart(one: str, other: str, apart: bool) -> None:
    assert name_others(one, other) == name_others(other, one) == apart


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


@pytest.mark.parametrize(
    ("question", "parts"),
    [
        ("Who built it, and when was it opened?", ("Who built it?", "when was it opened?")),
        ("What does Rome gain and what does Pisa gain?", ("What does Rome gain?", "what does Pisa gain?")),
        ("How much do Rome and Pisa each pay?", ("How much do Rome pay?", "How much do Pisa pay?")),
        ("Who built the bridge and the tower?", ("Who built the bridge and the tower?",)),
        ("Compare what Rome gives and what Pisa gives.", ("Compare what Rome gives and what Pisa gives.",)),
        ("and when?", ("and when?",)),
    ],
)
def test_a_question_may_have_parts(question: str, parts: tuple[str, ...]) -> None:
    assert parts_of(question) == parts


def test_a_list_is_told_from_one_thing() -> None:
    assert asks_for_list("Which companies have raised their spending?")
    assert asks_for_list("List the towns on the river.")
    assert not asks_for_list("Which company has raised its spending?")
    assert not asks_for_list("What is the price?")


def test_a_total_is_asked_and_told_in_different_words() -> None:
    assert of_total("How large is the commitment altogether?")
    assert of_total("That lifts its total commitment to $13 billion.")
    assert not of_total("It invests $5 billion more.")


def test_yes_or_no_is_asked_of_what_is_done_and_of_what_is() -> None:
    assert asks_whether("Did the council approve the bridge?")
    assert asks_whether_it_happened("Did the council approve the bridge?")
    assert asks_whether("Isn't it open when it rains?")
    assert not asks_whether_it_happened("Isn't it open when it rains?")
    assert not asks_whether("Do the articles say when it opens?")
    assert not asks_whether("What did the council do?")


def test_what_is_pending_is_told_from_what_came_about() -> None:
    assert tells_of_pending("The bridge needs the approval of the council.")
    assert tells_of_pending("The council is expected to decide in May.")
    assert not tells_of_pending("The council approved the bridge.")


def test_what_is_so_now_is_told_from_what_was() -> None:
    assert tells_now("How long is the pier now?", "It is now 40 metres long.") == 1.0
    assert tells_now("How long is the pier now?", "The pier was 60 metres long in 1990.") == -1.0
    assert tells_now("How long is the pier?", "The pier was 60 metres long in 1990.") == 0.0
