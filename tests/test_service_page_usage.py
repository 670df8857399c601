"""The page that shows admins how much is asked."""

import pytest
from playwright.sync_api import Page, expect

from index.errors import IndexDamaged
from service.schemas.usage import Outcomes, UsageResponse
from tests.page_assistant import PageAssistant, used
from tests.page_browser import fits, screenshot


@pytest.fixture
def usage(admin: Page) -> Page:
    admin.goto("/")
    admin.get_by_role("link", name="Usage").click()
    expect(admin.locator(".bars")).to_be_visible()
    return admin


def test_the_figures_of_thirty_days_are_shown(usage: Page) -> None:
    expect(usage).to_have_title("Usage \u2013 Footnote")
    # 0 + 1 + … + 29 answers, 10 refusals, 1 failure
    expect(usage.locator(".usage-period")).to_have_text(
        "446 questions from 26 March 2026 to 24 April 2026, by the clock of UTC"
    )
    figures = usage.locator(".key-figures div")
    expect(figures).to_have_text(
        [
            "Answered97.5 %435",
            "Refused2.2 %10",
            "Failed or left0.2 %1",
            "Degraded5.0 %1 of 20 kept",
            "Median time38 ms",
            "95th percentile1.2 s",
            "Rated good3",
            "Rated bad1",
        ]
    )


def test_bars_are_as_high_as_the_table_says(usage: Page) -> None:
    usage.get_by_label("Over the last").select_option("7 days")
    expect(usage.locator(".bars g")).to_have_count(7)
    expect(usage.locator("figcaption")).to_have_text("Questions a day: at most 7, on 24 April 2026")
    usage.get_by_text("Every day as a table").click()
    rows = usage.locator(".day-table tbody tr")
    expect(rows.first).to_have_text("24 April 20266100")
    expect(rows.nth(1)).to_have_text("23 April 20265001")
    last = usage.locator(".bars g").last
    expect(last.locator("title")).to_have_text("24 April 2026: answered 6, refused 1, small talk 0, failed or left 0")
    heights = [
        float(last.locator(f".{part}").get_attribute("height") or 0) for part in ("answered", "refused", "failed")
    ]
    assert heights == pytest.approx([600 / 7, 100 / 7, 0])


def test_a_change_of_level_is_marked(usage: Page) -> None:
    measures = usage.locator(".measures > li")
    expect(measures.first).to_contain_text("Sentences supported by what they cite80 % (74 % to 86 %), of 160")
    expect(measures.first).to_contain_text("Fell beyond chance on 20 April 2026, from 98 % to 80 %")
    expect(measures.last).to_contain_text("Ratings that are good75 % (10 % to 100 %), of 4")
    expect(measures.last.locator(".level-changed")).to_have_count(0)
    expect(measures.first.get_by_role("img")).to_have_attribute(
        "aria-label",
        "Sentences supported by what they cite, day by day: 98 % on 25 March 2026, 80 % on 23 April 2026",
    )


def test_articles_and_askers_are_named_as_words_and_articles_open(usage: Page) -> None:
    askers, cited, left = (usage.locator(".usage .contents").nth(number) for number in range(3))
    expect(cited.locator("li")).to_have_text(
        ["A long year14 answers", "<img src=x onerror='window.harmed = true'>1 answer"]
    )
    expect(left.locator("li")).to_have_count(10)
    expect(usage.locator(".usage")).to_contain_text("Not cited: 63 articles")
    expect(usage.locator(".usage")).to_contain_text("and 53 articles more")
    expect(askers.locator("li").last).to_have_text("key:<i>cy</i>7 questions")
    cited.get_by_role("link", name="A long year").click()
    expect(usage.locator(".reader h1")).to_have_text("A long year")


def test_where_nothing_was_asked_that_is_said(
    admin: Page, assistant: PageAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    nothing = used(7).model_copy(
        update={"questions": Outcomes(), "most_cited": [], "askers": [], "askers_total": 0, "median_ms": None}
    )

    def nothing_used(asker: object, *, days: int) -> UsageResponse:
        return nothing

    monkeypatch.setattr(assistant, "usage", nothing_used)
    admin.goto("/usage")
    expect(admin.locator(".usage-period")).to_contain_text("Nothing was asked from 18 April 2026 to 24 April 2026")
    expect(admin.locator(".bars")).to_have_count(0)
    expect(admin.locator(".usage")).to_contain_text("Not cited: 63 articles")
    screenshot(admin, "usage-nothing")


def test_what_goes_wrong_is_said_and_tried_again(admin: Page, assistant: PageAssistant) -> None:
    assistant.error = IndexDamaged("The database cannot be read.")
    admin.goto("/usage")
    expect(admin.locator(".problem")).to_contain_text("The database cannot be read.")
    assistant.error = None
    admin.get_by_role("button", name="Try again").click()
    expect(admin.locator(".bars g")).to_have_count(30)


def test_ninety_days_fit_a_telephone(usage: Page) -> None:
    usage.set_viewport_size({"width": 360, "height": 800})
    usage.get_by_label("Over the last").select_option("90 days")
    expect(usage.locator(".bars g")).to_have_count(90)
    assert fits(usage)
    screenshot(usage, "usage-narrow", full_page=True)
