"""Authenticates API keys. A key is looked up for each request, so a revoked one stops working at once."""

import hmac
from collections.abc import Callable
from hashlib import sha256
from threading import Lock
from time import monotonic

import structlog
from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from sqlalchemy import Engine

from index.errors import FootnoteError
from index.records import Access
from service.auth.askers import Asker
from service.history.keys import PREFIX, find_key, lookup_matches, record_use

_NOTED_SECONDS = 60.0
log = structlog.get_logger(__name__)


class ApiKeys:
    """The keys of one data folder. Safe to use from many threads.

    A secret is compared with its slow hash (argon2) once, and after that with a fast hash of it in memory. Most wrong secrets
    are rejected before that, by the key's lookup (`service.history.keys`). Older keys are compared one at a time.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._verified: dict[str, tuple[str, bytes]] = {}
        self._noted: dict[str, float] = {}
        self._slowly = Lock()

    def asker_by_verified_key(self, token: str) -> Asker | None:
        """Return who holds a key that was verified before, else None. Never computes the slow hash."""
        return self._asker(token, self._verified_before)

    def asker(self, token: str) -> Asker | None:
        """Return who holds this key, or None if it is not a key, unknown or revoked."""
        return self._asker(token, self._verify)

    def _asker(self, token: str, verify: Callable[[str, str, str], bool]) -> Asker | None:
        lookup, _, secret = token.removeprefix(PREFIX).partition("_")
        if not (token.isascii() and token.startswith(PREFIX) and lookup and secret and lookup_matches(lookup, secret)):
            return None
        key = find_key(self._engine, lookup)
        if key is None or key.revoked is not None or not verify(lookup, secret, key.hash):
            return None
        self._note(key.name)
        limit = None if key.collections is None else frozenset(key.collections)
        return Asker(f"key:{key.name}", Access(frozenset(key.groups), collections=limit), admin=key.admin)

    def _verified_before(self, lookup: str, secret: str, slow_hash: str) -> bool:
        known = self._verified.get(lookup)
        return known is not None and known[0] == slow_hash and hmac.compare_digest(known[1], _quick(secret))

    def _verify(self, lookup: str, secret: str, slow_hash: str) -> bool:
        known = self._verified.get(lookup)
        if known is not None and known[0] == slow_hash:
            return hmac.compare_digest(known[1], _quick(secret))
        with self._slowly:
            try:
                PasswordHasher().verify(slow_hash, secret)
            except VerificationError:
                return False
        self._verified[lookup] = (slow_hash, _quick(secret))
        return True

    def _note(self, name: str) -> None:
        now = monotonic()
        if now - self._noted.get(name, -_NOTED_SECONDS) >= _NOTED_SECONDS:
            self._noted[name] = now
            try:
                record_use(self._engine, name)
            except FootnoteError as error:
                # A full disk must not prevent anybody from asking.
                log.warning("the last use of a key was not kept", reason=str(error))


def _quick(secret: str) -> bytes:
    return sha256(secret.encode()).digest()
