"""Conversations on the page: follow-ups, the list of past ones, going on with one, deleting it."""

from playwright.sync_api import Browser, Page, expect

from tests.page_assistant import PageAssistant
from tests.page_browser import ask, opened

FLOOD = "What did the flood cost?"


def test_a_conversation_reads_from_top_to_bottom_with_the_field_at_its_foot(page: Page) -> None:
    ask(page, "Who rang?")
    last = ask(page, FLOOD)
    expect(page.locator(".question")).to_have_text(["Who rang?", FLOOD])
    field = page.get_by_label("Your question")
    expect(field).to_be_focused()
    expect(field).to_be_in_viewport()
    expect(last.locator(".question")).to_be_in_viewport()


def test_a_follow_up_goes_into_the_same_conversation(page: Page, assistant: PageAssistant) -> None:
    ask(page, FLOOD)
    ask(page, "And then?")
    assert [(request.conversation_id, request.history) for request in assistant.asked] == [(None, []), ("conv_1", [])]


def test_where_nothing_is_kept_a_follow_up_brings_its_history(page: Page, assistant: PageAssistant) -> None:
    assistant.records_history = False
    entry = ask(page, FLOOD)
    expect(entry.get_by_role("button", name="Share")).to_have_count(0)
    expect(entry.get_by_role("button", name="Good answer")).to_have_count(0)
    ask(page, "And then?")
    assert assistant.asked[1].conversation_id is None
    assert [(message.role, message.text[:32]) for message in assistant.asked[1].history] == [
        ("user", FLOOD),
        ("assistant", "€12 million. The flood cost €12 "),
    ]


def test_a_conversation_has_an_address_and_goes_on_after_a_reload(
    page: Page, address: str, assistant: PageAssistant
) -> None:
    ask(page, FLOOD)
    expect(page).to_have_url(f"{address}/conversations/conv_1")
    page.reload()
    expect(page.locator(".question")).to_have_text([FLOOD])
    expect(page.locator(".answer-text")).to_contain_text("The flood cost €12 million")
    expect(page).to_have_title(f"{FLOOD} \u2013 Footnote")
    ask(page, "And then?")
    assert [request.conversation_id for request in assistant.asked] == [None, "conv_1"]


def test_an_article_beside_it_leaves_a_conversation_its_address(page: Page, address: str) -> None:
    ask(page, "Who rang?").locator(".answer-text .marker").click()
    expect(page.locator("mark")).to_be_focused()
    page.go_back()
    expect(page.locator(".reader")).to_be_hidden()
    expect(page).to_have_url(f"{address}/conversations/conv_1")


def test_new_begins_another_conversation(page: Page, assistant: PageAssistant) -> None:
    ask(page, FLOOD)
    page.get_by_role("link", name="New", exact=True).click()
    expect(page.locator(".opening .contents").last).to_be_visible()
    expect(page.locator(".entry")).to_have_count(0)
    ask(page, "Who rang?")
    assert [request.conversation_id for request in assistant.asked] == [None, None]


def test_past_conversations_are_listed_and_opened(page: Page) -> None:
    ask(page, FLOOD)
    ask(page, "And then?")
    page.get_by_role("link", name="New", exact=True).click()
    ask(page, "Who rang?")
    page.get_by_role("link", name="History").click()
    panel = page.get_by_label("Conversations", exact=True)
    expect(panel.locator(".conversation a")).to_have_text(["Who rang?", FLOOD])
    expect(panel.locator(".contents-facts").last).to_contain_text("2 questions · 24 April 2026")
    panel.get_by_role("link", name=FLOOD).click()
    expect(page.locator(".question")).to_have_text([FLOOD, "And then?"])


def test_a_conversation_is_deleted_once_that_is_confirmed(page: Page, assistant: PageAssistant) -> None:
    ask(page, FLOOD)
    page.goto("/conversations")
    button = page.get_by_role("button", name=f"Delete the conversation: {FLOOD}")
    button.click()
    dialog = page.get_by_role("dialog", name="Delete the conversation?")
    expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
    page.keyboard.press("Escape")
    expect(button).to_be_focused()
    assert len(assistant.answers) == 1
    button.click()
    dialog.get_by_role("button", name="Delete").click()
    expect(page.locator(".conversation")).to_have_count(0)
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    expect(page.locator(".empty")).to_be_visible()
    assert assistant.answers == []


def test_nobody_has_asked_yet(page: Page) -> None:
    page.get_by_role("link", name="History").click()
    expect(page.locator(".reader .empty")).to_contain_text("What you ask is listed here")


def test_a_conversation_that_is_gone_says_so_and_leads_on(browser: Browser, address: str) -> None:
    with opened(browser, address, path="/conversations/conv_9") as page:
        expect(page.locator(".problem")).to_contain_text("This conversation is not kept, or is not yours.")
        page.get_by_role("link", name="New", exact=True).click()
        expect(page.get_by_label("Your question")).to_be_visible()


def test_going_on_with_a_deleted_conversation_can_begin_anew(page: Page, assistant: PageAssistant) -> None:
    ask(page, FLOOD)
    assistant.answers.clear()
    entry = ask(page, "Who rang?")
    expect(entry.locator(".problem")).to_contain_text("This conversation is not kept")
    entry.get_by_role("button", name="Ask in a new conversation").click()
    expect(entry.locator(".answer-text")).to_contain_text("The bell rang")
    assert [request.conversation_id for request in assistant.asked] == [None, "conv_1", None]


def test_what_is_withheld_is_said(page: Page, assistant: PageAssistant) -> None:
    ask(page, FLOOD)
    assistant.withheld = 2
    page.reload()
    expect(page.locator("main")).to_contain_text("2 answers are left out")
