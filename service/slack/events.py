"""What the bot remembers: which questions it has seen, which of them wait or are being answered, and its threads.

Slack delivers an event until it is acknowledged, a mention in a channel comes as two events, and a process may end at any
moment. So a question is written down before its event is acknowledged, and crossed out when it has its reply.

Several nodes may share the database. Each question is leased to one node, by the database's clock, and so is its thread while
it is answered.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from time import time

from sqlalchemy import ColumnElement, Connection, Engine, cast, extract, func, literal, or_, select, update
from sqlalchemy import Double as Seconds
from sqlalchemy.exc import IntegrityError

from service.history.database import insert_into
from service.history.schema import slack_events, slack_threads
from service.slack.asked import ASKED, Asked, Command, InThread, thread_of

LEASE_SECONDS = 120.0
"""Seconds of a lease on a question. It is renewed while the question is answered, and expires if its node crashes."""


@dataclass(frozen=True, slots=True)
class Remembered:
    """The bot's part of the service's database. Safe to use from many threads; every call takes one short transaction.

    Threads are those of one installation; questions are found by their keys, those that are left are of all installations.
    `node` names this node: one bot at a time, however often it is started.
    """

    engine: Engine
    node: str
    installation: str = ""

    def note(self, asked: Asked, *, event_id: str | None = None) -> bool:
        """Write a question down, leased to this node, and that the bot takes part in its thread.

        Returns False where the question, or the event that brings it, has been seen before, on any node.
        """
        with self.engine.begin() as connection:
            if event_id and not self._insert(connection, f"event:{event_id}", state="done"):
                return False
            if isinstance(asked, InThread) and not asked.unasked:
                self._take_part(connection, asked.channel, asked.thread, conversation_id=None)
            event = ASKED.dump_python(asked, mode="json")
            return self._insert(connection, asked.key, state="waiting", event=event, thread=thread_of(asked))

    def begin(self, key: str) -> int | None:
        """Lease a question to this node and return how often it was started before.

        Returns None where it may not be started now: it has a reply, or is being answered. Or another question of its thread
        is: then it is due again.
        """
        row, now = slack_events.c, self._now
        free = (row.state == "waiting") | ((row.state == "working") & (row.leased_until < now))
        values = {"state": "working", "attempts": row.attempts + 1, "leased_until": now + LEASE_SECONDS}
        begun = update(slack_events).where(row.key == key, free).values(node=self.node, **values)
        try:
            with self.engine.begin() as connection:
                attempts: int | None = connection.execute(begun.returning(row.attempts)).scalar()
        except IntegrityError:  # one question of a thread is being answered at a time
            self._set(row.key == key, row.state == "waiting", leased_until=now)
            return None
        return None if attempts is None else attempts - 1

    def renew(self, key: str) -> bool:
        """Keep the lease of a question that is still being answered. Returns False if another node has it now."""
        return self._set(*self._answering(key), leased_until=self._now + LEASE_SECONDS)

    def release(self, key: str, *, seconds: float = 0.0) -> None:
        """End the lease of a question without a reply, to be started again after this many seconds, on any node."""
        self._set(*self._answering(key), state="waiting", leased_until=self._now + seconds)

    def finish(self, key: str) -> None:
        """Store that a question has its reply."""
        self._set(*self._answering(key), state="done")

    def end_leases(self) -> None:
        """End all leases of this node. At the start and at the end of a bot, none of its questions is being answered."""
        mine = or_(
            slack_events.c.node == self.node, slack_events.c.node.is_(None)
        )  # NULL: from before there were nodes
        self._set(slack_events.c.state != "done", mine, leased_until=0.0)

    def due(self) -> list[Asked]:
        """Return the questions without a reply and without a lease, oldest first: it was ended, or it has expired."""
        row = slack_events.c
        query = select(row.event).where(row.state != "done", row.leased_until < self._now, row.event.is_not(None))
        with self.engine.connect() as connection:
            found: Sequence[object] = connection.execute(query.order_by(row.received)).scalars().all()
        return [ASKED.validate_python(event) for event in found]

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

    @property
    def _now(self) -> ColumnElement[float]:
        if self.engine.dialect.name == "postgresql":
            return cast(extract("epoch", func.clock_timestamp()), Seconds)
        return literal(time())

    def _answering(self, key: str) -> tuple[ColumnElement[bool], ...]:
        row = slack_events.c
        return row.key == key, row.state == "working", row.node == self.node

    def _set(self, *which: ColumnElement[bool], **values: object) -> bool:
        with self.engine.begin() as connection:
            return bool(connection.execute(update(slack_events).where(*which).values(**values)).rowcount)

    def _insert(
        self, connection: Connection, key: str, *, state: str, event: object = None, thread: str | None = None
    ) -> bool:
        values = {"key": key, "state": state, "attempts": 0, "node": self.node, "thread": thread, "event": event}
        times = {"leased_until": self._now + LEASE_SECONDS, "received": self._now}
        new = insert_into(connection, slack_events).values(**values, **times).on_conflict_do_nothing()
        return connection.execute(new.returning(slack_events.c.key)).first() is not None
