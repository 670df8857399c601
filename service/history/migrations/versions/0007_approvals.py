"""Approved answers."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "approvals",
        sa.Column("answer_id", sa.String(64), sa.ForeignKey("answers.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("wordings", sa.JSON, nullable=False),
        sa.Column("approved_by", sa.String(256), nullable=False),
        sa.Column("approved", sa.DateTime(timezone=True), nullable=False),
        sa.Column("given", sa.Integer, nullable=False),
    )
