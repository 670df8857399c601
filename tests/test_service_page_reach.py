"""The page for everyone: by keyboard alone, on a narrow or a dark screen, with little motion, and as `axe` sees it."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.page_assistant import RISE, PageAssistant
from tests.page_browser import ask, findings, fits, highlighted, screenshot, submit

FLOOD = "What did the flood cost?"
GROUND = "getComputedStyle(document.documentElement).backgroundColor"
# How far things jumped, as browsers reckon it (https://web.dev/articles/cls): below 0.1 is good.
SHIFTS = """
window.shifted = 0;
const add = (list) => list.getEntries().forEach((entry) => (window.shifted += entry.value));
new PerformanceObserver(add).observe({ type: "layout-shift", buffered: true });
"""
MOVING = "document.getAnimations().filter((animation) => animation.playState === 'running').length"


def test_everything_works_from_the_keyboard(page: Page) -> None:
    expect(page.get_by_label("Your question")).to_be_focused()
    page.keyboard.type("Who rang?")
    page.keyboard.press("Enter")
    expect(page.locator(".colophon")).to_be_visible()
    # Back from the field: the thumbs, Share and Copy, the source, and the marker.
    marker = page.locator(".answer-text .marker")
    for _ in range(20):
        if marker.evaluate("marker => marker === document.activeElement"):
            break
        page.keyboard.press("Shift+Tab")
    expect(marker).to_be_focused()
    expect(page.get_by_role("tooltip")).to_contain_text("The bell rang 🔔 at nine.")
    page.keyboard.press("Escape")
    expect(page.get_by_role("tooltip")).to_be_hidden()
    page.keyboard.press("Enter")
    expect(page.locator("mark")).to_be_focused()
    page.keyboard.press("Escape")
    expect(marker).to_be_focused()
    page.keyboard.press("/")
    expect(page.get_by_label("Your question")).to_be_focused()
    expect(page.get_by_label("Your question")).to_have_value("")


def test_the_filters_work_from_the_keyboard(page: Page, assistant: PageAssistant) -> None:
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Filter")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Scope")).to_be_focused()
    page.get_by_label("The Herald").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.get_by_role("button", name="Remove the filter The Herald")).to_be_visible()
    expect(page.get_by_role("button", name="Change")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()


def test_a_narrow_screen_shows_everything_and_articles_as_a_sheet(narrow: Page) -> None:
    assert fits(narrow)
    entry = ask(narrow, FLOOD)
    assert fits(narrow)
    screenshot(narrow, "narrow", full_page=True)
    entry.locator(".answer-text .marker").nth(1).click()
    assert highlighted(narrow) == RISE
    assert fits(narrow)
    assert narrow.locator(".reader").bounding_box() == {"x": 0, "y": 0, "width": 360, "height": 800}
    assert narrow.locator("#desk").evaluate("desk => desk.inert")
    screenshot(narrow, "narrow-article")
    narrow.get_by_role("button", name="Close").click()
    expect(narrow.locator(".reader")).to_be_hidden()
    assert not narrow.locator("#desk").evaluate("desk => desk.inert")


def test_a_dark_screen_is_dark(dark: Page) -> None:
    ask(dark, FLOOD).locator(".answer-text .marker").first.click()
    expect(dark.locator("mark").first).to_be_in_viewport()
    assert dark.evaluate(GROUND) == "rgb(24, 22, 19)"
    screenshot(dark, "dark")


@pytest.mark.parametrize("screen", ["narrow", "dark"])
@pytest.mark.parametrize(
    ("question", "name"),
    [
        ("What can you do?", "about"),
        ("What is the meaning of life?", "refusal"),
        ("How is the level set?", "code"),
    ],
)
def test_each_kind_of_reply_is_fit_for_every_screen(
    request: pytest.FixtureRequest, screen: str, question: str, name: str
) -> None:
    page: Page = request.getfixturevalue(screen)
    ask(page, question)
    assert fits(page)
    screenshot(page, f"{screen}-{name}", full_page=True)
    assert findings(page) == []


def test_what_could_be_asked_and_what_comes_near_are_reached_by_keyboard(narrow: Page) -> None:
    for question, name in (("What can you do?", "Who rang?"), ("What is the meaning of life?", "A long year")):
        entry = ask(narrow, question)
        wanted = entry.get_by_text(name).first
        for _ in range(20):
            if wanted.evaluate("one => one.closest('a, button') === document.activeElement"):
                break
            narrow.keyboard.press("Shift+Tab")
        assert wanted.evaluate("one => one.closest('a, button') === document.activeElement")


def test_code_keeps_its_lines(page: Page) -> None:
    words = ask(page, "How is the level set?").locator(".sentence.code .words")
    assert words.evaluate("code => code.innerText").startswith("pegel = 6.45\n    # in metres")
    assert "ono" in words.evaluate("code => getComputedStyle(code).fontFamily")


def test_on_a_wide_screen_the_article_stands_beside_the_answer(page: Page) -> None:
    entry = ask(page, FLOOD)
    entry.locator(".answer-text .marker").first.click()
    expect(page.locator("mark").first).to_be_in_viewport()
    answer_box, reader_box = entry.bounding_box(), page.locator(".reader").bounding_box()
    assert answer_box is not None
    assert reader_box is not None
    assert answer_box["x"] + answer_box["width"] <= reader_box["x"]
    assert fits(page)
    screenshot(page, "wide")


def test_nothing_moves_where_less_motion_is_wanted(page: Page, assistant: PageAssistant) -> None:
    assistant.paced = True
    expect(submit(page, FLOOD).locator(".progress")).to_be_visible()
    assert page.evaluate(MOVING) == 0
    page.emulate_media(reduced_motion="no-preference")
    assert page.evaluate(MOVING) > 0


def test_what_comes_later_moves_nothing_on_a_telephone(admin: Page) -> None:
    admin.set_viewport_size({"width": 360, "height": 800})
    admin.add_init_script(SHIFTS)
    for path in ("/", "/articles/long", "/usage"):
        admin.goto(path)
        expect(admin.get_by_role("link", name="Usage")).to_be_visible()
        expect(admin.locator(".progress")).to_have_count(0)
        assert admin.evaluate("window.shifted") < 0.01


def answer_with_an_article(page: Page) -> None:
    ask(page, FLOOD).locator(".answer-text .marker").first.click()
    expect(page.locator("mark").first).to_be_attached()


def refusal(page: Page) -> None:
    ask(page, "What is the meaning of life?")


def problem(page: Page) -> None:
    page.route("**/api/ask", lambda route: route.abort())
    ask(page, "Who rang?")


def filters(page: Page) -> None:
    page.get_by_role("button", name="Filter").click()
    page.get_by_label("The Herald").check()
    page.get_by_role("button", name="Apply").click()
    page.get_by_role("button", name="Change").click()
    expect(page.get_by_role("checkbox", name="The Herald")).to_be_checked()


def sharing(page: Page) -> None:
    entry = ask(page, "Who rang?")
    entry.get_by_role("button", name="Share").click()
    expect(entry.get_by_label("Link to this answer")).to_be_visible()


def rating(page: Page) -> None:
    entry = ask(page, "Who rang?")
    entry.get_by_role("button", name="Bad answer").click()
    expect(entry.get_by_label("What is wrong with it?")).to_be_visible()


def conversations(page: Page) -> None:
    ask(page, "Who rang?")
    page.get_by_role("link", name="History").click()
    expect(page.locator(".reader .conversation")).to_have_count(1)


def review(page: Page) -> None:
    ask(page, FLOOD)
    page.goto("/review")
    page.locator("summary").first.click()
    expect(page.locator(".note").first).to_be_visible()


def usage(page: Page) -> None:
    page.goto("/usage")
    page.get_by_text("Every day as a table").click()
    expect(page.locator(".day-table")).to_be_visible()


def article(page: Page) -> None:
    page.goto("/articles/rain/Hamburg%20%231%3F")
    expect(page.locator(".article-title")).to_be_visible()


def nothing_yet(page: Page) -> None:
    expect(page.locator(".opening .contents").last).to_be_visible()


VIEWS = [
    nothing_yet,
    answer_with_an_article,
    refusal,
    problem,
    filters,
    sharing,
    rating,
    conversations,
    review,
    usage,
    article,
]


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.__name__)
def test_axe_finds_nothing_serious_light_and_wide_or_dark_and_narrow(admin: Page, view: Callable[[Page], None]) -> None:
    view(admin)
    screenshot(admin, f"{view.__name__}-light")
    assert findings(admin) == []
    admin.emulate_media(color_scheme="dark")
    admin.set_viewport_size({"width": 360, "height": 800})
    screenshot(admin, f"{view.__name__}-dark")
    assert findings(admin) == []
    assert fits(admin)


def test_screenshots_lie_in_a_folder_for_people(page: Page) -> None:
    assert screenshot(page, "opening").read_bytes().startswith(b"\x89PNG")
