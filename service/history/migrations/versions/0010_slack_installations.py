"""Workspaces that have installed the Slack app. Its threads and channels belong to one of them."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.create_table(
        "slack_installations",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("sealed", sa.Text, nullable=False),
        sa.Column("installed", sa.DateTime(timezone=True), nullable=False),
    )
    _add_to_key("slack_threads", ["channel", "thread"])
    _add_to_key("slack_channels", ["channel"])


def _add_to_key(table: str, key: list[str]) -> None:
    # SQLite cannot change a primary key: Alembic makes the table again and copies its rows.
    name = f"{table}_pkey"  # as PostgreSQL calls it
    with op.batch_alter_table(table, naming_convention={"pk": name}) as batch:
        batch.add_column(sa.Column("installation", sa.String(32), nullable=False, server_default=""))
        batch.drop_constraint(name, type_="primary")
        batch.create_primary_key(name, ["installation", *key])
