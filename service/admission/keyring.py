"""Tells from a key who bears it. What a key may do is looked up for each request, so a revoked one is out at once."""

import hmac
from hashlib import sha256
from threading import Lock
from time import monotonic

import structlog
from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from sqlalchemy import Engine

from index.errors import FootnoteError
from index.records import Access
from service.askers import Asker
from service.kept.keys import PREFIX, key_of, note_use

_NOTED_SECONDS = 60.0
_TRIES, _TRIES_SECONDS = 10, 60.0
log = structlog.get_logger(__name__)


class TooManyTries(Exception):
    """Secrets are being guessed for one key. `wait_seconds` from now, the next is looked at."""

    def __init__(self, wait_seconds: float) -> None:
        super().__init__(f"wait {wait_seconds:.0f} seconds")
        self.wait_seconds = wait_seconds


class Keyring:
    """The keys of one data folder. Safe to use from many threads.

    A secret is compared with its slow hash (argon2) once; after that, with a quick hash of it in memory. Whoever guesses
    at the secret of one key gets ten tries a minute, and each of them costs one processor core at most.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._proved: dict[str, tuple[str, bytes]] = {}
        self._tried: dict[str, list[float]] = {}
        self._noted: dict[str, float] = {}
        self._slowly = Lock()

    def asker(self, token: str) -> Asker | None:
        """Return who bears this key, or None when it is no key, an unknown one or a revoked one. Raises TooManyTries."""
        lookup, _, secret = token.removeprefix(PREFIX).partition("_")
        if not (token.isascii() and token.startswith(PREFIX) and lookup and secret):
            return None
        key = key_of(self._engine, lookup)
        if key is None or key.revoked is not None or not self._proves(lookup, secret, key.hash):
            return None
        self._note(key.name)
        return Asker(f"key:{key.name}", Access(frozenset(key.groups)), admin=key.admin)

    def _proves(self, lookup: str, secret: str, slow_hash: str) -> bool:
        quick = sha256(secret.encode()).digest()
        known = self._proved.get(lookup)
        if known is not None and known[0] == slow_hash:
            return hmac.compare_digest(known[1], quick)
        with self._slowly:
            self._check_tries(lookup)
            try:
                PasswordHasher().verify(slow_hash, secret)
            except VerificationError:
                return False
        self._proved[lookup] = (slow_hash, quick)
        return True

    def _check_tries(self, lookup: str) -> None:
        now = monotonic()
        tried = [at for at in self._tried.get(lookup, []) if now - at < _TRIES_SECONDS]
        if len(tried) >= _TRIES:
            raise TooManyTries(tried[0] + _TRIES_SECONDS - now)
        self._tried[lookup] = [*tried, now]

    def _note(self, name: str) -> None:
        now = monotonic()
        if now - self._noted.get(name, -_NOTED_SECONDS) >= _NOTED_SECONDS:
            self._noted[name] = now
            try:
                note_use(self._engine, name)
            except FootnoteError as error:
                # A disk that is full keeps nobody from asking.
                log.warning("the last use of a key was not kept", reason=str(error))
