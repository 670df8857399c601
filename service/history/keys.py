"""API keys: create, revoke, list and look them up.

A key is `fn_<lookup>_<secret>`. It is shown once, when it is created. Stored are its lookup, which is not secret, and a
hash of its secret (argon2id, RFC 9106).

A lookup is the start of a fast hash (SHA-256) of the secret. So a wrong secret is recognised at once, without the slow
hash, and guessing neither costs the service much nor locks anybody out. The secret has 256 random bits: 80 bits of a hash
of it do not help to find it. Older keys have a lookup of 16 random hexadecimal digits; they still work, with the slow hash
alone.
"""

import hmac
import re
import secrets
from base64 import b32encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256

from argon2 import PasswordHasher
from sqlalchemy import Connection, Engine, Row, select

from index.collection_names import collection_names
from index.errors import WrongUsage
from service.history import schema

PREFIX = "fn_"
LONGEST_NAME = 100
_RANDOM_LOOKUP = re.compile(r"[0-9a-f]{16}")


@dataclass(frozen=True, slots=True)
class Key:
    """A stored key. Times are in UTC. `collections` of None means that it is not limited to any."""

    name: str
    groups: tuple[str, ...]
    admin: bool
    created: datetime
    last_used: datetime | None
    revoked: datetime | None
    collections: tuple[str, ...] | None
    hash: str = field(repr=False)


def add_key(
    engine: Engine,
    name: str,
    *,
    groups: Sequence[str] = (),
    admin: bool = False,
    collections: Sequence[str] | None = None,
) -> str:
    """Create a key and return it. The name of a revoked key can be used again, for the same person.

    With `collections`, it reads articles of these alone. Raises WrongUsage when a name is invalid, the name already has a
    key, or an admin's key is to be limited.
    """
    _check_words(name, groups)
    limit = None if collections is None else _limit(collections, admin=admin)
    secret = secrets.token_urlsafe(32)
    lookup = _lookup_of(secret)
    row = {
        "name": name,
        "lookup": lookup,
        "hash": PasswordHasher().hash(secret),
        "groups": sorted(set(groups)),
        "admin": admin,
        "collections": limit,
        "created": datetime.now(UTC),
    }
    with engine.begin() as connection:
        before = _named(connection, name)
        if before is not None and before.revoked is None:
            raise WrongUsage(f"There is a key {name!r} already. Revoke it first, or give this one another name.")
        connection.execute(schema.keys.delete().where(schema.keys.c.name == name))
        connection.execute(schema.keys.insert().values(row))
    return f"{PREFIX}{lookup}_{secret}"


def revoke_key(engine: Engine, name: str) -> None:
    """Revoke a key, from the next request on. Raises WrongUsage when there is no such key, or it is revoked already."""
    with engine.begin() as connection:
        before = _named(connection, name)
        if before is None:
            raise WrongUsage(f"There is no key {name!r}. `footnote keys list` shows them all.")
        if before.revoked is not None:
            raise WrongUsage(f"The key {name!r} was revoked on {before.revoked:%Y-%m-%d} already.")
        change = schema.keys.update().where(schema.keys.c.name == name)
        connection.execute(change.values(revoked=datetime.now(UTC)))


def all_keys(engine: Engine) -> list[Key]:
    """Return every key, also revoked ones, ordered by name."""
    with engine.connect() as connection:
        return [_key(row) for row in connection.execute(select(schema.keys).order_by(schema.keys.c.name))]


def find_key(engine: Engine, lookup: str) -> Key | None:
    """Return the key with this lookup, even if it is revoked. None if there is no such key."""
    with engine.connect() as connection:
        row = connection.execute(select(schema.keys).where(schema.keys.c.lookup == lookup)).one_or_none()
    return None if row is None else _key(row)


def lookup_matches(lookup: str, secret: str) -> bool:
    """Return whether a secret can belong to this lookup, by its fast hash. Only the slow hash proves that it does."""
    return bool(_RANDOM_LOOKUP.fullmatch(lookup)) or hmac.compare_digest(lookup.encode(), _lookup_of(secret).encode())


def record_use(engine: Engine, name: str) -> None:
    """Record that a key was used just now."""
    with engine.begin() as connection:
        connection.execute(schema.keys.update().where(schema.keys.c.name == name).values(last_used=datetime.now(UTC)))


def _lookup_of(secret: str) -> str:
    return b32encode(sha256(secret.encode()).digest()[:10]).decode().lower()


def _named(connection: Connection, name: str) -> Key | None:
    row = connection.execute(select(schema.keys).where(schema.keys.c.name == name)).one_or_none()
    return None if row is None else _key(row)


def _key(row: Row) -> Key:  # type: ignore[type-arg]
    times = {name: _in_utc(getattr(row, name)) for name in ("last_used", "revoked")}
    created, limit = row.created.replace(tzinfo=UTC), None if row.collections is None else tuple(row.collections)
    return Key(row.name, tuple(row.groups), row.admin, created, collections=limit, hash=row.hash, **times)


def _in_utc(time: datetime | None) -> datetime | None:
    return time and time.replace(tzinfo=UTC)  # SQLite keeps no time zone


def _limit(collections: Sequence[str], *, admin: bool) -> list[str]:
    if admin:
        raise WrongUsage("An admin's key cannot be limited to collections: it may delete and index any article.")
    try:
        return sorted(collection_names(collections))
    except ValueError as error:
        raise WrongUsage(f"{error}.") from None


def _check_words(name: str, groups: Sequence[str]) -> None:
    if not name.strip() or not name.isprintable() or len(name) > LONGEST_NAME:
        raise WrongUsage(f"A key's name has 1 to {LONGEST_NAME} printable characters, unlike {name[:120]!r}.")
    wrong = [group for group in groups if not group.strip() or not group.isprintable()]
    if wrong:
        raise WrongUsage(f"{wrong[0]!r} is no group. Write groups as the articles name them: --groups staff,board")
