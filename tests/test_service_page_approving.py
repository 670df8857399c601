"""Approving answers on the page: the form, the list, and what is shown of an approved answer."""

import pytest
from playwright.sync_api import Page, expect

from index.errors import WrongUsage
from service.schemas.approving import EditedSentence
from tests.page_assistant import PageAssistant
from tests.page_browser import ask, findings, fits, screenshot

RANG = "Who rang?"


def form_for(page: Page) -> None:
    """Ask, and open the form by keyboard."""
    ask(page, RANG)
    page.goto("/review")
    page.locator("summary").press("Enter")
    page.get_by_role("button", name="Approve…").press("Enter")


def test_an_answer_is_approved_in_other_words(admin: Page, assistant: PageAssistant) -> None:
    form_for(admin)
    sentence = admin.get_by_label("Sentence 1, citing 1")
    expect(sentence).to_be_focused()
    expect(sentence).to_have_value("The bell rang 🔔 at nine.")
    sentence.fill("The bell rang.")
    admin.get_by_label("Other ways to ask, one on each line").fill("What rang?\n\n  And <b>who</b> rang? ")
    assistant.approvals.refusal = WrongUsage("The quotes do not say that.")
    admin.get_by_role("button", name="Approve", exact=True).press("Enter")
    expect(admin.locator(".approving .problem")).to_contain_text("The quotes do not say that.")
    expect(sentence).to_have_value("The bell rang.")
    assistant.approvals.refusal = None
    admin.get_by_role("button", name="Approve", exact=True).press("Enter")
    expect(admin.locator(".reviewed .drawer").last).to_contain_text("Approved.")
    expect(admin.get_by_role("button", name="Approve…")).to_be_focused()
    asked = assistant.approvals.requests[-1]
    assert asked.sentences == [EditedSentence(text="The bell rang.", citations=[1])]
    assert asked.wordings == ["What rang?", "And <b>who</b> rang?"]


def test_who_approved_it_stands_over_the_answer_and_in_the_list(admin: Page, assistant: PageAssistant) -> None:
    form_for(admin)
    admin.get_by_label("Other ways to ask, one on each line").fill("<i>What</i> rang?")
    admin.get_by_role("button", name="Approve", exact=True).click()
    expect(admin.locator(".reviewed .drawer").last).to_contain_text("Approved.")
    admin.goto("/answers/ans_1")
    expect(admin.locator(".byline")).to_have_text("Approved by key:bo, 24 April 2026 at 07:30")
    admin.goto("/review/approved")
    row = admin.locator(".reviewed")
    expect(row).to_contain_text("Also for: <i>What</i> rang?")
    expect(row).to_contain_text("given 2 times")
    row.get_by_role("button", name="Withdraw").press("Enter")
    expect(admin.locator(".empty")).to_contain_text("No answer is approved.")
    assert assistant.approvals.rows == []


def test_neither_refusals_nor_others_can_be_approved(admin: Page, page: Page) -> None:
    ask(admin, "What is the meaning of life?")
    admin.goto("/review")
    admin.locator("summary").click()
    expect(admin.locator(".no-answer")).to_be_visible()
    expect(admin.get_by_role("button", name="Approve…")).to_have_count(0)
    ask(page, RANG)
    expect(page.get_by_role("button", name="Approve…")).to_have_count(0)


@pytest.mark.parametrize("view", ["form", "list"])
def test_axe_finds_nothing_serious_and_it_fits_a_telephone(admin: Page, view: str) -> None:
    form_for(admin)
    if view == "list":
        admin.get_by_role("button", name="Approve", exact=True).click()
        expect(admin.locator(".reviewed .drawer").last).to_contain_text("Approved.")
        admin.goto("/review/approved")
        admin.locator("summary").click()
    screenshot(admin, f"approving-{view}-light")
    assert findings(admin) == []
    admin.emulate_media(color_scheme="dark")
    admin.set_viewport_size({"width": 360, "height": 800})
    screenshot(admin, f"approving-{view}-dark")
    assert findings(admin) == []
    assert fits(admin)
