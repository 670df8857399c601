"""Fetches and caches the public keys of a token issuer (JWKS): within one deadline, and once for all who wait.

The operator of Footnote names the issuer, so its own address may be in a private network. The address of its keys comes
from outside: it must have the same origin or be public, and redirects are not followed.
"""

import json
import ssl
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from threading import Event, Lock
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

import httpx
from jwt import PyJWK, PyJWKSet
from jwt.exceptions import PyJWTError

from index.errors import ArticleError
from index.sources.deadline import Deadline
from index.sources.network import GuardedTransport, NotPublic
from service.auth.authentication import is_loopback

DISCOVERY = "/.well-known/openid-configuration"
# Invalid tokens, or an issuer that is down, must not cause a request each time.
REFETCH_SECONDS = 30.0
_TIMEOUT_SECONDS, _MAX_BYTES = 5.0, 1_000_000
_CACHE_SECONDS = 3600


class IssuerUnreachable(Exception):
    """The issuer did not answer, or its answer cannot be used. The message says why."""


@dataclass(frozen=True, slots=True)
class _CachedKeys:
    keys: Mapping[str, PyJWK]
    at: float


class PublishedKeys:
    """The keys of one issuer, cached for an hour. Safe to use from many threads."""

    def __init__(self, issuer: str, *, seconds: float = _TIMEOUT_SECONDS) -> None:
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


def checked_address(address: str) -> str:
    """Return the address if it uses https or is on this machine. Raises IssuerUnreachable for any other."""
    try:
        parts = urlsplit(address)
        safe = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname or ""))
        if parts.hostname and safe and parts.port != 0:
            return address
    except ValueError:
        pass  # not a valid address
    raise IssuerUnreachable(f"{address[:200]!r} is no https address")


def _published(issuer: str, deadline: Deadline) -> Mapping[str, PyJWK]:
    about = _fetched(issuer.rstrip("/") + DISCOVERY, issuer=issuer, deadline=deadline)
    if about.get("issuer") != issuer:
        raise IssuerUnreachable(f"it calls itself {str(about.get('issuer'))[:200]!r}")
    address = checked_address(str(about.get("jwks_uri")))
    found = _fetched(address, issuer=issuer, deadline=deadline)
    try:
        keys = PyJWKSet.from_dict(found).keys
    except (PyJWTError, TypeError, AttributeError, ValueError) as error:
        raise IssuerUnreachable(f"{address[:200]} gives no keys: {str(error)[:200]}") from error
    return {key.key_id: key for key in keys if key.key_id and key.public_key_use in (None, "sig")}


def _fetched(address: str, *, issuer: str, deadline: Deadline) -> dict[str, Any]:
    own = _origin(address) == _origin(issuer)
    try:
        # The system's certificates: an issuer may have a certificate of the company's own authority.
        transport = GuardedTransport(private=own, certificates=ssl.create_default_context())
        with deadline.enforced(), httpx.Client(transport=transport, trust_env=False) as client:
            found = json.loads(_body(client, address, deadline))
    except NotPublic as error:
        raise IssuerUnreachable(
            f"{address[:200]} leads into a private network, away from the issuer's own address"
        ) from error
    except (ArticleError, httpx.HTTPError, httpx.InvalidURL, OSError, ValueError, RecursionError) as error:
        late = f"it took longer than the time for all of it ({str(error)[:200]})" if deadline.over else str(error)[:200]
        raise IssuerUnreachable(f"{address[:200]}: {late or type(error).__name__}") from error
    if not isinstance(found, dict):
        raise IssuerUnreachable(f"{address[:200]} gives no JSON object")
    return found


def _body(client: httpx.Client, address: str, deadline: Deadline) -> bytes:
    extensions = {"deadline": deadline, "trace": deadline.trace}
    headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
    with client.stream("GET", address, headers=headers, extensions=extensions) as response:
        if response.status_code != 200:
            raise IssuerUnreachable(f"{address[:200]} answers with {response.status_code}")
        content = bytearray()
        for part in response.iter_raw():
            content += part
            if len(content) > _MAX_BYTES:
                raise IssuerUnreachable(f"{address[:200]} gives more than {_MAX_BYTES:,} bytes")
        return bytes(content)


def _origin(address: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(address)
    return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)
