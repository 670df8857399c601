"""Lists that answer come whole, in the order of the text."""

from pathlib import Path

from index.stores.store import Index
from service.answer.models import Answer
from tests.test_service_extractive import indexed, reply, sentences

STEPS = """\
# Leaving the company

Before your last day, do these things:

- Hand in your laptop at the service desk.
- Give back the key card to reception.
- Cancel your parking space.

The people team sends the certificate by post.

# Onboarding

New colleagues get a desk, a chair and a buddy.
"""


def test_a_list_that_is_introduced_comes_whole(index: Index, folder: Path) -> None:
    indexed(index, folder, leaving=STEPS)
    found = reply(index, "What do I have to do before my last day at the company?")
    assert isinstance(found, Answer)
    listed = next(one.text for one in found.sentences if "\n" in one.text)
    assert listed.splitlines() == [
        "Before your last day, do these things:",
        "- Hand in your laptop at the service desk.",
        "- Give back the key card to reception.",
        "- Cancel your parking space.",
    ]


def test_steps_are_numbered_as_markdown_numbers_them(index: Index, folder: Path) -> None:
    steps = (
        STEPS.replace("- Hand", "1. Hand")
        .replace("- Give", "   1. First the old one.\n1. Give")
        .replace("- Cancel", "1. Cancel")
    )
    indexed(index, folder, leaving=steps)
    found = reply(index, "What do I have to do before my last day at the company?")
    assert isinstance(found, Answer)
    listed = next(one.text for one in found.sentences if "\n" in one.text)
    assert [line[:8] for line in listed.splitlines()[1:]] == ["1. Hand ", "1. First", "2. Give ", "3. Cance"]


def test_one_item_may_answer_by_itself(index: Index, folder: Path) -> None:
    indexed(index, folder, leaving=STEPS)
    assert any("Give back the key card" in one.text for one in sentences(index, "Where do I give back the key card?"))


def test_what_a_list_hides_is_not_quoted_with_it(index: Index, folder: Path) -> None:
    hidden = STEPS.replace("- Give back", "<!-- The code of the safe is 7719. -->\n- Give back")
    indexed(index, folder, leaving=hidden)
    found = reply(index, "What do I have to do before my last day at the company?")
    assert isinstance(found, Answer)
    assert "7719" not in " ".join([found.text, *(citation.quote for citation in found.citations)])
