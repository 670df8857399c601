"""Answers on the page whose connection breaks while they arrive, in a real browser behind a proxy that breaks connections."""

import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.breaking_proxy import BreakingProxy, proxy_to
from tests.page_assistant import PageAssistant
from tests.page_browser import ask, opened, submit

FLOOD = "What did the flood cost?"
UNTIL_FIRST_SENTENCE = 2  # events: the hits, and the sentence


@pytest.fixture
def proxy(address: str) -> Iterator[BreakingProxy]:
    with proxy_to(address) as proxy:
        yield proxy


@pytest.fixture
def page(browser: Browser, proxy: BreakingProxy) -> Iterator[Page]:
    """The page, by way of the proxy."""
    with opened(browser, proxy.address) as page:
        yield page


def begun(page: Page, assistant: PageAssistant) -> Locator:
    """Ask, and wait for the first sentence."""
    assistant.paced = True
    entry = submit(page, FLOOD)
    assistant.go(UNTIL_FIRST_SENTENCE)
    expect(entry.locator(".sentence")).to_have_count(1)
    return entry


def expect_whole_once(entry: Locator, assistant: PageAssistant) -> None:
    expect(entry.locator(".colophon")).to_be_visible()
    expect(entry.locator(".sentence")).to_have_count(3)
    expect(entry.locator(".problem, .progress")).to_have_count(0)
    assert [request.question for request in assistant.asked] == [FLOOD]
    assert len(assistant.answers) == 1


def test_an_answer_goes_on_after_its_connection_was_cut(
    page: Page, assistant: PageAssistant, proxy: BreakingProxy
) -> None:
    entry = begun(page, assistant)
    marker = entry.locator(".answer-text .marker").first
    marker.focus()
    for _ in range(2):
        proxy.cut()
        expect(entry.locator(".progress")).to_contain_text("Going on with the answer")
        assistant.go()
    assistant.go(10)
    expect_whole_once(entry, assistant)
    expect(marker).to_be_focused()


def test_an_answer_goes_on_when_the_network_is_there_again(
    page: Page, assistant: PageAssistant, proxy: BreakingProxy
) -> None:
    entry = begun(page, assistant)
    proxy.refusing = True
    proxy.cut()
    expect(entry.locator(".progress")).to_contain_text("The connection broke. Connecting again")
    assistant.go(10)
    proxy.refusing = False
    expect_whole_once(entry, assistant)


def test_a_connection_in_which_nothing_comes_any_more_is_left(
    page: Page, assistant: PageAssistant, proxy: BreakingProxy
) -> None:
    page.clock.install()
    entry = begun(page, assistant)
    proxy.silent.set()
    assistant.go(10)
    page.clock.fast_forward(39_000)
    expect(entry.locator(".sentence")).to_have_count(1)
    proxy.silent.clear()
    page.clock.fast_forward(2_000)
    expect_whole_once(entry, assistant)


def test_an_answer_that_is_gone_is_said_to_have_broken_off_and_can_be_asked_again(
    page: Page, assistant: PageAssistant, proxy: BreakingProxy
) -> None:
    page.clock.install()
    assistant.records_history = False
    entry = begun(page, assistant)
    proxy.refusing = True
    proxy.cut()
    expect(entry.locator(".progress")).to_contain_text("Connecting again")
    problem = entry.locator(".problem")
    while not problem.count():
        # Each try is refused by a real connection, which the clock of the page does not hurry.
        page.clock.run_for(10_000)
        time.sleep(0.05)
    expect(problem).to_contain_text("The answer broke off")
    expect(entry.locator(".sentence")).to_have_count(1)
    proxy.refusing = False
    assistant.paced = False
    assistant.go(10)
    entry.get_by_role("button", name="Try again").click()
    expect(entry.locator(".sentence")).to_have_count(3)


def test_stopping_ends_the_work(page: Page, assistant: PageAssistant) -> None:
    begun(page, assistant)
    with page.expect_response(lambda response: response.request.method == "DELETE") as stopped:
        page.get_by_role("button", name="Stop").click()
    assert stopped.value.status == 204
    assistant.paced = False
    assistant.go(10)
    ask(page, "Who rang?")
