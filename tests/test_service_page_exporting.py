"""Taking a conversation out of the page: as a file, and on paper."""

from pathlib import Path

from playwright.sync_api import Page, expect

from tests.page_assistant import PageAssistant
from tests.page_browser import SCREENS, ask


def test_a_conversation_is_saved_as_markdown(page: Page) -> None:
    expect(page.get_by_role("button", name="Export")).to_be_hidden()
    ask(page, "Who rang?")
    with page.expect_download() as started:
        page.get_by_role("button", name="Export").press("Enter")
    saved = Path(started.value.path()).read_text(encoding="utf-8")
    assert started.value.suggested_filename == "footnote-conv_1.md"
    assert saved.startswith("# Who rang?\n")
    assert "[^1]: “The bell rang 🔔 at nine.” — [A long year](" in saved
    page.reload()
    expect(page.get_by_role("button", name="Export")).to_be_visible()


def test_nothing_is_offered_where_nothing_is_kept(page: Page, assistant: PageAssistant) -> None:
    assistant.records_history = False
    ask(page, "Who rang?")
    expect(page.get_by_role("button", name="Export")).to_be_hidden()


def test_on_paper_there_are_only_questions_answers_and_sources(page: Page) -> None:
    ask(page, "Who rang?")
    ask(page, "What did the flood cost?")
    page.emulate_media(media="print", color_scheme="dark")
    expect(page.locator("#ask")).to_be_hidden()
    expect(page.locator(".colophon").first).to_be_hidden()
    expect(page.locator(".note").first).to_be_visible()
    assert page.evaluate("getComputedStyle(document.documentElement).backgroundColor") == "rgb(255, 255, 255)"
    SCREENS.mkdir(parents=True, exist_ok=True)
    paper = page.pdf(path=SCREENS / "print.pdf")
    assert paper.startswith(b"%PDF")
