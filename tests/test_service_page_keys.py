"""The page of a service that requires keys: signing in, what a key shows, a key that is refused, signing out."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from sqlalchemy import Engine

from service.auth.api_keys import ApiKeys
from service.auth.state import AuthState
from service.history.database import opened_database
from service.history.keys import add_key, revoke_key
from tests.page_assistant import PageAssistant
from tests.page_browser import ask, findings, opened, screenshot, serving, submit

KEPT = "[sessionStorage.getItem('footnote-key'), localStorage.getItem('footnote-key')]"


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Engine]:
    engine = opened_database(tmp_path)
    yield engine
    engine.dispose()


@pytest.fixture
def locked(browser: Browser, assistant: PageAssistant, database: Engine) -> Iterator[Page]:
    """The page of a service that wants a key, before one is given."""
    auth_state = AuthState(token_lookups=(ApiKeys(database).asker,))
    with (
        serving(assistant, auth_state=auth_state, api_keys_required=True) as address,
        opened(browser, address, showing="dialog") as page,
    ):
        yield page


def sign_in(page: Page, key: str, *, remember: bool = False) -> Locator:
    """Give a key, and return the dialog that it is given in."""
    dialog = page.get_by_role("dialog", name="Your key")
    dialog.get_by_label("Key", exact=True).fill(key)
    dialog.get_by_label("Remember it on this machine").set_checked(remember)
    dialog.get_by_role("button", name="Sign in").click()
    return dialog


def test_a_key_is_asked_for_and_goes_with_every_call(locked: Page, database: Engine, assistant: PageAssistant) -> None:
    key = add_key(database, "al")
    expect(locked.get_by_role("dialog")).to_have_count(1)  # however many calls were refused
    expect(locked.get_by_label("Key", exact=True)).to_be_focused()
    expect(sign_in(locked, key)).to_be_hidden()
    expect(locked.locator(".opening h2").last).to_have_text("65 articles indexed")
    expect(ask(locked, "Who rang?").locator(".answer-text")).to_contain_text("The bell rang")
    assert locked.evaluate(KEPT) == [key, None]
    expect(locked.get_by_role("link", name="Review")).to_be_hidden()
    locked.reload()
    expect(locked.locator(".answer-text")).to_contain_text("The bell rang")


@pytest.mark.parametrize(
    ("key", "words"),
    [("fn_0_0", "This key is not accepted."), ("", "Enter your key."), ("clé", "A key has no spaces")],
)
def test_a_wrong_key_is_refused_in_words(locked: Page, key: str, words: str) -> None:
    dialog = sign_in(locked, key)
    expect(dialog.get_by_role("alert")).to_contain_text(words)
    assert locked.evaluate(KEPT) == [None, None]


def test_a_key_is_remembered_if_one_says_so_and_forgotten_on_signing_out(locked: Page, database: Engine) -> None:
    key = add_key(database, "al")
    expect(sign_in(locked, key, remember=True)).to_be_hidden()
    assert locked.evaluate(KEPT) == [None, key]
    locked.get_by_role("button", name="Sign out").click()
    expect(locked.get_by_role("dialog", name="Your key")).to_be_visible()
    assert locked.evaluate(KEPT) == [None, None]


def test_who_does_not_sign_in_can_do_so_later(locked: Page, database: Engine) -> None:
    locked.keyboard.press("Escape")
    expect(locked.get_by_role("dialog")).to_have_count(0)
    expect(locked.locator(".problem")).to_contain_text("answers only requests that carry a key")
    locked.get_by_role("button", name="Try again").click()
    expect(sign_in(locked, add_key(database, "al"))).to_be_hidden()
    expect(locked.locator(".opening h2").last).to_have_text("65 articles indexed")
    expect(locked.get_by_role("button", name="Sign out")).to_be_visible()


def test_a_key_that_is_revoked_meanwhile_is_asked_for_again(
    locked: Page, database: Engine, assistant: PageAssistant
) -> None:
    expect(sign_in(locked, add_key(database, "al"))).to_be_hidden()
    # The calls that waited for the key are answered. One of them would find it revoked, and ask while the question is typed.
    expect(locked.locator(".opening h2").last).to_have_text("65 articles indexed")
    expect(locked.get_by_role("button", name="Sign out")).to_be_visible()
    revoke_key(database, "al")
    entry = submit(locked, "Who rang?")
    expect(locked.get_by_role("dialog")).to_contain_text("is not accepted any more")
    sign_in(locked, add_key(database, "al"))
    expect(entry.locator(".answer-text")).to_contain_text("The bell rang")
    assert len(assistant.asked) == 1


def test_an_admin_finds_the_way_to_the_review(locked: Page, database: Engine) -> None:
    expect(sign_in(locked, add_key(database, "al", admin=True))).to_be_hidden()
    ask(locked, "Who rang?")
    locked.get_by_role("link", name="Review").click()
    expect(locked.locator(".reviewed")).to_have_count(1)


@pytest.mark.parametrize("path", ["/review", "/usage"])
def test_who_is_no_admin_is_told_so(locked: Page, database: Engine, path: str) -> None:
    sign_in(locked, add_key(database, "al"))
    expect(locked.locator(".opening h2").last).to_be_visible()
    expect(locked.get_by_role("link", name="Usage")).to_be_hidden()
    locked.goto(path)
    expect(locked.locator(".problem")).to_contain_text("admin")


def test_axe_finds_nothing_serious_where_a_key_is_asked_for(locked: Page) -> None:
    sign_in(locked, "fn_0_0")
    expect(locked.get_by_role("alert")).not_to_be_empty()
    screenshot(locked, "key")
    assert findings(locked) == []
