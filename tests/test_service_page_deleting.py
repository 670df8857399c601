"""Deleting a single answer on the page: in its thread, on its own page, in the review."""

from playwright.sync_api import Browser, Locator, Page, expect

from tests.page_assistant import PageAssistant
from tests.page_browser import ask, findings, fits, opened, screenshot

FLOOD = "What did the flood cost?"
BELL = "Who rang?"


def delete(page: Page, entry: Locator) -> None:
    """Delete the answer of an entry, and say yes."""
    entry.get_by_role("button", name="Delete the answer").click()
    dialog = page.get_by_role("dialog", name="Delete the answer?")
    dialog.get_by_role("button", name="Delete").click()
    expect(dialog).to_have_count(0)


def questions_kept(assistant: PageAssistant) -> list[str]:
    return [kept.question for kept in assistant.answers]


def test_an_answer_leaves_its_thread_and_the_keyboard_goes_on_at_the_next(page: Page, assistant: PageAssistant) -> None:
    first = ask(page, BELL)
    ask(page, FLOOD)
    delete(page, first)
    expect(page.locator(".question")).to_have_text([FLOOD])
    expect(page.locator(".question")).to_be_focused()
    expect(page.get_by_role("status")).to_have_text("Deleted the answer")
    assert questions_kept(assistant) == [FLOOD]
    ask(page, "And then?")
    assert assistant.asked[-1].conversation_id == "conv_1"


def test_who_says_no_keeps_it_and_is_where_they_were(page: Page, assistant: PageAssistant) -> None:
    entry = ask(page, FLOOD)
    button = entry.get_by_role("button", name=f"Delete the answer: {FLOOD}")
    button.focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Delete the answer?")
    expect(dialog).to_contain_text(FLOOD)
    expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
    page.keyboard.press("Enter")
    expect(dialog).to_have_count(0)
    expect(button).to_be_focused()
    assert questions_kept(assistant) == [FLOOD]


def test_with_its_last_answer_a_conversation_is_gone_and_the_page_as_it_opens(
    page: Page, address: str, assistant: PageAssistant
) -> None:
    entry = ask(page, FLOOD)
    page.get_by_role("link", name="History").click()
    expect(page.locator(".reader .conversation")).to_have_count(1)
    delete(page, entry)
    expect(page.locator(".reader .conversation")).to_have_count(0)
    expect(page.locator(".reader .empty")).to_be_visible()
    expect(page).to_have_url(f"{address}/")
    expect(page.locator(".opening .contents").last).to_be_visible()
    expect(page.get_by_label("Your question")).to_be_focused()
    ask(page, BELL)
    assert [request.conversation_id for request in assistant.asked] == [None, None]


def test_an_answer_that_was_kept_is_deleted_from_its_conversation(page: Page, assistant: PageAssistant) -> None:
    ask(page, BELL)
    ask(page, FLOOD)
    page.reload()
    delete(page, page.locator(".entry").last)
    expect(page.locator(".question")).to_have_text([BELL])
    expect(page.locator(".question")).to_be_focused()
    delete(page, page.locator(".entry"))
    expect(page.locator(".opening")).to_be_visible()
    assert assistant.answers == []


def test_on_its_own_page_an_answer_gives_way_to_the_word_that_it_is_deleted(
    browser: Browser, page: Page, address: str, assistant: PageAssistant
) -> None:
    ask(page, FLOOD)
    with opened(browser, address, path="/answers/ans_1") as other:
        delete(other, other.locator(".entry"))
        expect(other.locator(".notice")).to_have_text("The answer is deleted.")
        expect(other.locator(".notice")).to_be_focused()
        expect(other.get_by_role("link", name="Ask another question")).to_be_visible()
    assert assistant.answers == []
    assistant.own = False
    ask(page, BELL)
    with opened(browser, address, path="/answers/ans_1") as strangers:
        expect(strangers.get_by_role("button", name="Delete the answer")).to_have_count(0)


def test_what_was_deleted_in_another_tab_is_simply_gone(page: Page, assistant: PageAssistant) -> None:
    first = ask(page, BELL)
    ask(page, FLOOD)
    del assistant.answers[0]
    delete(page, first)
    expect(page.locator(".question")).to_have_text([FLOOD])


def test_what_cannot_be_deleted_stays_and_the_dialog_says_why(page: Page, assistant: PageAssistant) -> None:
    entry = ask(page, FLOOD)
    page.route("**/api/answers/*", lambda route: route.abort())
    entry.get_by_role("button", name="Delete the answer").click()
    dialog = page.get_by_role("dialog", name="Delete the answer?")
    dialog.get_by_role("button", name="Delete").click()
    expect(dialog.get_by_role("alert")).to_contain_text("The service does not answer.")
    screenshot(page, "deleting-failed")
    assert findings(page) == []
    page.set_viewport_size({"width": 360, "height": 800})
    page.emulate_media(color_scheme="dark")
    screenshot(page, "deleting-failed-narrow")
    assert findings(page) == []
    assert fits(page)
    page.unroute("**/api/answers/*")
    dialog.get_by_role("button", name="Delete").click()
    expect(dialog).to_have_count(0)
    assert assistant.answers == []


def test_where_nothing_is_kept_nothing_can_be_deleted(page: Page, assistant: PageAssistant) -> None:
    assistant.records_history = False
    expect(ask(page, FLOOD).get_by_role("button", name="Delete the answer")).to_have_count(0)


def test_an_admin_deletes_from_the_review_what_others_asked(admin: Page, assistant: PageAssistant) -> None:
    ask(admin, FLOOD)
    ask(admin, BELL)
    admin.goto("/review")
    rows = admin.locator(".reviewed")
    expect(rows.locator("summary")).to_have_text([BELL, FLOOD])
    rows.first.locator("summary").click()
    expect(rows.first.get_by_role("button", name="Share")).to_have_count(0)
    delete(admin, rows.first)
    expect(rows.locator("summary")).to_have_text([FLOOD])
    expect(rows.locator("summary")).to_be_focused()
    delete(admin, rows)
    expect(admin.locator(".empty")).to_have_text("Nothing of this kind has been asked.")
    assert assistant.answers == []
