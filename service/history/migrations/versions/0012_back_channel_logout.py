"""Sessions can be ended by the issuer, by its own name for a session. Each of its tokens is used once."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.add_column("sessions", sa.Column("sid", sa.String(64)))
    op.create_index("ix_sessions_sid", "sessions", ["sid"])
    op.create_table(
        "logout_tokens",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("expires", sa.DateTime(timezone=True), nullable=False),
    )
