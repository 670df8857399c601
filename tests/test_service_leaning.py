"""Sentences that are only understood with the one before, or with those after."""

import pytest

from service.answer.leaning import announced, leans_back


@pytest.mark.parametrize(
    "sentence",
    [
        "It was rebuilt.",
        "The company paid.",
        "Found by Omar Haddad.",
        "Reported in March.",
        "These fell.",
        "Built by hand.",
    ],
)
def test_what_has_its_subject_in_the_sentence_before_leans_back(sentence: str) -> None:
    assert leans_back(sentence)


@pytest.mark.parametrize(
    "sentence",
    ["The town built a harbour.", "Built in 1998, the harbour is new.", "This week it rained.", "Ann Lee found it."],
)
def test_what_names_its_subject_does_not(sentence: str) -> None:
    assert not leans_back(sentence)


@pytest.mark.parametrize(
    ("sentence", "number"),
    [
        ("Keller draws three lessons.", 3),
        ("There are two main reasons for this.", 2),
        ("It takes 4 steps:", 4),
        ("Three reasons were given by the council.", 0),
        ("The mill has three chimneys.", 0),
    ],
)
def test_a_sentence_may_announce_those_after_it(sentence: str, number: int) -> None:
    assert announced(sentence) == number
