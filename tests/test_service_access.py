"""Who is let in with a key over HTTP, and as whom."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from index.records import EVERYTHING, FOR_EVERYONE, Access
from service.api.app import create_app
from service.auth.api_keys import ApiKeys
from service.auth.state import AuthState
from service.history.database import opened_database
from service.history.keys import add_key, revoke_key
from service.monitoring.logs import set_up
from tests.fake_assistant import FakeAssistant
from tests.service_fixtures import settings_for
from tests.test_service_api import ADDRESS, OWNER, TOKEN, problem


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Engine]:
    engine = opened_database(tmp_path)
    yield engine
    engine.dispose()


@pytest.fixture
def assistant() -> FakeAssistant:
    return FakeAssistant()


def serve(
    assistant: FakeAssistant, database: Engine, *, keys: bool | None = True, host: str = "127.0.0.1"
) -> TestClient:
    settings = settings_for(Path("unused"), api_keys_required=keys)
    auth_state = AuthState(token_lookups=(ApiKeys(database).asker,))
    app = create_app(assistant, settings=settings, host=host, owner_token=TOKEN, auth_state=auth_state)
    return TestClient(app, base_url=ADDRESS)


def bearing(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_a_key_reads_what_its_groups_may_read(assistant: FakeAssistant, database: Engine, host: str) -> None:
    key = add_key(database, "ann", groups=["staff"])
    client = serve(assistant, database, host=host)
    behind_proxy = {"Host": "footnote.example", "X-Forwarded-For": "203.0.113.9"}
    assert client.get("/api/articles", headers=bearing(key) | behind_proxy).status_code == 200
    assert assistant.called[1] == Access(frozenset({"staff"}))
    client.post("/api/ask", json={"question": "Why?"}, headers=bearing(key))
    assert assistant.called[2] == Access(frozenset({"staff"}))


def test_everyone_can_see_who_they_are(assistant: FakeAssistant, database: Engine) -> None:
    key = add_key(database, "ann", groups=["staff", "board"])
    client = serve(assistant, database)
    me = {
        "id": "key:ann",
        "admin": False,
        "groups": ["board", "staff"],
        "keys_required": True,
        "collections": None,
        "name": None,
    }
    assert client.get("/api/me", headers=bearing(key)).json() == me
    me = {"id": "owner", "admin": True, "groups": None, "keys_required": True, "collections": None, "name": None}
    assert client.get("/api/me", headers=OWNER).json() == me
    problem(client.get("/api/me"), 401, "key-required")
    me = {"id": "anyone", "admin": False, "groups": [], "keys_required": False, "collections": None, "name": None}
    assert serve(assistant, database, keys=None).get("/api/me").json() == me


def test_without_a_key_or_with_a_wrong_one_nobody_is_let_in(assistant: FakeAssistant, database: Engine) -> None:
    key = add_key(database, "ann")
    client = serve(assistant, database)
    refused = client.get("/api/articles")
    assert "footnote keys add" in problem(refused, 401, "key-required")
    assert refused.headers["www-authenticate"] == "Bearer"
    for token in ("wrong", key[:-1], f"{key}x"):
        refused = client.get("/api/articles", headers=bearing(token))
        problem(refused, 401, "key-unknown")
        assert refused.headers["www-authenticate"] == 'Bearer error="invalid_token"'
    problem(client.get("/api/articles", headers={"Authorization": f"Basic {key}"}), 401, "key-required")
    assert assistant.called == ()


def test_a_body_is_not_read_for_whoever_has_no_key(assistant: FakeAssistant, database: Engine) -> None:
    client = serve(assistant, database)
    problem(client.post("/api/ask", content=b"{", headers={"Content-Type": "application/json"}), 401, "key-required")
    problem(client.post("/nothing", json={}), 401, "key-required")


def test_a_key_that_is_revoked_while_the_service_runs_is_out(
    assistant: FakeAssistant, database: Engine, tmp_path: Path
) -> None:
    key = add_key(database, "ann")
    client = serve(assistant, database)
    assert client.get("/api/articles", headers=bearing(key)).status_code == 200
    beside = opened_database(tmp_path)  # as the command line does
    revoke_key(beside, "ann")
    beside.dispose()
    problem(client.get("/api/articles", headers=bearing(key)), 401, "key-unknown")


def test_an_admin_looks_after_the_index_and_others_do_not(
    assistant: FakeAssistant, database: Engine, tmp_path: Path
) -> None:
    admin, other = add_key(database, "boss", admin=True), add_key(database, "ann", groups=["staff"])
    client = serve(assistant, database)
    calls = [("/api/index", {"paths": [str(tmp_path)]}), ("/api/delete", {"article_ids": ["a"]}), ("/api/check", {})]
    for path, body in calls:
        problem(client.post(path, json=body, headers=bearing(other)), 403, "admin-only")
    problem(client.get("/api/status", headers=bearing(other)), 403, "admin-only")
    assert assistant.called == ()
    for path, body in calls:
        assert client.post(path, json=body, headers=bearing(admin)).status_code in (200, 204)
    assert client.get("/api/status", headers=bearing(admin)).status_code == 200


def test_an_admin_reads_no_more_than_the_groups_of_the_key(assistant: FakeAssistant, database: Engine) -> None:
    key = add_key(database, "boss", admin=True)
    serve(assistant, database).get("/api/articles", headers=bearing(key))
    assert assistant.called[1] == FOR_EVERYONE


def test_where_keys_are_off_a_key_still_says_who_asks(assistant: FakeAssistant, database: Engine) -> None:
    key = add_key(database, "ann", groups=["staff"])
    client = serve(assistant, database, keys=None)
    client.get("/api/articles", headers=bearing(key))
    assert assistant.called[1] == Access(frozenset({"staff"}))
    client.get("/api/articles", headers=bearing("sk-any"))  # what clients of OpenAI send where no key is needed
    assert assistant.called[1] == FOR_EVERYONE
    problem(client.get("/api/articles", headers=bearing(key) | {"Via": "a proxy"}), 403, "forwarded-request")


def test_the_owner_needs_no_key(assistant: FakeAssistant, database: Engine) -> None:
    serve(assistant, database).get("/api/articles", headers=OWNER)
    assert assistant.called[1] == EVERYTHING


def test_wrong_secrets_for_a_key_do_not_keep_its_owner_out(assistant: FakeAssistant, database: Engine) -> None:
    key = add_key(database, "ann")
    client = serve(assistant, database)
    for number in range(12):
        problem(client.get("/api/articles", headers=bearing(f"{key[:-2]}{number:02}")), 401, "key-unknown")
    assert client.get("/api/articles", headers=bearing(key)).status_code == 200


def test_no_key_reaches_the_log(assistant: FakeAssistant, database: Engine, capsys: pytest.CaptureFixture[str]) -> None:
    key = add_key(database, "ann")
    assistant.error = RuntimeError("a fault")
    set_up()
    client = serve(assistant, database)
    assert client.get("/api/articles", headers=bearing(key)).status_code == 500
    problem(client.get("/api/articles", headers=bearing("fn_0_guess")), 401, "key-unknown")
    structlog.reset_defaults()
    out, err = capsys.readouterr()
    assert "a fault" in out + err
    assert key.rpartition("_")[2] not in out + err
    assert "guess" not in out + err
