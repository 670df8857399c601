"""Tokens of an issuer that runs here, over HTTP: which are let in, as whom, and what is asked of the issuer."""

import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from time import monotonic, sleep, time
from typing import Any
from unittest.mock import patch
from urllib.parse import urlsplit

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from fastapi.testclient import TestClient
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from index.errors import WrongUsage
from index.records import FOR_EVERYONE, Access
from service.api.app import create_app
from service.api.problem_details import Refused
from service.auth.api_keys import ApiKeys
from service.auth.askers import Asker
from service.auth.issuer_http import IssuerUnreachable
from service.auth.jwks import DISCOVERY, PublishedKeys
from service.auth.oidc import Issuer, issuers_for
from service.auth.state import AuthState
from service.history.database import opened_database
from service.history.keys import add_key
from tests.fake_assistant import FakeAssistant
from tests.service_fixtures import settings_for
from tests.test_service_api import ADDRESS, problem
from tests.test_service_server import PATIENCE, running
from tests.web_server import Reply, serving

RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EC_KEY = ec.generate_private_key(ec.SECP256R1())
PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


class LocalIssuer:
    """Publishes what it is told to, and remembers what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.published: dict[str, Any] = {}
        self.down = self.drips = False
        self.redirects: str | None = None
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                issuer.asked.append(self.path)
                found = None if issuer.down else issuer.published.get(self.path)
                found = found() if callable(found) else found
                body = found if isinstance(found, bytes) else json.dumps(found).encode()
                self.send_response(302 if issuer.redirects else 200 if found is not None else 503)
                if issuer.redirects:
                    self.send_header("Location", issuer.redirects)
                self.end_headers()
                with suppress(ConnectionError):  # it is left when it talks for too long
                    for byte in body if issuer.drips else ():
                        self.wfile.write(bytes([byte]))
                        sleep(0.05)
                    self.wfile.write(body)

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                self.do_GET()

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}/realm"
        self.published["/realm" + DISCOVERY] = {"issuer": self.address, "jwks_uri": f"{self.address}/keys"}
        self.publish(first=RSA_KEY, curve=EC_KEY)

    def publish(self, **keys: PrivateKey) -> None:
        self.published["/realm/keys"] = {"keys": [published(kid, key) for kid, key in keys.items()]}

    def token(self, key: Any = RSA_KEY, *, kid: str | None = "first", algorithm: str = "RS256", **claims: Any) -> str:
        usual = {"iss": self.address, "aud": "footnote", "sub": "ann-1", "exp": time() + 300}
        usual |= {"groups": ["staff", "board"]}
        given = {name: value for name, value in (usual | claims).items() if value is not None}
        return jwt.encode(given, key, algorithm=algorithm, headers={"kid": kid} if kid else {})


def published(kid: str, key: PrivateKey) -> dict[str, Any]:
    if isinstance(key, rsa.RSAPrivateKey):
        public = RSAAlgorithm.to_jwk(key.public_key())
    else:
        public = ECAlgorithm.to_jwk(key.public_key())
    return {**json.loads(public), "kid": kid, "use": "sig"}


@pytest.fixture
def local() -> Iterator[LocalIssuer]:
    issuer = LocalIssuer()
    thread = Thread(target=issuer.server.serve_forever, args=[0.02])
    thread.start()
    yield issuer
    issuer.server.shutdown()
    issuer.server.server_close()
    thread.join()


@contextmanager
def later(seconds: float) -> Iterator[None]:
    """Let time have passed."""
    now = monotonic
    with (
        patch("service.auth.jwks.monotonic", lambda: now() + seconds),
        patch("time.monotonic", lambda: now() + seconds),
    ):
        yield


def known_to_us(local: LocalIssuer, **settings: Any) -> Issuer:
    wanted = {"oidc_issuer": local.address, "oidc_audience": "footnote"} | settings
    [issuer] = issuers_for(settings_for(Path("unused"), **wanted))
    return issuer


def refused(issuer: Issuer, token: str) -> Refused:
    with pytest.raises(Refused) as refusal:
        issuer.asker(token)
    return refusal.value


def test_a_token_says_who_asks_and_their_groups(local: LocalIssuer) -> None:
    issuer = known_to_us(local, oidc_admin_group="board")
    asker = Asker("oidc:ann-1", Access(frozenset({"staff", "board"})), admin=True)
    assert issuer.asker(local.token()) == asker
    assert issuer.asker(local.token(EC_KEY, kid="curve", algorithm="ES256")) == asker
    assert issuer.asker(local.token(aud=["other", "footnote"])) == asker
    assert local.asked == ["/realm" + DISCOVERY, "/realm/keys"]


@pytest.mark.parametrize(
    ("claim", "groups"),
    [("staff", {"staff"}), (["a", 1, None, "b"], {"a", "b"}), (None, set()), ({"a": 1}, set()), (7, set())],
)
def test_groups_are_what_the_claim_says_and_nothing_else(local: LocalIssuer, claim: object, groups: set[str]) -> None:
    issuer = known_to_us(local, oidc_groups_claim="https://example.com/teams")
    claims: dict[str, Any] = {"https://example.com/teams": claim}
    token = local.token(**claims)
    assert issuer.asker(token) == Asker("oidc:ann-1", Access(frozenset(groups)))


@pytest.mark.parametrize("token", ["", "abc", "fn_1_2", "a.b", "a.b.c.d"])
def test_what_is_no_token_is_left_to_others(local: LocalIssuer, token: str) -> None:
    assert known_to_us(local).asker(token) is None
    assert local.asked == []


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": time() - 60},
        {"exp": None},
        {"exp": "soon"},
        {"nbf": time() + 100_000},
        {"iat": time() + 100_000},
        {"aud": "another"},
        {"aud": None},
        {"aud": []},
        {"iss": "https://evil.example"},
        {"iss": None},
        {"sub": None},
        {"sub": 5},
        {"sub": "a" * 256},
    ],
    ids=",".join,  # the same in every process, which times are not
)
def test_a_token_of_another_time_audience_or_issuer_is_refused(local: LocalIssuer, claims: dict[str, Any]) -> None:
    refusal = refused(known_to_us(local), local.token(**claims))
    assert (refusal.status_code, refusal.slug) == (401, "token-unusable")


def test_a_token_that_another_key_signed_is_refused(local: LocalIssuer) -> None:
    issuer = known_to_us(local)
    for token in (local.token(OTHER_KEY), local.token(kid="curve"), local.token(kid=None), local.token(kid="unknown")):
        assert refused(issuer, token).slug == "token-unusable"


def test_a_token_that_is_not_signed_is_refused(local: LocalIssuer) -> None:
    issuer = known_to_us(local)
    _, payload, signature = local.token().split(".")
    for header in ({"alg": "none"}, {"alg": "none", "kid": "first"}, {"alg": "None", "kid": "first"}):
        for end in ("", signature):
            token = f"{encoded(header)}.{payload}.{end}"
            assert refused(issuer, token).slug == "token-unusable"


def test_the_public_key_is_no_shared_secret(local: LocalIssuer) -> None:
    """The attack on services that let a token choose its algorithm (RFC 8725, 2.1)."""
    public = RSA_KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    _, payload, _ = local.token().split(".")
    signed = f"{encoded({'alg': 'HS256', 'kid': 'first'})}.{payload}"
    signature = urlsafe_b64encode(hmac.digest(public, signed.encode(), sha256)).rstrip(b"=").decode()
    assert refused(known_to_us(local), f"{signed}.{signature}").slug == "token-unusable"


def test_a_token_cannot_bring_its_own_key(local: LocalIssuer) -> None:
    issuer = known_to_us(local)
    headers = {"kid": "first", "jwk": published("first", OTHER_KEY), "jku": "https://evil.example/keys"}
    token = jwt.encode(jwt.decode(local.token(), options={"verify_signature": False}), OTHER_KEY, "RS256", headers)
    assert refused(issuer, token).slug == "token-unusable"
    assert set(local.asked) <= {"/realm" + DISCOVERY, "/realm/keys"}


@pytest.mark.parametrize("token", ["..", "a.b.c", "e30.e30.e30", "ä.ö.ü", "bnVsbA.bnVsbA.bnVsbA"])
def test_a_broken_token_is_refused(local: LocalIssuer, token: str) -> None:
    assert refused(known_to_us(local), token).slug == "token-unusable"


def test_a_new_key_of_the_issuer_is_found_and_an_old_one_forgotten(local: LocalIssuer) -> None:
    issuer = known_to_us(local)
    assert issuer.asker(local.token())
    local.publish(second=OTHER_KEY)
    assert refused(issuer, local.token(OTHER_KEY, kid="second")).slug == "token-unusable"  # asked a moment ago
    with later(31):
        assert issuer.asker(local.token(OTHER_KEY, kid="second"))
        assert refused(issuer, local.token()).slug == "token-unusable"
    assert local.asked.count("/realm/keys") == 2


def test_made_up_tokens_do_not_make_us_ask_the_issuer_each_time(local: LocalIssuer) -> None:
    issuer = known_to_us(local)
    for number in range(20):
        assert refused(issuer, local.token(kid=f"made-up-{number}")).slug == "token-unusable"
    assert local.asked.count("/realm/keys") == 1


def test_an_issuer_that_is_down_is_said_to_be_and_not_asked_each_time(local: LocalIssuer) -> None:
    issuer = known_to_us(local)
    local.down = True
    for _ in range(5):
        refusal = refused(issuer, local.token())
        assert (refusal.status_code, refusal.slug) == (503, "issuer-unreachable")
    assert len(local.asked) == 1
    local.down = False
    with later(31):
        assert issuer.asker(local.token())
    local.down = True
    assert issuer.asker(local.token())  # its keys are known for an hour


@pytest.mark.parametrize(
    "about",
    [
        {"issuer": "https://evil.example", "jwks_uri": "https://evil.example/keys"},
        {"issuer": None},
        b"<html>",
        b"[]",
        b'{"a": "' + b"a" * 1_000_001 + b'"}',
    ],
)
def test_what_an_issuer_says_of_itself_is_checked(local: LocalIssuer, about: object) -> None:
    local.published["/realm" + DISCOVERY] = about
    assert refused(known_to_us(local), local.token()).slug == "issuer-unreachable"


@pytest.mark.parametrize("address", ["http://evil.example/keys", "file:///etc/passwd", "", "ftp://127.0.0.1/"])
def test_keys_are_fetched_safely_or_not_at_all(local: LocalIssuer, address: str) -> None:
    local.published["/realm" + DISCOVERY] = {"issuer": local.address, "jwks_uri": address}
    assert refused(known_to_us(local), local.token()).slug == "issuer-unreachable"


@pytest.mark.parametrize("address", ["http://idp.example", "idp.example", "file:///etc/passwd", ""])
def test_an_issuer_without_https_is_wrong_usage(address: str) -> None:
    with pytest.raises(WrongUsage, match="FOOTNOTE_OIDC_ISSUER"):
        issuers_for(settings_for(Path("unused"), oidc_issuer=address, oidc_audience="footnote"))


def test_an_issuer_without_an_audience_is_wrong_usage() -> None:
    with pytest.raises(WrongUsage, match="FOOTNOTE_OIDC_AUDIENCE"):
        issuers_for(settings_for(Path("unused"), oidc_issuer="https://idp.example"))


def test_tokens_let_in_over_http(local: LocalIssuer) -> None:
    assistant = FakeAssistant()
    settings = settings_for(Path("unused"), api_keys_required=True)
    app = create_app(assistant, settings=settings, auth_state=AuthState(token_lookups=(known_to_us(local).asker,)))
    client = TestClient(app, base_url=ADDRESS)

    def articles(token: str) -> Any:
        return client.get("/api/articles", headers={"Authorization": f"Bearer {token}"})

    assert articles(local.token()).status_code == 200
    assert assistant.called[1] == Access(frozenset({"staff", "board"}))
    assert articles(local.token(groups=None)).status_code == 200
    assert assistant.called[1] == FOR_EVERYONE
    expired = articles(local.token(exp=time() - 60))
    assert "expired" in problem(expired, 401, "token-unusable")
    assert expired.headers["www-authenticate"] == 'Bearer error="invalid_token"'
    problem(articles("no token"), 401, "key-unknown")


def encoded(header: dict[str, str]) -> str:
    return urlsafe_b64encode(json.dumps(header).encode()).rstrip(b"=").decode()


def test_many_who_wait_for_an_issuer_ask_it_once_and_within_one_deadline(local: LocalIssuer) -> None:
    go_on = Event()
    local.published["/realm/keys"] = lambda: go_on.wait(PATIENCE)
    keys = PublishedKeys(local.address, seconds=0.5)
    with ThreadPoolExecutor(8) as askers:
        waiting = [askers.submit(keys.key, f"made-up-{number}") for number in range(8)]
        for asked in waiting:
            with pytest.raises(IssuerUnreachable, match="longer than"):
                asked.result(PATIENCE)
    go_on.set()
    assert local.asked == ["/realm" + DISCOVERY, "/realm/keys"]


def test_an_issuer_that_sends_a_byte_now_and_then_is_not_waited_for(local: LocalIssuer) -> None:
    local.drips = True
    with pytest.raises(IssuerUnreachable, match="longer than"):
        PublishedKeys(local.address, seconds=0.5).key("first")


def test_a_slow_issuer_keeps_out_neither_keys_nor_tokens_of_known_keys(local: LocalIssuer, tmp_path: Path) -> None:
    go_on, issuer = Event(), known_to_us(local)
    assert issuer.asker(local.token())
    local.published["/realm/keys"] = lambda: go_on.wait(PATIENCE)
    engine = opened_database(tmp_path)
    api_keys = ApiKeys(engine)
    known = (api_keys.asker_by_verified_key, api_keys.asker, issuer.asker_by_cached_key, issuer.asker)
    key = add_key(engine, "ann")

    def articles(token: str) -> int:
        headers = {"Authorization": f"Bearer {token}"}
        return httpx.get(f"{service.url}/api/articles", headers=headers, timeout=PATIENCE).status_code

    with (
        running(FakeAssistant(), auth_state=AuthState(token_lookups=known)) as service,
        ThreadPoolExecutor(40) as clients,
    ):
        with patch("service.auth.jwks.REFETCH_SECONDS", 0.0):
            waiting = [clients.submit(articles, local.token(kid=f"made-up-{number}")) for number in range(40)]
            while local.asked.count("/realm/keys") < 2:
                service.thread.join(0.01)
        assert articles(key) == 200
        assert articles(local.token()) == 200
        assert not any(reply.done() for reply in waiting)
        go_on.set()
        assert {reply.result(PATIENCE) for reply in waiting} <= {401, 503}
    engine.dispose()


@pytest.mark.parametrize("to", ["http://127.0.0.1:{port}/keys", "https://127.0.0.1:{port}/keys", "https://[::1]/keys"])
def test_an_issuer_cannot_send_us_to_another_place_in_the_private_network(local: LocalIssuer, to: str) -> None:
    with serving() as other:
        port = urlsplit(other.address).port
        other.replies["/keys"] = Reply(json.dumps(local.published["/realm/keys"]).encode(), "application/json")
        about = {"issuer": local.address, "jwks_uri": to.format(port=port)}
        local.published["/realm" + DISCOVERY] = about
        with pytest.raises(IssuerUnreachable, match="private network"):
            PublishedKeys(local.address).key("first")
        assert other.requests == []


def test_an_issuer_redirects_us_nowhere(local: LocalIssuer) -> None:
    with serving() as other:
        local.redirects = other.address
        with pytest.raises(IssuerUnreachable, match="answers with 302"):
            PublishedKeys(local.address).key("first")
        assert other.requests == []


@pytest.mark.parametrize("keys", [{}, {"keys": None}, {"keys": []}, {"keys": [1]}, {"keys": [{"kty": "RSA"}]}])
def test_what_is_no_set_of_keys_is_said_to_be_none(local: LocalIssuer, keys: object) -> None:
    local.published["/realm/keys"] = keys
    assert refused(known_to_us(local), local.token()).slug == "issuer-unreachable"
