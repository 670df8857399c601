"""What is set for channels of Slack."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_table(
        "slack_channels",
        sa.Column("channel", sa.String(64), primary_key=True),
        sa.Column("groups", sa.JSON(none_as_null=True)),
        sa.Column("scope", sa.String(64)),
        sa.Column("unmentioned", sa.Float),
        sa.Column("changed_by", sa.String(256), nullable=False),
        sa.Column("changed", sa.DateTime(timezone=True), nullable=False),
    )
