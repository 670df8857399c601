"""Tokens of files at their sources, by which a sync knows that a file did not change."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.add_column("articles", sa.Column("token", sa.Text))
