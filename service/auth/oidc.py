"""Authenticates tokens of the company's own issuers (OpenID Connect), and reads the groups of their holders.

A token is checked as OpenID Connect Core 1.0 (3.1.3.7) and RFC 8725 require: signed by a key that the issuer publishes,
with one of the algorithms named here, by this issuer, for this audience, and not expired.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from time import time
from typing import Any

import jwt
import structlog
from jwt.exceptions import PyJWTError

from index.errors import WrongUsage
from index.records import Access
from service.api.problem_details import Refused
from service.auth.askers import Asker
from service.auth.issuer_http import IssuerUnreachable, checked_address
from service.auth.issuer_settings import OidcIssuer
from service.auth.jwks import PublishedKeys
from service.settings import Settings

ALGORITHMS = ["RS256", "ES256"]
CLOCKS_DIFFER_SECONDS = 30
_LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"
_LONGEST_LOGOUT_SECONDS = 86_400  # for so long it is stored that a token was used
_LONGEST_ID = 256  # as the database stores it; a subject has 255 characters at most (OpenID Connect Core 1.0, 2)
log = structlog.get_logger(__name__)


class Issuer:
    """One issuer that the settings name. Safe to use from many threads."""

    def __init__(self, config: OidcIssuer) -> None:
        self.config = config
        self._published = PublishedKeys(config.issuer)

    def asker_by_cached_key(self, token: str) -> Asker | None:
        """Return who holds a token that was signed with a cached key, else None. Never waits. Raises Refused."""
        return self._asker(token, self._published.cached_key) if token.count(".") == 2 else None

    def asker(self, token: str) -> Asker | None:
        """Return who holds this token, or None if it is not a token. Raises Refused if it cannot be used.

        May wait for the issuer, whose keys are fetched with the first token.
        """
        if token.count(".") != 2:
            return None
        try:
            found = self._asker(token, self._published.key)
        except IssuerUnreachable as error:
            raise issuer_unreachable(self.config.issuer, error) from error
        if found is None:
            raise _unusable("The issuer has no key of the name that it was signed with")
        return found

    def id_token_claims(self, token: str, *, client_id: str) -> dict[str, Any]:
        """Return the claims of an ID token for this client. May wait. Raises PyJWTError, or IssuerUnreachable."""
        claims = self._claims(token, self._key(token), audience=client_id, required=("iat",))
        if claims.get("azp", client_id) != client_id:
            raise jwt.InvalidAudienceError("It was made for another client")
        return claims

    def logout_claims(self, token: str, *, client_id: str) -> dict[str, Any]:
        """Return the claims of a logout token for this client, checked as OpenID Connect Back-Channel Logout 1.0 (2.6) says.

        May wait. Raises PyJWTError, or IssuerUnreachable.
        """
        claims = self._decoded(token, self._key(token), audience=client_id, required=("exp", "iat", "jti", "events"))
        events = claims["events"]
        if not isinstance(events, dict) or not isinstance(events.get(_LOGOUT_EVENT), dict):
            raise jwt.InvalidTokenError("It is not about a logout")
        if "nonce" in claims:
            raise jwt.InvalidTokenError("It has a nonce, as ID tokens have")
        if not any(isinstance(claims.get(name), str) and claims[name] for name in ("sub", "sid")):
            raise jwt.InvalidTokenError("It names neither a person nor a session")
        if int(claims["exp"]) > time() + _LONGEST_LOGOUT_SECONDS:
            raise jwt.InvalidTokenError("It can be used for too long")
        return claims

    def asker_with(self, subject: str, groups: frozenset[str], *, name: str | None = None) -> Asker:
        """Return the person with this subject and these groups."""
        admin = self.config.admin_group in groups
        return Asker(f"{self.config.id_prefix}{subject}", Access(groups), admin=admin, name=name)

    def groups(self, claims: Mapping[str, Any]) -> frozenset[str] | None:
        """Return the groups that claims name, or None if they say nothing of groups."""
        claim = claims.get(self.config.groups_claim)
        return None if claim is None else _groups(claim)

    def _key(self, token: str) -> jwt.PyJWK:
        key = self._published.key(_key_name(token))
        if key is None:
            raise jwt.InvalidTokenError("The issuer has no key of the name that it was signed with")
        return key

    def _asker(self, token: str, key_named: Callable[[str], jwt.PyJWK | None]) -> Asker | None:
        try:
            key = key_named(_key_name(token))
            claims = None if key is None else self._claims(token, key, audience=self.config.audience)
        except PyJWTError as error:
            # The message only says what is wrong with the token.
            raise _unusable(str(error)) from error
        return None if claims is None else self.asker_with(claims["sub"], self.groups(claims) or frozenset())

    def _claims(
        self, token: str, key: jwt.PyJWK, *, audience: str | None, required: Sequence[str] = ()
    ) -> dict[str, Any]:
        claims = self._decoded(token, key, audience=audience, required=("exp", "sub", *required))
        if not claims["sub"]:
            raise jwt.InvalidTokenError("It names nobody")
        if len(self.config.id_prefix + claims["sub"]) > _LONGEST_ID:
            raise jwt.InvalidTokenError("Its name for the person is too long")
        return claims

    def _decoded(self, token: str, key: jwt.PyJWK, *, audience: str | None, required: Sequence[str]) -> dict[str, Any]:
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=ALGORITHMS,
            audience=audience,
            issuer=self.config.issuer,
            leeway=CLOCKS_DIFFER_SECONDS,
            options={"require": ["iss", "aud", *required]},
        )
        try:
            json.dumps(claims, ensure_ascii=False).encode()
        except UnicodeEncodeError as error:  # half of a pair of surrogates: it can be neither hashed nor stored
            raise jwt.InvalidTokenError("It holds characters that there are not") from error
        return claims


class TokenIssuers:
    """The issuers whose tokens programs may send. A token is checked by the one that it names, or else by the first."""

    def __init__(self, issuers: Sequence[Issuer]) -> None:
        self._issuers = {issuer.config.issuer: issuer for issuer in issuers}
        self._first = issuers[0]

    def asker_by_cached_key(self, token: str) -> Asker | None:
        """As `Issuer.asker_by_cached_key`."""
        return self._named_in(token).asker_by_cached_key(token)

    def asker(self, token: str) -> Asker | None:
        """As `Issuer.asker`."""
        return self._named_in(token).asker(token)

    def _named_in(self, token: str) -> Issuer:
        try:
            named = jwt.decode(token, options={"verify_signature": False}).get("iss")
        except PyJWTError:
            return self._first  # which says what is wrong
        return self._issuers.get(named, self._first) if isinstance(named, str) else self._first


def issuers_for(settings: Settings) -> tuple[Issuer, ...]:
    """Return the issuers that the settings name. Raises WrongUsage if the settings are incomplete or unsafe."""
    configs = (*_main(settings), *settings.oidc_issuers)
    for config in configs:
        setting = f"FOOTNOTE_OIDC_ISSUERS: {config.name}" if config.name else "FOOTNOTE_OIDC_ISSUER"
        if config.audience is None and config.client_id is None:
            raise WrongUsage(
                f"{setting} has neither an audience nor a client id: then a token for any other service would do. Set "
                "FOOTNOTE_OIDC_CLIENT_ID so that people sign in, or FOOTNOTE_OIDC_AUDIENCE to accept tokens of programs."
            )
        try:
            checked_address(config.issuer)
        except IssuerUnreachable as error:
            raise WrongUsage(f"{setting} cannot be used: {error}.") from error
    if len({config.issuer for config in configs}) < len(configs):
        raise WrongUsage("FOOTNOTE_OIDC_ISSUERS names the same issuer twice.")
    return tuple(Issuer(config) for config in configs)


def issuer_unreachable(issuer: str, error: IssuerUnreachable) -> Refused:
    """Log why an issuer cannot be reached, and return what the asker is told."""
    log.error("the issuer of tokens cannot be reached", issuer=issuer, reason=str(error))
    detail = "Tokens and sessions cannot be checked now: their issuer does not answer. Try again later."
    return Refused(503, "issuer-unreachable", detail, headers={"Retry-After": "30"})


def _main(settings: Settings) -> tuple[OidcIssuer, ...]:
    if settings.oidc_issuer is None:
        return ()
    return (
        OidcIssuer(
            issuer=settings.oidc_issuer,
            audience=settings.oidc_audience,
            client_id=settings.oidc_client_id,
            client_secret=settings.oidc_client_secret,
            scopes=settings.oidc_scopes,
            groups_claim=settings.oidc_groups_claim,
            admin_group=settings.oidc_admin_group,
            sign_out=settings.oidc_sign_out,
        ),
    )


def _key_name(token: str) -> str:
    name = jwt.get_unverified_header(token).get("kid")
    if not isinstance(name, str):
        raise jwt.InvalidTokenError("It does not name the key that signed it")
    return name


def _unusable(why: str) -> Refused:
    detail = f"The token that was sent cannot be used: {why[:200]}."
    return Refused(401, "token-unusable", detail, headers={"WWW-Authenticate": 'Bearer error="invalid_token"'})


def _groups(claim: object) -> frozenset[str]:
    named = [claim] if isinstance(claim, str) else claim if isinstance(claim, list) else []
    return frozenset(group for group in named if isinstance(group, str))
