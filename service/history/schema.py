"""The tables of the service's own database, `<data>/footnote.db`, and their migrations (Alembic).

The file is outside the folder of the index: rebuilding or restoring the index changes nothing here.
"""

from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Connection,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
)

from index.stores.migrating import migrate

metadata = MetaData()


class UtcDateTime(TypeDecorator[datetime]):
    """A date and time with its time zone. SQLite stores no time zone, so it is stored in UTC and returned in UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value and value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value and value.replace(tzinfo=UTC)


conversations = Table(
    "conversations",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("asker", String(256), nullable=False, index=True),
    Column("title", Text, nullable=False),
    Column("created", UtcDateTime, nullable=False),
    Column("updated", UtcDateTime, nullable=False, index=True),
)

answers = Table(
    "answers",
    metadata,
    Column("id", String(64), primary_key=True),
    Column(
        "conversation_id", String(64), ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False, index=True
    ),
    Column("asker", String(256), nullable=False, index=True),
    Column("asked", UtcDateTime, nullable=False, index=True),
    Column("status", String(16), nullable=False),
    Column("response", JSON, nullable=False),  # the `AskResponse`
    Column(
        "settings", JSON, nullable=False
    ),  # models, fingerprint, refusals, …; no secrets (`service.history.provenance`)
    Column("through", String(16), nullable=False),  # api, page, openai, slack, mcp
    Column("shared", Boolean, nullable=False, default=False),  # others who may read its articles may read it
    Column(
        "sources", JSON, nullable=False
    ),  # `service.history.visibility.Source`: what a reader must be allowed to read
    Column("client_history", Boolean, nullable=False),  # its question was completed from history that a client sent
    Column("reads", Integer, nullable=False, default=0),  # how often it was opened again
    Column("stale_since", UtcDateTime, index=True),  # when quoted words of it were found changed; NULL if they are not
    Column("stale_sent", UtcDateTime),  # when the webhook was last told of that
    Column("stale_noted", Boolean, nullable=False, default=False),  # its thread in Slack has a note of that
)

# What each answer quotes, and how that stands in the version of the article that it was last compared with.
citations = Table(
    "citations",
    metadata,
    Column("answer_id", String(64), ForeignKey("answers.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("article_id", String(512), nullable=False),
    Column("article_version", String(80), nullable=False),
    Column("start", Integer, nullable=False),
    Column("end", Integer, nullable=False),
    Column("quote", Text, nullable=False),
    Column("compared", String(80), nullable=False),  # the version; "" if the article was deleted
    Column("changed", UtcDateTime),  # when its words were found changed or gone; NULL if they are the same
    Column("now_start", Integer),  # where the words that took their place are in `compared`; NULL if nowhere
    Column("now_end", Integer),
    Index("ix_citations_article_id_compared", "article_id", "compared"),
)

# Answers that a reviewer has signed, which are given to who asks the same. The answer is the reviewer's own.
approvals = Table(
    "approvals",
    metadata,
    Column("answer_id", String(64), ForeignKey("answers.id", ondelete="CASCADE"), primary_key=True),
    Column("wordings", JSON, nullable=False),  # the question, and other ways to ask it
    Column("approved_by", String(256), nullable=False),
    Column("approved", UtcDateTime, nullable=False),
    Column("given", Integer, nullable=False),  # how often
)

feedback = Table(
    "feedback",
    metadata,
    Column("answer_id", String(64), ForeignKey("answers.id", ondelete="CASCADE"), primary_key=True),
    Column("asker", String(256), primary_key=True),
    Column("rating", String(8), nullable=False),
    Column("comment", Text),
    Column("given", UtcDateTime, nullable=False),
)

# What the nightly scoring found of an answer (`service.quality`). It goes with the answer.
answer_scores = Table(
    "answer_scores",
    metadata,
    Column("answer_id", String(64), ForeignKey("answers.id", ondelete="CASCADE"), primary_key=True),
    Column("claims", Integer, nullable=False),  # sentences that were checked; 0 for a refusal
    Column("supported", Integer, nullable=False),  # those that what the answer cites supports
    Column("milliseconds", Float, nullable=False),
)

keys = Table(
    "keys",
    metadata,
    Column("name", String(256), primary_key=True),
    Column("lookup", String(32), nullable=False, unique=True),  # the part of the key that is not secret
    Column("hash", Text, nullable=False),
    Column("groups", JSON, nullable=False),
    Column("admin", Boolean, nullable=False),
    Column("created", DateTime(timezone=True), nullable=False),
    Column("last_used", DateTime(timezone=True)),
    Column("revoked", DateTime(timezone=True)),
    Column("collections", JSON(none_as_null=True)),  # that it is limited to; NULL means all
)

# The audit record. No question and no answer.
audit = Table(
    "audit",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("at", DateTime(timezone=True), nullable=False, index=True),
    Column("asker", String(256), nullable=False, index=True),
    Column("action", String(32), nullable=False),  # ask, rate, sign-in, sign-out
    Column("through", String(16)),
    Column("answer_id", String(64)),
    Column("status", String(32), nullable=False),
    Column("article_ids", JSON, nullable=False),
    Column("milliseconds", Float, nullable=False),
)


def _installation() -> Column[str]:
    """Return the column that says of which workspace or organisation Slack's ids are; "" if one token is in the settings."""
    return Column("installation", String(32), primary_key=True, server_default="")


# An event of Slack is identified by its event id, and by channel and time of its message. Each of the two is a `key` here.
# Times are seconds since 1970.
slack_events = Table(
    "slack_events",
    metadata,
    Column("key", String(256), primary_key=True),
    Column("state", String(16), nullable=False),  # waiting, working, done
    Column("attempts", Integer, nullable=False),
    Column("leased_until", Float, nullable=False),
    Column("received", Float, nullable=False, index=True),
    Column("event", JSON),  # what is needed to answer it after a restart
    Column("node", String(64)),  # whose lease it is (`service.slack.running`)
    Column("thread", String(400)),  # of a question
)
# One question of a thread is answered at a time, on all nodes together.
Index(
    "ix_slack_events_thread_working",
    slack_events.c.thread,
    unique=True,
    sqlite_where=slack_events.c.state == "working",
    postgresql_where=slack_events.c.state == "working",
)

# A thread that the bot takes part in. It becomes a conversation with its first stored answer.
slack_threads = Table(
    "slack_threads",
    metadata,
    _installation(),
    Column("channel", String(64), primary_key=True),
    Column("thread", String(64), primary_key=True),
    Column("conversation_id", String(64)),
    Column("updated", Float, nullable=False),
)

# One row for each sync of a source of `sources.toml` (`service.history.syncs`).
source_syncs = Table(
    "source_syncs",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("source", String(64), nullable=False, index=True),
    Column("started", UtcDateTime, nullable=False),
    Column("finished", UtcDateTime, nullable=False),
    Column("error", Text),  # why the source could not be synced
    Column("failures", Integer, nullable=False),  # how often in a row that was so
    Column("counts", JSON, nullable=False),
    Column("problems", JSON, nullable=False),  # [path, error] of the first files that failed, and warnings
)

# People who signed in on the page (`service.history.sessions`).
sessions = Table(
    "sessions",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("issuer", String(32), nullable=False),
    Column("subject", String(255), nullable=False),
    Column("asker", String(256), nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("groups", JSON, nullable=False),
    Column("ticket", String(64), nullable=False),
    Column("previous", String(64)),
    Column("previous_until", UtcDateTime),
    Column("tokens", Text, nullable=False),
    Column("started", UtcDateTime, nullable=False),
    Column("checked", UtcDateTime, nullable=False),
    Column("expires", UtcDateTime, nullable=False, index=True),
    Column("sid", String(64), index=True),
)

# Tokens by which an issuer ended sessions, as hashes, until they expire: each is used once.
logout_tokens = Table(
    "logout_tokens",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("expires", UtcDateTime, nullable=False),
)


# What is set for a channel of Slack (`service.slack.channels`).
slack_channels = Table(
    "slack_channels",
    metadata,
    _installation(),
    Column("channel", String(64), primary_key=True),
    Column("groups", JSON(none_as_null=True)),
    Column("scope", String(64)),
    Column("unmentioned", Float),
    Column("changed_by", String(256), nullable=False),
    Column("changed", UtcDateTime, nullable=False),
)

# Workspaces and organisations that have installed the Slack app (`service.slack.installations`).
slack_installations = Table(
    "slack_installations",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("name", Text, nullable=False),
    Column("sealed", Text, nullable=False),  # the bot with its tokens, encrypted
    Column("installed", UtcDateTime, nullable=False),
)

NEWEST = "0012"


def upgrade(connection: Connection) -> None:
    """Migrate the database to the newest schema. Costs one query when it is up to date."""
    migrate(connection, to=NEWEST, by=Path(__file__).parent / "migrations")
