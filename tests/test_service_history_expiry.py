"""What is kept is let go of in time, survives closing, and a database that is of no use is told as what it is."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event

import pytest
from sqlalchemy import Engine, insert, select, update

from index.errors import DataFolderUnusable, IndexDamaged
from service.assistant import LocalAssistant
from service.history import schema
from service.history.database import FILE, opened_database
from service.history.retention import RetentionDays, expire, expiring
from service.history.store import HistoryStore
from service.schemas.history import FeedbackRequest
from tests.history_assistant import DAYS, GUEST, HEIGHT, TOWER, ask, keeping_assistant, rows
from tests.service_fixtures import assistant_over, index_into, settings_for, write


@pytest.fixture
def assistant(place: Path) -> Iterator[LocalAssistant]:
    with keeping_assistant(place) as assistant:
        yield assistant


def test_keep_days_zero_keeps_none_and_deletes_what_there_is(place: Path) -> None:
    write(place / "articles", {"tower.md": TOWER})
    with assistant_over(settings_for(place / "data"), with_history=True) as assistant:
        index_into(assistant, place / "articles")
        ask(assistant, HEIGHT, GUEST)
    with assistant_over(settings_for(place / "data", keep_days=0), with_history=True) as assistant:
        assert assistant.history is None
        ask(assistant, HEIGHT, GUEST)
    with assistant_over(settings_for(place / "data"), with_history=True) as assistant:
        assert rows(assistant, "answers") == 0


def test_expiry_takes_old_answers_what_was_said_of_them_and_empty_conversations(assistant: LocalAssistant) -> None:
    old, kept = ask(assistant, HEIGHT, GUEST), ask(assistant, HEIGHT, GUEST)
    mixed = ask(assistant, HEIGHT, GUEST, kept.conversation_id)
    for answer in (old, mixed):
        assistant.rate(FeedbackRequest(answer_id=answer.id, rating="up"), GUEST)
    assert assistant.history is not None
    now = datetime.now(UTC)
    _age(assistant.history, [old.id, mixed.id], now - timedelta(days=91))
    _age(assistant.history, [kept.id], now - timedelta(days=89))
    assert expire(assistant.history.engine, days=DAYS, now=now) == 2
    assert [c.id for c in assistant.conversations(GUEST, after=None, limit=9).conversations] == [kept.conversation_id]
    assert assistant.conversation(kept.conversation_id or "", GUEST).questions == 1
    assert rows(assistant, "feedback") == 0


def test_expiry_goes_on_while_served(tmp_path: Path) -> None:
    engine = opened_database(tmp_path)
    long_ago = datetime(2020, 1, 1, tzinfo=UTC)
    with expiring(engine, days=RetentionDays(answers=1, audit=1), every_seconds=0.01):
        with engine.begin() as connection:
            row = {"asker": "a", "title": "?", "created": long_ago, "updated": long_ago}
            connection.execute(insert(schema.conversations).values(id="conv_1", **row))
        gone = Event()
        for _ in range(500):
            with engine.connect() as connection:
                if not connection.execute(select(schema.conversations)).all():
                    gone.set()
                    break
            gone.wait(0.01)
        assert gone.is_set()
    engine.dispose()


def test_a_conversation_survives_closing_and_opening(place: Path) -> None:
    write(place / "articles", {"tower.md": TOWER})
    with assistant_over(settings_for(place / "data"), with_history=True) as assistant:
        index_into(assistant, place / "articles")
        answer = ask(assistant, HEIGHT, GUEST)
    with assistant_over(settings_for(place / "data"), with_history=True) as assistant:
        assistant.rebuild()  # conversations lie outside what a rebuild makes again
        (kept,) = assistant.conversation(answer.conversation_id or "", GUEST).answers
        assert kept.model_dump(exclude={"stale"}) == answer.model_dump()


def test_expiry_takes_what_slack_and_the_audit_record_remember(tmp_path: Path) -> None:
    engine = opened_database(tmp_path)
    now = datetime.now(UTC)
    event = {"state": "done", "attempts": 1, "leased_until": 0.0}
    entry = {"asker": "a", "action": "ask", "status": "answered", "article_ids": [], "milliseconds": 1.0}
    with engine.begin() as connection:
        for days in (6, 8, 29, 31, 89, 91):
            then = now - timedelta(days=days)
            moment = then.timestamp()
            connection.execute(insert(schema.slack_events).values(key=f"{days}", received=moment, **event))
            connection.execute(insert(schema.slack_threads).values(channel="C", thread=f"{days}", updated=moment))
            connection.execute(insert(schema.audit).values(at=then, through=f"{days}", **entry))

    def left() -> list[list[str]]:
        columns = (schema.slack_events.c.key, schema.slack_threads.c.thread, schema.audit.c.through)
        with engine.connect() as connection:
            return [sorted(connection.scalars(select(column)).all(), key=int) for column in columns]

    expire(engine, days=DAYS, now=now)
    assert left() == [["6"], ["6", "8", "29", "31", "89"], ["6", "8", "29"]]
    expire(engine, days=RetentionDays(answers=0, audit=0), now=now)
    assert left() == [["6"], ["6"], []]
    engine.dispose()


def test_opening_lets_go_of_the_old_audit_record_though_nothing_is_asked(place: Path) -> None:
    write(place / "articles", {"tower.md": TOWER})
    with assistant_over(settings_for(place / "data"), with_history=True) as assistant:
        index_into(assistant, place / "articles")
        assert assistant.history is not None
        entry = {"asker": "a", "action": "ask", "status": "answered", "article_ids": [], "milliseconds": 1.0}
        with assistant.history.engine.begin() as connection:
            connection.execute(insert(schema.audit).values(at=datetime(2020, 1, 1, tzinfo=UTC), **entry))
    with assistant_over(settings_for(place / "data"), with_history=True) as assistant:
        assert rows(assistant, "audit") == 0


def test_a_damaged_database_is_told_as_what_it_is(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"no database at all " * 500)
    with pytest.raises(IndexDamaged, match=rf"conversations and keys .*{FILE} is damaged .* move it away") as caught:
        opened_database(tmp_path)
    assert "index the articles again" not in str(caught.value)


def test_a_database_that_cannot_be_written_is_told_as_what_it_is(tmp_path: Path) -> None:
    engine = opened_database(tmp_path)
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA query_only=ON")
    with pytest.raises(
        DataFolderUnusable, match=rf"conversations and keys .*{FILE} .* what was stored before is intact"
    ):
        expire(engine, days=DAYS, now=datetime.now(UTC))
    engine.dispose()


def test_moments_keep_their_zone(tmp_path: Path) -> None:
    engine = opened_database(tmp_path)
    noon = datetime.fromisoformat("2026-04-24T14:00:00+02:00")
    with engine.begin() as connection:
        row = {"asker": "a", "title": "?", "created": noon, "updated": noon}
        connection.execute(insert(schema.conversations).values(id="conv_1", **row))
        stored = connection.scalar(select(schema.conversations.c.created))
    engine.dispose()
    assert stored == noon
    assert stored is not None
    assert stored.utcoffset() == timedelta(0)


def _age(kept: HistoryStore, answer_ids: list[str], asked: datetime) -> None:
    engine: Engine = kept.engine
    with engine.begin() as connection:
        connection.execute(update(schema.answers).where(schema.answers.c.id.in_(answer_ids)).values(asked=asked))
