"""The page where people sign in at a provider: the way there and back, who is signed in, signing out, a session that ends."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from service.history.keys import add_key
from service.history.sessions import end_sessions_of
from tests.identity_provider import IdentityProvider
from tests.page_assistant import PageAssistant
from tests.page_browser import ask, findings, fits, opened, screenshot
from tests.test_service_signing_in import Site, site_of


@pytest.fixture
def site(provider: IdentityProvider, assistant: PageAssistant, tmp_path: Path) -> Iterator[Site]:
    with site_of(provider, tmp_path, assistant=assistant) as site:
        yield site


@contextmanager
def asked_to_sign_in(browser: Browser, site: Site, provider: IdentityProvider, **how: Any) -> Iterator[Page]:
    """The page of somebody who has not signed in, with the provider's pages allowed."""
    with opened(browser, site.address, showing="dialog", others=provider.issuer, **how) as page:
        yield page


def test_one_signs_in_comes_back_to_the_same_page_and_signs_out(
    browser: Browser, site: Site, provider: IdentityProvider
) -> None:
    provider.person("ann", groups=["staff"])
    with asked_to_sign_in(browser, site, provider, path="/articles?title=rain") as page:
        dialog = page.get_by_role("dialog", name="Sign in")
        link = dialog.get_by_role("link", name="Sign in")
        expect(link).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.locator("#who")).to_have_text("Ann Smith")
        assert page.url == f"{site.address}/articles?title=rain"
        page.goto("/")
        expect(ask(page, "Who rang?").locator(".answer-text")).to_contain_text("The bell rang")
        screenshot(page, "signed-in")
        assert findings(page) == []
        assert page.evaluate("document.cookie") == ""
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_role("dialog", name="Sign in")).to_be_visible()
        expect(page.locator("#who")).to_be_hidden()


def test_a_session_that_is_ended_is_said_and_one_can_go_on(
    browser: Browser, site: Site, provider: IdentityProvider
) -> None:
    provider.person("ann")
    with asked_to_sign_in(browser, site, provider) as page:
        page.get_by_role("link", name="Sign in").click()
        expect(page.locator("#who")).to_have_text("Ann Smith")
        end_sessions_of(site.engine, "oidc:ann")
        page.reload()
        expect(page.get_by_role("dialog").get_by_role("alert")).to_contain_text("Your session has ended.")
        page.get_by_role("link", name="Sign in").click()
        expect(page.locator("#who")).to_have_text("Ann Smith")


def test_who_has_a_key_can_use_it(browser: Browser, site: Site, provider: IdentityProvider) -> None:
    with asked_to_sign_in(browser, site, provider) as page:
        page.get_by_text("I have a key").click()
        page.get_by_label("Key", exact=True).fill("fn_0_0")
        page.get_by_role("button", name="Use this key").click()
        expect(page.get_by_role("alert")).to_contain_text("This key is not accepted.")
        page.get_by_label("Key", exact=True).fill(add_key(site.engine, "al"))
        page.keyboard.press("Enter")
        expect(page.locator(".opening h2").last).to_have_text("65 articles indexed")


def test_where_no_key_is_needed_one_may_sign_in_to_read_more(
    browser: Browser, provider: IdentityProvider, assistant: PageAssistant, tmp_path: Path
) -> None:
    provider.person("ann", groups=["staff"])
    with (
        site_of(provider, tmp_path, assistant=assistant, api_keys_required=False) as site,
        opened(browser, site.address, others=provider.issuer) as page,
    ):
        page.get_by_role("button", name="Sign in").click()
        page.get_by_role("dialog").get_by_role("link", name="Sign in").click()
        expect(page.locator("#who")).to_have_text("Ann Smith")
        expect(page.get_by_role("button", name="Sign in")).to_be_hidden()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_telephone_and_axe_finds_nothing_serious(
    browser: Browser, site: Site, provider: IdentityProvider, scheme: str
) -> None:
    provider.person("maximiliane-theodora-von-hohenstein-und-zu-allerheiligen")
    with asked_to_sign_in(browser, site, provider, width=360, scheme=scheme) as page:
        page.get_by_text("I have a key").click()
        screenshot(page, f"sign-in-{scheme}")
        assert fits(page)
        assert findings(page) == []
        page.get_by_role("link", name="Sign in").click()
        expect(page.locator("#who")).to_be_visible()
        expect(page.locator(".opening h2").last).to_be_visible()
        screenshot(page, f"signed-in-{scheme}")
        assert fits(page)
        page.goto("/auth/callback/main?state=x&code=y")
        expect(page.get_by_role("heading", name="You are not signed in")).to_be_visible()
        screenshot(page, f"sign-in-failed-{scheme}")
        assert fits(page)
        assert findings(page) == []
