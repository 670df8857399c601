"""The kind of thing asked for is read from a question, and looked for in a sentence."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.answer.sought import Wanted, holds, lacks, wanted


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
        ("its earlier funding, 4 or 8 billion", "amount"),
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


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("How old was he when he died?", "number"),
        ("How many years did it stand still?", "duration"),
        ("Which company owns the reactor?", "name"),
        ("At what valuation did it buy in?", "amount"),
        ("What should one look at when picking a supplier?", None),
        ("Which boss said how much power it takes?", None),
        ("Do I need a note when I am ill?", None),
        ("Is it open to those who work there?", None),
        ("Do you know when it opens?", "date"),
        ("How much memory does it cost?", "number"),
        ("What does the mill pay the town?", "amount"),
        ("What do you pay attention to?", None),
        ("How much time does it cost?", "duration"),
        ("How often does it open?", "frequency"),
        ("Who is Ann Lee?", None),
        ("Who is Ann Lee's doctor?", "person"),
        ("Who is the doctor of Ann Lee?", "person"),
    ],
)
def test_what_a_question_asks_first_counts(question: str, kind: Wanted | None) -> None:
    assert wanted(question) == kind


@pytest.mark.parametrize(
    ("question", "text", "surely"),
    [
        ("How many robots took part?", "Twelve robots took part.", 0.0),
        ("How many robots took part?", "The fair had 12 halls.", 0.5),
        ("How many robots took part?", "The robots cost $12 million.", 1.0),
        ("How many robots took part?", "Robots took part.", 1.0),
        ("How many people work there?", "The plant has 400 employees.", 0.0),
        ("How much electricity did it use in 2015?", "It used 415 terawatt-hours in 2024.", 1.0),
        ("How much electricity did it use in 2024?", "It used 415 terawatt-hours in 2024.", 0.0),
        ("How much water does it use?", "It uses 0.3 watt-hours.", 1.0),
        ("Who founded Cursor?", "Cursor was sold.", 1.0),
        ("Who approves it?", "your manager does.", 0.5),
        ("Who do I write to?", "write to people@mill.example.", 0.0),
        ("How often do they practise?", "They have 40 boats.", 1.0),
        ("How often do they practise?", "They practise twice a year.", 0.0),
        ("Why was it sold?", "It was sold.", 0.0),
        ("Where is the fair held?", "The fair is held in Riga.", 0.0),
        ("Where is the fair held?", "It fills the north of the harbour.", 0.0),
        ("Where is the fair held?", "The fair is held on multi-year contracts.", 1.0),
    ],
)
def test_a_text_lacks_what_is_asked_for_more_or_less_surely(question: str, text: str, surely: float) -> None:
    assert lacks(question, text) == surely


@given(st.text(max_size=60), st.text(max_size=60))
def test_how_surely_is_a_share_for_any_words(question: str, text: str) -> None:
    assert 0.0 <= lacks(question, text) <= 1.0
