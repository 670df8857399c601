"""Frequent questions, and follow-ups: what is said below a question answers it, and what is new in a follow-up is told."""

from dataclasses import replace
from pathlib import Path

import pytest

from index.records import EVERYTHING
from index.stores.store import Index
from service.answer.models import Answer, Message, Question
from service.answer.pipeline import answer
from tests.service_fixtures import shipped_reader
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
