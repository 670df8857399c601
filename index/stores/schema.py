"""The tables of the catalogue, and their migrations (Alembic)."""

from pathlib import Path

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Connection,
    Date,
    DateTime,
    Float,
    ForeignKey,
    Index,
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
    Column("signature", LargeBinary),  # of `index.ingest.near_duplicates`; NULL in rows of older versions
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
    ),  # case-folded for all scripts; SQLite's own lower() handles only ASCII
    Column("published", Date, index=True),
    Column("published_from", String(8)),  # "stated", "title" or "name"; NULL if the day is unknown
    Column("authors", JSON, nullable=False),
    Column("language", String(64)),
    Column("groups", JSON(none_as_null=True)),  # who may read it; NULL means everyone
    Column("pages", Text),  # offsets of its pages in code points, separated by spaces; NULL if it has none
    Column("source", Text, nullable=False, index=True),
    Column("path", Text, nullable=False),
    Column("token", Text),  # of its file at its source; NULL where there is none, and the file is read in each run
    Column("indexed_at", DateTime(timezone=True), nullable=False),
    Column("collections", JSON, nullable=False),
    Column("confidence", Float),  # of text recognition, from 0 to 1; NULL if nothing was recognised
    Column("original", JSON(none_as_null=True)),  # the hash of its file and its media type, where it can be shown
)

# Whether somebody may read every article is asked with each question.
Index(
    "ix_articles_restricted",
    articles.c.id,
    sqlite_where=articles.c.groups.is_not(None),
    postgresql_where=articles.c.groups.is_not(None),
)

# What text recognition read: for each page from 1, its lines as [start, end, confidence, corners].
recognised_pages = Table(
    "recognised_pages",
    metadata,
    Column("article_id", String(512), ForeignKey("articles.id"), primary_key=True),
    Column("page", Integer, primary_key=True),
    Column("lines", JSON, nullable=False),
)

article_groups = Table(
    "article_groups",
    metadata,
    Column("article_id", String(512), ForeignKey("articles.id"), primary_key=True),
    Column("name", String(256), primary_key=True),
)

article_collections = Table(
    "article_collections",
    metadata,
    Column("article_id", String(512), ForeignKey("articles.id"), primary_key=True),
    Column("name", String(64), primary_key=True, index=True),
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
    Column("context", JSON(none_as_null=True)),  # headings and introductions above it; NULL if there are none
)

# Old versions of articles. A citation of one can still be opened for a while.
retired = Table(
    "retired",
    metadata,
    Column("article_id", String(512), ForeignKey("articles.id"), primary_key=True),
    Column("version", String(80), ForeignKey("texts.version"), primary_key=True),
    Column("retired_at", DateTime(timezone=True), nullable=False, index=True),
    # Who could read it while it was the current version; NULL means everyone. Later changes of the article do not matter.
    Column("groups", JSON(none_as_null=True)),
    Column("collections", JSON, nullable=False),
)

# Deleted articles, with who could read them: only these people learn that the article existed.
deleted = Table(
    "deleted",
    metadata,
    Column("article_id", String(512), primary_key=True),
    Column("groups", JSON(none_as_null=True)),
    Column("deleted_at", DateTime(timezone=True), nullable=False),
    Column("collections", JSON, nullable=False),
)

# Contents whose passages may be in Chroma and Tantivy without being in use: written before the transaction that publishes
# them, or left over after it. Contents that are listed here and that no article uses are removed by `sweep`.
unsettled = Table("unsettled", metadata, Column("key", String(32), primary_key=True))

# Contents that came into use or went out of use, in order. Only a shared database has rows: with them, processes bring their
# own words up to date.
changes = Table(
    "changes",
    metadata,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("key", String(32), nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
)

facts = Table("facts", metadata, Column("name", String(64), primary_key=True), Column("value", Text, nullable=False))

NEWEST = "0011"


def upgrade(connection: Connection) -> None:
    """Migrate the database to the newest schema. Costs one query if it is up to date."""
    migrate(connection, to=NEWEST, by=Path(__file__).parent / "migrations")
