"""Fetches and caches the public keys of a token issuer (JWKS): within one deadline, and once for all who wait."""

from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from threading import Event, Lock
from time import monotonic
from typing import Any

from jwt import PyJWK, PyJWKSet
from jwt.exceptions import PyJWTError

from index.sources.deadline import Deadline
from service.auth.issuer_http import IssuerUnreachable, checked_address, request_json

DISCOVERY = "/.well-known/openid-configuration"
# Invalid tokens, or an issuer that is down, must not cause a request each time.
REFETCH_SECONDS = 30.0
TIMEOUT_SECONDS = 5.0
_CACHE_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class _CachedKeys:
    keys: Mapping[str, PyJWK]
    at: float


class PublishedKeys:
    """The keys of one issuer, cached for an hour. Safe to use from many threads."""

    def __init__(self, issuer: str, *, seconds: float = TIMEOUT_SECONDS) -> None:
        self._issuer = issuer
        self._seconds = seconds
        self._lock = Lock()
        self._cached = _CachedKeys({}, -_CACHE_SECONDS)
        self._request: Future[Mapping[str, PyJWK]] | None = None
        self._requested_at = -REFETCH_SECONDS

    def cached_key(self, name: str) -> PyJWK | None:
        """Return the key of this name if it is cached. Never waits."""
        cached = self._cached
        return cached.keys.get(name) if monotonic() - cached.at < _CACHE_SECONDS else None

    def key(self, name: str) -> PyJWK | None:
        """Return the key of this name, or None if the issuer has none. Asks the issuer if the name is not cached.

        Raises IssuerUnreachable.
        """
        if (known := self.cached_key(name)) is not None:
            return known
        with self._lock:
            now = monotonic()
            mine = self._request is None or (self._request.done() and now - self._requested_at >= REFETCH_SECONDS)
            if self._request is None or mine:
                self._request, self._requested_at = Future(), now
            asked = self._request
        if mine:
            self._ask(asked)
        return asked.result().get(name)

    def _ask(self, asked: "Future[Mapping[str, PyJWK]]") -> None:
        try:
            keys = _published(self._issuer, Deadline(self._seconds, Event()))
        except BaseException as error:  # noqa: BLE001 - raised again where it is waited for, by everyone
            asked.set_exception(error)
            return
        self._cached = _CachedKeys(keys, monotonic())
        asked.set_result(keys)


def _published(issuer: str, deadline: Deadline) -> Mapping[str, PyJWK]:
    about = discovered(issuer, deadline)
    address = checked_address(str(about.get("jwks_uri")))
    found = _fetched(address, issuer=issuer, deadline=deadline)
    try:
        keys = PyJWKSet.from_dict(found).keys
    except (PyJWTError, TypeError, AttributeError, ValueError) as error:
        raise IssuerUnreachable(f"{address[:200]} gives no keys: {str(error)[:200]}") from error
    return {key.key_id: key for key in keys if key.key_id and key.public_key_use in (None, "sig")}


def discovered(issuer: str, deadline: Deadline) -> dict[str, Any]:
    """Return what an issuer publishes of itself (OpenID Connect Discovery 1.0). Raises IssuerUnreachable."""
    about = _fetched(issuer.rstrip("/") + DISCOVERY, issuer=issuer, deadline=deadline)
    if about.get("issuer") != issuer:
        raise IssuerUnreachable(f"it calls itself {str(about.get('issuer'))[:200]!r}")
    return about


def _fetched(address: str, *, issuer: str, deadline: Deadline) -> dict[str, Any]:
    status, found = request_json(address, issuer=issuer, deadline=deadline)
    if status != 200:
        raise IssuerUnreachable(f"{address[:200]} answers with {status}")
    return found
