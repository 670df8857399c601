"""An answer on the page: its sentences, sources and doubts, and that nothing of it is run."""

from playwright.sync_api import Browser, Page, expect

from index.errors import FootnoteError, QuestionError
from tests.page_assistant import BELL, COST, HOSTILE, INSURED, RISE, PageAssistant
from tests.page_browser import ask, findings, highlighted, opened


def test_an_answer_shows_its_sentences_sources_and_doubts(page: Page) -> None:
    entry = ask(page, "What did the flood cost?")
    expect(entry.locator(".question")).to_have_text("What did the flood cost?")
    expect(entry.locator(".byline")).to_have_text("Written by qwen3-8b")
    expect(entry.locator(".short-answer")).to_have_text("€12 million")
    expect(entry.locator(".answer-text")).to_contain_text("The Elbe had risen by two metres overnight")
    expect(entry.locator(".answer-text .marker")).to_have_text(["1", "2", "3"])
    expect(entry.locator(".unverified")).to_contain_text("The insurers will pay within the year.\u00a0unverified")
    expect(entry.locator(".degraded")).to_contain_text("reranker")
    expect(entry.locator(".differences")).to_contain_text("Sources differ")
    expect(entry.locator(".differences td")).to_have_text(["€12 million", "1", "€9 million", "4"])
    assert entry.locator(".note-quote").all_text_contents() == [COST, RISE, BELL, INSURED]
    # What answers by itself stands out, also after a character that JavaScript counts as two.
    assert entry.locator(".note-quote b").all_text_contents() == ["at nine"]
    expect(entry.locator(".note").first).to_contain_text("The Herald · 24 April 2026 · p. 3")
    expect(page.get_by_role("status")).to_contain_text("€12 million.")


def test_only_web_addresses_become_links_and_they_tell_nothing(page: Page) -> None:
    links = ask(page, "What did the flood cost?").locator(".original")
    expect(links).to_have_count(1)
    expect(links).to_have_attribute("href", "https://www.herald.example/rain")
    expect(links).to_have_attribute("rel", "noopener noreferrer")
    expect(links).to_have_attribute("target", "_blank")


def test_extractive_answers_are_called_quotes(page: Page) -> None:
    expect(ask(page, "Who rang?").locator(".byline")).to_have_text("Quoted from the articles")


def test_a_list_below_what_a_model_said_is_a_quotation(page: Page) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    entry = ask(page, "How is the kettle left?")
    quote = entry.get_by_role("blockquote")
    lines = quote.evaluate("quote => quote.innerText").split("\n")
    assert lines == ["Do these things:", "1. Press the button.", "2. Open the drain.2"]
    expect(entry.locator(".sentence").first).to_have_text("You press the red button.1")
    assert quote.evaluate("quote => getComputedStyle(quote).borderInlineStartWidth") == "2px"
    entry.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("status")).to_contain_text("opied")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert "\n> Do these things:\n> 1. Press the button.\n> 2. Open the drain. [2]\n" in copied


def test_no_answer_is_shown_as_what_it_is(page: Page) -> None:
    entry = ask(page, "What is the meaning of life?")
    expect(entry.locator(".no-answer")).to_have_text("I found no answer to this.")
    expect(entry.locator(".marker, .sources, .problem")).to_have_count(0)
    assert entry.locator(".near-quote").all_text_contents() == [BELL]
    assert entry.locator(".near-quote mark").all_text_contents() == ["bell", "nine"]
    expect(entry.locator(".near")).to_have_count(2)
    entry.get_by_role("link", name="A long year").click()
    expect(page.locator(".article-title")).to_have_text("A long year")
    expect(page.locator(".reader mark")).to_have_text(BELL)


def test_what_could_be_asked_is_asked_with_a_click_or_a_key(page: Page, assistant: PageAssistant) -> None:
    entry = ask(page, "What can you do?")
    expect(entry.locator(".answer-text")).to_have_text("I am Footnote. You may read 3 articles.")
    expect(entry.locator(".thumbs, .timings, .no-answer")).to_have_count(0)
    entry.get_by_role("link", name="A long year").click()
    expect(page.locator(".article-title")).to_have_text("A long year")
    page.keyboard.press("Escape")
    entry.get_by_role("button", name="Who rang?").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".entry").nth(1).locator(".answer-text")).to_contain_text("The bell rang")
    assert [request.question for request in assistant.asked] == ["What can you do?", "Who rang?"]
    assert assistant.asked[1].history == []


def test_words_of_articles_and_models_are_never_run(page: Page) -> None:
    entry = ask(page, "Is it harmless?")
    expect(entry.locator(".answer-text")).to_contain_text("<b>It</b> is <script>window.harmed = true</script>")
    entry.locator(".marker").click()
    assert highlighted(page) == '<img src=x onerror="window.harmed = true"> is harmless.'
    assert page.locator(".article-text").text_content() == HOSTILE
    expect(page.locator(".reader-content :is(img, script, b, a[href^=javascript])")).to_have_count(0)


def test_problems_are_shown_with_a_way_to_try_again(page: Page, assistant: PageAssistant) -> None:
    assistant.error = FootnoteError("The model's weights are gone. Install them again.")
    problem = ask(page, "Who rang?").locator(".problem")
    expect(problem).to_contain_text("The model's weights are gone. Install them again.")
    assistant.error = None
    problem.get_by_role("button", name="Try again").click()
    expect(page.locator(".answer-text")).to_contain_text("The bell rang")
    assert [request.question for request in assistant.asked] == ["Who rang?", "Who rang?"]


def test_a_service_that_is_gone_is_reported(page: Page) -> None:
    page.route("**/api/ask", lambda route: route.abort())
    expect(ask(page, "Who rang?").locator(".problem")).to_contain_text("cannot be reached")


def test_an_empty_index_says_what_to_do(page: Page, assistant: PageAssistant) -> None:
    assistant.empty = True
    page.reload()
    expect(page.locator(".opening")).to_contain_text("footnote index PATH")
    expect(ask(page, "Who rang?").locator(".problem")).to_contain_text("footnote index PATH")


def test_an_answer_is_copied_with_its_sources(page: Page, address: str) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    ask(page, "Who rang?").get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith(
        "Who rang?\n\nThe bell rang 🔔 at nine. [1]\n\n[1] “The bell rang 🔔 at nine.” A long year, "
    )
    assert f"{address}/articles/long?version=" in copied


def test_a_question_that_cannot_be_asked_comes_back_to_be_changed(page: Page, assistant: PageAssistant) -> None:
    assistant.error = QuestionError("The question is longer than 4,000 characters.")
    entry = ask(page, "Who rang?")
    expect(entry.locator(".problem")).to_contain_text("longer than 4,000 characters")
    assistant.error = None
    entry.get_by_role("button", name="Change the question").click()
    field = page.get_by_label("Your question")
    expect(field).to_have_value("Who rang?")
    expect(field).to_be_focused()


def test_where_there_is_nothing_the_page_says_so(browser: Browser, address: str) -> None:
    with opened(browser, address, path="/nothing", showing="main .notice") as page:
        expect(page.get_by_role("heading", level=1)).to_have_text("No such page")
        assert findings(page) == []
        page.get_by_role("link", name="Ask a question").click()
        expect(page.get_by_label("Your question")).to_be_visible()
