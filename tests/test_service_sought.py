"""The kind of thing asked for is read from a question, and looked for in a sentence."""

import pytest

from service.sought import Wanted, holds, wanted


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("How much will Amazon invest in Anthropic right away?", "amount"),
        ("What is Amazon's total commitment to Anthropic?", "amount"),
        ("how large is the commitment altogether", "amount"),
        ("What percentage of Anthropic does Amazon own?", "percentage"),
        ("How many gigawatts does Anthropic get?", "count"),
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
