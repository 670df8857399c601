"""Several nodes answer in Slack: each question has one reply, and one node at a time answers in a thread."""

import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, insert

from index.deadline import check_deadline
from service.history.database import database_in
from service.history.schema import answers, conversations, slack_threads
from service.schemas.api import AskEvent
from service.slack.asked import InThread, message_key
from service.slack.events import Remembered
from service.slack.stale_notes import Note, take_due_note
from tests.servers import BOTH, PostgresServer, SettingsOf
from tests.slack_deliveries import survive
from tests.slack_fixtures import ScriptedAssistant, answered, events_of, running_bot
from tests.slack_workspace import SlackServer, words

BACKENDS = BOTH


@pytest.fixture
def engine(backend: SettingsOf, tmp_path: Path) -> Iterator[Engine]:
    with database_in(tmp_path, backend(tmp_path).get("database_url")) as engine:
        yield engine


@pytest.fixture
def nodes(engine: Engine) -> tuple[Remembered, Remembered]:
    return Remembered(engine, "one"), Remembered(engine, "two")


def question(ts: str, *, thread: str | None = None) -> InThread:
    return InThread(
        key=message_key("C0GENERAL", ts),
        team="T0TEAM",
        user="UANN",
        channel="C0GENERAL",
        text="How?",
        ts=ts,
        thread=thread or ts,
        direct=False,
    )


@pytest.fixture
def expired(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leases that have expired as soon as they begin."""
    monkeypatch.setattr("service.slack.events.LEASE_SECONDS", -1.0)


def test_a_question_is_known_to_all_nodes_and_leased_to_one(nodes: tuple[Remembered, Remembered]) -> None:
    one, two = nodes
    asked = question("1.1")
    assert one.note(asked, event_id="Ev1")
    assert not two.note(asked, event_id="Ev2")
    assert two.due() == []
    assert two.takes_part("C0GENERAL", "1.1")
    assert two.begin(asked.key) == 0  # as if it had waited at the first one too long
    assert one.begin(asked.key) is None
    assert not one.renew(asked.key)
    assert two.renew(asked.key)
    one.release(asked.key)
    one.finish(asked.key)
    one.end_leases()
    assert one.due() == []
    two.finish(asked.key)
    two.end_leases()
    assert one.due() == two.due() == []
    assert one.begin(asked.key) is None


def test_another_node_goes_on_when_a_lease_has_expired_or_was_ended(nodes: tuple[Remembered, Remembered]) -> None:
    one, two = nodes
    asked, waiting = question("1.1"), question("2.1")
    assert one.note(asked)
    assert one.note(waiting)
    assert one.begin(asked.key) == 0
    one.end_leases()
    assert two.due() == [asked, waiting]
    assert two.begin(asked.key) == 1
    assert one.due() == [waiting]


@pytest.mark.usefixtures("expired")
def test_a_lease_that_has_expired_is_given_to_who_asks_for_it(nodes: tuple[Remembered, Remembered]) -> None:
    one, two = nodes
    asked = question("1.1")
    assert one.note(asked)
    assert two.due() == [asked]
    assert one.begin(asked.key) == 0
    assert two.due() == [asked]
    assert two.begin(asked.key) == 1
    assert not one.renew(asked.key)


def test_one_question_of_a_thread_is_answered_at_a_time(nodes: tuple[Remembered, Remembered]) -> None:
    one, two = nodes
    first, second, other = question("1.1"), question("1.2", thread="1.1"), question("2.1")
    for asked in (first, second, other):
        assert one.note(asked)
    assert one.begin(first.key) == 0
    assert two.begin(second.key) is None
    assert two.due() == [second]  # to be tried again
    assert two.begin(other.key) == 0
    one.finish(first.key)
    assert two.begin(second.key) == 0


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_questions_to_two_nodes_across_a_kill_have_one_reply_each(
    slack: SlackServer, tmp_path: Path, postgresql: PostgresServer
) -> None:
    database = postgresql.database(str(tmp_path)).get_secret_value()
    survive(slack, tmp_path, questions=30, kills=1, seed=3, database=database)


def test_a_question_that_a_node_postpones_is_answered_by_another(
    slack: SlackServer, tmp_path: Path, postgresql: PostgresServer
) -> None:
    began = threading.Event()

    def never(question: str) -> Iterator[AskEvent]:
        *begun, _ = events_of(answered("It begins."))
        yield from begun
        began.set()
        while True:
            check_deadline()
            time.sleep(0.01)

    shared = {"database_url": postgresql.database(str(tmp_path))}
    with running_bot(slack, ScriptedAssistant(), tmp_path / "two", **shared):
        with running_bot(slack, ScriptedAssistant(never), tmp_path / "one", stop_seconds=0.2, **shared):
            slack.wait_for(lambda: len(slack.open_sockets()) == 2, "both connections")
            body = slack.ask("How?")  # to the newest connection
            assert began.wait(60)
        (reply,) = slack.reply(body)
        assert "You asked: How?." in words(reply)
        slack.wait_until_quiet()
    assert len(slack.replies("C0GENERAL", body["event"]["ts"])) == 1


def test_a_note_on_a_stale_answer_is_taken_by_one_node(postgresql: PostgresServer, tmp_path: Path) -> None:
    now = datetime.now(UTC)
    with database_in(tmp_path, postgresql.database(str(tmp_path))) as engine, ThreadPoolExecutor(4) as nodes:
        with engine.begin() as connection:
            connection.execute(insert(conversations).values(id="c", asker="ann", title="t", created=now, updated=now))
            connection.execute(insert(slack_threads).values(channel="C", thread="1.1", conversation_id="c", updated=0))
            empty: dict[str, Any] = {"settings": {}, "sources": [], "client_history": False, "status": "answered"}
            connection.execute(
                insert(answers).values(
                    id="a",
                    conversation_id="c",
                    asker="ann",
                    asked=now,
                    response={"question": "How?"},
                    through="slack",
                    stale_since=now,
                    **empty,
                )
            )
        taken = [note for note in nodes.map(lambda _: take_due_note(engine), range(4)) if note]
        assert taken == [Note("", "C", "1.1", "How?")]
