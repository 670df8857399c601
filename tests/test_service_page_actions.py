"""What is done with an answer on the page: sharing it, opening a shared one, saying what one thinks of it."""

from playwright.sync_api import Browser, Page, expect

from tests.page_assistant import BELL, PageAssistant
from tests.page_browser import ask, opened


def test_a_share_link_is_made_copied_and_taken_back(page: Page, address: str, assistant: PageAssistant) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    entry = ask(page, "Who rang?")
    entry.get_by_role("button", name="Share").click()
    link = f"{address}/answers/ans_1"
    expect(entry.get_by_label("Link to this answer")).to_have_value(link)
    expect(entry.locator(".drawer")).to_contain_text(
        "The link is copied. It opens for those who may read these articles."
    )
    assert page.evaluate("navigator.clipboard.readText()") == link
    assert assistant.shared == {"ans_1"}
    entry.get_by_role("button", name="Stop sharing").click()
    expect(entry.locator(".drawer")).to_have_text("The link does not open any more.")
    expect(entry.get_by_role("button", name="Share", exact=True)).to_be_focused()
    assert assistant.shared == set()


def test_a_shared_answer_opens_with_its_citations(
    browser: Browser, page: Page, address: str, assistant: PageAssistant
) -> None:
    ask(page, "Who rang?")
    assistant.own = False
    with opened(browser, address, path="/answers/ans_1") as other:
        expect(other.locator("h2.question")).to_have_text("Who rang?")
        expect(other).to_have_title("Who rang? \u2013 Footnote")
        expect(other.locator(".answer-text")).to_contain_text(BELL)
        expect(other.get_by_role("button", name="Share")).to_have_count(0)
        other.locator(".answer-text .marker").click()
        expect(other.locator(".reader mark")).to_be_focused()
        other.keyboard.press("Escape")
        expect(other.locator(".reader")).to_be_hidden()
        other.get_by_role("link", name="Ask a question of your own").click()
        expect(other.get_by_label("Your question")).to_be_visible()


def test_ones_own_answer_leads_back_to_its_conversation(browser: Browser, page: Page, address: str) -> None:
    ask(page, "Who rang?")
    with opened(browser, address, path="/answers/ans_1") as again:
        again.get_by_role("link", name="Go on with this conversation").click()
        expect(again).to_have_url(f"{address}/conversations/conv_1")


def test_an_answer_that_is_not_shared_says_so(browser: Browser, address: str) -> None:
    with opened(browser, address, path="/answers/ans_9") as page:
        expect(page.locator(".problem")).to_contain_text("This answer is not kept, or is not shared with you.")


def test_thumbs_take_a_comment(page: Page, assistant: PageAssistant) -> None:
    entry = ask(page, "Who rang?")
    down, up = entry.get_by_role("button", name="Bad answer"), entry.get_by_role("button", name="Good answer")
    down.click()
    expect(down).to_have_attribute("aria-pressed", "true")
    entry.get_by_label("What is wrong with it?").fill("It was at ten.")
    entry.get_by_role("button", name="Send").click()
    expect(entry.locator(".drawer")).to_have_text("Thank you.")
    expect(down).to_be_focused()
    assert assistant.said == [("ans_1", "down", None), ("ans_1", "down", "It was at ten.")]
    up.click()
    expect(up).to_have_attribute("aria-pressed", "true")
    expect(down).to_have_attribute("aria-pressed", "false")
    entry.get_by_role("button", name="No comment").click()
    assert assistant.said[2:] == [("ans_1", "up", None)]


def test_a_refusal_can_be_rated_too(page: Page, assistant: PageAssistant) -> None:
    ask(page, "What is the meaning of life?").get_by_role("button", name="Bad answer").click()
    expect(page.locator(".drawer textarea")).to_be_visible()
    assert assistant.said == [("ans_1", "down", None)]


def test_what_goes_wrong_is_said_below_the_answer(page: Page, assistant: PageAssistant) -> None:
    entry = ask(page, "Who rang?")
    page.route("**/share", lambda route: route.abort())
    entry.get_by_role("button", name="Share").click()
    expect(entry.locator(".drawer .problem")).to_contain_text("The service does not answer.")
    page.unroute("**/share")
    entry.get_by_role("button", name="Try again").click()
    expect(entry.get_by_label("Link to this answer")).to_be_visible()


def test_what_another_try_cannot_mend_is_not_tried_again(page: Page, assistant: PageAssistant) -> None:
    entry = ask(page, "Who rang?")
    assistant.answers = []
    entry.get_by_role("button", name="Share").click()
    expect(entry.locator(".drawer .problem")).to_contain_text("This answer is not kept")
    expect(entry.locator(".drawer").get_by_role("button")).to_have_count(0)


def test_what_opens_below_an_answer_is_not_hidden_by_the_field(page: Page) -> None:
    page.set_viewport_size({"width": 1280, "height": 420})
    entry = ask(page, "What did the flood cost?")
    entry.get_by_role("button", name="Share").click()
    expect(entry.get_by_role("button", name="Stop sharing")).to_be_visible()
    drawer, field = entry.locator(".drawer").bounding_box(), page.locator("#ask").bounding_box()
    assert drawer is not None
    assert field is not None
    assert drawer["y"] + drawer["height"] <= field["y"]
