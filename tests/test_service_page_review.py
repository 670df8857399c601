"""The review on the page: what was asked, what was refused, and what people said of the answers."""

from playwright.sync_api import Page, expect

from tests.page_assistant import PageAssistant
from tests.page_browser import ask

FLOOD = "What did the flood cost?"
LIFE = "What is the meaning of life?"


def asked_and_rated(page: Page) -> None:
    ask(page, FLOOD)
    entry = ask(page, "Who rang?")
    entry.get_by_role("button", name="Bad answer").click()
    entry.get_by_label("What is wrong with it?").fill("<i>At ten.</i>")
    entry.get_by_role("button", name="Send").click()
    expect(entry.locator(".drawer")).to_have_text("Thank you.")
    ask(page, LIFE)
    page.goto("/review")


def test_everything_that_was_asked_is_listed_with_what_was_said_of_it(admin: Page) -> None:
    asked_and_rated(admin)
    rows = admin.locator(".reviewed")
    expect(rows.locator("summary")).to_have_text([f"{LIFE} refused", "Who rang?", FLOOD])
    expect(rows.nth(1)).to_contain_text("key:al")
    expect(rows.nth(1).locator(".opinion").last).to_contain_text("Rated down by key:bo")
    expect(rows.nth(1).locator(".opinion").last).to_contain_text("<i>At ten.</i>")
    expect(rows.nth(1).get_by_role("link").first).to_have_attribute("href", "/answers/ans_2")


def test_an_answer_unfolds_with_its_citations(admin: Page) -> None:
    asked_and_rated(admin)
    row = admin.locator(".reviewed").last
    row.locator("summary").click()
    expect(row.locator(".answer-text")).to_contain_text("The flood cost €12 million")
    row.locator(".answer-text .marker").first.click()
    expect(admin.locator(".reader mark").first).to_be_attached()


def test_rated_and_refused_answers_can_be_chosen(admin: Page) -> None:
    asked_and_rated(admin)
    admin.get_by_label("Rating").select_option("Rated down")
    expect(admin.locator(".reviewed summary")).to_have_text(["Who rang?"])
    admin.get_by_label("Outcome").select_option("Refused")
    expect(admin.locator(".empty")).to_have_text("Nothing of this kind has been asked.")
    admin.get_by_label("Rating").select_option("Any")
    expect(admin.locator(".reviewed summary")).to_have_text([f"{LIFE} refused"])


def test_the_list_goes_on(admin: Page, assistant: PageAssistant) -> None:
    ask(admin, FLOOD)
    assistant.answers = assistant.answers * 35
    admin.goto("/review")
    expect(admin.locator(".reviewed")).to_have_count(30)
    admin.get_by_role("button", name="Show more").click()
    expect(admin.locator(".reviewed")).to_have_count(35)
