"""`report.html` and `compare.html` in a real browser: sorting, filtering, opening, with and without script."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from eval.compare import compare
from eval.records import CitedQuote, Result
from eval.reporting.comparison_page import write_comparison_page
from eval.reporting.page import write_page
from eval.scoring.aggregates import aggregate
from tests.eval_fixtures import hostile, report_of, run_in
from tests.page_browser import opened_file

PASSAGE = "The ferries stopped. The flood cost €12 million & more. Nobody was hurt."
QUOTE = "The flood cost €12 million & more."
CITED = CitedQuote(
    1, "news/flood", "The flood", "https://herald.example/flood", QUOTE, 121, 121 + len(QUOTE),
    publisher="The Herald", published="2026-04-24", passage=PASSAGE, passage_start=100,
)  # fmt: skip

RESULTS = (
    Result(
        "q1",
        "What did the flood cost?",
        True,
        ("€12 million",),
        ("news/flood", "news/absent"),
        "fact",
        "answered",
        "The flood cost €12 million & more. [1]",
        citations=(CITED,),
        confidence=0.9,
        ranking=("news/other", "news/flood"),
        disagreements=("Cost of the flood: €12 million [1]; €9 million [2]",),
        latency_ms=20,
        scores={"mrr@10": 0.5, "answer_in_text": 1.0, "answer_in_quotes": 1.0, "token_f1": 0.4},
    ),
    Result(
        "q2",
        "How deep was the Elbe?",
        True,
        ("two metres",),
        kind="fact",
        status="no_answer",
        text="The articles do not answer this.",
        confidence=0.2,
        latency_ms=100,
        scores={"mrr@10": 1.0, "answer_in_text": 0.0, "answer_in_quotes": 0.0, "token_f1": 0.0},
    ),
    Result(
        "q3", "Who will win?", False, kind="unanswerable", status="answered", text="Nobody.", latency_ms=3, confidence=0.55
    ),
    Result("q4", "Is it safe?", True, kind="fact", error=hostile("error"), scores={"mrr@10": 0.0, "token_f1": 0.0}),
)  # fmt: skip


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    metrics = aggregate(RESULTS)
    return write_page(
        report_of(metrics=metrics, questions=4, asked=4), run_in(tmp_path_factory.mktemp("run"), *RESULTS)
    )


@pytest.fixture
def page(browser: Browser, report: Path) -> Iterator[Page]:
    yield from opened_file(browser, report)


@pytest.fixture
def narrow(browser: Browser, report: Path) -> Iterator[Page]:
    yield from opened_file(browser, report, width=360)


@pytest.fixture
def scriptless(browser: Browser, report: Path) -> Iterator[Page]:
    yield from opened_file(browser, report, script=False)


def rows(page: Page) -> Locator:
    return page.locator(".questions > tbody > tr:visible")


def numbers(page: Page) -> list[str]:
    return rows(page).locator("td:first-child").all_text_contents()


def press(page: Page, name: str) -> str | None:
    """Press a column's head and return how it says that it is sorted."""
    head = page.locator(".questions thead th").filter(has_text=name)
    head.get_by_role("button").click()
    return head.get_attribute("aria-sort")


def test_columns_sort_both_ways_and_what_has_no_value_stays_last(page: Page) -> None:
    assert numbers(page) == ["1", "2", "3", "4"]
    assert press(page, "ms") == "descending"
    assert numbers(page) == ["2", "1", "3", "4"]
    assert press(page, "ms") == "ascending"
    assert numbers(page) == ["3", "1", "2", "4"]
    assert press(page, "Rank") == "ascending"
    # Not found is worse than any rank, and better than a question that has none.
    assert numbers(page) == ["2", "1", "4", "3"]
    assert press(page, "Question") == "ascending"
    assert numbers(page) == ["2", "4", "1", "3"]
    assert press(page, "Outcome") == "ascending"
    assert numbers(page) == ["4", "1", "3", "2"]
    assert page.locator("th[aria-sort]").count() == 1
    assert press(page, "#") == "ascending"
    assert numbers(page) == ["1", "2", "3", "4"]


def test_any_score_can_be_shown_and_sorted_by(page: Page) -> None:
    press(page, "token_f1")
    assert rows(page).locator("td:last-child").all_text_contents() == ["0.400", "0", "0", ""]
    page.get_by_role("combobox", name="Score").select_option("mrr@10")
    expect(page.locator(".questions thead th").last).to_have_text("mrr@10")
    assert rows(page).locator("td:last-child").all_text_contents() == ["1", "0.500", "0", ""]
    assert numbers(page) == ["2", "1", "4", "3"]


def test_filters_narrow_together_and_can_be_cleared(page: Page) -> None:
    count = page.locator(".toolbar output")
    expect(count).to_have_text("4 questions")
    page.get_by_label("Outcome").select_option("wrong")
    expect(count).to_have_text("3 of 4")
    page.get_by_label("Kind").select_option("fact")
    assert numbers(page) == ["2", "4"]
    page.get_by_label("Outcome").select_option("wrong-refusal")
    assert numbers(page) == ["2"]
    page.get_by_label("Search").fill("nothing of the kind")
    expect(page.get_by_text("No question fits all of that.")).to_be_visible()
    page.get_by_role("button", name="Clear").click()
    expect(count).to_have_text("4 questions")


@pytest.mark.parametrize("words", ["FLOOD COST", "€12 million & more", "the herald", "news/absent"])
def test_search_reads_what_is_inside_rows_opened_or_not(page: Page, words: str) -> None:
    search, count = page.get_by_label("Search"), page.locator(".toolbar output")
    search.fill(words)
    expect(count).to_have_text("1 of 4")
    assert numbers(page) == ["1"]
    page.get_by_text("What did the flood cost?").click()
    search.fill("")
    expect(count).to_have_text("4 questions")
    search.fill(words)
    expect(count).to_have_text("1 of 4")


@pytest.mark.parametrize("markup", ["blockquote", "class=", "&amp;", "noscript"])
def test_search_does_not_find_markup(page: Page, markup: str) -> None:
    page.get_by_label("Kind").select_option("unanswerable")
    page.get_by_label("Search").fill(markup)
    expect(page.locator(".toolbar output")).to_have_text("0 of 4")


def test_a_part_of_a_bar_filters_by_stage_and_kind(page: Page) -> None:
    page.get_by_role("link", name="fact: wrong refusal, 1").click()
    assert numbers(page) == ["2"]
    expect(page.get_by_label("Outcome")).to_have_value("wrong-refusal")
    expect(page.get_by_label("Kind")).to_have_value("fact")
    page.locator(".legend").get_by_role("link", name="should have refused").press("Enter")
    assert numbers(page) == ["3"]
    expect(page.get_by_label("Kind")).to_have_value("")


def test_a_row_opens_by_key_and_shows_the_quote_in_its_passage(page: Page) -> None:
    page.get_by_text("What did the flood cost?").press("Enter")
    inside = page.locator(".opened")
    expect(inside.locator(".went")).to_have_text("A known answer is in the text.")
    expect(inside.locator(".answer")).to_have_text("The flood cost €12 million & more.1")
    expect(inside.locator("blockquote")).to_have_text(PASSAGE.replace("more.", "more.1"))
    expect(inside.locator("mark")).to_have_text(f"{QUOTE}1")
    link = inside.get_by_role("link", name="The flood")
    expect(link).to_have_attribute("href", "https://herald.example/flood")
    expect(inside.locator("figcaption")).to_contain_text("The Herald, 2026-04-24 · news/flood")
    expect(inside.get_by_text("Cost of the flood")).to_have_text("Cost of the flood: €12 million1; €9 million [2]")
    expect(inside.locator(".ranking li")).to_have_text(["news/other", "news/flood relevant"])
    expect(inside.locator(".absent")).to_have_text("Not in the ranking: news/absent relevant")
    expect(inside.locator(".few tr")).to_have_text(["mrr@100.5", "answer_in_text1", "answer_in_quotes1", "token_f10.4"])


def test_an_error_is_told_in_its_own_words(page: Page) -> None:
    page.get_by_text("Is it safe?").click()
    expect(page.locator(".opened .went")).to_have_text(f"There was no answer: {hostile('error')}")


def test_what_is_open_stays_open_when_the_order_changes(page: Page) -> None:
    page.get_by_text("Who will win?").click()
    press(page, "ms")
    press(page, "ms")
    expect(rows(page).first.locator(".answer")).to_have_text("Nobody.")


def test_a_score_is_explained_to_whoever_points_or_tabs(page: Page) -> None:
    term = page.locator(".term", has_text="mrr@10")
    about = term.get_by_role("tooltip", include_hidden=True)
    expect(about).to_be_hidden()
    term.focus()
    expect(about).to_be_visible()
    page.keyboard.press("Escape")
    expect(about).to_be_hidden()
    term.hover()
    expect(about).to_have_text("One over the rank of the first relevant article, 0 beyond the tenth.")


def test_a_telephone_shows_it_without_scrolling_sideways(narrow: Page) -> None:
    narrow.get_by_text("What did the flood cost?").click()
    expect(narrow.locator(".opened mark")).to_be_visible()
    assert narrow.evaluate("document.documentElement.scrollWidth") == 360
    press(narrow, "ms")
    assert numbers(narrow) == ["2", "1", "3", "4"]


def test_without_script_every_row_still_opens(scriptless: Page) -> None:
    expect(scriptless.locator(".toolbar")).to_be_hidden()
    scriptless.get_by_text("What did the flood cost?").click()
    expect(scriptless.locator(".opened mark").first).to_have_text(f"{QUOTE}1")


def test_a_comparison_shows_answers_side_by_side(browser: Browser, tmp_path: Path) -> None:
    first, second = (
        run_in(tmp_path / "a", *RESULTS),
        run_in(tmp_path / "b", *reversed(RESULTS[1:]), changed(RESULTS[0])),
    )
    file = write_comparison_page(compare(first, second), first, second)
    for page in opened_file(browser, file):
        expect(page.locator(".toolbar output")).to_have_text("1 question")
        page.get_by_text("What did the flood cost?").click()
        sides = page.locator(".sides > div")
        expect(sides.nth(0).locator(".answer")).to_have_text("The flood cost €12 million & more.1")
        expect(sides.nth(1).locator(".answer")).to_have_text("It cost a lot.")
        expect(sides.nth(1).locator(".went")).to_contain_text("The evidence was found at rank 2, but no known answer")
        left, right = sides.nth(0).bounding_box(), sides.nth(1).bounding_box()
        assert left is not None
        assert right is not None
        assert left["y"] == right["y"]
        assert left["x"] + left["width"] <= right["x"]
        page.locator(".legend").get_by_role("link", name="lost").click()
        assert numbers(page) == ["1"]


def changed(result: Result) -> Result:
    scores = result.scores | {"answer_in_text": 0.0, "answer_in_quotes": 0.0}
    return replace(result, text="It cost a lot.", citations=(), scores=scores)
