"""The tables of the catalogue, and how a database is brought up to date with them (Alembic)."""

from pathlib import Path

from sqlalchemy import (
    JSON,
    Column,
    Connection,
    Date,
    DateTime,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)

from index.stores.migrating import migrate

metadata = MetaData()

texts = Table(
    "texts",
    metadata,
    Column("version", String(80), primary_key=True),
    Column("text", Text, nullable=False),
    Column(
        "signature", LargeBinary
    ),  # of `index.ingest.near_duplicates`; NULL where it was stored before there were any
)

contents = Table(
    "contents",
    metadata,
    Column("key", String(32), primary_key=True),
    Column("version", String(80), ForeignKey("texts.version"), nullable=False),
)

articles = Table(
    "articles",
    metadata,
    Column("id", String(512), primary_key=True),
    Column("version", String(80), ForeignKey("texts.version"), nullable=False, index=True),
    Column("key", String(32), ForeignKey("contents.key"), nullable=False, index=True),
    Column("title", Text, nullable=False),
    Column("format", String(16), nullable=False),
    Column("url", Text),
    Column("publisher", Text),
    Column(
        "publisher_folded", Text, index=True
    ),  # without regard to case in any script, which SQLite's own lower() is not
    Column("published", Date, index=True),
    Column("published_from", String(8)),  # "stated", "title" or "name"; NULL where the day is unknown
    Column("authors", JSON, nullable=False),
    Column("language", String(64)),
    Column("groups", JSON(none_as_null=True)),  # who may read it; NULL is everyone
    Column("pages", Text),  # where its pages start, in code points, with spaces between; NULL where it has none
    Column("source", Text, nullable=False, index=True),
    Column("path", Text, nullable=False),
    Column("indexed_at", DateTime(timezone=True), nullable=False),
)

article_groups = Table(
    "article_groups",
    metadata,
    Column("article_id", String(512), ForeignKey("articles.id"), primary_key=True),
    Column("name", String(256), primary_key=True),
)

passages = Table(
    "passages",
    metadata,
    Column("id", String(48), primary_key=True),
    Column("key", String(32), ForeignKey("contents.key"), nullable=False, index=True),
    Column("ordinal", Integer, nullable=False),
    Column("start", Integer, nullable=False),
    Column("end", Integer, nullable=False),
    Column("sentences", JSON, nullable=False),
    Column("context", JSON(none_as_null=True)),  # headings and introductions above it; NULL where there are none
)

# Versions that an article had before: a citation of one can still be opened for a while.
retired = Table(
    "retired",
    metadata,
    Column("article_id", String(512), ForeignKey("articles.id"), primary_key=True),
    Column("version", String(80), ForeignKey("texts.version"), primary_key=True),
    Column("retired_at", DateTime(timezone=True), nullable=False, index=True),
    # Who could read it while it was the present one; NULL is everyone. Opening an article later does not open this.
    Column("groups", JSON(none_as_null=True)),
)

# What was deleted, and who could read it: only they are told that it existed.
deleted = Table(
    "deleted",
    metadata,
    Column("article_id", String(512), primary_key=True),
    Column("groups", JSON(none_as_null=True)),
    Column("deleted_at", DateTime(timezone=True), nullable=False),
)

# Contents whose passages may be in Chroma and Tantivy without being in use: written before, or left over after,
# the transaction that decides. What is named here and in no article is swept away.
unsettled = Table("unsettled", metadata, Column("key", String(32), primary_key=True))

facts = Table("facts", metadata, Column("name", String(64), primary_key=True), Column("value", Text, nullable=False))

NEWEST = "0006"


def upgrade(connection: Connection) -> None:
    """Bring the database to the newest schema. Costs one query when it is there already."""
    migrate(connection, to=NEWEST, by=Path(__file__).parent / "migrations")
