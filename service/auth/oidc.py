"""Authenticates tokens of the company's own issuer (OpenID Connect), and reads the groups of their holders.

A token is checked as OpenID Connect Core 1.0 (3.1.3.7) and RFC 8725 require: signed by a key that the issuer publishes,
with one of the algorithms named here, by this issuer, for this audience, and not expired.
"""

from collections.abc import Callable
from typing import Any

import jwt
import structlog
from jwt.exceptions import PyJWTError

from index.errors import WrongUsage
from index.records import Access
from service.api.problem_details import Refused
from service.auth.askers import Asker
from service.auth.jwks import IssuerUnreachable, PublishedKeys, checked_address
from service.settings import Settings

ALGORITHMS = ["RS256", "ES256"]
_CLOCKS_DIFFER_SECONDS = 30
log = structlog.get_logger(__name__)


class Issuer:
    """The issuer that the settings name. Safe to use from many threads."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._address = settings.oidc_issuer or ""
        self._published = PublishedKeys(self._address)

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
            log.error("the issuer of tokens cannot be reached", issuer=self._address, reason=str(error))
            detail = "Tokens cannot be checked now: their issuer does not answer. Try again later."
            raise Refused(503, "issuer-unreachable", detail, headers={"Retry-After": "30"}) from error
        if found is None:
            raise _unusable("The issuer has no key of the name that it was signed with")
        return found

    def _asker(self, token: str, key_named: Callable[[str], jwt.PyJWK | None]) -> Asker | None:
        try:
            key = key_named(_key_name(token))
            claims = None if key is None else self._claims(token, key)
        except PyJWTError as error:
            # The message only says what is wrong with the token.
            raise _unusable(str(error)) from error
        if claims is None:
            return None
        groups = _groups(claims.get(self._settings.oidc_groups_claim))
        admin = self._settings.oidc_admin_group in groups
        return Asker(f"oidc:{claims['sub']}", Access(groups), admin=admin)

    def _claims(self, token: str, key: jwt.PyJWK) -> dict[str, Any]:
        return jwt.decode(
            token,
            key,
            algorithms=ALGORITHMS,
            audience=self._settings.oidc_audience,
            issuer=self._address,
            leeway=_CLOCKS_DIFFER_SECONDS,
            options={"require": ["exp", "iss", "aud", "sub"]},
        )


def issuer_for(settings: Settings) -> Issuer | None:
    """Return the issuer that the settings name, if any. Raises WrongUsage if the settings are incomplete or unsafe."""
    if settings.oidc_issuer is None:
        return None
    if settings.oidc_audience is None:
        raise WrongUsage(
            "FOOTNOTE_OIDC_ISSUER is set without FOOTNOTE_OIDC_AUDIENCE: then a token for any other service would do. "
            "Set it to the name that the issuer knows Footnote by."
        )
    try:
        checked_address(settings.oidc_issuer)
    except IssuerUnreachable as error:
        raise WrongUsage(f"FOOTNOTE_OIDC_ISSUER cannot be used: {error}.") from error
    return Issuer(settings)


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
