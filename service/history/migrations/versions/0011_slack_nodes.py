"""Questions from Slack are leased to nodes, and so are their threads."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.add_column("slack_events", sa.Column("node", sa.String(64)))
    op.add_column("slack_events", sa.Column("thread", sa.String(400)))
    working = sa.text("state = 'working'")
    op.create_index(
        "ix_slack_events_thread_working",
        "slack_events",
        ["thread"],
        unique=True,
        sqlite_where=working,
        postgresql_where=working,
    )
