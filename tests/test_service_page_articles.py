"""Articles on the page: beside an answer at the cited stretch, by themselves, and listed."""

import pytest
from playwright.sync_api import Page, expect

from index.records import Access
from tests.page_assistant import BELL, COST, INSURED, RISE, WEATHER, PageAssistant
from tests.page_browser import ask, highlighted

ODDITIES = [
    "# A heading #\n",
    "###### Deep\n\n",
    "Set\n===\n",
    "* * *\n",
    "- 😀 an item\n  that goes on\n\n  and on\n",
    "    - deeper\n",
    "12) twelve\n",
    "```python\nx = '**'\n\n# no heading\n```\n\n\nafter\n",
    "~~~\nnever closed\n",
    "> quoted\n> **twice**\n",
    "| a | b |\n|--|\n\n",
    "| a \\| b | c |\n|--|--|\n| 😀 **d** | |\n|\n||\n  | e\n\n\n",
    "a | b\nc | | d |\n | e\n",
    "**bold *and* bent** _under_ snake_case_name __init__ 2*3*4\n",
    "`` ` `` `code\n` unclosed **\n",
    '[a](http://a.example) ![b](c.png "d") [e](javascript:f) [](g) [[h](i)\n',
    "> [!NOTE]\n> [[a|b]] ![[c]] [[d|]] 10<sup>2</sup> H<sub>2</sub>O <sup>x</sub>\n",
    "&lt;b&gt; <i>raw</i> <!-- -->\n",
    "\ttabbed  \n",
    "\n\n \n",
    "👩‍👩‍👧 e\u0301 \u202eright to left\u202c 🜁\n",
    "\u2028\u0085 \x0c\n",
    "no newline",
]
CHECK = """async (texts) => {
  const { articleText, quoteText, utf16Stretch } = await import("/static/articles/articletext.js");
  const wrong = [];
  for (const text of texts) for (const format of ["markdown", "text"]) {
    const points = [...text];
    for (let start = 0; start < points.length; start += 5) for (const length of [1, 7, 50]) {
      const stretch = utf16Stretch(text, { start, end: Math.min(start + length, points.length) });
      const shown = articleText({ text, format, stretch });
      const cited = [...shown.querySelectorAll("mark")].map((mark) => mark.textContent).join("");
      const right = points.slice(start, start + length).join("");
      if (shown.textContent !== text || cited !== right) wrong.push([format, text, start, length, cited]);
    }
  }
  for (const quote of texts) {
    const shown = document.createElement("q");
    quoteText(shown, { quote, stretches: [{ from: 3, to: 9 }], marked: "b" });
    const bold = [...shown.querySelectorAll("b")].map((part) => part.textContent).join("");
    if (shown.textContent !== quote || bold !== quote.slice(3, 9)) wrong.push(["quote", quote, bold]);
  }
  return wrong;
}"""
QUOTED = """async (quote) => {
  const { quoteView } = await import("/static/articles/article.js");
  const shown = quoteView({ quote, start: 0, highlight: null }, "note-quote");
  document.body.append(shown);
  const links = shown.querySelectorAll("a, script, img").length;
  const power = shown.querySelector("sup");
  const raised = power && getComputedStyle(power).verticalAlign;
  return { seen: shown.innerText, links, raised, exact: shown.textContent === quote };
}"""


@pytest.mark.parametrize("number", [1, 2, 4])
def test_a_marker_shows_its_quote_and_opens_exactly_that_stretch(page: Page, number: int) -> None:
    entry = ask(page, "What did the flood cost?")
    marker = entry.locator(f'.marker[data-number="{number}"]').last
    quote = {1: COST, 2: RISE, 4: INSURED}[number]
    marker.hover()
    card = page.get_by_role("tooltip")
    expect(card).to_be_visible()
    assert card.locator("q").text_content() == quote
    marker.click()
    assert highlighted(page) == quote
    assert page.locator(".article-text").text_content() == WEATHER
    expect(page.locator(".article .notice")).to_have_count(0)


def test_the_cited_stretch_is_scrolled_into_view(page: Page) -> None:
    ask(page, "Who rang?").locator(".answer-text .marker").click()
    expect(page.locator("mark")).to_be_in_viewport()
    assert highlighted(page) == BELL


def test_any_text_is_shown_whole_and_any_stretch_of_it_exactly(page: Page) -> None:
    turned = ["".join(ODDITIES[turn:] + ODDITIES[:turn]) for turn in range(0, len(ODDITIES), 5)]
    assert page.evaluate(CHECK, [*ODDITIES, *turned, *["".join(reversed(ODDITIES))]]) == []


def test_markdown_is_shown_without_its_signs(page: Page) -> None:
    ask(page, "What did the flood cost?").locator(".answer-text .marker").first.click()
    text = page.locator(".article-text")
    expect(text.locator("strong")).to_have_text("very")
    expect(text.locator("em")).to_have_text("two metres")
    expect(text.locator(".level-2")).to_have_text("## What it cost")
    expect(text.locator("li")).to_have_count(3)
    expect(text.locator("pre")).to_have_count(1)
    expect(text.locator("th")).to_have_text(["place", "metres"], use_inner_text=True)
    expect(text.locator("a")).to_have_attribute("href", "https://insurers.example/report")
    shown = text.inner_text()
    assert not any(sign in shown for sign in ("##", "**", "*two", "](", "`", "> No"))


def test_back_closes_the_article_and_the_marker_has_the_focus_again(page: Page) -> None:
    marker = ask(page, "Who rang?").locator(".answer-text .marker")
    marker.click()
    expect(page.locator("mark")).to_be_focused()
    page.go_back()
    expect(page.get_by_label("Source", exact=True)).to_be_hidden()
    expect(marker).to_be_focused()
    expect(page.locator(".entry")).to_have_count(1)


def test_an_article_opens_as_a_page_of_its_own(page: Page) -> None:
    ask(page, "What did the flood cost?").locator(".answer-text .marker").first.click()
    page.get_by_role("link", name="Open as a page").click()
    assert highlighted(page) == COST
    assert "/articles/rain/Hamburg%20%231%3F?version=sha256%3A1&start=" in page.url
    expect(page).to_have_title("Rain over 🌧️ Hamburg 🎉 \u2013 Footnote")


def test_ids_that_browsers_would_tidy_are_found(page: Page) -> None:
    page.goto("/articles/dots%2F..%2Fup")
    expect(page.locator(".article-text")).to_have_text("Reached by no tidied path.")
    page.get_by_role("link", name="Articles").click()
    page.get_by_role("link", name="dots/../up").click()
    expect(page.locator(".article-text")).to_have_text("Reached by no tidied path.")


@pytest.mark.parametrize(
    ("path", "words"),
    [("gone", "was deleted on"), ("nothing", "There is no article nothing."), ("%E0%A4%A", "There is no article")],
)
def test_articles_that_cannot_be_shown_say_why(page: Page, path: str, words: str) -> None:
    page.goto(f"/articles/{path}")
    expect(page.locator(".problem")).to_contain_text(words)


def test_an_older_version_says_so_and_leads_to_todays(page: Page) -> None:
    page.goto("/articles/old?version=sha256:0")
    expect(page.locator(".notice")).to_contain_text("has changed since")
    expect(page.locator(".notice a")).to_have_attribute("href", "/articles/old")


def test_the_opening_lists_articles_and_the_list_goes_on(page: Page) -> None:
    expect(page.locator(".opening h2")).to_have_text(["You could ask", "65 articles indexed"])
    expect(page.locator(".lead")).to_have_text(
        "Ask a question of 65 articles by The Herald, <b>The Gazette</b> and The Courier, dated from 5 January 2024 to "
        "24 April 2026."
    )
    page.get_by_role("button", name="All 65 articles").click()
    rows = page.locator(".reader .contents li")
    expect(rows).to_have_count(50)
    page.get_by_role("button", name="Show more").click()
    expect(rows).to_have_count(65)
    rows.last.get_by_role("link").click()
    expect(page.locator(".reader .article-title")).to_have_text("Rain over 🌧️ Hamburg 🎉")
    page.go_back()
    expect(page.locator(".reader h1")).to_have_text("65 articles")
    page.get_by_role("button", name="Close").click()
    expect(page.locator(".reader")).to_be_hidden()


def test_questions_to_try_are_asked_with_a_click(page: Page, assistant: PageAssistant) -> None:
    expect(page.locator(".suggestion")).to_have_text(
        ["Who rang?", "What did the flood cost?", "<b>Why</b> are we here?"]
    )
    page.get_by_role("button", name="What did the flood cost?").press("Enter")
    expect(page.locator(".entry .short-answer")).to_have_text("€12 million")
    expect(page.locator(".opening")).to_have_count(0)
    expect(page.get_by_label("Your question")).to_be_focused()
    assert [request.question for request in assistant.asked] == ["What did the flood cost?"]


def test_where_no_question_is_found_none_is_suggested(
    page: Page, assistant: PageAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_questions(access: Access) -> tuple[str, ...]:
        return ()

    monkeypatch.setattr(assistant, "questions_to_try", no_questions)
    page.reload()
    expect(page.get_by_role("button", name="All 65 articles")).to_be_visible()
    expect(page.get_by_role("heading", name="You could ask")).to_be_hidden()


def test_a_long_list_is_searched_by_title(page: Page) -> None:
    page.goto("/articles")
    expect(page).to_have_title("Articles \u2013 Footnote")
    find = page.get_by_role("searchbox", name="Find by title")
    expect(page.get_by_role("heading", level=1)).to_have_text("65 articles")
    find.fill("NUMBER 1")
    expect(page.get_by_role("heading", level=1)).to_have_text("11 articles")
    expect(page.locator(".contents a").nth(1)).to_have_text("A shorter piece, number 10")
    expect(page.get_by_role("status")).to_have_text("11 articles")
    find.fill("no such title")
    expect(page.locator(".empty")).to_have_text("There is none with these words.")
    find.fill("")
    expect(page.locator(".contents li")).to_have_count(50)
    find.fill("piece")
    expect(page.get_by_role("heading", level=1)).to_have_text("60 articles")
    page.get_by_role("button", name="Show more").click()
    expect(page.locator(".contents li")).to_have_count(60)
    expect(find).to_have_value("piece")


def test_a_short_list_needs_no_search(page: Page) -> None:
    ask(page, "Who rang?")
    page.goto("/conversations")
    expect(page.locator(".conversation")).to_have_count(1)
    expect(page.get_by_role("searchbox")).to_have_count(0)


def test_quotes_are_read_without_marks_of_markdown(page: Page) -> None:
    linked = "[the *guide*](https://a.example/x), [[policy/Leave|Leave]]"
    quote = f"[!NOTE]\n> **Two** keys, see {linked}: 10<sup>2</sup> <img src=x>"
    shown = page.evaluate(QUOTED, quote)
    assert " ".join(shown["seen"].split()) == "NOTE Two keys, see the guide, Leave: 102 <img src=x>"
    assert (shown["links"], shown["raised"], shown["exact"]) == (0, "super", True)
    assert page.evaluate(QUOTED, "> 5 % of 2*3*4")["seen"] == "> 5 % of 2*3*4"


TABLES = """async ([text, format, quote]) => {
  const { articleText } = await import("/static/articles/articletext.js");
  const from = text.indexOf(quote);
  const shown = articleText({ text, format, stretch: { from, to: from + quote.length } });
  document.body.append(shown);
  const seen = (cells) => [...cells].map((cell) => cell.innerText);
  const table = shown.querySelector("table");
  return {
    exact: shown.textContent === text,
    marked: [...shown.querySelectorAll("mark")].map((mark) => mark.textContent).join(""),
    head: table && seen(table.querySelectorAll("thead tr:not(.markup) th")),
    rows: table && [...table.querySelectorAll("tbody tr")].map((row) => seen(row.cells)),
    cited: table && seen(table.querySelector(".cited").cells),
  };
}"""


def test_the_table_of_a_cited_row_is_shown_with_its_head_and_the_row_marked(page: Page) -> None:
    head = "Limits:\n\n| City | Hotel | a \\| b |\n|:--|--:|---|\n"
    text = head + "| Oslo | **NOK 1900** |\n| Bergen | NOK 1700 | yes |\n\nThat is all.\n"
    quote = "Bergen | NOK 1700 | yes"
    shown = page.evaluate(TABLES, [text, "markdown", quote])
    assert shown == {
        "exact": True,
        "marked": quote,
        "head": ["City", "Hotel", "a | b"],
        "rows": [["Oslo", "NOK 1900"], ["Bergen", "NOK 1700", "yes"]],
        "cited": ["Bergen", "NOK 1700", "yes"],
    }


def test_the_rows_of_a_pdf_are_a_table_as_far_as_its_text_knows_them(page: Page) -> None:
    text = "Travel rules\nCity | Hotel | Meals\nOslo |  | NOK 400\nBergen | NOK 1700\n\nThe end.\n"
    shown = page.evaluate(TABLES, [text, "text", "Bergen | NOK 1700"])
    assert (shown["exact"], shown["marked"]) == (True, "Bergen | NOK 1700")
    assert (shown["head"], shown["cited"]) == (["City", "Hotel", "Meals"], ["Bergen", "NOK 1700"])
    assert shown["rows"][0] == ["Oslo", "", "NOK 400"]


def test_lines_with_bars_that_are_no_table_stay_as_they_are(page: Page) -> None:
    for text, format in (("| a | b |\nis no table\n", "markdown"), ("either | or\n\nand on\n", "text")):
        shown = page.evaluate(TABLES, [text, format, "a"])
        assert (shown["exact"], shown["head"]) == (True, None)
