"""Signing in at a real provider (Canaille) and using the session: over HTTP, as a browser does."""

import json
import socket
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from sqlalchemy import Engine
from typer.testing import CliRunner

from index.errors import WrongUsage
from index.records import Access
from service.api.app import Assistant, create_app
from service.auth.issuer_http import IssuerUnreachable
from service.auth.provider import SignInFailed
from service.auth.state import opened_auth_state
from service.cli.app import app
from service.history.audit import entries
from service.history.database import opened_database
from service.history.keys import add_key
from service.history.retention import RetentionDays, expire
from service.history.sessions import all_sessions, end_sessions_of
from tests.fake_assistant import FakeAssistant
from tests.http_server import address_of, serving_on
from tests.identity_provider import IdentityProvider
from tests.servers import PostgresServer
from tests.service_fixtures import settings_for
from tests.test_service_api import problem

SIGN_IN = "/auth/sign-in?issuer=main"


@dataclass
class Site:
    """A Footnote that people sign in to, and what it was asked."""

    address: str
    engine: Engine
    assistant: Any

    def browser(self) -> httpx.Client:
        return httpx.Client(base_url=self.address, follow_redirects=True, timeout=60)

    @contextmanager
    def signed_in(self) -> Iterator[httpx.Client]:
        with self.browser() as browser:
            assert browser.get(f"{SIGN_IN}&to=/articles").url == f"{self.address}/articles"
            yield browser


@contextmanager
def site_of(
    provider: IdentityProvider, data: Path, *, assistant: Assistant | None = None, **changes: Any
) -> Iterator[Site]:
    """Run a Footnote that requires keys or sessions, unless `changes` of its settings say otherwise."""
    engine = opened_database(data, changes.get("database_url"))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        address = address_of(listening)
        provider.serves(address)
        settings = settings_for(data, **provider.settings(**{"api_keys_required": True} | changes))
        assistant = assistant or FakeAssistant()
        with (
            opened_auth_state(settings, engine, address=address) as state,
            serving_on(listening, create_app(assistant, settings=settings, auth_state=state)),
        ):
            yield Site(address, engine, assistant)
    engine.dispose()


@pytest.fixture
def site(provider: IdentityProvider, tmp_path: Path) -> Iterator[Site]:
    with site_of(provider, tmp_path) as site:
        yield site


@contextmanager
def later(seconds: float) -> Iterator[None]:
    """Let time have passed for sessions."""

    class Later(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:  # type: ignore[override]
            return datetime.now(tz) + timedelta(seconds=seconds)

    with patch("service.auth.sessions.datetime", Later):
        yield


def cookie(browser: httpx.Client) -> str:
    return str(browser.cookies["footnote-session"])


def asked_with(value: str, site: Site) -> httpx.Response:
    return httpx.get(f"{site.address}/api/me", cookies={"footnote-session": value})


def test_who_signs_in_reads_what_their_groups_may(site: Site, provider: IdentityProvider) -> None:
    provider.person("ann", groups=["staff"])
    with site.browser() as browser:
        problem(browser.get("/api/articles"), 401, "key-required")
        [place] = browser.get("/auth/issuers").json()["issuers"]
        arrived = browser.get(f"{place['address']}&to=/articles/rain%3Fversion%3D1")
        assert arrived.url == f"{site.address}/articles/rain?version=1"
        assert "<title>Footnote</title>" in arrived.text
        me = browser.get("/api/me").json()
        assert (me["id"], me["name"], me["groups"], me["admin"]) == ("oidc:ann", "Ann Smith", ["staff"], False)
        assert browser.get("/api/articles").status_code == 200
    assert site.assistant.called[1] == Access(frozenset({"staff"}))


def test_an_admin_group_makes_admins(provider: IdentityProvider, tmp_path: Path) -> None:
    provider.person("boss", groups=["footnote-admins"])
    with site_of(provider, tmp_path, oidc_admin_group="footnote-admins") as site, site.signed_in() as browser:
        assert browser.get("/api/me").json()["admin"]
        assert browser.get("/api/status").status_code == 200


def test_the_cookie_is_out_of_reach_for_scripts_and_other_sites(site: Site, provider: IdentityProvider) -> None:
    provider.person("ann")
    with site.browser() as browser:
        [*_, back] = browser.get(SIGN_IN).history
    [session] = [line for line in back.headers.get_list("set-cookie") if line.startswith("footnote-session=")]
    assert {"Path=/", "HttpOnly", "SameSite=Strict"} < set(session.split("; "))
    assert "Secure" not in session  # this service is not reached by https


def test_by_https_the_cookie_goes_by_https_alone_and_no_other_host_can_set_it(
    provider: IdentityProvider, tmp_path: Path
) -> None:
    engine = opened_database(tmp_path)
    settings = settings_for(tmp_path, **provider.settings())
    with opened_auth_state(settings, engine, address="https://footnote.example") as state:
        assert state.signing_in is not None
        written = state.signing_in.cookies.written("footnote-session", "x", seconds=1)
    engine.dispose()
    assert written.startswith("__Host-footnote-session=x; Path=/;")
    assert written.endswith("; Secure")


def test_secrets_of_a_session_are_not_in_the_database(site: Site, provider: IdentityProvider, tmp_path: Path) -> None:
    provider.person("ann")
    with site.signed_in() as browser:
        kept = cookie(browser)
    stored = b"".join(path.read_bytes() for path in tmp_path.glob("footnote.db*"))
    assert b"oidc:ann" in stored
    given_out = [token.refresh_token for token in provider.server.backend.query(provider.server.models.Token)]
    for secret in [*kept.split("."), *given_out]:
        assert secret.encode() not in stored


def test_signing_out_ends_the_session_also_for_a_copy_of_the_cookie(site: Site, provider: IdentityProvider) -> None:
    provider.person("ann")
    with site.signed_in() as browser, site.signed_in() as other:
        copy = cookie(browser)
        own = {"Origin": site.address}
        assert browser.post("/auth/sign-out", json={}, headers=own).json() == {"address": None}
        problem(browser.get("/api/me"), 401, "key-required")  # the browser has forgotten it
        problem(asked_with(copy, site), 401, "session-ended")
        assert other.get("/api/me").status_code == 200
        assert other.post("/auth/sign-out", json={"everywhere": True}, headers=own).status_code == 200
    assert all_sessions(site.engine) == []


def test_signing_out_at_the_issuer_too(provider: IdentityProvider, tmp_path: Path) -> None:
    provider.person("ann")
    with site_of(provider, tmp_path, oidc_sign_out=True) as site, site.signed_in() as browser:
        own = {"Origin": site.address}
        with later(301):
            assert browser.get("/api/me").status_code == 200  # the ID token may be a new one now
        address = browser.post("/auth/sign-out", json={}, headers=own).json()["address"]
        assert address.startswith(f"{provider.issuer}/")
        given = parse_qs(urlsplit(address).query)
        assert given.keys() == {"client_id", "post_logout_redirect_uri", "id_token_hint"}
        assert browser.get(address).url == f"{site.address}/"
        assert browser.post("/auth/sign-out", json={}, headers=own).json() == {"address": None}


def test_who_comes_and_goes_is_in_the_audit_record(site: Site, provider: IdentityProvider) -> None:
    provider.person("ann")
    with site.signed_in() as browser:
        browser.post("/auth/sign-out", json={"everywhere": True}, headers={"Origin": site.address})
        state = {"code": "x", "state": "y"}
        assert browser.get("/auth/callback/main", params=state).status_code == 400  # nobody had begun that
    with site.signed_in() as browser, later(301):
        provider.end_tokens()
        problem(browser.get("/api/me"), 401, "session-ended")
    provider.person("bob")
    with site.browser() as browser, patch("service.auth.provider.Provider.exchange", side_effect=SignInFailed("no")):
        assert browser.get(SIGN_IN).status_code == 400
    rows = [
        (row.asker, row.action, row.status, row.through)
        for row in entries(site.engine, since=datetime.min.replace(tzinfo=UTC))
    ]
    assert rows == [
        ("oidc:ann", "sign-in", "signed-in", "page"),
        ("oidc:ann", "sign-out", "everywhere", "page"),
        ("oidc:ann", "sign-in", "signed-in", "page"),
        ("oidc:ann", "sign-out", "by-the-issuer", "page"),
        ("oidc:", "sign-in", "refused", "page"),
    ]


def test_signing_out_everywhere_and_ending_the_sessions_of_a_person(site: Site, provider: IdentityProvider) -> None:
    provider.person("ann")
    with site.signed_in() as browser, site.signed_in() as other:
        browser.post("/auth/sign-out", json={"everywhere": True}, headers={"Origin": site.address})
        problem(other.get("/api/me"), 401, "session-ended")
    with site.signed_in() as browser:
        assert end_sessions_of(site.engine, "oidc:ann") == 1
        problem(browser.get("/api/me"), 401, "session-ended")


def test_signing_in_again_ends_the_session_before(site: Site, provider: IdentityProvider) -> None:
    provider.person("ann")
    with site.signed_in() as browser:
        before = cookie(browser)
        browser.get(SIGN_IN)
        assert cookie(browser) != before
        problem(asked_with(before, site), 401, "session-ended")


def test_a_group_that_is_taken_away_is_gone_within_minutes(site: Site, provider: IdentityProvider) -> None:
    provider.person("ann", groups=["board"])
    with site.signed_in() as browser:
        provider.leave_group("board")
        assert browser.get("/api/me").json()["groups"] == ["board"]
        before = cookie(browser)
        with later(301):
            assert browser.get("/api/me").json()["groups"] == []
            assert cookie(browser) != before  # rotated
            assert browser.get("/api/me").status_code == 200


def test_a_replaced_cookie_serves_requests_on_their_way_and_then_ends_the_session(
    site: Site, provider: IdentityProvider
) -> None:
    provider.person("ann")
    with site.signed_in() as browser:
        before = cookie(browser)
        with later(301):
            browser.get("/api/me")
            assert asked_with(before, site).status_code == 200  # the new one may have been lost on its way
            browser.get("/api/me")
            assert asked_with(before, site).status_code == 200
        with later(365):
            assert "two places" in problem(asked_with(before, site), 401, "session-ended")
            problem(browser.get("/api/me"), 401, "session-ended")


def test_who_is_locked_out_at_the_provider_is_locked_out_here(site: Site, provider: IdentityProvider) -> None:
    provider.person("ann", groups=["board"])
    with site.signed_in() as browser:
        provider.end_tokens()
        with later(301):
            ended = browser.get("/api/articles")
            assert "Sign in again" in problem(ended, 401, "session-ended")
    assert site.assistant.called == ()


def test_many_requests_at_once_look_the_groups_up_once(site: Site, provider: IdentityProvider) -> None:
    """A refresh token that is sent twice would end the session at the provider."""
    provider.person("ann", groups=["board"])
    with site.signed_in() as browser, later(301):
        value = cookie(browser)
        with ThreadPoolExecutor(8) as pool:
            replies = list(pool.map(lambda _: asked_with(value, site), range(8)))
    assert [reply.status_code for reply in replies] == [200] * 8
    assert len([reply for reply in replies if "set-cookie" in reply.headers]) == 1


def test_many_requests_to_two_nodes_look_the_groups_up_once(
    provider: IdentityProvider, tmp_path: Path, postgresql: PostgresServer
) -> None:
    provider.person("ann", groups=["board"])
    database: dict[str, Any] = {"database_url": postgresql.database(str(tmp_path))}
    with (
        site_of(provider, tmp_path / "one", **database) as one,
        site_of(provider, tmp_path / "two", **database) as two,
        two.signed_in() as browser,
        later(301),
    ):
        value = cookie(browser)
        with ThreadPoolExecutor(8) as pool:
            replies = list(pool.map(lambda number: asked_with(value, (one, two)[number % 2]), range(8)))
    assert [reply.status_code for reply in replies] == [200] * 8
    assert len([reply for reply in replies if "set-cookie" in reply.headers]) == 1


def test_a_session_ends_after_its_hours(site: Site, provider: IdentityProvider) -> None:
    provider.person("ann")
    with site.signed_in() as browser, later(12 * 3600 + 1):
        problem(browser.get("/api/me"), 401, "session-ended")


def test_while_the_provider_is_down_nothing_can_be_read(site: Site, provider: IdentityProvider) -> None:
    provider.person("ann", groups=["board"])
    with site.signed_in() as browser:
        with later(301), patch("service.auth.provider.request_json", side_effect=_down):
            for _ in range(2):
                refused = browser.get("/api/articles")
                assert "does not answer" in problem(refused, 503, "issuer-unreachable")
        assert site.assistant.called == ()
        with later(301), patch("service.auth.provider._DOWN_SECONDS", 0.0):
            assert browser.get("/api/articles").status_code == 200


def _down(*_: object, **__: object) -> None:
    raise IssuerUnreachable("nobody there")


def test_a_provider_that_is_down_is_said_to_be_before_anyone_leaves_the_page(
    provider: IdentityProvider, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        nowhere = address_of(taken)
    with site_of(provider, tmp_path, oidc_issuer=nowhere) as site, site.browser() as browser:
        failed = browser.get(SIGN_IN)
        assert failed.status_code == 503
        assert "does not answer" in failed.text


@pytest.mark.parametrize(
    "to",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "javascript:alert(1)",
        "evil.example",
        "/auth/sign-in?issuer=main",
        "/" + "a" * 3_000,
    ],
)
def test_signing_in_leads_nowhere_else(site: Site, provider: IdentityProvider, to: str) -> None:
    provider.person("ann")
    with site.browser() as browser:
        assert browser.get("/auth/sign-in", params={"issuer": "main", "to": to}).url == f"{site.address}/"


def test_nobody_is_signed_in_by_an_answer_that_another_browser_asked_for(
    site: Site, provider: IdentityProvider
) -> None:
    """Login CSRF: the attacker signs in, and lets the victim open the address that they came back to."""
    provider.person("mallory")
    with httpx.Client(base_url=site.address) as attacker, site.browser() as victim:
        to_provider = attacker.get(SIGN_IN).headers["location"]
        back = httpx.get(to_provider).headers["location"]
        refused = victim.get(back)
        assert (refused.status_code, "footnote-session" in victim.cookies) == (400, False)
        victim.get("/auth/sign-in?issuer=main", follow_redirects=False)  # an attempt of their own
        assert victim.get(back).status_code == 400
        state = parse_qs(urlsplit(back).query)["state"][0]
        assert attacker.get(back.replace(state, "x" * 43)).status_code == 400
        assert attacker.get(back).status_code == 303
        assert attacker.get(back).status_code == 400  # an answer serves once
    assert len(all_sessions(site.engine)) == 1


def test_a_code_without_its_verifier_is_refused_by_the_provider(site: Site, provider: IdentityProvider) -> None:
    """Somebody who got hold of the code alone, and sends it with an attempt of their own (PKCE)."""
    provider.person("ann")
    with httpx.Client(base_url=site.address) as ann, httpx.Client(base_url=site.address) as thief:
        code = parse_qs(urlsplit(httpx.get(ann.get(SIGN_IN).headers["location"]).headers["location"]).query)["code"][0]
        own = parse_qs(urlsplit(thief.get(SIGN_IN).headers["location"]).query)["state"][0]
        refused = thief.get("/auth/callback/main", params={"code": code, "state": own})
        assert refused.status_code == 400
    assert all_sessions(site.engine) == []


def test_what_the_provider_says_when_it_refuses_is_shown_as_text(site: Site) -> None:
    with httpx.Client(base_url=site.address) as browser:
        state = parse_qs(urlsplit(browser.get(SIGN_IN).headers["location"]).query)["state"][0]
        refused = browser.get("/auth/callback/main", params={"state": state, "error": "<script>alert(1)</script>"})
    assert refused.status_code == 400
    assert "<script" not in refused.text
    assert "&lt;script&gt;" in refused.text


def test_cookies_that_were_made_up_sign_nobody_in_and_open_nothing(site: Site) -> None:
    begun = {"attempt": {"state": None, "nonce": 1, "verifier": []}, "issuer": "main", "to": "/"}
    odd = urlsafe_b64encode(json.dumps(begun).encode()).decode()
    for value in ("", "x", "e30=", "bnVsbA==", "W10=", "\x7f", "a" * 4000, odd):
        headers = {"Cookie": f"footnote-sign-in={value}"}
        back = httpx.get(f"{site.address}/auth/callback/main?code=x&state=", headers=headers)
        assert back.status_code == 400
    for value in ("x", "x.y", ".", "..", "%00", "ä", "a" * 4000):
        made_up = [(b"Cookie", f"footnote-session={value}".encode())]
        problem(httpx.get(f"{site.address}/api/articles", headers=made_up), 401, "session-ended")
    assert site.assistant.called == ()


def test_a_page_of_another_site_changes_nothing_with_the_cookie(site: Site, provider: IdentityProvider) -> None:
    provider.person("ann")
    with site.signed_in() as browser:
        question = {"question": "Why?"}
        for headers in (
            {"Origin": "https://evil.example"},
            {"Origin": "null"},
            {},  # an old browser's form says nothing
            {"Origin": site.address, "Sec-Fetch-Site": "cross-site"},
            {"Origin": site.address, "Sec-Fetch-Site": "same-site"},
            {"Sec-Fetch-Site": "none"},
        ):
            problem(browser.post("/api/ask", json=question, headers=headers), 403, "foreign-origin")
            problem(browser.post("/auth/sign-out", json={}, headers=headers), 403, "foreign-origin")
        assert site.assistant.called == ()
        for own in ({"Origin": site.address}, {"Sec-Fetch-Site": "same-origin"}):
            assert browser.post("/api/ask", json=question, headers=own).status_code == 200


def test_a_key_goes_before_a_cookie(site: Site, provider: IdentityProvider) -> None:
    provider.person("ann", groups=["board"])
    key = {"Authorization": f"Bearer {add_key(site.engine, 'script')}"}
    with site.signed_in() as browser:
        assert browser.get("/api/me", headers=key).json()["id"] == "key:script"
        assert browser.post("/api/ask", json={"question": "Why?"}, headers=key).status_code == 200


def test_a_provider_with_new_keys_is_understood(site: Site, provider: IdentityProvider) -> None:
    provider.person("ann")
    with site.signed_in(), patch("service.auth.jwks.REFETCH_SECONDS", 0.0):
        provider.new_key()
        with site.signed_in() as browser:
            assert browser.get("/api/me").status_code == 200


def as_acme(provider: IdentityProvider) -> dict[str, Any]:
    """Return the provider as one of several issuers."""
    named = {name.removeprefix("oidc_"): value for name, value in provider.settings().items()}
    return named | {"name": "acme", "title": "Acme"}


def test_each_issuer_has_people_of_its_own(provider: IdentityProvider, tmp_path: Path) -> None:
    provider.person("ann", groups=["staff"])
    changes: dict[str, Any] = {"oidc_issuer": None, "oidc_issuers": [as_acme(provider)]}
    with site_of(provider, tmp_path, **changes) as site, site.browser() as browser:
        [place] = browser.get("/auth/issuers").json()["issuers"]
        assert place["title"] == "Acme"
        browser.get(place["address"])
        assert browser.get("/api/me").json()["id"] == "oidc-acme:ann"
        problem(browser.get("/auth/sign-in?issuer=main"), 404, "issuer-unknown")


def test_who_lacks_a_claim_that_is_required_is_not_let_in(provider: IdentityProvider, tmp_path: Path) -> None:
    provider.person("ann")
    acme = as_acme(provider) | {"required_claims": {"hd": "acme.example"}}
    with site_of(provider, tmp_path, oidc_issuer=None, oidc_issuers=[acme]) as site, site.browser() as browser:
        refused = browser.get("/auth/sign-in?issuer=acme")
        assert refused.status_code == 400
        assert "hd" in refused.text
    assert "footnote-session" not in browser.cookies


@pytest.mark.parametrize(
    ("address", "changes", "words"),
    [
        ("http://footnote.example", {}, "FOOTNOTE_PUBLIC_URL"),
        ("http://0.0.0.0:8000", {}, "FOOTNOTE_PUBLIC_URL"),
        ("https://footnote.example", {"oidc_client_id": None}, "FOOTNOTE_OIDC_CLIENT_ID"),
        ("https://footnote.example", {"oidc_issuer": "http://idp.example"}, "FOOTNOTE_OIDC_ISSUER"),
    ],
)
def test_settings_under_which_signing_in_is_not_safe_are_refused(
    provider: IdentityProvider, tmp_path: Path, address: str, changes: dict[str, Any], words: str
) -> None:
    engine = opened_database(tmp_path)
    settings = settings_for(tmp_path, **provider.settings(**changes))
    with pytest.raises(WrongUsage, match=words), opened_auth_state(settings, engine, address=address):
        pass
    engine.dispose()


def test_sessions_that_are_over_are_deleted(site: Site, provider: IdentityProvider) -> None:
    provider.person("ann")
    with site.signed_in():
        days = RetentionDays(answers=90, audit=90)
        expire(site.engine, days=days, now=datetime.now(UTC) + timedelta(hours=11))
        assert len(all_sessions(site.engine)) == 1
        expire(site.engine, days=days, now=datetime.now(UTC) + timedelta(hours=13))
        assert all_sessions(site.engine) == []


def test_the_command_line_shows_and_ends_sessions(
    site: Site, provider: IdentityProvider, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FOOTNOTE_DATA_DIR", str(tmp_path))
    provider.person("ann", groups=["staff"])
    run = CliRunner().invoke
    assert "Nobody is signed in" in run(app, ["sessions", "list"]).stdout
    with site.signed_in() as browser:
        [listed] = json.loads(run(app, ["sessions", "list", "--json"]).stdout)
        assert (listed["who"], listed["name"], listed["groups"]) == ("oidc:ann", "Ann Smith", ["staff"])
        assert "Ann Smith" in run(app, ["sessions", "list"]).stdout
        assert "Ended 1 session of" in run(app, ["sessions", "end", "oidc:ann"]).stdout
        problem(browser.get("/api/me"), 401, "session-ended")
