"""The page that shows admins where two articles give different values, while it looks for them."""

import pytest
from playwright.sync_api import Page, expect

from index.errors import IndexDamaged, SearchUnderWay
from service.schemas.conflicts import Conflict, ConflictSide, ConflictsResponse
from tests.page_assistant import ARTICLES, COST, INSURED, PageAssistant
from tests.page_browser import findings, fits, highlighted, screenshot

RAIN = "rain/Hamburg #1?"


def side(article_id: str, quote: str, value: str) -> ConflictSide:
    made = ARTICLES[article_id]
    start = made.text.index(quote)
    return ConflictSide(
        article_id=article_id,
        article_version=made.version,
        title=made.title,
        publisher=made.publisher,
        published=made.published,
        start=start,
        end=start + len(quote),
        quote=quote,
        value=value,
    )


SURE = Conflict(one=side(RAIN, COST, "€12 million"), other=side(RAIN, INSURED, "€9 million"), likelihood=0.95)
HARM = "<script>window.harmed = true</script>"
HOSTILE = side("hostile/<b>", HARM, HARM)
UNSURE = Conflict(one=HOSTILE, other=side("long", "The bell rang 🔔 at nine.", "nine"), likelihood=0.8)
SWAPPED = Conflict(one=SURE.other, other=SURE.one, likelihood=0.95)


def part(*conflicts: Conflict, compared: int, after: str | None) -> ConflictsResponse:
    return ConflictsResponse(conflicts=list(conflicts), left_out=0, compared=compared, passages=1_200, next_after=after)


@pytest.fixture
def finding(assistant: PageAssistant) -> PageAssistant:
    """An assistant that finds one conflict, then another one and the first again."""
    assistant.conflict_parts = [
        part(UNSURE, compared=600, after="p600"),
        part(SURE, SWAPPED, compared=1_200, after=None),
    ]
    return assistant


def test_conflicts_are_shown_next_to_each_other_with_their_places(finding: PageAssistant, admin: Page) -> None:
    admin.goto("/review")
    admin.get_by_role("link", name="Conflicts").press("Enter")
    assert finding.searched == []
    admin.get_by_role("button", name="Look for conflicts").press("Enter")
    expect(admin.get_by_text("2 found · 1,200 of 1,200 passages compared")).to_have_count(2)  # seen, and read out
    assert [request.after for request in finding.searched] == [None, "p600"]
    expect(admin.locator(".contents > .reviewed")).to_have_count(2)
    first, second = admin.locator(".contents > .reviewed").all()
    assert first.locator(".conflict-value").all_text_contents() == ["€12 million", "€9 million"]
    assert first.locator("b").all_text_contents() == ["€12 million", "€9 million"]
    expect(second.locator(".conflict-value").first).to_have_text(HARM)
    screenshot(admin, "conflicts-light", full_page=True)
    assert findings(admin) == []
    first.get_by_role("link").nth(1).press("Enter")
    assert highlighted(admin) == INSURED
    admin.keyboard.press("Escape")
    admin.emulate_media(color_scheme="dark")
    admin.set_viewport_size({"width": 360, "height": 800})
    screenshot(admin, "conflicts-dark", full_page=True)
    assert findings(admin) == []
    assert fits(admin)


def test_a_search_is_stopped_and_gone_on_with(finding: PageAssistant, admin: Page) -> None:
    finding.paced = True
    admin.goto("/review/conflicts")
    admin.get_by_role("button", name="Look for conflicts").press("Enter")
    finding.go()
    expect(admin.get_by_text("1 found · 600 of 1,200 passages compared")).to_be_visible()
    expect(admin.get_by_role("progressbar")).to_have_js_property("value", 0.5)
    stop = admin.get_by_role("button", name="Stop")
    expect(stop).to_be_focused()
    admin.keyboard.press("Enter")
    go_on = admin.get_by_role("button", name="Go on")
    expect(go_on).to_be_focused()
    expect(admin.locator(".notice")).to_have_count(0)
    finding.paced = False
    finding.conflict_parts = [part(SURE, compared=1_200, after=None)]
    go_on.press("Enter")
    expect(admin.locator(".contents > .reviewed")).to_have_count(2)
    assert finding.searched[-1].after == "p600"
    expect(admin.get_by_role("progressbar")).to_have_count(0)


def test_what_goes_wrong_is_said_and_somebody_elses_search_is_waited_for(finding: PageAssistant, admin: Page) -> None:
    finding.conflict_parts[1:1] = [IndexDamaged("The database cannot be read."), SearchUnderWay("Another one.")]
    admin.clock.install()
    admin.goto("/review/conflicts")
    admin.get_by_role("button", name="Look for conflicts").press("Enter")
    expect(admin.locator(".notice")).to_contain_text("The database cannot be read.")
    expect(admin.locator(".contents > .reviewed")).to_have_count(1)
    admin.get_by_role("button", name="Try again").press("Enter")
    expect(admin.get_by_text("Another search is under way.")).to_be_visible()
    admin.clock.run_for(5_000)
    expect(admin.locator(".contents > .reviewed")).to_have_count(2)
    expect(admin.locator(".notice")).to_have_count(0)


def test_nobody_else_is_shown_anything(page: Page) -> None:
    page.goto("/review/conflicts")
    page.get_by_role("button", name="Look for conflicts").press("Enter")
    expect(page.locator(".notice")).to_contain_text("made with --admin")
