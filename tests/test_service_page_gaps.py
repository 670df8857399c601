"""Gaps on the page: what had no good answer, with the passages that come nearest."""

from playwright.sync_api import Page, expect

from tests.page_browser import ask, findings, fits, screenshot

LIFE = "What is the meaning of life?"


def test_gaps_are_listed_with_the_nearest_passages(admin: Page) -> None:
    admin.goto("/review/gaps")
    expect(admin.locator(".empty")).to_have_text("No question was refused or rated down.")
    admin.goto("/")
    ask(admin, LIFE)
    admin.goto("/review")
    admin.get_by_role("link", name="Gaps").click()
    row = admin.locator(".reviewed")
    expect(row.get_by_role("heading")).to_have_text(LIFE)
    expect(row).to_contain_text("<b>Why</b> are we here?")
    expect(row).to_contain_text("asked 3 times · refused 2 · rated down 1")
    expect(admin.locator("h1.article-title")).to_have_text("Gaps: the 1 largest of 2")
    row.locator("summary").press("Enter")
    expect(row.locator(".near-quote")).to_be_visible()
    screenshot(admin, "gaps-light")
    assert findings(admin) == []
    admin.emulate_media(color_scheme="dark")
    admin.set_viewport_size({"width": 360, "height": 800})
    screenshot(admin, "gaps-dark")
    assert findings(admin) == []
    assert fits(admin)
