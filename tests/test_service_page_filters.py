"""Filters on the page: which articles a question is asked of."""

from datetime import date

from playwright.sync_api import Page, expect

from tests.page_assistant import PageAssistant
from tests.page_browser import ask


def choose(page: Page, *publishers: str, after: str = "", before: str = "") -> None:
    page.get_by_role("button", name="Filter").or_(page.get_by_role("button", name="Change")).click()
    for publisher in publishers:
        page.get_by_label(publisher).check()
    page.get_by_label("From").fill(after)
    page.get_by_label("To", exact=True).fill(before)
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_role("dialog")).to_be_hidden()


def test_what_is_chosen_is_shown_sent_and_said_with_the_answer(page: Page, assistant: PageAssistant) -> None:
    choose(page, "The Herald", "<b>The Gazette</b>", after="2026-03-01")
    expect(page.locator(".chip")).to_have_text(["The Herald ×", "<b>The Gazette</b> ×", "from 1 March 2026 on ×"])
    entry = ask(page, "Who rang?")
    filters = assistant.asked[0].filters
    assert sorted(filters.publishers) == ["<b>The Gazette</b>", "The Herald"]
    assert (filters.published_after, filters.published_before) == (date(2026, 3, 1), None)
    expect(entry.locator(".circumstance")).to_have_text("Only The Herald or <b>The Gazette</b>, from 1 March 2026 on")


def test_chips_are_removed_one_by_one(page: Page, assistant: PageAssistant) -> None:
    choose(page, "The Herald", after="2026-03-01", before="2026-03-31")
    page.get_by_role("button", name="Remove the filter from 1 March 2026 to 31 March 2026").click()
    expect(page.locator(".chip")).to_have_text(["The Herald ×"])
    expect(page.get_by_role("button", name="Change")).to_be_focused()
    page.get_by_role("button", name="Remove the filter The Herald").click()
    expect(page.locator(".chip")).to_have_count(0)
    expect(page.get_by_role("button", name="Filter")).to_be_visible()
    ask(page, "Who rang?")
    assert assistant.asked[0].filters.publishers == []


def test_filters_stay_for_the_next_question(page: Page, assistant: PageAssistant) -> None:
    choose(page, "The Herald")
    ask(page, "Who rang?")
    ask(page, "And then?")
    assert [request.filters.publishers for request in assistant.asked] == [["The Herald"], ["The Herald"]]


def test_days_that_cannot_be_are_not_taken(page: Page) -> None:
    page.get_by_role("button", name="Filter").click()
    page.get_by_label("From").fill("2026-04-02")
    page.get_by_label("To", exact=True).fill("2026-04-01")
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    assert (
        page.get_by_label("To", exact=True).evaluate("field => field.validationMessage")
        == "This is before the first day."
    )


def test_a_scope_and_collections_are_chosen_shown_and_sent(page: Page, assistant: PageAssistant) -> None:
    page.get_by_role("button", name="Filter").click()
    page.get_by_label("Scope").select_option("hr")
    choices = page.get_by_role("group", name="In the collection")
    choices.get_by_label("<b>leave</b>").check()
    page.get_by_role("button", name="Apply").click()
    expect(page.locator(".chip")).to_have_text(["hr ×", "<b>leave</b> ×"])
    entry = ask(page, "Who rang?")
    filters = assistant.asked[0].filters
    assert (filters.scope, filters.collections, filters.publishers) == ("hr", ["<b>leave</b>"], [])
    expect(entry.locator(".circumstance")).to_have_text("Only hr, <b>leave</b>")
    page.get_by_role("button", name="Remove the filter hr").click()
    ask(page, "And then?")
    assert (assistant.asked[1].filters.scope, assistant.asked[1].filters.collections) == (None, ["<b>leave</b>"])
