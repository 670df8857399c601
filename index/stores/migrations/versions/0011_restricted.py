"""An index of the articles that are not for everyone."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    restricted = sa.text("groups IS NOT NULL")
    op.create_index("ix_articles_restricted", "articles", ["id"], sqlite_where=restricted, postgresql_where=restricted)
