"""Answers on the page while they arrive: sentence by sentence, stopped, broken off, and without moving what is read."""

import json

from playwright.sync_api import Page, Route, expect

from index.errors import FootnoteError
from tests.page_assistant import ANSWERS, BELL, COST, PageAssistant
from tests.page_browser import ask, submit

FLOOD = "What did the flood cost?"
UNTIL_FIRST_SENTENCE = 2  # events: the hits, and the sentence
SHIFTS = """() => {
  window.shifts = 0;
  const add = (list) => { for (const entry of list.getEntries()) window.shifts += entry.value; };
  new PerformanceObserver(add).observe({ type: "layout-shift", buffered: false });
}"""
PARSE = """async ([text, size]) => {
  const { eventsOf } = await import("/static/calls/events.js");
  const bytes = new TextEncoder().encode(text);
  const body = new ReadableStream({
    start(controller) {
      for (let at = 0; at < bytes.length; at += size) controller.enqueue(bytes.slice(at, at + size));
      controller.close();
    },
  });
  const events = [];
  for await (const { event, data } of eventsOf(body)) events.push([event, data]);
  return events;
}"""


def test_what_is_read_is_said_before_anything_is_found_out(page: Page, assistant: PageAssistant) -> None:
    assistant.paced = True
    entry = submit(page, FLOOD)
    expect(entry.locator(".progress")).to_contain_text("Reading the articles")
    assistant.go()
    expect(entry.locator(".progress")).to_contain_text("Reading 4 passages of 2 articles")


def test_how_a_question_was_understood_is_shown_before_its_answer(page: Page, assistant: PageAssistant) -> None:
    assistant.paced = True
    entry = submit(page, "And then?")
    assistant.go()
    understood = [
        "Understood as: What did the people of Hamburg do after the flood?",
        "Preferred: articles published from 1 March 2026 on",
    ]
    expect(entry.locator(".circumstance")).to_have_text(understood)
    assistant.go(10)
    expect(entry.locator(".colophon")).to_be_visible()
    expect(entry.locator(".circumstance")).to_have_text(understood)


def test_sentences_appear_one_by_one_with_markers_that_work(page: Page, assistant: PageAssistant) -> None:
    assistant.paced = True
    entry = submit(page, FLOOD)
    assistant.go(UNTIL_FIRST_SENTENCE)
    expect(entry.locator(".sentence")).to_have_count(1)
    entry.locator(".marker").hover()
    assert page.get_by_role("tooltip").locator("q").text_content() == COST
    assistant.go()
    expect(entry.locator(".sentence")).to_have_count(2)
    assistant.go()
    expect(entry.locator(".unverified")).to_contain_text("The insurers will pay within the year.")
    expect(entry.locator(".sources")).to_have_count(0)
    assistant.go(2)
    expect(entry.locator(".note")).to_have_count(4)
    expect(entry.locator(".sentence")).to_have_count(3)
    expect(entry.locator(".progress")).to_have_count(0)


def test_the_keyboard_stays_at_a_marker_while_the_rest_arrives(page: Page, assistant: PageAssistant) -> None:
    assistant.paced = True
    entry = submit(page, FLOOD)
    assistant.go(UNTIL_FIRST_SENTENCE)
    marker = entry.locator(".answer-text .marker").first
    marker.focus()
    assistant.go(10)
    expect(entry.locator(".colophon")).to_be_visible()
    expect(marker).to_be_focused()


def test_nothing_that_is_read_moves_while_the_rest_arrives(page: Page, assistant: PageAssistant) -> None:
    assistant.paced = True
    entry = submit(page, "And then?")
    assistant.go()
    expect(entry.locator(".progress")).to_contain_text("1 passage of 1 article")
    page.wait_for_timeout(600)  # what moves within half a second of a key was meant to
    page.evaluate(SHIFTS)
    assistant.go()
    expect(entry.locator(".sentence")).to_have_count(1)
    before = entry.locator(".answer-text").bounding_box()
    assistant.go(2)
    expect(entry.locator(".colophon")).to_be_visible()
    assert entry.locator(".answer-text").bounding_box() == before
    assert page.evaluate("window.shifts") == 0


def test_a_follow_up_stands_at_the_top_and_does_not_move(page: Page, assistant: PageAssistant) -> None:
    ask(page, FLOOD)
    assistant.paced = True
    entry = submit(page, "Who rang?")
    top = entry.bounding_box()
    assert top is not None
    assert abs(top["y"]) < 2
    assistant.go(10)
    expect(entry.locator(".colophon")).to_be_visible()
    after = entry.bounding_box()
    assert after is not None
    assert after["y"] == top["y"]


def test_a_screen_reader_hears_the_whole_answer_once(page: Page, assistant: PageAssistant) -> None:
    assistant.paced = True
    entry = submit(page, FLOOD)
    assistant.go(UNTIL_FIRST_SENTENCE)
    expect(entry.locator(".sentence")).to_have_count(1)
    expect(page.get_by_role("status")).to_have_text("Looking for an answer")
    expect(entry.locator(".entry-body")).to_have_attribute("aria-busy", "true")
    assistant.go(10)
    expect(page.get_by_role("status")).to_contain_text("€12 million. The flood cost €12 million, the senate estimates.")
    expect(entry.locator(".entry-body")).not_to_have_attribute("aria-busy", "true")


def test_a_question_can_be_stopped_and_no_second_is_asked_meanwhile(page: Page, assistant: PageAssistant) -> None:
    assistant.paced = True
    entry = submit(page, "Slowly?")
    expect(entry.locator(".progress")).to_be_visible()
    submit(page, "Who rang?")
    expect(page.locator(".entry")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(entry.locator(".stopped")).to_contain_text("Stopped.")
    assistant.paced = False
    assistant.go(10)
    page.get_by_label("Your question").press("Enter")
    expect(page.locator(".answer-text")).to_contain_text("The bell rang")
    assert [request.question for request in assistant.asked] == ["Slowly?", "Who rang?"]


def test_what_was_said_before_a_stop_stays(page: Page, assistant: PageAssistant) -> None:
    assistant.paced = True
    entry = submit(page, FLOOD)
    assistant.go(UNTIL_FIRST_SENTENCE)
    expect(entry.locator(".sentence")).to_have_count(1)
    page.get_by_role("button", name="Stop").click()
    expect(entry.locator(".stopped")).to_contain_text("Stopped.")
    expect(entry.locator(".sentence")).to_have_count(1)
    assistant.paced = False
    assistant.go(10)
    entry.get_by_role("button", name="Ask again").click()
    expect(entry.locator(".note")).to_have_count(4)
    expect(entry.locator(".sentence")).to_have_count(3)


def test_an_error_in_the_middle_is_shown_below_what_was_said(page: Page, assistant: PageAssistant) -> None:
    assistant.breaking = FootnoteError("The disk is gone.")
    entry = submit(page, FLOOD)
    expect(entry.locator(".problem")).to_contain_text("The disk is gone.")
    assistant.breaking = None
    entry.get_by_role("button", name="Try again").click()
    expect(entry.locator(".note")).to_have_count(4)
    expect(entry.locator(".problem")).to_have_count(0)


def event(name: str, data: str) -> str:
    return f"event: {name}\ndata: {data}\n\n"


def test_a_stream_that_ends_early_is_said_to_have_broken_off(page: Page) -> None:
    def cut(route: Route) -> None:
        route.fulfill(content_type="text/event-stream", body=event("hits", '{"hits": []}'))

    page.route("**/api/ask", cut)
    expect(ask(page, "Who rang?").locator(".problem")).to_contain_text("broke off")


def test_where_nothing_can_be_streamed_the_plain_answer_is_taken(page: Page) -> None:
    def plain(route: Route) -> None:
        route.fulfill(content_type="application/json", body=ANSWERS["Who rang?"].model_dump_json())

    page.route("**/api/ask", plain)
    expect(ask(page, "Who rang?").locator(".answer-text")).to_contain_text(BELL)


def test_a_browser_that_cannot_read_streams_asks_for_none(page: Page, assistant: PageAssistant) -> None:
    page.add_init_script("delete window.TextDecoderStream")
    page.reload()
    expect(ask(page, "Who rang?").locator(".answer-text")).to_contain_text(BELL)
    assert [request.stream for request in assistant.asked] == [False]


def test_events_are_read_however_they_are_cut_and_ended(page: Page) -> None:
    stream = (
        ": keep-alive\n\nevent: hits\r\ndata: 😀 one\r\ndata:two\r\n\r\n"
        "id: 7\rdata\r\rretry: 5\nevent:\u2028odd\ndata:  :spaced\n\nevent: nothing\n\ndata: cut off"
    )
    events = [["hits", "😀 one\ntwo"], ["message", ""], ["\u2028odd", " :spaced"]]
    for size in (1, 2, 3, 7, 10_000):
        assert page.evaluate(PARSE, [stream, size]) == events, f"in pieces of {size} bytes"


def test_what_is_asked_is_what_was_typed(page: Page) -> None:
    with page.expect_request("**/api/ask") as sent:
        ask(page, "Who rang?")
    assert json.loads(sent.value.post_data or "")["question"] == "Who rang?"
