"""How often and how many at once may ask: by one, by all, after a restart, and while others wait."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from threading import Barrier, Event, Thread
from typing import Any
from unittest.mock import patch

import anyio
import httpx
import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from index.errors import DataFolderUnusable
from index.records import Access
from service.admission.guard import Guard
from service.admission.keyring import Keyring
from service.admission.limits import Places
from service.admission.rates import Rates
from service.api import create_app
from service.kept.database import opened_database
from service.kept.keys import add_key
from service.problem_details import Refused
from service.wire import SearchRequest, SearchResponse
from tests.fake_desk import FakeDesk
from tests.http_server import served
from tests.service_fixtures import settings_for
from tests.test_service_api import ADDRESS, OWNER, TOKEN, problem

QUESTION = {"question": "Why?"}


@pytest.fixture
def rates(tmp_path: Path) -> Iterator[Rates]:
    with closing(Rates(tmp_path / "rates.sqlite")) as rates:
        yield rates


@pytest.fixture
def keys(tmp_path: Path) -> Iterator[tuple[Guard, list[dict[str, str]]]]:
    """Two people with keys."""
    engine = opened_database(tmp_path)
    headers = [{"Authorization": f"Bearer {add_key(engine, name)}"} for name in ("ann", "bob")]
    with closing(Rates(tmp_path / "rates.sqlite")) as rates:
        yield Guard(known=(Keyring(engine).asker,), rates=rates), headers
    engine.dispose()


def serve(guard: Guard, **settings: Any) -> TestClient:
    settings = {"api_keys_required": True} | settings
    app = create_app(FakeDesk(), settings=settings_for(Path("unused"), **settings), owner_token=TOKEN, guard=guard)
    return TestClient(app, base_url=ADDRESS)


def at(seconds: float) -> Any:
    return patch("service.admission.rates.time", lambda: 1_800_000_000 + seconds)


# Rates


def test_a_minutes_worth_may_be_asked_at_once_and_then_its_share(rates: Rates) -> None:
    with at(0):
        assert [rates.spend({"ann": 3}) for _ in range(4)] == [0, 0, 0, 20]
    with at(19.9):
        assert rates.spend({"ann": 3}) == pytest.approx(0.1)
    with at(20):
        assert [rates.spend({"ann": 3}) for _ in range(2)] == [0, 20]
    with at(500):
        assert [rates.spend({"ann": 3}) for _ in range(4)] == [0, 0, 0, 20]


def test_what_is_refused_for_one_name_is_spent_under_none(rates: Rates) -> None:
    with at(0):
        assert rates.spend({"ann": 1, "all": 3}) == 0
        assert rates.spend({"ann": 1, "all": 3}) == 60
        assert [rates.spend({"all": 3}) for _ in range(3)] == [0, 0, 20]
        assert rates.spend({"bob": 1, "all": 3}) == 20
        assert rates.spend({"bob": 1}) == 0


def test_a_restart_forgives_nothing(tmp_path: Path) -> None:
    path = tmp_path / "rates.sqlite"
    with at(0), closing(Rates(path)) as rates:
        assert [rates.spend({"ann": 2}) for _ in range(2)] == [0, 0]
    with at(1), closing(Rates(path)) as rates:
        assert rates.spend({"ann": 2}) == 29


def test_a_clock_that_is_set_back_locks_nobody_out(rates: Rates) -> None:
    with at(100_000):
        rates.spend({"ann": 1})
    with at(0):
        assert rates.spend({"ann": 1}) <= 60


def test_what_is_long_over_is_forgotten(tmp_path: Path) -> None:
    path = tmp_path / "rates.sqlite"
    with at(0), closing(Rates(path)) as rates:
        rates.spend({"ann": 1, "all": 10})
    with at(61), closing(Rates(path)):
        assert sqlite3.connect(path).execute("SELECT count(*) FROM spent").fetchone() == (0,)


def test_a_damaged_file_is_made_anew(tmp_path: Path) -> None:
    path = tmp_path / "rates.sqlite"
    path.write_bytes(b"not a database at all, " * 100)
    with closing(Rates(path)) as rates:
        assert rates.spend({"ann": 1}) == 0


def test_a_folder_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataFolderUnusable, match="nowhere"):
        Rates(tmp_path / "nowhere" / "rates.sqlite")


@given(st.integers(1, 20), st.lists(st.floats(0, 30), min_size=1, max_size=60))
def test_never_more_than_the_limit_beyond_the_first_burst(limit: int, pauses: list[float]) -> None:
    with closing(Rates(Path(":memory:"))) as rates:
        now, asked = 0.0, 0
        for pause in pauses:
            now += pause
            with at(now):
                asked += rates.spend({"ann": limit}) == 0
            assert asked <= limit + now * limit / 60 + 0.01


def test_threads_together_spend_no_more_than_one_alone(rates: Rates) -> None:
    waits: list[float] = []
    barrier = Barrier(8)

    def ask() -> None:
        barrier.wait()
        waits.extend(rates.spend({"ann": 20}) for _ in range(5))

    threads = [Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 20 <= waits.count(0) <= 21  # one comes free every three seconds


# Rates over HTTP


def test_a_key_that_asks_too_often_is_told_when_to_come_back(keys: tuple[Guard, list[dict[str, str]]]) -> None:
    guard, (ann, bob) = keys
    client = serve(guard, questions_per_minute=2)
    with at(0):
        assert [client.post("/api/ask", json=QUESTION, headers=ann).status_code for _ in range(2)] == [200, 200]
        refused = client.post("/api/search", json=QUESTION, headers=ann)
        assert "30 seconds" in problem(refused, 429, "too-many-questions")
        assert refused.headers["retry-after"] == "30"
        assert client.post("/api/ask", json=QUESTION, headers=bob).status_code == 200
        assert client.get("/api/articles", headers=ann).status_code == 200
        assert client.post("/api/ask", json=QUESTION, headers=OWNER).status_code == 200


def test_all_together_are_limited_too(keys: tuple[Guard, list[dict[str, str]]]) -> None:
    guard, (ann, bob) = keys
    client = serve(guard, questions_per_minute=0, questions_per_minute_total=3)
    with at(0):
        statuses = [client.post("/api/ask", json=QUESTION, headers=who).status_code for who in (ann, bob, ann, bob)]
        assert statuses == [200, 200, 200, 429]
        assert client.post("/api/ask", json=QUESTION, headers=OWNER).status_code == 200


def test_without_keys_there_is_no_limit_of_rates_unless_one_is_set(keys: tuple[Guard, list[dict[str, str]]]) -> None:
    guard, _ = keys
    with at(0):
        client = serve(guard, api_keys_required=None)
        assert {client.post("/api/ask", json=QUESTION).status_code for _ in range(70)} == {200}
        client = serve(guard, api_keys_required=None, questions_per_minute_total=2)
        assert [client.post("/api/ask", json=QUESTION).status_code for _ in range(3)] == [200, 200, 429]


def test_with_keys_there_is_a_limit(keys: tuple[Guard, list[dict[str, str]]]) -> None:
    guard, (ann, _) = keys
    client = serve(guard)
    with at(0):
        statuses = [client.post("/api/ask", json=QUESTION, headers=ann).status_code for _ in range(61)]
    assert statuses == [200] * 60 + [429]


# Places


def test_questions_wait_for_a_place_and_the_queue_is_bounded() -> None:
    places = Places(2, queue=3, wait_seconds=60)
    seen: list[int] = []
    refused: list[Refused] = []
    inside = 0

    async def ask(release: anyio.Event) -> None:
        nonlocal inside
        try:
            async with places.taken():
                inside += 1
                seen.append(inside)
                await release.wait()
                inside -= 1
        except Refused as refusal:
            refused.append(refusal)

    async def all_ask() -> None:
        release = anyio.Event()
        async with anyio.create_task_group() as group:
            for _ in range(8):
                group.start_soon(ask, release)
            await anyio.wait_all_tasks_blocked()
            assert (inside, places.waiting, len(refused)) == (2, 3, 3)
            release.set()
        assert (inside, places.waiting) == (0, 0)

    anyio.run(all_ask)
    assert len(seen) == 5
    assert max(seen) == 2
    assert {(refusal.status_code, refusal.slug) for refusal in refused} == {(503, "too-busy")}
    assert all(refusal.headers and int(refusal.headers["Retry-After"]) > 0 for refusal in refused)


def test_nobody_waits_for_ever_and_no_place_is_lost() -> None:
    places = Places(1, queue=5, wait_seconds=0.02)

    async def ask_in_vain() -> None:
        async with places.taken():
            with pytest.raises(Refused, match="Try again"):
                async with places.taken():
                    pytest.fail("there was no place")
        for _ in range(3):
            with pytest.raises(ValueError, match="a fault"):
                async with places.taken():
                    raise ValueError("a fault")
        async with places.taken():
            assert places.waiting == 0

    anyio.run(ask_in_vain)


def test_who_goes_away_while_waiting_leaves_the_queue() -> None:
    places = Places(1, queue=1, wait_seconds=60)

    async def go_away() -> None:
        async with places.taken():
            with anyio.move_on_after(0.01):
                async with places.taken():
                    pytest.fail("there was no place")
            assert places.waiting == 0
        async with places.taken():
            pass

    anyio.run(go_away)


class SlowDesk(FakeDesk):
    """Searches for as long as it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.begun, self.go_on = Event(), Event()

    def search(self, request: SearchRequest, access: Access) -> SearchResponse:
        self.begun.set()
        assert self.go_on.wait(30)
        return super().search(request, access)


def test_a_busy_service_says_so_at_once_and_shows_articles_meanwhile() -> None:
    desk = SlowDesk()
    settings = settings_for(Path("unused"), questions_at_once=1, questions_waiting=0)
    with served(desk, settings) as url, httpx.Client(base_url=url, trust_env=False) as http:
        first: list[httpx.Response] = []
        thread = Thread(target=lambda: first.append(httpx.post(f"{url}/api/search", json=QUESTION, trust_env=False)))
        thread.start()
        assert desk.begun.wait(30)
        refused = http.post("/api/ask", json=QUESTION)
        problem(refused, 503, "too-busy")
        assert refused.headers["retry-after"] == "5"
        assert http.get("/api/articles").status_code == 200
        desk.go_on.set()
        thread.join()
        assert first[0].status_code == 200
        assert http.post("/api/ask", json=QUESTION).status_code == 200
