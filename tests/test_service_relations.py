"""A text about a thing that tells nothing of what is asked about it does not answer."""

import pytest

from service.answer.relations import untold


@pytest.mark.parametrize(
    ("question", "text", "missing"),
    [
        ("Who founded Cursor?", "SpaceX buys the startup Cursor for $60 billion.", True),
        ("Who founded Cursor?", "Ann Lee started Cursor in 2022.", False),
        ("Who is the CEO of Kairos Power?", "Kairos Power plans six reactors.", True),
        ("Who is the CEO of Kairos Power?", "Ann Lee heads Kairos Power.", False),
        ("Who is the CEO of Amazon?", "It is what Tim Cook, Apple's departing CEO, prepared.", True),
        ("Who is Apple's CEO?", "It is what Tim Cook, Apple's departing CEO, prepared.", False),
        ("Who is the head of Rome's library?", "Ann Lee, the head of Pisa, came to Rome.", False),
        ("Who is the mayor of Pisa?", "The mayor of Rome has a library.", True),
        ("What is the annual revenue of the mill?", "The mill spends $3 million a year.", True),
        ("What is the annual revenue of the mill?", "The mill turned over $3 million a year.", False),
        ("Who is the CFO of the mill?", "The mill's chief executive, Ann Lee, is 40.", True),
        ("Who is the CFO of the mill?", "Ann Lee is finance director of the mill.", False),
        ("What is the phone number of the assistant?", "The assistant is in room 2.14.", True),
        ("What is the phone number of the desk?", "The desk has extension 4400.", False),
        ("When was the song released?", "It is a single of 1984.", False),
        ("What did Ann Lee say about the bridge?", "Ann Lee walked over the bridge.", True),
        ("What did Ann Lee say about the bridge?", "The bridge is old, Ann Lee wrote.", False),
        ("What do users run into?", "Users run into limits.", False),
        ("Where is the bridge?", "The boat is red.", False),
        (
            "Which company did both the Herald's report on annual revenue and the Courier's article about the inquiry into "
            "the sale of mills name as the one that left the valley?",
            "Hale Mills left the valley.",
            False,
        ),
    ],
)
def test_what_is_asked_about_a_thing_may_be_untold(question: str, text: str, missing: bool) -> None:
    assert untold(question, text) is missing
