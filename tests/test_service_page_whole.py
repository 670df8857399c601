"""The page over the whole service: the shipped articles, the real pipeline, and what it keeps."""

from pathlib import Path

from playwright.sync_api import Browser, expect

from tests.page_browser import ask, highlighted, opened, serving
from tests.service_fixtures import CORPUS, assistant_over, index_into, settings_for

QUESTION = "How much will Amazon invest in Anthropic right away?"


def test_a_question_is_answered_cited_kept_shared_gone_on_with_and_deleted(browser: Browser, tmp_path: Path) -> None:
    with assistant_over(settings_for(tmp_path / "data"), with_history=True) as assistant:
        index_into(assistant, CORPUS)
        with serving(assistant) as address, opened(browser, address) as page:
            entry = ask(page, QUESTION)
            expect(entry.locator(".answer-text")).to_contain_text("$5 billion")
            quote = entry.locator(".note-quote").first.text_content()
            entry.locator(".answer-text .marker").first.click()
            assert highlighted(page) == quote
            page.keyboard.press("Escape")
            expect(page.locator(".reader")).to_be_hidden()
            entry.get_by_role("button", name="Bad answer").click()
            expect(entry.locator(".drawer textarea")).to_be_visible()
            expect(ask(page, "And how much before?").locator(".answer-text")).to_contain_text("$8 billion")
            expect(ask(page, "What is the boiling point of mercury?").locator(".no-answer")).to_contain_text(
                "found no answer"
            )
            page.reload()
            expect(page.locator(".question")).to_have_text(
                [QUESTION, "And how much before?", "What is the boiling point of mercury?"]
            )
            page.locator(".entry").first.get_by_role("button", name="Share").click()
            link = page.get_by_label("Link to this answer").input_value()
            page.goto(link)
            expect(page.locator(".answer-text").first).to_contain_text("$5 billion")
            expect(page.get_by_role("button", name="Bad answer")).to_have_attribute("aria-pressed", "true")
            page.get_by_role("button", name="Delete the answer").click()
            page.get_by_role("dialog").get_by_role("button", name="Delete").click()
            expect(page.locator(".notice")).to_have_text("The answer is deleted.")
            page.goto("/conversations")
            expect(page.locator(".conversation")).to_contain_text("2 questions")
