"""The chat page in a real browser, against a real server whose desk answers from memory."""

import os
import socket
import threading
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from index.errors import ArticleDeleted, ArticleUnknown, FootnoteError, IndexEmpty
from index.records import Access
from service.api import create_app
from service.askers import Asker
from service.settings import Settings
from service.wire import (
    ArticleResponse,
    ArticlesResponse,
    ArticleSummary,
    AskEvent,
    AskRequest,
    AskResponse,
    CheckRequest,
    CheckResponse,
    CitationWire,
    DisagreementWire,
    HighlightWire,
    IndexReportWire,
    NearestWire,
    PreferencesWire,
    RebuildResponse,
    SearchRequest,
    SearchResponse,
    SentenceWire,
    StatusResponse,
    TimingsWire,
    ValueWire,
)
from tests.service_fixtures import KeepsNothing

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE = 5_000  # milliseconds that an expectation waits at most

WEATHER = """# Rain over 🌧️ Hamburg 🎉

It was **very** wet. 😀😀 “The Elbe rose by *two metres* overnight,” the harbour office said.

- 🚢 The ferries stopped at noon.
- The tunnel stayed open.

## What it cost

The flood cost €12 million, the senate estimates. Insurers
speak of `€9 million`; see [their report](https://insurers.example/report).

> No one was hurt.

| place | metres |
|-------|--------|
| Elbe  | 2      |

```
pegel = 6.45
```

1. First, the sand was cleared away.
"""
FILLER = "\n".join(
    f"Paragraph {number}. Nothing of note happened on this day, which went on for long.\n" for number in range(80)
)
HOSTILE = """<script>window.harmed = true</script> The <img src=x onerror="window.harmed = true"> is harmless.

[press me](javascript:window.harmed=true) & <b>do</b>."""


def article(
    article_id: str, text: str, *, title: str = "", format: str = "text", current: bool = True
) -> ArticleResponse:
    return ArticleResponse.model_validate(
        {
            "id": article_id,
            "version": "sha256:1",
            "title": title or article_id,
            "publisher": "The Herald",
            "published": date(2026, 4, 24),
            "url": "https://www.herald.example/rain",
            "authors": ["A. Writer"],
            "language": "en",
            "format": format,
            "text": text,
            "current": current,
        }
    )


def fact(article_id: str, title: str) -> ArticleResponse:
    return article(article_id, f"{title}. Nothing else is known of it.", title=title)


ARTICLES = {
    made.id: made
    for made in [
        article("rain/Hamburg #1?", WEATHER, title="Rain over 🌧️ Hamburg 🎉", format="markdown"),
        article("long", FILLER + "The bell rang 🔔 at nine.\n" + FILLER, title="A long year"),
        article("hostile/<b>", HOSTILE, title="<img src=x onerror='window.harmed = true'>", format="markdown"),
        article("dots/../up", "Reached by no tidied path."),
        article("old", "An older wording.", title="A changed article", current=False),
        *[fact(f"more/{number:02}", f"A shorter piece, number {number}") for number in range(1, 61)],
    ]
}


def cite(number: int, article_id: str, quote: str, *, url: str | None = None, answers: str = "") -> CitationWire:
    made = ARTICLES[article_id]
    start = made.text.index(quote)
    at = start + quote.index(answers)
    return CitationWire(
        number=number,
        article_id=article_id,
        article_version=made.version,
        title=made.title,
        publisher=made.publisher,
        published=made.published,
        url=url,
        passage_id=f"p{number}",
        quote=quote,
        start=start,
        end=start + len(quote),
        page=3 if number == 1 else None,
        score=0.9,
        highlight=HighlightWire(start=at, end=at + len(answers)) if answers else None,
    )


def sentence(text: str, *citations: int, verified: bool = True) -> SentenceWire:
    support = "verified" if verified else "unverified"
    return SentenceWire.model_validate({"text": text, "start": 0, "end": 0, "citations": citations, "support": support})


def answer(question: str, **fields: object) -> AskResponse:
    common: dict[str, object] = {
        "id": "ans_1",
        "conversation_id": None,
        "question": question,
        "completed_question": None,
        "status": "answered",
        "short_answer": None,
        "text": "",
        "sentences": [],
        "citations": [],
        "disagreements": [],
        "nearest": [],
        "preferences": PreferencesWire(),
        "answerer": "extractive",
        "confidence": 0.9,
        "degraded": None,
        "usage": None,
        "timings_ms": TimingsWire(retrieve=3.4, answer=21.0, total=24.4),
    }
    return AskResponse.model_validate(common | fields)


BELL = "The bell rang 🔔 at nine."
RISE = "“The Elbe rose by *two metres* overnight,” the harbour office said.\n\n- 🚢 The ferries stopped at noon."
COST = "The flood cost €12 million, the senate estimates."
INSURED = "Insurers\nspeak of `€9 million`"
ANSWERS = {
    made.question: made
    for made in [
        answer(
            "What did the flood cost?",
            short_answer="€12 million",
            sentences=[
                sentence("The flood cost €12 million, the senate estimates.", 1),
                sentence("The Elbe had risen by two metres overnight, and the ferries stopped at noon.", 2, 3),
                sentence("The insurers will pay within the year.", verified=False),
            ],
            citations=[
                cite(1, "rain/Hamburg #1?", COST, url="https://www.herald.example/rain"),
                cite(2, "rain/Hamburg #1?", RISE, url="javascript:window.harmed=true"),
                cite(3, "long", BELL, answers="at nine"),
                cite(4, "rain/Hamburg #1?", INSURED),
            ],
            disagreements=[
                DisagreementWire(
                    about="Cost of the flood",
                    values=[
                        ValueWire(value="€12 million", citations=[1]),
                        ValueWire(value="€9 million", citations=[4]),
                    ],
                )
            ],
            answerer="qwen3-8b",
            degraded="The reranker was left out, for it took too long.",
        ),
        answer("Who rang?", sentences=[sentence(BELL, 1)], citations=[cite(1, "long", BELL)]),
        answer(
            "Is it harmless?",
            sentences=[sentence("<b>It</b> is <script>window.harmed = true</script> harmless.", 1)],
            citations=[cite(1, "hostile/<b>", '<img src=x onerror="window.harmed = true"> is harmless.')],
        ),
        answer(
            "What is the meaning of life?",
            status="no_answer",
            text="The articles do not answer this.",
            nearest=[NearestWire(article_id="long", title="A long year")],
        ),
        answer("Slowly?", sentences=[sentence("At last.", 1)], citations=[cite(1, "old", "older wording")]),
    ]
}


class FakeDesk(KeepsNothing):
    """Answers the questions above. "Slowly?" waits until it is let go; `empty` has nothing indexed."""

    def __init__(self) -> None:
        self.empty = False
        self.failing = False
        self.asked: list[str] = []
        self.let_go = threading.Event()

    def ask(self, request: AskRequest, asker: Asker) -> AskResponse:
        self.asked.append(request.question)
        if self.empty:
            raise IndexEmpty("Nothing is indexed yet. Run footnote index PATH.")
        if self.failing:
            raise FootnoteError("The model's weights are gone. Install them again.")
        if request.question == "Slowly?":
            self.let_go.wait(PATIENCE / 1000)
        return ANSWERS[request.question]

    def ask_events(self, request: AskRequest, asker: Asker) -> Iterator[AskEvent]:
        yield self.ask(request, asker)

    def articles(self, access: Access, *, after: str | None, limit: int) -> ArticlesResponse:
        ids = [] if self.empty else sorted(ARTICLES)
        left = [article_id for article_id in ids if after is None or article_id > after]
        page = [
            ArticleSummary.model_validate(ARTICLES[article_id].model_dump(exclude={"text", "current", "same_text"}))
            for article_id in left[:limit]
        ]
        return ArticlesResponse(
            articles=page, total=len(ids), next_after=left[limit - 1] if len(left) > limit else None
        )

    def article(self, article_id: str, access: Access, version: str | None) -> ArticleResponse:
        if article_id == "gone":
            raise ArticleDeleted("The article gone was deleted on 24 April 2026.")
        if article_id not in ARTICLES:
            raise ArticleUnknown(f"There is no article {article_id}.")
        return ARTICLES[article_id]

    def search(self, request: SearchRequest, access: Access) -> SearchResponse:
        raise NotImplementedError

    def status(self) -> StatusResponse:
        raise NotImplementedError

    def index(self, paths: Sequence[Path | str], *, prune: bool, prune_limit: float, dry_run: bool) -> IndexReportWire:
        raise NotImplementedError

    def rebuild(self) -> RebuildResponse:
        raise NotImplementedError

    def check(self, request: CheckRequest) -> CheckResponse:
        raise NotImplementedError

    def delete(self, article_ids: Sequence[str]) -> None:
        raise NotImplementedError

    def ready(self) -> None:
        raise NotImplementedError


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        reason = f"The page is tested in Chromium, and there is no {CHROMIUM}: apt-get install chromium."
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[str, FakeDesk]]:
    """Serve on a port that the system picks. The socket listens before the server runs, so nobody needs to wait."""
    desk = FakeDesk()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        app = create_app(desk, settings=Settings(_env_file=None, api_keys_required=None))
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", desk
        desk.let_go.set()
        server.should_exit = True
        thread.join()


@pytest.fixture
def desk(served: tuple[str, FakeDesk]) -> FakeDesk:
    _, desk = served
    desk.empty = desk.failing = False
    desk.asked.clear()
    desk.let_go.clear()
    return desk


@pytest.fixture
def page(browser: Browser, served: tuple[str, FakeDesk], desk: FakeDesk) -> Iterator[Page]:
    yield from opened(browser, served[0])


@pytest.fixture
def narrow(browser: Browser, served: tuple[str, FakeDesk], desk: FakeDesk) -> Iterator[Page]:
    yield from opened(browser, served[0], width=360)


@pytest.fixture
def dark(browser: Browser, served: tuple[str, FakeDesk], desk: FakeDesk) -> Iterator[Page]:
    yield from opened(browser, served[0], scheme="dark")


def opened(browser: Browser, address: str, *, width: int = 1280, scheme: str = "light") -> Iterator[Page]:
    """Open the page and, at the end, check that it logged nothing and asked nobody else for anything."""
    context = browser.new_context(
        base_url=address,
        viewport={"width": width, "height": 800},
        color_scheme="dark" if scheme == "dark" else "light",
        reduced_motion="reduce",
    )
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    errors: list[str] = []
    strangers: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda line: errors.append(line.text) if "Content Security Policy" in line.text else None)
    page.on("request", lambda sent: None if sent.url.startswith(address) else strangers.append(sent.url))
    page.goto("/")
    expect(page.locator(".opening")).not_to_be_empty()
    yield page
    assert (errors, strangers) == ([], [])
    assert page.evaluate("window.harmed") is None
    context.close()


def ask(page: Page, question: str) -> Locator:
    """Ask, wait for whatever comes, and return it."""
    field = page.get_by_label("Your question")
    field.fill(question)
    field.press("Enter")
    entry = page.locator(".entry").first
    expect(entry.locator(".colophon, .problem")).to_be_visible()
    return entry


def highlighted(page: Page) -> str:
    """The cited words as the article shows them, hidden markup included."""
    expect(page.locator("mark").first).to_be_attached()
    return "".join(page.locator("mark").all_text_contents())


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


def test_the_newest_answer_comes_first(page: Page) -> None:
    ask(page, "Who rang?")
    ask(page, "What did the flood cost?")
    expect(page.locator(".question")).to_have_text(["What did the flood cost?", "Who rang?"])


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
    "**bold *and* bent** _under_ snake_case_name __init__ 2*3*4\n",
    "`` ` `` `code\n` unclosed **\n",
    '[a](http://a.example) ![b](c.png "d") [e](javascript:f) [](g) [[h](i)\n',
    "&lt;b&gt; <i>raw</i> <!-- -->\n",
    "\ttabbed  \n",
    "\n\n \n",
    "👩‍👩‍👧 e\u0301 \u202eright to left\u202c 🜁\n",
    "\u2028\u0085 \x0c\n",
    "no newline",
]
CHECK = """async (texts) => {
  const { articleText, utf16Stretch } = await import("/static/articletext.js");
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
  return wrong;
}"""


def test_any_text_is_shown_whole_and_any_stretch_of_it_exactly(page: Page) -> None:
    turned = ["".join(ODDITIES[turn:] + ODDITIES[:turn]) for turn in range(0, len(ODDITIES), 5)]
    assert page.evaluate(CHECK, [*ODDITIES, *turned, *["".join(reversed(ODDITIES))]]) == []


def test_markdown_is_shown_without_its_signs(page: Page) -> None:
    ask(page, "What did the flood cost?").locator(".answer-text .marker").first.click()
    text = page.locator(".article-text")
    expect(text.locator("strong")).to_have_text("very")
    expect(text.locator("em")).to_have_text("two metres")
    expect(text.locator("h3")).to_have_text("## What it cost")
    expect(text.locator("li")).to_have_count(3)
    expect(text.locator("pre")).to_have_count(2)
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


def test_no_answer_is_shown_as_what_it_is(page: Page) -> None:
    entry = ask(page, "What is the meaning of life?")
    expect(entry.locator(".no-answer")).to_have_text("The articles do not answer this.")
    expect(entry.locator(".marker, .sources, .problem")).to_have_count(0)
    entry.get_by_role("link", name="A long year").click()
    expect(page.locator(".article-title")).to_have_text("A long year")


def test_words_of_articles_and_models_are_never_run(page: Page) -> None:
    entry = ask(page, "Is it harmless?")
    expect(entry.locator(".answer-text")).to_contain_text("<b>It</b> is <script>window.harmed = true</script>")
    entry.locator(".marker").click()
    assert highlighted(page) == '<img src=x onerror="window.harmed = true"> is harmless.'
    assert page.locator(".article-text").text_content() == HOSTILE
    expect(page.locator(".reader-content :is(img, script, b, a[href^=javascript])")).to_have_count(0)


def test_scripts_never_build_html_from_words() -> None:
    scripts = list((Path(__file__).parent.parent / "service" / "web").glob("*.js"))
    assert scripts
    for script in scripts:
        text = script.read_text(encoding="utf-8")
        assert not any(
            word in text for word in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(")
        )


def test_problems_are_shown_with_a_way_to_try_again(page: Page, desk: FakeDesk) -> None:
    desk.failing = True
    problem = ask(page, "Who rang?").locator(".problem")
    expect(problem).to_contain_text("The model's weights are gone. Install them again.")
    desk.failing = False
    problem.get_by_role("button", name="Try again").click()
    expect(page.locator(".answer-text")).to_contain_text("The bell rang")
    assert desk.asked == ["Who rang?", "Who rang?"]


def test_a_service_that_is_gone_is_reported(page: Page) -> None:
    page.route("**/api/ask", lambda route: route.abort())
    expect(ask(page, "Who rang?").locator(".problem")).to_contain_text("cannot be reached")


def test_an_empty_index_says_what_to_do(page: Page, desk: FakeDesk) -> None:
    desk.empty = True
    page.reload()
    expect(page.locator(".opening")).to_contain_text("footnote index PATH")
    expect(ask(page, "Who rang?").locator(".problem")).to_contain_text("footnote index PATH")


def test_a_question_can_be_stopped_and_no_second_is_asked_meanwhile(page: Page, desk: FakeDesk) -> None:
    field = page.get_by_label("Your question")
    field.fill("Slowly?")
    field.press("Enter")
    expect(page.locator(".progress")).to_be_visible()
    field.fill("Who rang?")
    field.press("Enter")
    expect(page.locator(".entry")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(page.locator(".stopped")).to_contain_text("Stopped.")
    desk.let_go.set()
    field.press("Enter")
    expect(page.locator(".answer-text")).to_contain_text("The bell rang")
    assert desk.asked == ["Slowly?", "Who rang?"]


def test_the_opening_lists_articles_and_the_list_goes_on(page: Page) -> None:
    expect(page.locator(".opening h2")).to_have_text("65 articles indexed")
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


def test_everything_works_from_the_keyboard(page: Page) -> None:
    expect(page.get_by_label("Your question")).to_be_focused()
    page.keyboard.type("Who rang?")
    page.keyboard.press("Enter")
    expect(page.locator(".colophon")).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    marker = page.locator(".answer-text .marker")
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


def test_an_answer_is_copied_with_its_sources(page: Page, served: tuple[str, FakeDesk]) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    ask(page, "Who rang?").get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith(
        "Who rang?\n\nThe bell rang 🔔 at nine. [1]\n\n[1] “The bell rang 🔔 at nine.” A long year, "
    )
    assert f"{served[0]}/articles/long?version=" in copied


def fits(page: Page) -> bool:
    """Whether nothing sticks out sideways."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))


def test_a_narrow_screen_shows_everything_and_articles_as_a_sheet(narrow: Page, tmp_path: Path) -> None:
    assert fits(narrow)
    entry = ask(narrow, "What did the flood cost?")
    assert fits(narrow)
    narrow.screenshot(path=tmp_path / "narrow.png", full_page=True)
    entry.locator(".answer-text .marker").nth(1).click()
    assert highlighted(narrow) == RISE
    assert fits(narrow)
    assert narrow.locator(".reader").bounding_box() == {"x": 0, "y": 0, "width": 360, "height": 800}
    assert narrow.locator("#desk").evaluate("desk => desk.inert")
    narrow.screenshot(path=tmp_path / "narrow-article.png")
    narrow.get_by_role("button", name="Close").click()
    expect(narrow.locator(".reader")).to_be_hidden()
    assert not narrow.locator("#desk").evaluate("desk => desk.inert")


def test_a_dark_screen_is_dark(dark: Page, tmp_path: Path) -> None:
    ask(dark, "What did the flood cost?").locator(".answer-text .marker").first.click()
    expect(dark.locator("mark").first).to_be_in_viewport()
    ground = "getComputedStyle(document.documentElement).backgroundColor"
    assert dark.evaluate(ground) == "rgb(24, 22, 19)"
    dark.screenshot(path=tmp_path / "dark.png")


def test_on_a_wide_screen_the_article_stands_beside_the_answer(page: Page, tmp_path: Path) -> None:
    entry = ask(page, "What did the flood cost?")
    entry.locator(".answer-text .marker").first.click()
    expect(page.locator("mark").first).to_be_in_viewport()
    answer_box, reader_box = entry.bounding_box(), page.locator(".reader").bounding_box()
    assert answer_box is not None
    assert reader_box is not None
    assert answer_box["x"] + answer_box["width"] <= reader_box["x"]
    assert fits(page)
    page.screenshot(path=tmp_path / "wide.png")
