"""Keys: what is kept of them, who may ask with one, and what guessing gets."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest.mock import patch

import pytest
from argon2 import PasswordHasher
from sqlalchemy import Engine, text

from index.errors import WrongUsage
from index.records import FOR_EVERYONE, Access
from service.auth.api_keys import ApiKeys
from service.auth.askers import Asker
from service.history import schema
from service.history.database import FILE, opened_database
from service.history.keys import add_key, all_keys, revoke_key


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Engine]:
    engine = opened_database(tmp_path)
    yield engine
    engine.dispose()


def test_whoever_bears_a_key_is_its_name_with_its_groups(database: Engine) -> None:
    plain = add_key(database, "Ann Ü.", groups=["staff", "board", "staff"])
    boss = add_key(database, "boss", admin=True)
    api_keys = ApiKeys(database)
    assert api_keys.asker(plain) == Asker("key:Ann Ü.", Access(frozenset({"staff", "board"})))
    assert api_keys.asker(boss) == Asker("key:boss", Access(), admin=True)


def test_a_key_is_long_and_never_the_same(database: Engine) -> None:
    keys = {add_key(database, f"key {number}") for number in range(5)}
    assert len(keys) == 5
    assert all(key.startswith("fn_") and len(key) == 3 + 16 + 1 + 43 for key in keys)


def test_the_secret_of_a_key_is_not_kept(database: Engine, tmp_path: Path) -> None:
    key = add_key(database, "ann", groups=["staff"])
    assert ApiKeys(database).asker(key)
    with database.begin() as connection:
        connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
    kept = b"".join(path.read_bytes() for path in tmp_path.glob(f"{FILE}*"))
    _, lookup, secret = key.split("_", 2)
    assert lookup.encode() in kept
    assert b"$argon2id$" in kept
    assert secret.encode() not in kept
    assert all_keys(database)[0].hash not in repr(all_keys(database))


def test_what_is_no_key_opens_nothing(database: Engine) -> None:
    key = add_key(database, "ann")
    _, lookup, secret = key.split("_", 2)
    api_keys = ApiKeys(database)
    wrong = ["", "fn_", "fn__", f"fn_{lookup}", f"fn_{lookup}_", f"fn_{secret}_{lookup}", f"xx_{lookup}_{secret}"]
    wrong += [key[:-1], key + "x", key.swapcase(), f"fn_{'0' * 16}_{secret}", f"fn_%_{secret}", f"fn_{lookup}_ä\udcff"]
    assert [api_keys.asker(token) for token in wrong] == [None] * len(wrong)
    assert api_keys.asker(key)


def test_a_revoked_key_is_out_at_once(database: Engine) -> None:
    key, other = add_key(database, "ann"), add_key(database, "bob")
    api_keys = ApiKeys(database)
    assert api_keys.asker(key)
    revoke_key(database, "ann")
    assert api_keys.asker(key) is None
    assert ApiKeys(database).asker(key) is None
    assert api_keys.asker(other)
    assert all_keys(database)[0].revoked is not None


def test_a_name_can_be_given_again_once_its_key_is_revoked(database: Engine) -> None:
    old = add_key(database, "ann", groups=["staff"], admin=True)
    api_keys = ApiKeys(database)
    assert api_keys.asker(old)
    with pytest.raises(WrongUsage, match="There is a key 'ann' already"):
        add_key(database, "ann")
    revoke_key(database, "ann")
    with pytest.raises(WrongUsage, match="was revoked on"):
        revoke_key(database, "ann")
    new = add_key(database, "ann", groups=["board"])
    assert api_keys.asker(old) is None
    assert api_keys.asker(new) == Asker("key:ann", Access(frozenset({"board"})))
    assert [(key.name, key.groups, key.admin) for key in all_keys(database)] == [("ann", ("board",), False)]


@pytest.mark.parametrize("name", ["", " ", "a\nb", "a\0", "x" * 101])
def test_a_name_is_something_that_can_be_read(database: Engine, name: str) -> None:
    with pytest.raises(WrongUsage, match="printable characters"):
        add_key(database, name)
    assert all_keys(database) == []


def test_the_last_use_is_kept_once_a_minute(database: Engine) -> None:
    key = add_key(database, "ann")
    api_keys = ApiKeys(database)
    assert all_keys(database)[0].last_used is None
    with patch("service.auth.api_keys.record_use") as noted:
        for _ in range(5):
            api_keys.asker(key)
    assert noted.call_count == 1
    ApiKeys(database).asker(key)
    last_used = all_keys(database)[0].last_used
    assert last_used is not None
    assert datetime.now(UTC) - last_used < timedelta(minutes=1)


def test_the_slow_hash_is_asked_once(database: Engine) -> None:
    key = add_key(database, "ann")
    api_keys = ApiKeys(database)
    api_keys.asker(key)
    with patch("service.auth.api_keys.PasswordHasher") as hasher:
        assert api_keys.asker(key)
        assert api_keys.asker(key + "x") is None
    assert hasher.call_count == 0


@pytest.mark.parametrize("lookup", [None, "0123456789abcdef"], ids=["of today", "of before"])
def test_wrong_secrets_keep_nobody_out_and_cost_nothing(database: Engine, lookup: str | None) -> None:
    key = add_key(database, "ann")
    if lookup is not None:
        with database.begin() as connection:
            connection.execute(schema.keys.update().values(lookup=lookup))
        key = f"fn_{lookup}_{key.split('_', 2)[2]}"
    api_keys = ApiKeys(database)
    with patch("service.auth.api_keys.PasswordHasher", wraps=PasswordHasher) as hasher:
        for number in range(11):
            assert api_keys.asker(f"{key[:-2]}{number:02}") is None
    assert hasher.call_count == (0 if lookup is None else 11)
    assert api_keys.asker_by_verified_key(key) is None
    assert api_keys.asker(key) == api_keys.asker_by_verified_key(key) == Asker("key:ann", FOR_EVERYONE)
    assert api_keys.asker_by_verified_key(key + "x") is None


def test_a_lookup_alone_proves_nothing(database: Engine) -> None:
    key = add_key(database, "ann")
    lookup = key.split("_")[1]
    with database.begin() as connection:
        connection.execute(schema.keys.update().values(hash=PasswordHasher().hash("another secret")))
    assert key.startswith(f"fn_{lookup}_")
    assert ApiKeys(database).asker(key) is None
