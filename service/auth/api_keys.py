"""Tells from a key who bears it. What a key may do is looked up for each request, so a revoked one is out at once."""

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

    A secret is compared with its slow hash (argon2) once; after that, with a quick hash of it in memory. A wrong secret does
    not come as far as that (`kept.keys`), but for keys of before: these are compared one at a time.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._proved: dict[str, tuple[str, bytes]] = {}
        self._noted: dict[str, float] = {}
        self._slowly = Lock()

    def asker_by_proved_key(self, token: str) -> Asker | None:
        """Return who bears a key that was proved before. Waits for no slow hash."""
        return self._asker(token, self._proved_before)

    def asker(self, token: str) -> Asker | None:
        """Return who bears this key, or None when it is no key, an unknown one or a revoked one."""
        return self._asker(token, self._proves)

    def _asker(self, token: str, proves: Callable[[str, str, str], bool]) -> Asker | None:
        lookup, _, secret = token.removeprefix(PREFIX).partition("_")
        if not (token.isascii() and token.startswith(PREFIX) and lookup and secret and lookup_matches(lookup, secret)):
            return None
        key = find_key(self._engine, lookup)
        if key is None or key.revoked is not None or not proves(lookup, secret, key.hash):
            return None
        self._note(key.name)
        return Asker(f"key:{key.name}", Access(frozenset(key.groups)), admin=key.admin)

    def _proved_before(self, lookup: str, secret: str, slow_hash: str) -> bool:
        known = self._proved.get(lookup)
        return known is not None and known[0] == slow_hash and hmac.compare_digest(known[1], _quick(secret))

    def _proves(self, lookup: str, secret: str, slow_hash: str) -> bool:
        known = self._proved.get(lookup)
        if known is not None and known[0] == slow_hash:
            return hmac.compare_digest(known[1], _quick(secret))
        with self._slowly:
            try:
                PasswordHasher().verify(slow_hash, secret)
            except VerificationError:
                return False
        self._proved[lookup] = (slow_hash, _quick(secret))
        return True

    def _note(self, name: str) -> None:
        now = monotonic()
        if now - self._noted.get(name, -_NOTED_SECONDS) >= _NOTED_SECONDS:
            self._noted[name] = now
            try:
                record_use(self._engine, name)
            except FootnoteError as error:
                # A disk that is full keeps nobody from asking.
                log.warning("the last use of a key was not kept", reason=str(error))


def _quick(secret: str) -> bytes:
    return sha256(secret.encode()).digest()
