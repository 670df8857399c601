"""Frequent questions, and follow-ups: what is said below a question answers it, and what is new in a follow-up is told."""

from dataclasses import replace
from pathlib import Path

import pytest

from index.records import EVERYTHING
from index.stores.store import Index
from service.answer.models import Answer, Message, Question
from service.answer.pipeline import answer
from tests.service_fixtures import ask, assistant_over, index_into, settings_for, shipped_reader, write
from tests.test_service_extractive import SETTINGS, indexed, reply

FAQ = """\
# Frequently asked questions

**Can I bring my dog?**
Yes, but not into the wood shop.

**Do you have lockers?**
Lockers are rented for 3 € a month at the desk.

## Is there parking?

No. The nearest car park is in Mill Street.

## May I keep bees?

Up to three hives, if both neighbours agree in writing.
"""
ROLES = """\
# Roles

The booking system knows three roles: guest, clerk and approver. A guest may book a berth. A clerk may change a booking. An
approver may confirm bookings of more than a month.
"""


@pytest.mark.parametrize(
    ("question", "wanted", "other"),
    [
        ("Can I bring my dog?", "Yes, but not into the wood shop.", "lockers"),
        ("Do you have lockers?", "Lockers are rented for 3 € a month at the desk.", "Do you"),
        ("Is there parking?", "The nearest car park is in Mill Street.", "hives"),
        ("may I keep bees", "Up to three hives, if both neighbours agree in writing.", "May I"),
    ],
)
def test_what_stands_below_a_question_answers_it(
    index: Index, folder: Path, question: str, wanted: str, other: str
) -> None:
    indexed(index, folder, faq=FAQ, roles=ROLES)
    found = reply(index, question)
    assert isinstance(found, Answer)
    assert wanted in [one.text for one in found.sentences]
    assert other not in found.text


@pytest.mark.parametrize(
    ("follow_up", "wanted"),
    [
        ("what about the approver role?", "An approver may confirm bookings of more than a month."),
        ("And a clerk?", "A clerk may change a booking."),
    ],
)
def test_a_follow_up_is_told_what_is_new_in_it(index: Index, folder: Path, follow_up: str, wanted: str) -> None:
    indexed(index, folder, roles=ROLES, faq=FAQ)
    asked = Question("Which roles does the booking system know?", access=EVERYTHING)
    reading = replace(index, reader=shipped_reader())
    first = answer(asked, index=reading, settings=SETTINGS)
    said = (Message("user", asked.text), Message("assistant", first.text))
    found = answer(replace(asked, text=follow_up, history=said), index=reading, settings=SETTINGS)
    assert isinstance(found, Answer)
    assert wanted in [one.text for one in found.sentences]


# A question that stands above what replies to it is no answer

QUESTIONS = {
    "How do I return an item?": "Send it back in its box within thirty days. A label is in the parcel.",
    "Can I exchange a lamp?": "Lamps are exchanged in the shop on Main Street only.",
    "Who pays for the return of a parcel?": "Nordlicht pays where the item was broken. You pay in all other cases.",
}
LAYOUTS: dict[str, str] = {
    "headings.md": "# Returns at Nordlicht\n\n## {}\n\n{}\n\n## {}\n\n{}\n\n## {}\n\n{}\n",
    "underlined.md": "Returns at Nordlicht\n====\n\n{}\n---\n\n{}\n\n{}\n---\n\n{}\n\n{}\n---\n\n{}\n",
    "bold.md": "# Returns at Nordlicht\n\n**{}**\n\n{}\n\n**{}**\n\n{}\n\n**{}**\n\n{}\n",
    "letters.md": "# Returns at Nordlicht\n\nQ: {}\n\nA: {}\n\nQ: {}\n\nA: {}\n\nQ: {}\n\nA: {}\n",
    "items.md": "# Returns at Nordlicht\n\n- {}\n\n  {}\n\n- {}\n\n  {}\n\n- {}\n\n  {}\n",
    "one-line-items.md": "# Returns at Nordlicht\n\n- {} {}\n- {} {}\n- {} {}\n",
    "numbered.md": "# Returns at Nordlicht\n\n1. **{}**\n   {}\n2. **{}**\n   {}\n3. **{}**\n   {}\n",
    "folded.md": "# Returns at Nordlicht\n\n" + 3 * "<details><summary>{}</summary>\n\n{}\n\n</details>\n\n",
    "plain.txt": "Returns at Nordlicht\n\n{}\n{}\n\n{}\n{}\n\n{}\n{}\n",
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_what_stands_below_a_question_is_quoted_and_not_the_question(name: str, tmp_path: Path) -> None:
    text = LAYOUTS[name].format(*(words for pair in QUESTIONS.items() for words in pair))
    with assistant_over(settings_for(tmp_path / "data")) as assistant:
        index_into(assistant, write(tmp_path / "articles", {name: text}))
        asked = {
            "How do I return an item?": "Send it back in its box within thirty days.",
            "How can I send something back?": "Send it back in its box within thirty days.",
            "Can a lamp be exchanged?": "Lamps are exchanged in the shop on Main Street only.",
            "Who pays for returns?": "Nordlicht pays where the item was broken.",
        }
        for question, reply in asked.items():
            said = [sentence.text for sentence in ask(assistant, question).sentences]
            assert any(reply in text for text in said), (question, said)
            assert not any(heading in text for heading in QUESTIONS for text in said), (question, said)


def test_a_list_of_questions_may_be_what_is_asked_for(tmp_path: Path) -> None:
    listed = ["How many lamps were sold?", "Which lamp broke most often?", "Who called twice?"]
    report = (
        "# The report\n\nIn the weekly report of the shop, reply to these questions:\n\n"
        + "".join(f"- {question}\n" for question in listed)
        + "\nIt is sent on Fridays.\n"
    )
    with assistant_over(settings_for(tmp_path / "data")) as assistant:
        index_into(assistant, write(tmp_path / "articles", {"report.md": report}))
        said = ask(assistant, "Which questions are replied to in the weekly report of the shop?").text
    assert all(question in said for question in listed)
