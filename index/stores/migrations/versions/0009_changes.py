"""Changes of what is in use, in order, for processes that share a database.

In PostgreSQL, an entry of an ordered index has at most 2.7 KB. Sources and publishers may be longer, and are only looked up.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_table(
        "changes",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
        sa.Column("key", sa.String(32), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )
    if op.get_bind().dialect.name == "postgresql":
        for column in ("source", "publisher_folded"):
            op.drop_index(f"ix_articles_{column}", "articles")
            op.create_index(f"ix_articles_{column}", "articles", [column], postgresql_using="hash")
