"""An index in PostgreSQL and on a Chroma server: several nodes, outages, locks, and the way there and back."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from io import BytesIO
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr
from sqlalchemy import Engine, text

from index.errors import ArticleDeleted, IndexBusy, NotInHistory, StoreUnavailable, WrongUsage
from index.ingest.following import follow, following
from index.ingest.upkeep import rebuild_all
from index.records import EVERYTHING, Readers
from index.stores.shared_lock import SharedLock
from service.api.app import create_app
from service.assistant import LocalAssistant
from service.auth.shared_rates import SharedRates
from service.auth.state import AuthState, opened_auth_state
from service.history.database import database_in
from service.history.keys import add_key, all_keys
from service.maintenance.migration import migrate
from service.schemas.api import SearchRequest
from service.schemas.maintenance import CheckRequest
from service.schemas.sources import ForgetSourceRequest, SyncSourcesRequest
from service.settings import Settings
from service.sources.uploads import Incoming
from tests.history_assistant import GUEST, HEIGHT, LENGTH, MAST, STAFF, TOWER, ask
from tests.servers import ChromaProcess, PostgresServer, running_chroma, running_postgresql
from tests.service_fixtures import assistant_over, index_into, settings_for, write
from tests.test_service_api import ADDRESS, TOKEN

SettingsOfNode = Callable[..., Settings]


@pytest.fixture
def node(postgresql: PostgresServer, chroma: ChromaProcess, place: Path) -> SettingsOfNode:
    """Return the settings of a node: a data folder of its own, and the servers that all nodes of a test share."""

    def node(name: str, **changes: Any) -> Settings:
        servers = {"database_url": postgresql.database(str(place)), "chroma_url": chroma.url}
        return settings_for(place / name, **servers, **changes)

    return node


@contextmanager
def opened(settings: Settings) -> Iterator[LocalAssistant]:
    with assistant_over(settings, with_history=True) as assistant, following(assistant.live, every_seconds=1e6):
        yield assistant


def articles(place: Path) -> Path:
    return write(place / "articles", {"tower.md": TOWER, "mast.md": MAST})


def found(assistant: LocalAssistant, question: str = HEIGHT, access: Any = EVERYTHING) -> list[tuple[Any, ...]]:
    hits = assistant.search(SearchRequest(question=question, limit=10), access).hits
    return [(hit.article_id, hit.start, hit.end, hit.score, hit.dense, hit.lexical) for hit in hits]


def over_http(assistant: LocalAssistant) -> TestClient:
    app = create_app(
        assistant, settings=assistant.settings, host="127.0.0.1", owner_token=TOKEN, auth_state=AuthState()
    )
    return TestClient(app, base_url=ADDRESS)


def test_what_one_node_indexes_and_deletes_others_answer_from(node: SettingsOfNode, place: Path) -> None:
    with opened(node("one")) as one, opened(node("two")) as two:
        assert two.status().articles == 0
        index_into(one, articles(place))
        follow(two.live.current)
        assert found(two) == found(one) != []
        assert (one.status().database or "").startswith("test_")
        assert two.status().vectors == one.status().vectors
        saved = ask(two, HEIGHT, STAFF)
        assert saved.citations[0].article_id == "tower"
        assert one.stored_answer(saved.id, STAFF).text == saved.text

        # Forbidden and deleted ones are unseen with the next question, before the other node has followed.
        write(place / "articles", {"tower.md": TOWER.replace("---\ntitle", "---\ngroups: [board]\ntitle")})
        index_into(one, place / "articles")
        assert {hit[0] for hit in found(two, access=STAFF.access)} == {"mast"}
        with pytest.raises(NotInHistory):
            two.stored_answer(saved.id, GUEST)
        one.delete(["mast"])
        assert all(hit[0] != "mast" for hit in found(two, LENGTH))
        with pytest.raises(ArticleDeleted):
            two.article("mast", EVERYTHING, None)
        follow(two.live.current)
        assert two.live.current.words.count() == one.live.current.words.count() == 1


def test_nodes_follow_by_themselves_also_to_an_index_that_was_made_again(node: SettingsOfNode, place: Path) -> None:
    with ExitStack() as stack:
        one = stack.enter_context(opened(node("one")))
        two = stack.enter_context(assistant_over(node("two", passage_tokens=16)))
        stack.enter_context(following(two.live, every_seconds=0.05))
        index_into(one, articles(place))
        before = one.live.current.vectors.place.collection
        until(lambda: found(two) == found(one))
        rebuild_all(one.live)
        after = one.live.current.vectors.place.collection
        assert before != after
        until(lambda: two.live.current.vectors.place.collection == after)
        until(lambda: found(two) == found(one))
        index_into(one, write(place / "more", {"hail.md": "It hailed on the tower in April."}))
        until(lambda: found(two, "Where did it hail?") == found(one, "Where did it hail?"))
        assert found(two, "Where did it hail?")[0][0] == "hail"


def test_without_its_servers_a_node_answers_503_and_goes_on_when_they_are_back(place: Path) -> None:
    with running_postgresql() as postgresql, running_chroma() as chroma:
        settings = settings_for(place / "one", database_url=postgresql.database("outage"), chroma_url=chroma.url)
        with opened(settings) as assistant, over_http(assistant) as http:
            index_into(assistant, articles(place))
            expected = http.post("/api/search", json={"question": HEIGHT}).json()
            assert expected["hits"]
            for stop, start, named in (
                (postgresql.stop, postgresql.start, "The database outage".replace("outage", "test_0")),
                (chroma.kill, chroma.start, f"The Chroma server {chroma.url}"),
            ):
                stop()
                for path, body in (("/api/search", {"question": HEIGHT}), ("/api/ask", {"question": HEIGHT})):
                    refused = http.post(path, json=body)
                    assert refused.status_code == 503
                    assert refused.json()["type"] == "/problems/store-unavailable"
                    assert refused.json()["detail"].startswith(named)
                    assert refused.headers["Retry-After"] == "5"
                start()
                assert http.post("/api/search", json={"question": HEIGHT}).json() == expected


def test_servers_that_cannot_be_reached_are_named(node: SettingsOfNode, place: Path) -> None:
    for changes, named in (
        ({"chroma_url": "http://127.0.0.1:9"}, "The Chroma server http://127.0.0.1:9 cannot be used"),
        (
            {"database_url": SecretStr("postgresql://me:secret@127.0.0.1:9/notes")},
            "notes at 127.0.0.1:9 cannot be",
        ),
    ):
        settings = node("one").model_copy(update=changes)
        with pytest.raises(StoreUnavailable, match=named) as caught, opened(settings):
            pass
        assert "secret" not in str(caught.value)


def test_a_database_needs_a_chroma_server(node: SettingsOfNode) -> None:
    alone = node("one").model_copy(update={"chroma_url": None})
    with pytest.raises(WrongUsage, match="FOOTNOTE_DATABASE_URL needs FOOTNOTE_CHROMA_URL"), opened(alone):
        pass


def test_one_node_at_a_time_indexes_and_the_other_is_told_who(
    node: SettingsOfNode, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(node("one")) as one, opened(node("two")) as two:
        held = two.live.indexing
        assert isinstance(held, SharedLock)
        monkeypatch.setattr(held, "_wait_seconds", 0.1)
        told = r"is being changed by process \d+ on .*Wait until it ends"
        with one.live.indexing, pytest.raises(IndexBusy, match=told):
            index_into(two, articles(place))
        assert index_into(two, articles(place)).added == 2


def test_an_indexing_whose_lock_is_lost_publishes_nothing(node: SettingsOfNode, place: Path) -> None:
    with opened(node("one")) as one:
        catalog = one.live.current.catalog
        with one.live.changing, catalog._engine.begin() as connection:
            connection.execute(
                text("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND objid = 3")
            )
            with pytest.raises(StoreUnavailable):
                catalog.set_fact("last_sync", "never")
        assert catalog.fact("last_sync") is None
        assert index_into(one, articles(place)).added == 2


def test_what_a_server_lost_is_made_again(node: SettingsOfNode, place: Path) -> None:
    with opened(node("one")) as one:
        index_into(one, articles(place))
        hits, index = found(one), one.live.current
        index.vectors.delete([index.vectors.ids()[0]])
        index.words.rewrite([])
        repaired = one.check(CheckRequest(repair=True))
        assert (repaired.missing_vectors.count, repaired.missing_words.count, repaired.repair) == (1, 2, "mended")
        assert one.check(CheckRequest(repair=False)).agree
        assert found(one) == hits


def test_all_goes_to_servers_and_back_without_embedding(node: SettingsOfNode, place: Path, embedded: list[str]) -> None:
    local = settings_for(place / "local")
    with opened(local) as assistant:
        index_into(assistant, articles(place))
        write(place / "articles", {"tower.md": TOWER + "It is white.\n"})
        index_into(assistant, place / "articles")
        hits, saved = found(assistant), ask(assistant, HEIGHT, STAFF)
        entries = assistant.current_index.catalog.entries()
    with database_in(local.data_dir) as engine:
        add_key(engine, "ann", groups=["staff"])
        keys = all_keys(engine)
    embedded.clear()
    servers = node("local")
    assert servers.database_url is not None
    made = migrate(local, servers.database_url.get_secret_value(), chroma_url=servers.chroma_url)
    assert (made.articles, made.rows["keys"], made.rows["answers"]) == (2, 1, 1)
    with opened(servers) as assistant:
        assert found(assistant) == hits
        assert assistant.current_index.catalog.entries() == entries
        assert assistant.stored_answer(saved.id, STAFF).text == saved.text
        assert index_into(assistant, place / "articles").unchanged == 2
        later = ask(assistant, LENGTH, STAFF)
    with database_in(servers.data_dir, servers.database_url) as engine:
        assert all_keys(engine) == keys
    with pytest.raises(WrongUsage, match="holds articles, keys or conversations already"):
        migrate(local, servers.database_url.get_secret_value(), chroma_url=servers.chroma_url)
    migrate(servers, str(place / "back"))
    with opened(settings_for(place / "back")) as assistant:
        assert found(assistant) == hits
        assert assistant.current_index.catalog.entries() == entries
        assert assistant.stored_answer(later.id, STAFF).text == later.text
        assert assistant.status().database is None
    with database_in(place / "back") as engine:
        assert all_keys(engine) == keys
    assert embedded == []


def until(holds: Callable[[], bool]) -> None:
    """Wait until something holds, for a minute at most."""
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_nodes_count_questions_together(node: SettingsOfNode) -> None:
    waits: list[float] = []
    barrier = Barrier(8)
    with ExitStack() as stack:
        engines = [stack.enter_context(database_in(one.data_dir, one.database_url)) for one in map(node, ("a", "b"))]

        def ask(engine: Engine) -> None:
            barrier.wait()
            rates = SharedRates(engine)  # all at once: one of them makes the table
            waits.extend(rates.spend({"all": 1_000, "ann": 20}) for _ in range(5))

        threads = [Thread(target=ask, args=[engines[number % 2]]) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert 20 <= waits.count(0) <= 22  # one comes free every three seconds
        assert max(waits) > 0
        # Opening it again forgives nothing, and what is refused for one name is spent under none.
        again = SharedRates(engines[0])
        assert again.spend({"bob": 1, "ann": 20}) > 0
        assert [again.spend({"bob": 1}) > 0 for _ in range(2)] == [False, True]


def test_sources_and_uploads_belong_to_one_node(node: SettingsOfNode, place: Path) -> None:
    with opened(node("one")) as one, opened(node("two")) as two:
        assert two.sources.overview().elsewhere is None  # looking claims nothing
        stored = one.uploads.store(
            [Incoming("tower.md", BytesIO(TOWER.encode()))], Readers(groups=None), by="ann", sync=True
        )
        assert stored.files[0].problem is None
        others = [Incoming("mast.md", BytesIO(MAST.encode()))]
        for refused in (
            lambda: two.uploads.store(others, Readers(groups=None), by="bob", sync=True),
            lambda: two.uploads.delete(["tower.md"]),
            lambda: two.sources.sync(SyncSourcesRequest()),
            lambda: two.sources.forget(ForgetSourceRequest(name="uploads")),
            lambda: two.delete(stored.files[0].articles),  # its upload would bring it back
        ):
            with pytest.raises(WrongUsage, match="belong to another node"):
                refused()
        assert "belong to another node" in (two.sources.overview().elsewhere or "")
        assert found(two)
        assert not two.uploads.folder.exists()
        one.delete(stored.files[0].articles)
        assert one.uploads.listing().files == []
    # They move with the id of their folder.
    for name in ("uploads", "id"):
        (place / "one" / name).rename(place / "two" / name)
    with opened(node("two")) as two:
        assert two.uploads.store(others, Readers(groups=None), by="bob", sync=True).files[0].articles


def test_a_question_too_many_is_refused_on_every_node(node: SettingsOfNode) -> None:
    with ExitStack() as stack:
        clients = []
        for name in ("one", "two"):
            settings = node(name, questions_per_minute_total=2)
            assistant = stack.enter_context(opened(settings))
            engine = stack.enter_context(database_in(settings.data_dir, settings.database_url))
            state = stack.enter_context(opened_auth_state(settings, engine, address=ADDRESS))
            app = create_app(assistant, settings=settings, host="127.0.0.1", auth_state=state)
            clients.append(TestClient(app, base_url=ADDRESS))
        statuses = [client.post("/api/search", json={"question": HEIGHT}).status_code for client in clients * 2]
        assert statuses[2:] == [429, 429]
        assert 429 not in statuses[:2]
