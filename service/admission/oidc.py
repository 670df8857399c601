"""Tokens of the company's own issuer (OpenID Connect): who bears one, and which groups it says they are in.

A token is checked as OpenID Connect Core 1.0 (3.1.3.7) and RFC 8725 ask for: signed by a key that the issuer publishes,
with one of the algorithms named here, by this issuer, for this audience, and of this time.
"""

import json
import urllib.request
from http.client import HTTPException
from threading import Lock
from time import monotonic
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit

import jwt
import structlog
from jwt import PyJWKClient
from jwt.exceptions import PyJWKClientConnectionError, PyJWKClientError, PyJWTError

from index.errors import WrongUsage
from index.records import Access
from service.admission.access import is_loopback
from service.askers import Asker
from service.problem_details import Refused
from service.settings import Settings

ALGORITHMS = ["RS256", "ES256"]
DISCOVERY = "/.well-known/openid-configuration"
_TIMEOUT_SECONDS, _MAX_BYTES = 5.0, 1_000_000
_CLOCKS_DIFFER_SECONDS = 30
_KEYS_LAST_SECONDS = 3600
# Whoever makes up tokens, or comes while the issuer is down, does not make us ask it each time.
ASK_AGAIN_SECONDS = 30.0
log = structlog.get_logger(__name__)


class Issuer:
    """The issuer that the settings name. Safe to use from many threads. It is asked for its keys with the first token."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = Lock()
        self._keys: _PublishedKeys | None = None
        self._address = settings.oidc_issuer or ""
        self._asked = -ASK_AGAIN_SECONDS

    def asker(self, token: str) -> Asker | None:
        """Return who bears this token, or None when it is no token at all. Raises Refused when it cannot be used."""
        if token.count(".") != 2:
            return None
        try:
            key = self._published().get_signing_key_from_jwt(token)
            claims = self._claims(token, key)
        except PyJWKClientConnectionError as error:
            log.error("the issuer of tokens cannot be reached", issuer=self._address, reason=str(error))
            detail = "Tokens cannot be checked now: their issuer does not answer. Try again later."
            raise Refused(503, "issuer-unreachable", detail, headers={"Retry-After": "30"}) from error
        except PyJWTError as error:
            # What signs for somebody else says nothing here but what is wrong with it.
            detail = f"The token that was sent cannot be used: {str(error)[:200]}."
            challenge = {"WWW-Authenticate": 'Bearer error="invalid_token"'}
            raise Refused(401, "token-unusable", detail, headers=challenge) from error
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

    def _published(self) -> "_PublishedKeys":
        with self._lock:
            if self._keys is None:
                if monotonic() - self._asked < ASK_AGAIN_SECONDS:
                    raise PyJWKClientConnectionError("it did not answer a moment ago")
                self._asked = monotonic()
                self._keys = _PublishedKeys(self._discovered())
            return self._keys

    def _discovered(self) -> str:
        about = _fetched(self._address.rstrip("/") + DISCOVERY)
        if about.get("issuer") != self._address:
            raise PyJWKClientConnectionError(f"it calls itself {str(about.get('issuer'))[:200]!r}")
        return _checked_address(str(about.get("jwks_uri")))


class _PublishedKeys(PyJWKClient):
    """The issuer's keys, kept for an hour. A token with a key that is not among them makes us look again, but not often."""

    def __init__(self, address: str) -> None:
        super().__init__(address, lifespan=_KEYS_LAST_SECONDS, cooldown_duration=ASK_AGAIN_SECONDS)
        self._failed = -ASK_AGAIN_SECONDS

    def fetch_data(self) -> Any:
        if monotonic() - self._failed < ASK_AGAIN_SECONDS:
            raise PyJWKClientConnectionError("it did not answer a moment ago")
        try:
            keys = _fetched(self.uri)
        except PyJWKClientConnectionError:
            self._failed = monotonic()
            raise
        if self.jwk_set_cache is not None:
            self.jwk_set_cache.put(keys)
        self._last_successful_fetch = monotonic()
        return keys


def issuer_for(settings: Settings) -> Issuer | None:
    """Return the issuer that the settings name, if any. Raises WrongUsage when they are not enough or not safe."""
    if settings.oidc_issuer is None:
        return None
    if settings.oidc_audience is None:
        raise WrongUsage(
            "FOOTNOTE_OIDC_ISSUER is set without FOOTNOTE_OIDC_AUDIENCE: then a token for any other service would do. "
            "Set it to the name that the issuer knows Footnote by."
        )
    try:
        _checked_address(settings.oidc_issuer)
    except PyJWKClientError as error:
        raise WrongUsage(f"FOOTNOTE_OIDC_ISSUER cannot be used: {error}.") from error
    return Issuer(settings)


def _checked_address(address: str) -> str:
    parts = urlsplit(address)
    if parts.hostname and (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname))):
        return address
    raise PyJWKClientConnectionError(f"{address[:200]!r} is no https address")


def _fetched(address: str) -> dict[str, Any]:
    try:
        with urllib.request.urlopen(address, timeout=_TIMEOUT_SECONDS) as response:
            content = response.read(_MAX_BYTES + 1)
        found = json.loads(content) if len(content) <= _MAX_BYTES else None
    except HTTPError as error:
        error.close()
        raise PyJWKClientConnectionError(f"{address} answers with {error}") from error
    except (URLError, HTTPException, TimeoutError, ValueError) as error:
        raise PyJWKClientConnectionError(f"{address}: {error}") from error
    if not isinstance(found, dict):
        raise PyJWKClientConnectionError(f"{address} gives no JSON object of at most {_MAX_BYTES:,} bytes")
    return found


def _groups(claim: object) -> frozenset[str]:
    named = [claim] if isinstance(claim, str) else claim if isinstance(claim, list) else []
    return frozenset(group for group in named if isinstance(group, str))
