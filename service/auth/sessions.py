"""Sessions of people who signed in on the page: begun, recognised by a cookie, checked with the issuer, ended.

A cookie is `<key>.<ticket>`. The key names the session and seals the issuer's tokens; the ticket is replaced whenever the
person's groups are looked up again. A ticket that was replaced and is sent all the same was copied: the session is ended.
"""

import hmac
import json
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from threading import Lock
from typing import Literal

import structlog
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import Engine

from service.api.problem_details import Refused
from service.auth.askers import Asker
from service.auth.cookies import SESSION, Cookies
from service.auth.issuer_http import IssuerUnreachable
from service.auth.oidc import issuer_unreachable
from service.auth.provider import Provider, SignedIn, SignInFailed, Tokens
from service.history.sessions import (
    Session,
    add_session,
    end_session,
    end_sessions_by_issuer,
    end_sessions_of,
    find_session,
    one_process,
    replace_session,
)
from service.monitoring.observers import Signed

# Requests that were on their way when the ticket was replaced still carry the one before.
_GRACE = timedelta(seconds=60)
_LOCKS = 64
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Admitted:
    """Who is signed in, and the header `Set-Cookie` of a new ticket, if there is one."""

    asker: Asker
    set_cookie: str | None = None


class Sessions:
    """The sessions of one data folder, or of one database. Safe to use from many threads and, with a database, processes."""

    def __init__(
        self,
        engine: Engine,
        providers: Mapping[str, Provider],
        cookies: Cookies,
        *,
        lifetime: timedelta,
        check_after: timedelta,
        record: Callable[[Signed], None],
    ) -> None:
        self._engine = engine
        self._providers = providers
        self._cookies = cookies
        self._lifetime = lifetime
        self._check_after = check_after
        self._record = record
        self._locks = [Lock() for _ in range(_LOCKS)]

    def begin(self, issuer: str, person: SignedIn) -> str:
        """Store a new session. Return the header `Set-Cookie` of its cookie."""
        key, ticket = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        now = datetime.now(UTC)
        asker = self._providers[issuer].asker(person.subject, person.groups, name=person.name)
        session = Session(
            id=_hash(key),
            issuer=issuer,
            subject=person.subject,
            asker=asker.id,
            name=person.name,
            groups=tuple(sorted(person.groups)),
            ticket=_hash(ticket),
            previous=None,
            previous_until=None,
            tokens=_sealed(key, person.tokens),
            started=now,
            checked=now,
            expires=now + self._lifetime,
            sid=None if person.sid is None else _hash(person.sid),
        )
        add_session(self._engine, session)
        log.info("signed in", who=asker.id)
        self._record(Signed(asker.id, "sign-in", "signed-in"))
        return self._cookie(key, ticket, session)

    def admitted_without_waiting(self, cookie: str) -> Admitted | None:
        """Return who is signed in, or None if their groups have to be looked up again. Raises Refused."""
        _, session = self._found(cookie)
        return self._admitted(session) if datetime.now(UTC) - session.checked < self._check_after else None

    def admitted(self, cookie: str) -> Admitted:
        """Return who is signed in. Looks up their groups again when it is time, which may wait. Raises Refused."""
        key = cookie.partition(".")[0]
        # One request looks them up: issuers end the sessions of clients that send a refresh token twice.
        with self._locks[hash(key) % _LOCKS], one_process(self._engine, _hash(key)):
            if (admitted := self.admitted_without_waiting(cookie)) is not None:
                return admitted
            ticket, session = self._found(cookie)
            return self._checked(key, ticket, session)

    def refused(self, issuer: str, outcome: Literal["refused", "issuer-unreachable"]) -> None:
        """Record that somebody could not sign in at an issuer."""
        self._record(Signed(self._providers[issuer].asker("", frozenset(), name="").id, "sign-in", outcome))

    def sign_out_address(self, cookie: str) -> str | None:
        """Return where the browser goes to sign out at the issuer, too, if that is wanted and the issuer offers it."""
        try:
            _, session = self._found(cookie)
        except Refused:
            return None  # it has ended already
        tokens = _opened(cookie.partition(".")[0], session.tokens)
        return self._providers[session.issuer].sign_out_address(tokens)

    def end(self, cookie: str, *, everywhere: bool) -> None:
        """End the session of a cookie, or all sessions of its person."""
        try:
            _, session = self._found(cookie)
        except Refused:
            return  # it has ended already
        if everywhere:
            end_sessions_of(self._engine, session.asker)
        else:
            end_session(self._engine, session.id)
        log.info("signed out", who=session.asker)
        self._record(Signed(session.asker, "sign-out", "everywhere" if everywhere else "this-browser"))

    def end_logged_out(self, issuer: str, logout_token: str) -> None:
        """End the sessions that a logout token of an issuer means. May wait. Raises IssuerUnreachable and SignInFailed."""
        provider = self._providers[issuer]
        out = provider.logged_out(logout_token)
        subject = out.subject
        whose = end_sessions_by_issuer(
            self._engine,
            issuer=issuer,
            token=_hash(f"{issuer} {out.token}"),
            expires=out.expires,
            asker=None if subject is None else provider.asker(subject, frozenset(), name="").id,
            sid=None if out.sid is None else _hash(out.sid),
        )
        if whose is None:
            raise SignInFailed("the logout token was used before")
        for asker in whose:
            log.info("session ended by the issuer", who=asker, reason="logged out there")
            self._record(Signed(asker, "sign-out", "by-the-issuer"))

    def _found(self, cookie: str) -> tuple[str, Session]:
        key, _, ticket = cookie.partition(".")
        session = find_session(self._engine, _hash(key))
        now = datetime.now(UTC)
        if session is None or session.issuer not in self._providers or session.expires <= now:
            raise self._ended("Your session has ended.")
        sent = _hash(ticket)
        if hmac.compare_digest(sent, session.ticket):
            return ticket, self._first_used(session, now)
        late = session.previous_until is not None and session.previous_until <= now
        if session.previous is None or late or not hmac.compare_digest(sent, session.previous):
            end_session(self._engine, session.id)
            log.warning("a session was ended, since a cookie that had been replaced was sent", who=session.asker)
            self._record(Signed(session.asker, "sign-out", "cookie-copied"))
            raise self._ended("Your session was ended, since its cookie was used in two places.")
        return ticket, session

    def _first_used(self, session: Session, now: datetime) -> Session:
        if session.previous is None or session.previous_until is not None:
            return session
        used = replace(session, previous_until=now + _GRACE)
        replace_session(self._engine, used)
        return used

    def _checked(self, key: str, ticket: str, session: Session) -> Admitted:
        provider = self._providers[session.issuer]
        try:
            person = provider.look_up_again(session.subject, _opened(key, session.tokens))
        except IssuerUnreachable as error:
            raise issuer_unreachable(session.issuer, error) from error
        except SignInFailed as failure:
            end_session(self._engine, session.id)
            log.info("session ended by the issuer", who=session.asker, reason=str(failure))
            self._record(Signed(session.asker, "sign-out", "by-the-issuer"))
            raise self._ended("Your session has ended at the place where you signed in.") from failure
        new = secrets.token_urlsafe(32)
        checked = replace(
            session,
            name=person.name,
            groups=tuple(sorted(person.groups)),
            ticket=_hash(new),
            previous=_hash(ticket),
            previous_until=None,
            tokens=_sealed(key, person.tokens),
            checked=datetime.now(UTC),
        )
        if not replace_session(self._engine, checked):
            raise self._ended("Your session has ended.")
        return replace(self._admitted(checked), set_cookie=self._cookie(key, new, checked))

    def _admitted(self, session: Session) -> Admitted:
        provider = self._providers[session.issuer]
        return Admitted(provider.asker(session.subject, frozenset(session.groups), name=session.name))

    def _cookie(self, key: str, ticket: str, session: Session) -> str:
        seconds = int((session.expires - datetime.now(UTC)).total_seconds())
        return self._cookies.written(SESSION, f"{key}.{ticket}", seconds=seconds)

    def _ended(self, why: str) -> Refused:
        headers = {"WWW-Authenticate": "Bearer", "Set-Cookie": self._cookies.deleted(SESSION)}
        return Refused(401, "session-ended", f"{why} Sign in again.", headers=headers)


def _hash(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()


def _fernet(key: str) -> Fernet:
    derived = HKDF(SHA256(), 32, salt=None, info=b"footnote session tokens").derive(key.encode())
    return Fernet(urlsafe_b64encode(derived))


def _sealed(key: str, tokens: Tokens) -> str:
    return _fernet(key).encrypt(json.dumps(asdict(tokens)).encode()).decode()


def _opened(key: str, sealed: str) -> Tokens:
    return Tokens(**json.loads(_fernet(key).decrypt(sealed)))
