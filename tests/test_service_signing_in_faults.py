"""What an issuer, or somebody in its place, may send back when a person signs in: what is refused, and why."""

import hmac
from base64 import urlsafe_b64encode
from dataclasses import replace
from hashlib import sha256
from time import time
from typing import Any
from unittest.mock import patch
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pydantic import SecretStr

from service.auth.issuer_http import IssuerUnreachable
from service.auth.issuer_settings import OidcIssuer
from service.auth.jwks import DISCOVERY
from service.auth.oidc import Issuer
from service.auth.provider import Attempt, Provider, SignInFailed, Tokens
from tests.test_service_oidc import OTHER_KEY, RSA_KEY, LocalIssuer, encoded, local

__all__ = ["local"]  # the fixture
ATTEMPT = Attempt("state-1", "nonce-1", "verifier-1")


@pytest.fixture
def dishonest(local: LocalIssuer) -> LocalIssuer:
    """An issuer that answers requests for tokens with what a test puts there."""
    about = local.published["/realm" + DISCOVERY]
    for name in ("authorization", "token", "userinfo"):
        about[f"{name}_endpoint"] = f"{local.address}/{name}"
    answer_with(local, local.token(**claims()))
    local.published["/realm/userinfo"] = {"sub": "ann-1", "groups": ["from-userinfo"]}
    return local


def claims(**changes: Any) -> dict[str, Any]:
    return {"nonce": ATTEMPT.nonce, "iat": time(), "name": "Ann"} | changes


def answer_with(issuer: LocalIssuer, id_token: str | None, **fields: Any) -> None:
    issuer.published["/realm/token"] = {
        "access_token": "access-1",
        "token_type": "Bearer",
        "id_token": id_token,
    } | fields


def provider_of(issuer: LocalIssuer, **changes: Any) -> Provider:
    config = OidcIssuer(issuer=issuer.address, client_id="footnote", client_secret=SecretStr("s"))
    page = "https://footnote.example/"
    return Provider(Issuer(config.model_copy(update=changes)), redirect_uri=f"{page}auth/callback/main", page=page)


def exchanged(issuer: LocalIssuer) -> Any:
    return provider_of(issuer).exchange("code-1", ATTEMPT)


def test_what_is_right_is_taken(dishonest: LocalIssuer) -> None:
    person = exchanged(dishonest)
    assert (person.subject, person.name, person.groups) == ("ann-1", "Ann", {"staff", "board"})
    assert (person.tokens.access, person.tokens.refresh) == ("access-1", None)
    assert person.tokens.id, "the issuer is told by it who signs out"


def test_the_way_to_the_issuer_has_pkce_state_and_nonce(dishonest: LocalIssuer) -> None:
    sent = parse_qs(urlsplit(provider_of(dishonest).address(ATTEMPT)).query)
    challenge = urlsafe_b64encode(sha256(b"verifier-1").digest()).rstrip(b"=").decode()
    assert sent["code_challenge"] == [challenge]
    assert (sent["code_challenge_method"], sent["state"], sent["nonce"]) == (["S256"], ["state-1"], ["nonce-1"])
    assert (sent["response_type"], sent["redirect_uri"]) == (["code"], ["https://footnote.example/auth/callback/main"])


@pytest.mark.parametrize(
    "wrong",
    [
        {"nonce": "nonce-2"},
        {"nonce": None},
        {"aud": "another-client"},
        {"aud": ["footnote", "another"], "azp": "another"},
        {"iss": "https://evil.example"},
        {"exp": time() - 3_600},
        {"exp": None},
        {"iat": time() + 3_600},
        {"iat": None},
        {"sub": None},
        {"sub": ""},
        {"sub": "a" * 256},
    ],
    ids="nonce no_nonce aud azp iss exp no_exp iat no_iat no_sub sub long_sub".split(),
)
def test_an_id_token_that_is_not_for_this_attempt_signs_nobody_in(
    dishonest: LocalIssuer, wrong: dict[str, Any]
) -> None:
    answer_with(dishonest, dishonest.token(**claims(**wrong)))
    with pytest.raises(SignInFailed):
        exchanged(dishonest)


@pytest.mark.parametrize("skew", [{"iat": 20}, {"exp": -20}], ids=str)
def test_clocks_may_differ_by_some_seconds(dishonest: LocalIssuer, skew: dict[str, float]) -> None:
    moved = {name: time() + seconds for name, seconds in skew.items()}
    answer_with(dishonest, dishonest.token(**claims(**moved)))
    assert exchanged(dishonest).subject == "ann-1"


def test_an_id_token_that_the_issuer_did_not_sign_signs_nobody_in(dishonest: LocalIssuer) -> None:
    right = dishonest.token(**claims())
    _, payload, _ = right.split(".")
    unsigned = f"{encoded({'alg': 'none', 'kid': 'first'})}.{payload}."
    public = RSA_KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    signed = f"{encoded({'alg': 'HS256', 'kid': 'first'})}.{payload}"
    signature = urlsafe_b64encode(hmac.digest(public, signed.encode(), sha256)).rstrip(b"=").decode()
    by_another = dishonest.token(OTHER_KEY, **claims())
    unknown_key = dishonest.token(OTHER_KEY, kid="made-up", **claims())
    for token in (unsigned, f"{signed}.{signature}", by_another, unknown_key, right[:-4], "", "a.b.c", None):
        answer_with(dishonest, token)
        with pytest.raises(SignInFailed):
            exchanged(dishonest)


def test_groups_come_from_userinfo_where_the_id_token_names_none(dishonest: LocalIssuer) -> None:
    answer_with(dishonest, dishonest.token(**claims(groups=None)))
    assert exchanged(dishonest).groups == {"from-userinfo"}
    dishonest.published["/realm/userinfo"] = {"sub": "somebody-else", "groups": ["board"]}
    with pytest.raises(SignInFailed, match="another person"):
        exchanged(dishonest)


def test_looking_up_again_answers_about_the_same_person_or_ends_the_session(dishonest: LocalIssuer) -> None:
    provider = provider_of(dishonest)
    again = provider.look_up_again("ann-1", Tokens("access-1", None))
    assert again.groups == {"from-userinfo"}
    newer = dishonest.token(**claims(groups=["new"], nonce=None))
    answer_with(dishonest, newer, refresh_token="refresh-2")
    again = provider.look_up_again("ann-1", Tokens("access-1", "refresh-1"))
    assert (again.groups, again.tokens) == (frozenset({"new"}), Tokens("access-1", "refresh-2", newer))
    answer_with(dishonest, dishonest.token(**claims(sub="bob-2")))
    with pytest.raises(SignInFailed, match="another person"):
        provider.look_up_again("ann-1", Tokens("access-1", "refresh-1"))


def test_an_issuer_without_any_way_to_look_up_again_ends_the_session(dishonest: LocalIssuer) -> None:
    del dishonest.published["/realm" + DISCOVERY]["userinfo_endpoint"]
    with pytest.raises(SignInFailed, match="no way"):
        provider_of(dishonest).look_up_again("ann-1", Tokens("access-1", None))


@pytest.mark.parametrize("reply", [{}, {"access_token": 7}, b"<html>", b"[]", b"{", b'"' + b"a" * 1_000_001 + b'"'])
def test_an_answer_that_is_none_is_no_fault_of_the_person(dishonest: LocalIssuer, reply: object) -> None:
    dishonest.published["/realm/token"] = reply
    with pytest.raises(IssuerUnreachable):
        exchanged(dishonest)


@pytest.mark.parametrize(
    "endpoint", ["http://evil.example/token", "file:///etc/passwd", "", None, "https://[::1]/token"]
)
def test_secrets_are_sent_by_https_and_into_no_private_network(dishonest: LocalIssuer, endpoint: str | None) -> None:
    dishonest.published["/realm" + DISCOVERY]["token_endpoint"] = endpoint
    with pytest.raises(IssuerUnreachable):
        exchanged(dishonest)


def test_an_issuer_that_is_down_is_asked_once_in_some_seconds(dishonest: LocalIssuer) -> None:
    provider = provider_of(dishonest)
    dishonest.down = True
    for _ in range(5):
        with pytest.raises(IssuerUnreachable):
            provider.exchange("code-1", ATTEMPT)
    assert len(dishonest.asked) == 1
    dishonest.down = False
    with patch("service.auth.provider._DOWN_SECONDS", 0.0):
        assert provider.exchange("code-1", ATTEMPT).subject == "ann-1"


def test_claims_that_are_required_must_be_there(dishonest: LocalIssuer) -> None:
    provider = provider_of(dishonest, required_claims={"hd": "acme.example"})
    for value in (None, "evil.example", ["acme.example"]):
        answer_with(dishonest, dishonest.token(**claims(hd=value)))
        with pytest.raises(SignInFailed, match="hd"):
            provider.exchange("code-1", replace(ATTEMPT))
    answer_with(dishonest, dishonest.token(**claims(hd="acme.example")))
    assert provider.exchange("code-1", ATTEMPT).subject == "ann-1"


def test_an_id_token_of_a_program_does_not_stand_in_for_a_key(dishonest: LocalIssuer) -> None:
    """A token for this client is no token for the API, unless its audience is the API's, too."""
    config = OidcIssuer(issuer=dishonest.address, client_id="footnote", audience="footnote-api")
    with pytest.raises(Exception, match="Audience doesn't match"):
        Issuer(config).asker(dishonest.token(**claims()))
    assert jwt.decode(dishonest.token(**claims()), options={"verify_signature": False})["aud"] == "footnote"
