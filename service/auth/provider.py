"""Signs people in at an issuer: OpenID Connect's authorisation code flow with PKCE.

The wire formats are Authlib's. ID tokens are checked as in `oidc.py`, requests go out as in `issuer_http.py`.
"""

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Event
from time import monotonic
from typing import Any, TypeVar

import structlog
from authlib.common.urls import add_params_to_uri
from authlib.oauth2.auth import ClientAuth
from authlib.oauth2.client import OAuth2Client
from authlib.oauth2.rfc6749.parameters import prepare_token_request
from jwt.exceptions import PyJWTError

from index.sources.deadline import Deadline
from service.auth.askers import Asker
from service.auth.issuer_http import IssuerUnreachable, checked_address, request_json
from service.auth.jwks import TIMEOUT_SECONDS, discovered
from service.auth.oidc import CLOCKS_DIFFER_SECONDS, Issuer

T = TypeVar("T")
_CACHE_SECONDS = 3600.0
# While an issuer is down, one request in this time notices that; the others are refused at once.
_DOWN_SECONDS = 10.0
_LONGEST_NAME = 100
# Errors of a token endpoint that say nothing about the person: a wrong client secret, for example (RFC 6749, 5.2).
_NOT_OF_THE_PERSON = {"invalid_client", "unauthorized_client", "temporarily_unavailable", "slow_down"}
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
log = structlog.get_logger(__name__)


class SignInFailed(Exception):
    """The issuer refused, or what it sent cannot be trusted. The message says why, for the person who signs in."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """What the person's groups are looked up again with, and the ID token, which says to the issuer who signs out."""

    access: str = field(repr=False)
    refresh: str | None = field(repr=False)
    id: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A person as the issuer describes them now. `sid` is its name for their session, where it gives one."""

    subject: str
    name: str
    groups: frozenset[str]
    tokens: Tokens
    sid: str | None = None


@dataclass(frozen=True, slots=True)
class LoggedOut:
    """What a logout token says: which person has logged out at the issuer, or which session of theirs, or both."""

    token: str
    expires: datetime
    subject: str | None
    sid: str | None


@dataclass(frozen=True, slots=True)
class Attempt:
    """The secrets of one attempt to sign in. They are in a cookie of the browser that began it, and nowhere else."""

    state: str
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)


class Provider:
    """One issuer where people sign in. Safe to use from many threads. Methods raise IssuerUnreachable and SignInFailed."""

    def __init__(self, issuer: Issuer, *, redirect_uri: str, page: str) -> None:
        self._issuer = issuer
        self._config = issuer.config
        self._client_id = issuer.config.client_id or ""
        self._redirect_uri = redirect_uri
        self._page = page
        self._about: tuple[float, Mapping[str, Any]] | None = None
        self._down: tuple[float, str] | None = None

    @property
    def title(self) -> str:
        """What people call this issuer; may be empty."""
        return self._config.title

    def asker(self, subject: str, groups: frozenset[str], *, name: str) -> Asker:
        """Return the person with this subject and these groups."""
        return self._issuer.asker_with(subject, groups, name=name)

    def address(self, attempt: Attempt) -> str:
        """Return the issuer's address where a person signs in."""
        client = OAuth2Client(
            None,
            client_id=self._client_id,
            scope=self._config.scopes,
            redirect_uri=self._redirect_uri,
            code_challenge_method="S256",
        )
        endpoint = self._endpoint("authorization_endpoint")
        address, _ = client.create_authorization_url(
            endpoint, state=attempt.state, code_verifier=attempt.verifier, nonce=attempt.nonce
        )
        return str(address)

    def exchange(self, code: str, attempt: Attempt) -> SignedIn:
        """Return who signed in, for the code that the issuer sent them back with."""
        reply = self._tokens(
            "authorization_code", code=code, redirect_uri=self._redirect_uri, code_verifier=attempt.verifier
        )
        claims = self._id_token(reply)
        if not hmac.compare_digest(str(claims.get("nonce")).encode(), attempt.nonce.encode()):
            raise SignInFailed("the ID token belongs to another attempt to sign in")
        tokens = _tokens_of(reply, None)
        return self._signed_in(claims, tokens)

    def sign_out_address(self, tokens: Tokens) -> str | None:
        """Return the issuer's address where a person signs out, and from there comes back to the page.

        None if that is not wanted, or the issuer does not offer it now (OpenID Connect RP-Initiated Logout 1.0).
        """
        if not self._config.sign_out:
            return None
        try:
            if "end_session_endpoint" not in self._discovered():
                return None
            endpoint = self._endpoint("end_session_endpoint")
        except IssuerUnreachable as error:
            log.warning("signed out here alone", issuer=self._config.issuer, reason=str(error))
            return None
        given = {"client_id": self._client_id, "post_logout_redirect_uri": self._page}
        hint = {"id_token_hint": tokens.id} if tokens.id else {}
        return str(add_params_to_uri(endpoint, {**given, **hint}.items()))

    def logged_out(self, token: str) -> LoggedOut:
        """Return who has logged out at the issuer, as its logout token says."""
        try:
            claims = self._issuer.logout_claims(token, client_id=self._client_id)
        except PyJWTError as error:
            raise SignInFailed(f"the logout token cannot be used ({str(error)[:200]})") from error
        expires = datetime.fromtimestamp(int(claims["exp"]) + CLOCKS_DIFFER_SECONDS, UTC)
        return LoggedOut(claims["jti"], expires, _text(claims, "sub"), _text(claims, "sid"))

    def look_up_again(self, subject: str, tokens: Tokens) -> SignedIn:
        """Return what the issuer says of a signed-in person now. Raises SignInFailed if it no longer knows their session."""
        claims: dict[str, Any] = {}
        if tokens.refresh:
            reply = self._tokens("refresh_token", refresh_token=tokens.refresh)
            tokens = _tokens_of(reply, tokens)
            claims = self._id_token(reply) if "id_token" in reply else {}
        elif "userinfo_endpoint" not in self._discovered():
            raise SignInFailed("the issuer offers no way to look up groups again")
        known = {"sub": subject, **claims}
        if known["sub"] != subject:
            raise SignInFailed("the issuer answers about another person")
        return self._signed_in(known, tokens)

    def _signed_in(self, claims: dict[str, Any], tokens: Tokens) -> SignedIn:
        """Read a person from the claims of an ID token, and from the issuer's userinfo where these name no groups."""
        if self._issuer.groups(claims) is None and "userinfo_endpoint" in self._discovered():
            claims = claims | self._userinfo(claims["sub"], tokens.access)
        names = (claims.get(claim) for claim in ("name", "preferred_username", "email", "sub"))
        name = next(name for name in names if isinstance(name, str) and name.strip())
        groups = self._issuer.groups(claims) or frozenset()
        return SignedIn(claims["sub"], name[:_LONGEST_NAME], groups, tokens, _text(claims, "sid"))

    def _id_token(self, reply: Mapping[str, Any]) -> dict[str, Any]:
        try:
            claims = self._issuer.id_token_claims(str(reply.get("id_token")), client_id=self._client_id)
        except PyJWTError as error:
            raise SignInFailed(f"the ID token cannot be used ({str(error)[:200]})") from error
        for name, value in self._config.required_claims.items():
            if claims.get(name) != value:
                raise SignInFailed(f"the ID token does not have the {name} that Footnote was told to require")
        return claims

    def _userinfo(self, subject: str, access_token: str) -> dict[str, Any]:
        status, claims = self._request(
            self._endpoint("userinfo_endpoint"), headers={"Authorization": f"Bearer {access_token}"}
        )
        if status != 200:
            raise SignInFailed(f"the issuer's userinfo answers with {status}")
        if claims.get("sub") != subject:  # OpenID Connect Core 1.0, 5.3.2
            raise SignInFailed("the issuer's userinfo is of another person")
        return claims

    def _tokens(self, grant_type: str, **fields: str) -> dict[str, Any]:
        secret = self._config.client_secret
        endpoint = self._endpoint("token_endpoint")
        body = prepare_token_request(grant_type, **fields)
        auth = ClientAuth(self._client_id, secret and secret.get_secret_value(), self._auth_method())
        address, headers, body = auth.prepare("POST", endpoint, dict(_FORM), body)
        status, reply = self._request(address, headers=headers, body=body)
        if status == 200 and isinstance(reply.get("access_token"), str):
            return reply
        error = str(reply.get("error"))[:60]
        log.warning("the issuer refused", issuer=self._config.issuer, grant=grant_type, status=status, error=error)
        if status == 400 and error not in _NOT_OF_THE_PERSON:
            raise SignInFailed("the issuer does not accept this sign-in, or no longer")
        raise IssuerUnreachable(f"{endpoint[:200]} answers with {status} {error!r}")

    def _auth_method(self) -> str:
        if self._config.client_secret is None:
            return "none"
        methods = self._discovered().get("token_endpoint_auth_methods_supported")
        posts = isinstance(methods, list) and "client_secret_basic" not in methods and "client_secret_post" in methods
        return "client_secret_post" if posts else "client_secret_basic"

    def _endpoint(self, name: str) -> str:
        return checked_address(str(self._discovered().get(name)))

    def _discovered(self) -> Mapping[str, Any]:
        if self._about is None or monotonic() - self._about[0] >= _CACHE_SECONDS:
            self._about = monotonic(), self._reached(lambda deadline: discovered(self._config.issuer, deadline))
        return self._about[1]

    def _request(
        self, address: str, *, headers: Mapping[str, str], body: str | None = None
    ) -> tuple[int, dict[str, Any]]:
        issuer = self._config.issuer
        return self._reached(
            lambda deadline: request_json(address, issuer=issuer, deadline=deadline, headers=headers, body=body)
        )

    def _reached(self, call: Callable[[Deadline], T]) -> T:
        down = self._down
        if down is not None and monotonic() - down[0] < _DOWN_SECONDS:
            raise IssuerUnreachable(down[1])
        try:
            reply = call(Deadline(TIMEOUT_SECONDS, Event()))
        except IssuerUnreachable as error:
            self._down = monotonic(), str(error)
            raise
        self._down = None
        return reply


def _text(claims: Mapping[str, Any], name: str) -> str | None:
    value = claims.get(name)
    return value if isinstance(value, str) and value else None


def _tokens_of(reply: Mapping[str, Any], before: Tokens | None) -> Tokens:
    """Read the tokens of a reply. A refresh token stays valid where no other one comes (RFC 6749, 6)."""
    refresh, id_token = (
        token if isinstance(token := reply.get(name), str) else None for name in ("refresh_token", "id_token")
    )
    return Tokens(
        reply["access_token"],
        refresh or (before.refresh if before else None),
        id_token or (before.id if before else None),
    )
