"""What the bot remembers: which questions it has seen, which of them wait or are being answered, and its threads.

Slack delivers an event until it is acknowledged, a mention in a channel comes as two events, and a process may end at any
moment. So a question is written down before its event is acknowledged, and crossed out when it has its reply.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from time import time

from sqlalchemy import ColumnElement, Connection, Engine, select, update

from service.history.database import insert_into
from service.history.schema import slack_events, slack_threads
from service.slack.asked import ASKED, Asked, Command, InThread

LEASE_SECONDS = 120.0
"""Seconds of a lease on a question. It is renewed while the question is answered, and expires if the process crashes."""


@dataclass(frozen=True, slots=True)
class Remembered:
    """The bot's part of the service's database. Safe to use from many threads; every call takes one short transaction.

    Threads are those of one installation; questions are found by their keys, those that are left are of all installations.
    """

    engine: Engine
    installation: str = ""

    def note(self, asked: Asked, *, event_id: str | None = None) -> bool:
        """Write a question down, and that the bot takes part in its thread.

        Returns False where the question, or the event that brings it, has been seen before.
        """
        now = time()
        with self.engine.begin() as connection:
            if event_id and not _insert(connection, f"event:{event_id}", state="done", now=now):
                return False
            if isinstance(asked, InThread) and not asked.unasked:
                self._take_part(connection, asked.channel, asked.thread, conversation_id=None)
            return _insert(connection, asked.key, state="waiting", now=now, event=ASKED.dump_python(asked, mode="json"))

    def begin(self, key: str) -> int | None:
        """Lease a question and return how often it was started before, or None if it has a reply."""
        row = slack_events.c
        with self.engine.begin() as connection:
            leased = update(slack_events).where(row.key == key, row.state != "done")
            values = {"state": "working", "attempts": row.attempts + 1, "leased_until": time() + LEASE_SECONDS}
            if not connection.execute(leased.values(values)).rowcount:
                return None
            attempts: int = connection.execute(select(row.attempts).where(row.key == key)).scalar_one()
        return attempts - 1

    def renew(self, key: str) -> None:
        """Keep the lease of a question that is still being answered."""
        self._set(key, leased_until=time() + LEASE_SECONDS)

    def release(self, key: str, *, seconds: float = 0.0) -> None:
        """End the lease of a question without a reply, to be started again after this many seconds."""
        self._set(key, state="waiting", leased_until=time() + seconds)

    def finish(self, key: str) -> None:
        """Store that a question has its reply."""
        self._set(key, state="done")

    def unfinished(self) -> list[Asked]:
        """Return all questions without a reply, oldest first. When the bot starts, none of them is being answered."""
        return self._questions(slack_events.c.state != "done")

    def due(self) -> list[Asked]:
        """Return the questions without a reply and without a lease: it was ended, or it has expired."""
        return self._questions((slack_events.c.state != "done") & (slack_events.c.leased_until < time()))

    def question(self, key: str) -> InThread | Command | None:
        """Return a question that a person asked lately in this installation."""
        with self.engine.connect() as connection:
            event = connection.execute(select(slack_events.c.event).where(slack_events.c.key == key)).scalar()
        asked = event and ASKED.validate_python(event)
        if isinstance(asked, InThread | Command) and asked.installation == self.installation:
            return asked
        return None

    def takes_part(self, channel: str, thread: str) -> bool:
        """Say whether the bot has been asked in a thread."""
        with self.engine.connect() as connection:
            return (
                connection.execute(select(slack_threads.c.updated).where(*self._is(channel, thread))).first()
                is not None
            )

    def conversation(self, channel: str, thread: str) -> str | None:
        """Return the id of a thread's conversation, if there is one yet."""
        with self.engine.connect() as connection:
            query = select(slack_threads.c.conversation_id).where(*self._is(channel, thread))
            found: str | None = connection.execute(query).scalar()
        return found

    def take_part(self, channel: str, thread: str, *, conversation_id: str | None) -> None:
        """Note that the bot takes part in a thread, and which conversation that is, where there is one."""
        with self.engine.begin() as connection:
            self._take_part(connection, channel, thread, conversation_id=conversation_id)

    def _take_part(self, connection: Connection, channel: str, thread: str, *, conversation_id: str | None) -> None:
        place = {"installation": self.installation, "channel": channel, "thread": thread}
        values = {"conversation_id": conversation_id, "updated": time()}
        new = insert_into(connection, slack_threads).values(**place, **values)
        changed = {name: value for name, value in values.items() if value is not None}
        connection.execute(new.on_conflict_do_update(index_elements=[*place], set_=changed))

    def _is(self, channel: str, thread: str) -> tuple[ColumnElement[bool], ...]:
        columns = slack_threads.c
        return columns.installation == self.installation, columns.channel == channel, columns.thread == thread

    def _set(self, key: str, **values: object) -> None:
        with self.engine.begin() as connection:
            connection.execute(update(slack_events).where(slack_events.c.key == key).values(**values))

    def _questions(self, wanted: ColumnElement[bool]) -> list[Asked]:
        row = slack_events.c
        query = select(row.event).where(wanted, row.event.is_not(None)).order_by(row.received)
        with self.engine.connect() as connection:
            found: Sequence[object] = connection.execute(query).scalars().all()
        return [ASKED.validate_python(event) for event in found]


def _insert(connection: Connection, key: str, *, state: str, now: float, event: object = None) -> bool:
    values = {"key": key, "state": state, "attempts": 0, "leased_until": now + LEASE_SECONDS, "received": now}
    new = insert_into(connection, slack_events).values(**values, event=event).on_conflict_do_nothing()
    return bool(connection.execute(new).rowcount)
