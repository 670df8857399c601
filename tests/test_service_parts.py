"""Several questions in one, and things that are compared."""

import pytest

from service.answer.text.parts import compared, parts_of


@pytest.mark.parametrize(
    ("question", "parts"),
    [
        ("Who built it, and when was it opened?", ("Who built it?", "when was it opened?")),
        ("How high is the tower? When was it built?", ("How high is the tower?", "When was it built?")),
        ("Who built it?", ("Who built it?",)),
        ("What do we know and when?", ("What do we know and when?",)),
        ("Who buys bread and butter?", ("Who buys bread and butter?",)),
    ],
)
def test_a_question_may_have_parts(question: str, parts: tuple[str, ...]) -> None:
    assert parts_of(question) == parts


@pytest.mark.parametrize(
    ("question", "things"),
    [
        ("Compare Trainium with Blackwell.", ("Trainium", "Blackwell")),
        ("What is the difference between training and inference?", ("training", "inference")),
        ("How do training and inference differ?", ("training", "inference")),
        ("training vs. inference", ("training", "inference")),
        ("Who trained with the team?", ()),
        ("How much does training cost?", ()),
    ],
)
def test_things_that_are_compared(question: str, things: tuple[str, ...]) -> None:
    assert compared(question) == things
