"""Answers whose quoted words have changed, on the page: the old and the new words, asking again, and the list for admins."""

import pytest
from playwright.sync_api import Page, expect

from service.schemas.history import StaleCitation
from tests.page_assistant import MORNING, PageAssistant
from tests.page_browser import ask, findings, fits, screenshot

FLOOD = "What did the flood cost?"
NOW = "The flood cost €14 million, the senate estimates."


def changed(assistant: PageAssistant, *others: StaleCitation) -> None:
    first = StaleCitation(number=1, since=MORNING, article_version="sha256:2", quote=NOW, start=90, end=90 + len(NOW))
    assistant.stale_citations = [first, *others]


def test_the_old_and_the_new_words_stand_next_to_each_other(page: Page, assistant: PageAssistant) -> None:
    ask(page, FLOOD)
    expect(page.locator(".stale")).to_have_count(0)
    changed(assistant, StaleCitation(number=3, since=MORNING, article_version="sha256:2"))
    page.reload()
    notice = page.locator(".stale")
    expect(notice.locator(".notice-title")).to_have_text("The articles have changed since")
    expect(notice.locator(".change")).to_have_count(2)
    first, second = notice.locator(".change").all()
    expect(first.locator("mark")).to_have_text(["€12", "€14"])
    old, new = (one.bounding_box() for one in first.locator(".wording").all())
    assert old
    assert new
    assert old["y"] == new["y"]  # side by side on a wide screen
    assert old["x"] < new["x"]
    expect(second).to_contain_text("These words are gone.")


def test_asking_again_goes_on_with_the_conversation(page: Page, assistant: PageAssistant) -> None:
    ask(page, FLOOD)
    changed(assistant)
    page.reload()
    page.get_by_role("button", name="Ask again").press("Enter")
    expect(page.locator(".entry .answer-text")).to_have_count(2)
    assert [asked.conversation_id for asked in assistant.asked] == [None, "conv_1"]


def test_who_opens_a_link_sees_it_and_can_ask_again(page: Page, assistant: PageAssistant) -> None:
    ask(page, FLOOD)
    changed(assistant)
    assistant.own = False
    page.goto("/answers/ans_1")
    expect(page.locator(".stale .change")).to_be_visible()
    page.get_by_role("button", name="Ask again").click()
    expect(page.locator(".entry .question")).to_have_text([FLOOD])
    expect(page.locator(".entry .answer-text")).to_be_visible()
    assert len(assistant.asked) == 2
    page.reload()
    expect(page.locator(".entry .answer-text")).to_be_visible()
    assert len(assistant.asked) == 2  # not asked once more by reloading


def test_words_of_articles_are_only_text(page: Page, assistant: PageAssistant) -> None:
    ask(page, FLOOD)
    words = "<script>window.harmed = true</script> <img src=x onerror='window.harmed = true'>"
    assistant.stale_citations = [
        StaleCitation(number=1, since=MORNING, article_version="sha256:2", quote=words, start=0, end=len(words))
    ]
    page.reload()
    expect(page.locator(".wording").last).to_contain_text("window.harmed = true")
    assert page.evaluate("window.harmed") is None


def test_admins_find_what_went_stale(admin: Page, assistant: PageAssistant) -> None:
    ask(admin, FLOOD)
    admin.goto("/review")
    admin.get_by_role("link", name="Went stale").click()
    expect(admin.locator(".empty")).to_have_text("No answer rests on words that have changed since.")
    changed(assistant)
    admin.reload()
    expect(admin.locator(".reviewed")).to_have_count(2)
    first, deleted = admin.locator(".reviewed").all()
    expect(first).to_contain_text("read again 3 times")
    expect(deleted).to_contain_text("An article that it cites was deleted")
    expect(deleted.get_by_role("link")).to_have_count(0)
    first.locator("summary").click()
    expect(first.locator(".change mark")).to_have_text(["€12", "€14"])
    expect(admin.get_by_role("link", name="Went stale")).to_have_attribute("aria-current", "page")
    admin.goto("/review/nothing")
    expect(admin.locator(".notice-title")).to_have_text("No such page")


@pytest.mark.parametrize("path", ["/answers/ans_1", "/review/stale"])
def test_axe_finds_nothing_serious_and_it_fits_a_telephone(admin: Page, assistant: PageAssistant, path: str) -> None:
    ask(admin, FLOOD)
    changed(assistant, StaleCitation(number=2, since=MORNING, article_version="sha256:2"))
    admin.goto(path)
    if path == "/review/stale":
        admin.locator("summary").first.press("Enter")
    expect(admin.locator(".change").first).to_be_visible()
    name = f"stale{path.replace('/', '-')}"
    screenshot(admin, f"{name}-light")
    assert findings(admin) == []
    admin.emulate_media(color_scheme="dark")
    admin.set_viewport_size({"width": 360, "height": 800})
    screenshot(admin, f"{name}-dark")
    assert findings(admin) == []
    assert fits(admin)
