"""The stored sessions of people who signed in on the page.

Secrets are stored as SHA-256 hashes: they have 256 random bits. The issuer's tokens are sealed with a key that only the
browser's cookie has (`service.auth.sessions`), so a copy of the database opens no session and no account.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy import Engine, Row, delete, func, or_, select, update

from index.stores.postgresql import SESSION_LOCKS
from service.history.database import insert_into
from service.history.schema import logout_tokens, sessions


@dataclass(frozen=True, slots=True)
class Session:
    """A stored session. Times are in UTC.

    `ticket` is the hash of the secret that the browser should send; `previous` that of the one before. It is accepted until
    `previous_until`, or, if that is None, until the new one was sent for the first time. `sid` is the hash of the issuer's
    name for its session, where it gives one.
    """

    id: str
    issuer: str
    subject: str
    asker: str
    name: str
    groups: tuple[str, ...]
    ticket: str = field(repr=False)
    previous: str | None = field(repr=False)
    previous_until: datetime | None
    tokens: str = field(repr=False)
    started: datetime
    checked: datetime
    expires: datetime
    sid: str | None = None


_COLUMNS = tuple(Session.__dataclass_fields__)


def add_session(engine: Engine, session: Session) -> None:
    """Store a new session."""
    with engine.begin() as connection:
        connection.execute(sessions.insert().values(_values(session)))


def replace_session(engine: Engine, session: Session) -> bool:
    """Store a session in its new state. Return whether it is still there: it may have been ended meanwhile."""
    with engine.begin() as connection:
        changed = connection.execute(update(sessions).where(sessions.c.id == session.id).values(_values(session)))
    return changed.rowcount == 1


def find_session(engine: Engine, id: str) -> Session | None:
    """Return the session with this id."""
    with engine.connect() as connection:
        row = connection.execute(select(sessions).where(sessions.c.id == id)).one_or_none()
    return None if row is None else _session(row)


@contextmanager
def one_process(engine: Engine, id: str) -> Iterator[None]:
    """Let one process at a time be in this context with the same session. A data folder has only one process anyway."""
    if engine.dialect.name != "postgresql":
        yield
        return
    with engine.begin() as connection:  # the lock ends with the transaction
        connection.execute(select(func.pg_advisory_xact_lock(SESSION_LOCKS, func.hashtext(id))))
        yield


def all_sessions(engine: Engine) -> list[Session]:
    """Return all sessions, the latest first."""
    with engine.connect() as connection:
        return [_session(row) for row in connection.execute(select(sessions).order_by(sessions.c.started.desc()))]


def end_session(engine: Engine, id: str) -> None:
    """Delete a session, if there is one."""
    with engine.begin() as connection:
        connection.execute(delete(sessions).where(sessions.c.id == id))


def end_sessions_of(engine: Engine, asker: str) -> int:
    """Delete all sessions of a person, and return how many there were."""
    with engine.begin() as connection:
        return connection.execute(delete(sessions).where(sessions.c.asker == asker)).rowcount


def end_sessions_by_issuer(
    engine: Engine, *, issuer: str, token: str, expires: datetime, asker: str | None, sid: str | None
) -> list[str] | None:
    """Delete the sessions that a logout token means. Return whose they were, or None if the token was used before.

    `token` and `sid` are hashes. Of a person, those are meant that have this `sid`, or none at all.
    """
    with engine.begin() as connection:
        connection.execute(delete(logout_tokens).where(logout_tokens.c.expires < datetime.now(UTC)))
        used = insert_into(connection, logout_tokens).values(id=token, expires=expires).on_conflict_do_nothing()
        if connection.scalar(used.returning(logout_tokens.c.id)) is None:
            return None
        meant = [sessions.c.issuer == issuer]
        if asker is not None:
            meant.append(sessions.c.asker == asker)
        if sid is not None:
            named = sessions.c.sid == sid
            meant.append(named if asker is None else or_(named, sessions.c.sid.is_(None)))
        return list(connection.scalars(delete(sessions).where(*meant).returning(sessions.c.asker)))


def _values(session: Session) -> dict[str, object]:
    return {name: getattr(session, name) for name in _COLUMNS} | {"groups": list(session.groups)}


def _session(row: Row) -> Session:  # type: ignore[type-arg]
    fields = {name: getattr(row, name) for name in _COLUMNS}
    return Session(**fields | {"groups": tuple(row.groups)})
