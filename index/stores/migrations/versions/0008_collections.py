"""Collections of articles, also of old versions and deleted articles: what they were in before is unknown, so in none."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    for table in ("articles", "retired", "deleted"):
        op.add_column(table, sa.Column("collections", sa.JSON, nullable=False, server_default="[]"))
    op.create_table(
        "article_collections",
        sa.Column("article_id", sa.String(512), sa.ForeignKey("articles.id"), primary_key=True),
        sa.Column("name", sa.String(64), primary_key=True, index=True),
    )
