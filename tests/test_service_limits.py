"""How often and how many at once may ask: by one, by all, after a restart, and while others wait."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Barrier, Event, Thread
from typing import Any
from unittest.mock import patch

import httpx
import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from index.errors import DataFolderUnusable, ServiceStopping
from index.records import Access
from service.api.app import create_app
from service.auth.api_keys import ApiKeys
from service.auth.fair_queue import Busy, FairQueue, QueueLimits, Slot
from service.auth.limits import RATINGS_PER_MINUTE
from service.auth.rate_limits import RateLimits
from service.auth.state import AuthState
from service.history.database import opened_database
from service.history.keys import add_key
from service.schemas.api import SearchRequest, SearchResponse
from tests.fake_assistant import FakeAssistant
from tests.http_server import served
from tests.service_fixtures import settings_for
from tests.test_service_api import ADDRESS, OWNER, TOKEN, problem

QUESTION = {"question": "Why?"}


@pytest.fixture
def rates(tmp_path: Path) -> Iterator[RateLimits]:
    with closing(RateLimits(tmp_path / "rates.sqlite")) as rates:
        yield rates


@pytest.fixture
def keys(tmp_path: Path) -> Iterator[tuple[AuthState, list[dict[str, str]]]]:
    """Two people with keys."""
    engine = opened_database(tmp_path)
    headers = [{"Authorization": f"Bearer {add_key(engine, name)}"} for name in ("ann", "bob")]
    with closing(RateLimits(tmp_path / "rates.sqlite")) as rates:
        yield AuthState(token_lookups=(ApiKeys(engine).asker,), rates=rates), headers
    engine.dispose()


def serve(auth_state: AuthState, **settings: Any) -> TestClient:
    settings = {"api_keys_required": True} | settings
    app = create_app(
        FakeAssistant(), settings=settings_for(Path("unused"), **settings), owner_token=TOKEN, auth_state=auth_state
    )
    return TestClient(app, base_url=ADDRESS)


def at(seconds: float) -> Any:
    return patch("service.auth.rate_limits.time", lambda: 1_800_000_000 + seconds)


# RateLimits


def test_a_minutes_worth_may_be_asked_at_once_and_then_its_share(rates: RateLimits) -> None:
    with at(0):
        assert [rates.spend({"ann": 3}) for _ in range(4)] == [0, 0, 0, 20]
    with at(19.9):
        assert rates.spend({"ann": 3}) == pytest.approx(0.1)
    with at(20):
        assert [rates.spend({"ann": 3}) for _ in range(2)] == [0, 20]
    with at(500):
        assert [rates.spend({"ann": 3}) for _ in range(4)] == [0, 0, 0, 20]


def test_what_is_refused_for_one_name_is_spent_under_none(rates: RateLimits) -> None:
    with at(0):
        assert rates.spend({"ann": 1, "all": 3}) == 0
        assert rates.spend({"ann": 1, "all": 3}) == 60
        assert [rates.spend({"all": 3}) for _ in range(3)] == [0, 0, 20]
        assert rates.spend({"bob": 1, "all": 3}) == 20
        assert rates.spend({"bob": 1}) == 0


def test_a_restart_forgives_nothing(tmp_path: Path) -> None:
    path = tmp_path / "rates.sqlite"
    with at(0), closing(RateLimits(path)) as rates:
        assert [rates.spend({"ann": 2}) for _ in range(2)] == [0, 0]
    with at(1), closing(RateLimits(path)) as rates:
        assert rates.spend({"ann": 2}) == 29


def test_a_clock_that_is_set_back_locks_nobody_out(rates: RateLimits) -> None:
    with at(100_000):
        rates.spend({"ann": 1})
    with at(0):
        assert rates.spend({"ann": 1}) <= 60


def test_what_is_long_over_is_forgotten(tmp_path: Path) -> None:
    path = tmp_path / "rates.sqlite"
    with at(0), closing(RateLimits(path)) as rates:
        rates.spend({"ann": 1, "all": 10})
    with at(61), closing(RateLimits(path)):
        assert sqlite3.connect(path).execute("SELECT count(*) FROM spent").fetchone() == (0,)


def test_a_damaged_file_is_made_anew(tmp_path: Path) -> None:
    path = tmp_path / "rates.sqlite"
    path.write_bytes(b"not a database at all, " * 100)
    with closing(RateLimits(path)) as rates:
        assert rates.spend({"ann": 1}) == 0


def test_a_folder_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataFolderUnusable, match="nowhere"):
        RateLimits(tmp_path / "nowhere" / "rates.sqlite")


@given(st.integers(1, 20), st.lists(st.floats(0, 30), min_size=1, max_size=60))
def test_never_more_than_the_limit_beyond_the_first_burst(limit: int, pauses: list[float]) -> None:
    with TemporaryDirectory() as folder, closing(RateLimits(Path(folder, "rates.sqlite"))) as rates:
        now, asked = 0.0, 0
        for pause in pauses:
            now += pause
            with at(now):
                asked += rates.spend({"ann": limit}) == 0
            assert asked <= limit + now * limit / 60 + 0.01


def test_threads_together_spend_no_more_than_one_alone(rates: RateLimits) -> None:
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


# RateLimits over HTTP


def test_a_key_that_asks_too_often_is_told_when_to_come_back(keys: tuple[AuthState, list[dict[str, str]]]) -> None:
    auth_state, (ann, bob) = keys
    client = serve(auth_state, questions_per_minute=2)
    with at(0):
        assert [client.post("/api/ask", json=QUESTION, headers=ann).status_code for _ in range(2)] == [200, 200]
        refused = client.post("/api/search", json=QUESTION, headers=ann)
        assert "30 seconds" in problem(refused, 429, "too-many-questions")
        assert refused.headers["retry-after"] == "30"
        assert client.post("/api/ask", json=QUESTION, headers=bob).status_code == 200
        assert client.get("/api/articles", headers=ann).status_code == 200
        assert client.post("/api/ask", json=QUESTION, headers=OWNER).status_code == 200


def test_all_together_are_limited_too(keys: tuple[AuthState, list[dict[str, str]]]) -> None:
    auth_state, (ann, bob) = keys
    client = serve(auth_state, questions_per_minute=0, questions_per_minute_total=3)
    with at(0):
        statuses = [client.post("/api/ask", json=QUESTION, headers=who).status_code for who in (ann, bob, ann, bob)]
        assert statuses == [200, 200, 200, 429]
        assert client.post("/api/ask", json=QUESTION, headers=OWNER).status_code == 200


def test_without_keys_there_is_no_limit_of_rates_unless_one_is_set(
    keys: tuple[AuthState, list[dict[str, str]]],
) -> None:
    auth_state, _ = keys
    with at(0):
        client = serve(auth_state, api_keys_required=None)
        assert {client.post("/api/ask", json=QUESTION).status_code for _ in range(70)} == {200}
        client = serve(auth_state, api_keys_required=None, questions_per_minute_total=2)
        assert [client.post("/api/ask", json=QUESTION).status_code for _ in range(3)] == [200, 200, 429]


def test_with_keys_there_is_a_limit(keys: tuple[AuthState, list[dict[str, str]]]) -> None:
    auth_state, (ann, _) = keys
    client = serve(auth_state)
    with at(0):
        statuses = [client.post("/api/ask", json=QUESTION, headers=ann).status_code for _ in range(61)]
    assert statuses == [200] * 60 + [429]


# FairQueue


def queue_of(*, at_once: int = 2, per_person: int = 2, waiting: int = 100, wait_seconds: float = 1_000) -> FairQueue:
    return FairQueue(QueueLimits(at_once, per_person, waiting, wait_seconds=wait_seconds, work_seconds=60))


def having(asked: Sequence[Future[Slot]]) -> list[int]:
    """Return which of these have their slot."""
    return [number for number, future in enumerate(asked) if future.done()]


def test_a_few_are_worked_on_at_once_and_the_others_wait_in_order() -> None:
    queue = queue_of()
    asked = [queue.acquire("ann") for _ in range(5)]
    assert (having(asked), queue.waiting) == ([0, 1], 3)
    asked[1].result().release()
    asked[1].result().release()  # again does nothing
    assert (having(asked), queue.waiting) == ([0, 1, 2], 2)


def test_people_take_turns_however_many_questions_one_of_them_sends() -> None:
    queue = queue_of(at_once=1, per_person=1)
    served: list[str] = []
    people = ["ann"] * 10 + ["bob", "cem", "bob"]
    asked = [queue.acquire(who) for who in people]

    def note(who: str) -> Callable[[object], None]:
        return lambda _: served.append(who)

    for who, future in zip(people, asked, strict=True):
        future.add_done_callback(note(who))
    for _ in range(6):
        for future in asked:
            if future.done():
                future.result().release()
    assert served[:6] == ["ann", "ann", "bob", "cem", "ann", "bob"]


def test_nobody_has_all_places() -> None:
    queue = queue_of(at_once=3, per_person=2)
    ann = [queue.acquire("ann") for _ in range(10)]
    bob = queue.acquire("bob")
    assert (having(ann), bob.done()) == ([0, 1], True)
    bob.result().release()
    assert having(ann) == [0, 1]


def test_one_person_fills_half_of_the_queue_and_is_told_so() -> None:
    queue = queue_of(at_once=1, per_person=1, waiting=10)
    asked = [queue.acquire("ann") for _ in range(6)]
    with pytest.raises(Busy) as busy:
        queue.acquire("ann")
    assert busy.value.own
    asked += [queue.acquire(who) for who in ("bob", "cem", "dan", "eve", "flo")]
    with pytest.raises(Busy) as busy:
        queue.acquire("gus")
    assert not busy.value.own
    assert having(asked) == [0]


def test_who_would_wait_too_long_is_told_at_once_by_what_turns_took() -> None:
    queue = queue_of(at_once=1, per_person=1, wait_seconds=30)
    queue.open(seconds=10.0)
    first, *_ = [queue.acquire(who) for who in ("ann", "bob", "cem", "dan")]
    with pytest.raises(Busy) as busy:
        queue.acquire("eve")
    assert busy.value.seconds == 40
    # Those that are quick let more people wait.
    first.result().release()
    queue.open(seconds=1.0)
    queue.acquire("eve")


def test_who_goes_away_while_waiting_leaves_the_queue() -> None:
    queue = queue_of(at_once=1, per_person=1)
    first, second, third = queue.acquire("ann"), queue.acquire("bob"), queue.acquire("cem")
    assert second.cancel()
    assert queue.waiting == 1
    first.result().release()
    assert third.done()


def test_before_it_is_opened_everybody_waits() -> None:
    queue = FairQueue(QueueLimits(1, 1, 10, wait_seconds=1, work_seconds=60), opened=False)
    asked = [queue.acquire(who) for who in ("ann", "bob")]
    assert having(asked) == []
    queue.open(seconds=5.0)
    assert having(asked) == [0]


def test_at_the_end_all_are_told() -> None:
    queue = queue_of(at_once=1, per_person=1)
    first, second = queue.acquire("ann"), queue.acquire("bob")
    queue.stop()
    with pytest.raises(ServiceStopping):
        queue.acquire("cem")
    first.result().release()
    assert second.done()  # it had been taken on before
    third_deadline = second.result().deadline
    queue.end()
    with pytest.raises(ServiceStopping):
        third_deadline.check()


def test_no_more_are_worked_on_than_there_are_places_whatever_threads_do() -> None:
    queue, working, most = queue_of(at_once=3, per_person=3, waiting=1_000), set[Slot](), 0

    def ask(number: int) -> None:
        nonlocal most
        for _ in range(50):
            slot = queue.acquire(f"person {number % 4}").result(60)
            working.add(slot)
            most = max(most, len(working))
            working.discard(slot)
            slot.release()

    threads = [Thread(target=ask, args=[number]) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most <= 3
    assert (queue.waiting, queue.wait_until_idle(0)) == (0, True)


class SlowAssistant(FakeAssistant):
    """Searches for as long as it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.begun, self.go_on = Event(), Event()

    def search(self, request: SearchRequest, access: Access) -> SearchResponse:
        self.begun.set()
        assert self.go_on.wait(30)
        return super().search(request, access)


def test_a_busy_service_says_so_at_once_and_shows_articles_meanwhile() -> None:
    assistant = SlowAssistant()
    settings = settings_for(Path("unused"), questions_at_once=1, questions_waiting=0)
    with served(assistant, settings) as url, httpx.Client(base_url=url, trust_env=False) as http:
        first: list[httpx.Response] = []
        thread = Thread(target=lambda: first.append(httpx.post(f"{url}/api/search", json=QUESTION, trust_env=False)))
        thread.start()
        assert assistant.begun.wait(30)
        refused = http.post("/api/ask", json=QUESTION)
        problem(refused, 503, "too-busy")
        assert int(refused.headers["retry-after"]) >= 1
        assert http.get("/api/articles").status_code == 200
        assistant.go_on.set()
        thread.join()
        assert first[0].status_code == 200
        assert http.post("/api/ask", json=QUESTION).status_code == 200


@pytest.mark.parametrize("keys_required", [True, False])
def test_ratings_are_limited_for_each_and_take_nothing_from_questions(
    keys: tuple[AuthState, list[dict[str, str]]], keys_required: bool
) -> None:
    auth_state, (ann, bob) = keys
    client = serve(auth_state, api_keys_required=keys_required, questions_per_minute=1)
    rating = {"answer_id": "ans_1", "rating": "up"}

    def rated(headers: dict[str, str]) -> Any:
        return client.post("/api/feedback", json=rating, headers=headers)

    who = ann if keys_required else {}
    with at(0):
        assert 429 not in {rated(who).status_code for _ in range(RATINGS_PER_MINUTE)}
        refused = rated(who)
        problem(refused, 429, "too-many-ratings")
        assert int(refused.headers["retry-after"]) >= 1
        assert rated(bob).status_code != 429
        assert rated(OWNER).status_code != 429
        assert client.post("/api/ask", json=QUESTION, headers=ann).status_code == 200
    with at(2):
        assert rated(who).status_code != 429
