"""The list of articles: one collection of it, and deleting several at once, for admins."""

from playwright.sync_api import Page, expect

from index.errors import IndexDamaged
from tests.page_assistant import PageAssistant
from tests.page_browser import findings, fits, screenshot


def test_the_list_is_narrowed_to_a_collection(page: Page) -> None:
    page.goto("/articles")
    expect(page.get_by_role("heading", level=1)).to_have_text("65 articles")
    page.get_by_label("Collection").select_option("handbook")
    expect(page.get_by_role("heading", level=1)).to_have_text("9 articles")
    expect(page.locator(".choose").first).to_be_hidden()


def test_admins_choose_articles_and_delete_them_after_confirming(admin: Page, assistant: PageAssistant) -> None:
    admin.goto("/articles")
    for title in ("A long year", "dots/../up"):
        admin.get_by_role("checkbox", name=f"Choose {title}").press("Space")
    expect(admin.locator(".chosen")).to_contain_text("2 articles chosen")
    admin.set_viewport_size({"width": 360, "height": 800})
    admin.emulate_media(color_scheme="dark")
    screenshot(admin, "choosing-dark")
    assert findings(admin) == []
    assert fits(admin)
    admin.get_by_role("button", name="Delete 2 articles").press("Enter")
    dialog = admin.get_by_role("dialog")
    expect(dialog).to_contain_text("A long year, dots/../up")
    dialog.get_by_role("button", name="Cancel").click()
    assert assistant.deleted == set()
    admin.get_by_role("button", name="Delete 2 articles").press("Enter")
    assistant.error = IndexDamaged("The index cannot be written.")
    dialog.get_by_role("button", name="Delete").click()
    expect(dialog.get_by_role("alert")).to_have_text("The index cannot be written.")
    assistant.error = None
    dialog.get_by_role("button", name="Delete").click()
    expect(admin.get_by_role("heading", level=1)).to_have_text("63 articles")
    expect(admin.get_by_role("heading", level=1)).to_be_focused()
    expect(admin.locator(".chosen")).to_be_hidden()
    assert assistant.deleted == {"long", "dots/../up"}
