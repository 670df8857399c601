"""The keys that an issuer of tokens publishes: fetched within one deadline, once for all who wait for them.

The person who runs Footnote names the issuer, so its own address may be in a private network. What it says of itself comes
from outside: its keys may lie at the same place, or at a public address, and nothing is redirected.
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
# Made-up tokens, or an issuer that is down, do not make us ask it each time.
ASK_AGAIN_SECONDS = 30.0
_TIMEOUT_SECONDS, _MAX_BYTES = 5.0, 1_000_000
_KEYS_LAST_SECONDS = 3600


class IssuerUnreachable(Exception):
    """The issuer did not answer, or with something that is not used. The text says why."""


@dataclass(frozen=True, slots=True)
class _Kept:
    keys: Mapping[str, PyJWK]
    at: float


class PublishedKeys:
    """The keys of one issuer, kept for an hour. Safe to use from many threads."""

    def __init__(self, issuer: str, *, seconds: float = _TIMEOUT_SECONDS) -> None:
        self._issuer = issuer
        self._seconds = seconds
        self._lock = Lock()
        self._kept = _Kept({}, -_KEYS_LAST_SECONDS)
        self._asked: Future[Mapping[str, PyJWK]] | None = None
        self._asked_at = -ASK_AGAIN_SECONDS

    def kept(self, name: str) -> PyJWK | None:
        """Return the key of this name if it is known. Waits for nothing."""
        kept = self._kept
        return kept.keys.get(name) if monotonic() - kept.at < _KEYS_LAST_SECONDS else None

    def key(self, name: str) -> PyJWK | None:
        """Return the key of this name, or None when the issuer has none. A name that is not known makes us ask.

        Raises IssuerUnreachable.
        """
        if (known := self.kept(name)) is not None:
            return known
        with self._lock:
            now = monotonic()
            mine = self._asked is None or (self._asked.done() and now - self._asked_at >= ASK_AGAIN_SECONDS)
            if self._asked is None or mine:
                self._asked, self._asked_at = Future(), now
            asked = self._asked
        if mine:
            self._ask(asked)
        return asked.result().get(name)

    def _ask(self, asked: "Future[Mapping[str, PyJWK]]") -> None:
        try:
            keys = _published(self._issuer, Deadline(self._seconds, Event()))
        except BaseException as error:  # noqa: BLE001 - raised again where it is waited for, by everyone
            asked.set_exception(error)
            return
        self._kept = _Kept(keys, monotonic())
        asked.set_result(keys)


def checked_address(address: str) -> str:
    """Return an address whose answer nobody on the way can change. Raises IssuerUnreachable for any other."""
    try:
        parts = urlsplit(address)
        safe = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname or ""))
        if parts.hostname and safe and parts.port != 0:
            return address
    except ValueError:
        pass  # it is no address at all
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
        # The system's certificates: a company's issuer may have one of the company.
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
