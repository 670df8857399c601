"""Logging out at the issuer ends the sessions here: OpenID Connect Back-Channel Logout 1.0, and what is refused of it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from time import time
from typing import Any

import httpx
import jwt
import pytest
from pydantic import SecretStr

from service.api.app import create_app
from service.auth.jwks import DISCOVERY
from service.auth.provider import SignedIn, Tokens
from service.auth.state import opened_auth_state
from service.history.audit import entries
from service.history.database import opened_database
from service.history.sessions import all_sessions
from tests.fake_assistant import FakeAssistant
from tests.http_server import serving_app
from tests.identity_provider import IdentityProvider
from tests.servers import PostgresServer
from tests.service_fixtures import settings_for
from tests.test_service_api import problem
from tests.test_service_oidc import OTHER_KEY, LocalIssuer, encoded, local
from tests.test_service_signing_in import site_of

__all__ = ["local"]  # the fixture
EVENT = "http://schemas.openid.net/event/backchannel-logout"
PATH = "/auth/back-channel-logout"


def claims(**changes: Any) -> dict[str, Any]:
    """The claims of a logout token, beside those of every token."""
    return {"iat": time(), "jti": "token-1", "events": {EVENT: {}}, "groups": None} | changes


class Here:
    """A Footnote with sessions of people of this issuer, which has never seen a browser."""

    def __init__(self, local: LocalIssuer, state: Any, engine: Any, address: str) -> None:
        self.local, self.state, self.engine, self.address = local, state, engine, address

    def begin(self, subject: str, *, sid: str | None = None, issuer: str = "main") -> None:
        person = SignedIn(subject, subject.title(), frozenset(), Tokens("access", None), sid)
        self.state.signing_in.sessions.begin(issuer, person)

    def send(self, token: str, *, issuer: str = "main") -> httpx.Response:
        return httpx.post(f"{self.address}{PATH}/{issuer}", data={"logout_token": token}, timeout=60)

    def logout(self, **changes: Any) -> httpx.Response:
        return self.send(self.local.token(**claims(**changes)))

    @property
    def there(self) -> list[str]:
        """Who is still signed in."""
        return sorted(session.asker for session in all_sessions(self.engine))


@pytest.fixture
def here(local: LocalIssuer, tmp_path: Path) -> Iterator[Here]:
    other = {
        "issuer": f"{local.address}/other",
        "name": "acme",
        "client_id": "footnote",
        "client_secret": SecretStr("s"),
    }
    secret = {"oidc_client_secret": SecretStr("s"), "oidc_issuers": [other]}
    settings = settings_for(
        tmp_path, oidc_issuer=local.address, oidc_client_id="footnote", api_keys_required=True, **secret
    )
    engine = opened_database(tmp_path)
    with (
        opened_auth_state(settings, engine, address="http://127.0.0.1:8080") as state,
        serving_app(create_app(FakeAssistant(), settings=settings, auth_state=state)) as address,
    ):
        yield Here(local, state, engine, address)
    engine.dispose()


def test_a_logout_at_a_real_provider_ends_the_sessions_on_all_nodes(
    provider: IdentityProvider, tmp_path: Path, postgresql: PostgresServer
) -> None:
    provider.person("ann", groups=["board"])
    database: dict[str, Any] = {"database_url": postgresql.database(str(tmp_path))}
    with (
        site_of(provider, tmp_path / "one", **database) as one,
        site_of(provider, tmp_path / "two", **database) as two,
        two.signed_in() as browser,
    ):
        assert browser.get("/api/me").status_code == 200
        [key] = provider.server.app.config["CANAILLE_OIDC"]["ACTIVE_JWKS"]
        token = jwt.encode(
            claims(iss=provider.issuer, aud="footnote", sub="ann", exp=time() + 120),
            jwt.PyJWK(key, algorithm="RS256").key,
            algorithm="RS256",
            headers={"kid": key["kid"], "typ": "logout+jwt"},
        )
        done = httpx.post(f"{one.address}{PATH}/main", data={"logout_token": token}, timeout=60)
        assert (done.status_code, done.headers["Cache-Control"]) == (200, "no-store")
        problem(browser.get("/api/me"), 401, "session-ended")
        again = httpx.post(f"{two.address}{PATH}/main", data={"logout_token": token}, timeout=60)
        problem(again, 400, "logout-refused")
        rows = [(row.asker, row.status) for row in entries(one.engine, since=datetime.min.replace(tzinfo=UTC))]
    assert rows == [("oidc:ann", "signed-in"), ("oidc:ann", "by-the-issuer")]


def test_the_sessions_that_are_named_end_and_no_others(here: Here) -> None:
    for subject, sid in (("ann", "desk"), ("ann", "phone"), ("ann", None), ("bob", "desk-2"), ("bob", None)):
        here.begin(subject, sid=sid)
    assert here.logout(sub=None, sid="desk").status_code == 200
    assert here.there == ["oidc:ann", "oidc:ann", "oidc:bob", "oidc:bob"]
    assert here.logout(sub="ann", sid="phone", jti="2").status_code == 200  # and what may be that session
    assert here.there == ["oidc:bob", "oidc:bob"]
    assert here.logout(sub="ann", sid="desk-2", jti="3").status_code == 200  # bob's, whom it does not mean
    assert here.logout(sub="carol", jti="4").status_code == 200
    assert here.there == ["oidc:bob", "oidc:bob"]
    assert here.logout(sub="bob", jti="5").status_code == 200
    assert here.there == []


def test_a_token_is_used_once(here: Here) -> None:
    token = here.local.token(**claims(sub="ann"))
    here.begin("ann")
    assert here.send(token).status_code == 200
    here.begin("ann")
    problem(here.send(token), 400, "logout-refused")
    assert here.there == ["oidc:ann"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"iss": "https://evil.example"},
        {"iss": None},
        {"aud": "another-client"},
        {"aud": None},
        {"iat": None},
        {"iat": time() + 3_600},
        {"exp": None},
        {"exp": time() - 3_600},
        {"exp": time() + 10 * 86_400},
        {"jti": None},
        {"jti": 7},
        {"events": None},
        {"events": []},
        {"events": [EVENT]},
        {"events": {"http://schemas.openid.net/event/other": {}}},
        {"events": {EVENT: "yes"}},
        {"nonce": "n"},
        {"sub": None, "sid": None},
        {"sub": "", "sid": ""},
        {"sub": None, "sid": ["desk"]},
        {"sub": "\ud800"},
        {"sid": "\ud800"},
        {"sub": 7},
    ],
    ids="iss no_iss aud no_aud no_iat iat no_exp exp lasting no_jti jti no_events events_list events_names other_event "
    "event_text nonce nobody empty sid half_sub half_sid sub".split(),
)
def test_what_is_no_logout_token_for_footnote_ends_nothing(here: Here, wrong: dict[str, Any]) -> None:
    here.begin("ann", sid="desk")
    refused = problem(here.logout(**{"sub": "ann", "sid": "desk"} | wrong), 400, "logout-refused")
    assert "Nobody was signed out: the logout token cannot be used" in refused
    assert here.there == ["oidc:ann"]


def test_what_the_issuer_did_not_sign_ends_nothing(here: Here) -> None:
    here.begin("ann")
    right = here.local.token(**claims(sub="ann"))
    unsigned = f"{encoded({'alg': 'none', 'kid': 'first'})}.{right.split('.')[1]}."
    by_another = here.local.token(OTHER_KEY, **claims(sub="ann"))
    for token in (unsigned, by_another, right[:-4], "", "a.b.c", "\x00", "ä" * 100_000):
        problem(here.send(token), 400, "logout-refused")
    problem(httpx.post(f"{here.address}{PATH}/main", json={"logout_token": right}, timeout=60), 400, "logout-refused")
    assert here.there == ["oidc:ann"]
    assert here.send(right).status_code == 200


def test_an_issuer_ends_no_sessions_of_another_one(here: Here) -> None:
    about = here.local.published["/realm" + DISCOVERY]
    here.local.published["/realm/other" + DISCOVERY] = about | {"issuer": f"{here.local.address}/other"}
    for issuer in ("main", "acme"):
        here.begin("ann", sid="desk", issuer=issuer)
    problem(here.send(here.local.token(**claims(sid="desk")), issuer="acme"), 400, "logout-refused")
    problem(here.send(here.local.token(**claims(sid="desk")), issuer="nobody"), 404, "issuer-unknown")
    own = here.local.token(**claims(sub=None, sid="desk", iss=f"{here.local.address}/other"))
    assert here.send(own, issuer="acme").status_code == 200
    assert here.there == ["oidc:ann"]


def test_an_issuer_whose_keys_cannot_be_had_ends_nothing(here: Here) -> None:
    here.begin("ann")
    here.local.down = True
    problem(here.logout(sub="ann"), 400, "logout-refused")
    assert here.there == ["oidc:ann"]
