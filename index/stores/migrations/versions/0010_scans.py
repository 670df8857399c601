"""What text recognition read, how sure it was, and which file an article was read from."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.add_column("articles", sa.Column("confidence", sa.Float))
    op.add_column("articles", sa.Column("original", sa.JSON))
    op.create_table(
        "recognised_pages",
        sa.Column("article_id", sa.String(512), sa.ForeignKey("articles.id"), primary_key=True),
        sa.Column("page", sa.Integer, primary_key=True),
        sa.Column("lines", sa.JSON, nullable=False),
    )
