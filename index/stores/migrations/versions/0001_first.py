"""The first schema of the catalogue."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "texts",
        sa.Column("version", sa.String(80), primary_key=True),
        sa.Column("text", sa.Text, nullable=False),
    )
    op.create_table(
        "contents",
        sa.Column("key", sa.String(32), primary_key=True),
        sa.Column("version", sa.String(80), sa.ForeignKey("texts.version"), nullable=False),
    )
    op.create_table(
        "articles",
        sa.Column("id", sa.String(512), primary_key=True),
        sa.Column("version", sa.String(80), sa.ForeignKey("texts.version"), nullable=False),
        sa.Column("key", sa.String(32), sa.ForeignKey("contents.key"), nullable=False, index=True),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("format", sa.String(16), nullable=False),
        sa.Column("url", sa.Text),
        sa.Column("publisher", sa.Text, index=True),
        sa.Column("published", sa.Date, index=True),
        sa.Column("authors", sa.JSON, nullable=False),
        sa.Column("language", sa.String(64)),
        sa.Column("groups", sa.JSON(none_as_null=True)),
        sa.Column("source", sa.Text, nullable=False, index=True),
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("indexed_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "article_groups",
        sa.Column("article_id", sa.String(512), sa.ForeignKey("articles.id"), primary_key=True),
        sa.Column("name", sa.String(256), primary_key=True),
    )
    op.create_table(
        "passages",
        sa.Column("id", sa.String(48), primary_key=True),
        sa.Column("key", sa.String(32), sa.ForeignKey("contents.key"), nullable=False, index=True),
        sa.Column("ordinal", sa.Integer, nullable=False),
        sa.Column("start", sa.Integer, nullable=False),
        sa.Column("end", sa.Integer, nullable=False),
        sa.Column("sentences", sa.JSON, nullable=False),
    )
    op.create_table(
        "retired",
        sa.Column("article_id", sa.String(512), sa.ForeignKey("articles.id"), primary_key=True),
        sa.Column("version", sa.String(80), sa.ForeignKey("texts.version"), primary_key=True),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=False, index=True),
    )
    op.create_table(
        "deleted",
        sa.Column("article_id", sa.String(512), primary_key=True),
        sa.Column("groups", sa.JSON(none_as_null=True)),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table("unsettled", sa.Column("key", sa.String(32), primary_key=True))
    op.create_table(
        "facts", sa.Column("name", sa.String(64), primary_key=True), sa.Column("value", sa.Text, nullable=False)
    )
