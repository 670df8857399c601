"""Follow-ups are completed from what was said before; what stands by itself is left alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.answer.followups import completed_question
from service.answer.models import Message

INVESTS = ("How much will Amazon invest in Anthropic right away?", "Amazon invests $5 billion now.")
USED = ("How much steel did the shipyards of Gdansk use in 2019?", "900 tonnes.")
BUYS = ("Who wants to buy Opel?", "Stellantis has made an offer.")
PLANS = ("Does Siemens build turbines in Poland?", "Yes, in Wroclaw.")
BRIDGE = ("Which bridge did Lisbon close?", "The Vasco da Gama Bridge.")
TWO = ("Have Bosch and Denso worked together before?", "Yes, since 2011, on pumps.")
LOWER = ("how tall is the eiffel tower", "330 metres.")


def said(*turns: tuple[str, str]) -> list[Message]:
    return [message for asked, told in turns for message in (Message("user", asked), Message("assistant", told))]


@pytest.mark.parametrize(
    ("turn", "question", "completed"),
    [
        # Another thing is asked of the same.
        (INVESTS, "And by when?", "By when will Amazon invest in Anthropic right away?"),
        (INVESTS, "How much?", "How much will Amazon invest in Anthropic right away?"),
        (INVESTS, "Which chips?", "Which chips will Amazon invest in Anthropic right away?"),
        (INVESTS, "Who else?", "Who else will Amazon invest in Anthropic right away?"),
        (INVESTS, "And how much before?", "How much did Amazon invest in Anthropic before?"),
        (INVESTS, "What about before that?", "How much did Amazon invest in Anthropic before?"),
        (INVESTS, "Why?", "Why will Amazon invest in Anthropic right away?"),
        (PLANS, "since when", "Since when does Siemens build turbines in Poland?"),
        (BUYS, "For how much?", "For how much Stellantis wants to buy Opel?"),
        (USED, "and how much coal?", "How much coal did the shipyards of Gdansk use in 2019?"),
        (
            ("How many cranes does Kairos plan for Google?", "Six."),
            "When?",
            "When does Kairos plan for Google (cranes)?",
        ),
        # The same is asked of another thing.
        (INVESTS, "What about Google?", "How much will Google invest in Anthropic right away?"),
        (INVESTS, "what about google?", "How much will google invest in Anthropic right away?"),
        (INVESTS, "And in OpenAI?", "How much will Amazon invest in OpenAI?"),
        (USED, "And in 2023?", "How much steel did the shipyards of Gdansk use in 2023?"),
        (USED, "and altogether?", "How much steel did the shipyards of Gdansk use in 2019, altogether?"),
        (INVESTS, "What about Google, which chips do they sell?", "Which chips do Google sell?"),
        # A word points back.
        (BUYS, "Does it have a plant in Spain?", "Does Stellantis have a plant in Spain?"),
        (BUYS, "What are its plans?", "What are Stellantis's plans?"),
        (BRIDGE, "Why was it closed?", "Why was Vasco da Gama Bridge closed?"),
        (LOWER, "when was it painted", "When was it painted (tall, eiffel tower)?"),
        (TWO, "Do they plan to part?", "Do they plan to part (Bosch, Denso worked together)?"),
        (BRIDGE, "Is the bridge old?", "Is the bridge old (Lisbon close, Vasco da Gama Bridge)?"),
        (BUYS, "Who runs it?", "Who runs Stellantis?"),
        (BUYS, "And who leads it?", "And who leads Stellantis?"),
        (BUYS, "Which CPUs do their servers use?", "Which CPUs do Stellantis's servers use?"),
        (BUYS, "Is it true?", "Is it true (wants, buy Opel, Stellantis)?"),
        (BUYS, "What does it mean?", "What does it mean (wants, buy Opel, Stellantis)?"),
        (BUYS, "What did Seat say about it?", "What did Seat say about Stellantis?"),
        (BUYS, "What is the second condition?", "What is the second condition (wants, buy Opel, Stellantis)?"),
        # Who does something is asked, but not what.
        (BRIDGE, "Who won?", "Who won (bridge, Lisbon close, Vasco da Gama Bridge)?"),
        (INVESTS, "What changed?", "What changed (Amazon invest, Anthropic)?"),
        (INVESTS, "Tell me more", "Tell me more (Amazon invest, Anthropic)?"),
    ],
)
def test_a_follow_up_becomes_a_whole_question(turn: tuple[str, str], question: str, completed: str) -> None:
    assert completed_question(question, said(turn)) == completed


@pytest.mark.parametrize("turn", [INVESTS, BUYS, BRIDGE], ids=["invests", "buys", "bridge"])
@pytest.mark.parametrize(
    "question",
    [
        "Who runs Waymo?",
        "who runs waymo",
        "And who runs Waymo?",
        "Who wrote Hamlet?",
        "Who discovered penicillin?",
        "Who painted the Mona Lisa?",
        "Who is Ada Lovelace?",
        "Who was the first president of the United States?",
        "What is photosynthesis?",
        "What causes tides?",
        "What happened at Chernobyl?",
        "What comes after Windows 11?",
        "What did Einstein say about his brain?",
        "Which company makes Corvettes?",
        "Which country won the 1998 World Cup?",
        "Which rivers cross Vienna?",
        "When was the treaty signed?",
        "When did Rome fall?",
        "Where do penguins live?",
        "Why did Napoleon lose at Waterloo?",
        "Why does bread rise?",
        "How tall is the Eiffel Tower?",
        "How do vaccines work?",
        "How much does Netflix cost?",
        "Does Norway belong to the EU?",
        "Does Tesla make its own batteries?",
        "Name the capital of Peru.",
        "Tell me about Saturn.",
    ],
)
def test_a_question_with_a_subject_of_its_own_is_left_alone(turn: tuple[str, str], question: str) -> None:
    assert completed_question(question, said(turn)) is None


@pytest.mark.parametrize(
    "question",
    [
        "How high is the tower of Pisa?",
        "What is a heat pump?",
        "Who leads Apple this year?",
        "How long does it take to build a reactor in France?",
        "How much steel does the oldest shipyard use?",
        "Is it true that Apple left Ireland?",
        "Different question: who stepped down at Apple, and why did he?",
        "Something else: where is it colder, in Oslo or in Riga?",
    ],
)
def test_what_stands_by_itself_is_left_alone(question: str) -> None:
    assert completed_question(question, said(INVESTS)) is None
    assert completed_question(question, []) is None


def test_a_follow_up_of_a_follow_up_leans_on_the_completed_one() -> None:
    history = said(INVESTS, ("What about Google?", "Google invests nothing."))
    assert completed_question("And by when?", history) == "By when will Google invest in Anthropic right away?"


def test_what_was_said_long_ago_is_forgotten() -> None:
    history = said(INVESTS, *[("How high is the tower of Pisa?", "57 metres.")] * 3)
    assert "Amazon" not in (completed_question("Why?", history) or "")


def test_without_a_question_before_there_is_nothing_to_lean_on() -> None:
    assert completed_question("And by when?", [Message("assistant", "Hello, ask me something about Amazon.")]) is None


def test_an_answer_that_never_came_does_not_matter() -> None:
    assert completed_question("And by when?", [Message("user", INVESTS[0])]) is not None


_WORDS = st.sampled_from(
    "and what about how much why it they the other one Amazon 2030 in for by did will , ? . (a [x ' \\1 \\g<0> 😀 ' é".split()
)
_TEXT = st.one_of(st.text(max_size=60), st.lists(_WORDS, max_size=12).map(" ".join))


@given(question=_TEXT, asked=_TEXT, told=_TEXT)
def test_no_text_is_too_odd(question: str, asked: str, told: str) -> None:
    completed = completed_question(question, said((asked, told)))
    assert completed is None or (completed.strip() and completed != question)


@given(question=_TEXT)
def test_without_history_nothing_changes(question: str) -> None:
    assert completed_question(question, []) is None


def test_long_texts_take_no_time() -> None:
    long = "and why did it " * 5_000
    assert completed_question(long, said((long, long))) is not None
