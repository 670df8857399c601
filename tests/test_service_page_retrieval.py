"""The page that shows admins what was found for a question, what was read in it, and why it was answered or refused."""

from playwright.sync_api import Page, Route, expect

from index.errors import IndexDamaged
from tests.page_assistant import PageAssistant
from tests.page_browser import ask, findings, fits, screenshot

FLOOD = "What did the flood cost?"
LIFE = "What is the meaning of life?"


def explain(page: Page, question: str) -> None:
    page.get_by_label("Question", exact=True).fill(question)
    page.keyboard.press("Enter")


def test_hits_are_shown_with_their_scores_and_what_was_read_and_quoted(admin: Page) -> None:
    admin.goto("/review")
    admin.get_by_role("link", name="Retrieval").click()
    explain(admin, FLOOD)
    expect(admin.locator(".outcome")).to_have_text("Answered")
    expect(admin.locator(".explained")).to_contain_text("Confidence 0.90; there is an answer from 0.30 on.")
    expect(admin.locator(".search-read")).to_contain_text("the best 4 of 50 passages")
    hits = admin.locator(".hits-read > li")
    expect(hits).to_have_count(4)
    expect(hits.first.locator(".flag").first).to_have_text("read")
    expect(hits.first.locator(".flag").nth(1)).to_have_text("quoted")
    expect(hits.first).to_contain_text("vector")
    expect(hits.first).to_contain_text("words")
    expect(hits.nth(1)).to_contain_text("time and source +0.30")
    expect(hits.nth(1).locator(".flag")).to_have_count(0)
    hits.first.locator("summary").press("Enter")
    expect(hits.first.locator(".sentences-read > li")).to_contain_text(
        [
            "belongs to the answer: 0.97 · reading model +2.50 · short answer: €12 million",
            "<b>No</b> one was hurt. belongs to the answer: 0.01 · reading model −4.25",
        ]
    )
    admin.get_by_text("How the confidence comes about").press("Enter")
    expect(admin.locator(".measures tbody tr").nth(1)).to_have_text(
        "How similar its passage is to the question0.805.51+4.41"
    )
    hits.first.get_by_role("link").click()
    expect(admin.locator(".reader mark").first).to_be_visible()


def test_it_is_readable_on_a_telephone_in_the_dark(admin: Page) -> None:
    admin.goto("/review/retrieval?question=What+did+the+flood+cost%3F")
    expect(admin.locator(".outcome")).to_be_visible()
    for summary in admin.locator(".explained summary").all():
        summary.press("Enter")
    screenshot(admin, "retrieval-light", full_page=True)
    assert findings(admin) == []
    admin.emulate_media(color_scheme="dark")
    admin.set_viewport_size({"width": 360, "height": 800})
    screenshot(admin, "retrieval-dark", full_page=True)
    assert findings(admin) == []
    assert fits(admin)


def test_a_refused_question_says_why_and_is_reached_from_the_review(admin: Page) -> None:
    ask(admin, LIFE)
    admin.goto("/review")
    admin.get_by_role("link", name="Why?").click()
    expect(admin.locator(".outcome")).to_have_text("Refused: no passage was found")
    expect(admin.locator(".hits-read > li")).to_have_count(0)


def test_what_goes_wrong_is_said_and_tried_again(admin: Page, assistant: PageAssistant) -> None:
    admin.goto("/review/retrieval")
    assistant.error = IndexDamaged("The database cannot be read.")
    explain(admin, FLOOD)
    expect(admin.locator(".notice")).to_contain_text("The database cannot be read.")
    assistant.error = None
    admin.get_by_role("button", name="Try again").click()
    expect(admin.locator(".outcome")).to_have_text("Answered")


def test_what_comes_late_does_not_take_the_place_of_a_later_question(admin: Page) -> None:
    held: list[Route] = []
    admin.route("**/api/explain", lambda route: route.continue_() if held else held.append(route))
    admin.goto("/review/retrieval")
    explain(admin, FLOOD)
    explain(admin, LIFE)
    expect(admin.locator(".outcome")).to_have_text("Refused: no passage was found")
    with admin.expect_response("**/api/explain") as late:
        held[0].continue_()
    late.value.finished()
    admin.evaluate("() => new Promise((done) => setTimeout(done, 100))")
    expect(admin.locator(".outcome")).to_have_text("Refused: no passage was found")


def test_nobody_else_is_shown_anything(page: Page) -> None:
    page.goto("/review/retrieval")
    explain(page, FLOOD)
    expect(page.locator(".notice")).to_contain_text("made with --admin")
