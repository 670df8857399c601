"""Where an article's pages start, and signatures by which copies of a text are found.

Texts from before have no signature. Copies of these are still never cited twice; only their hits are not folded.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("articles", sa.Column("pages", sa.Text))
    op.create_index("ix_articles_version", "articles", ["version"])
    op.add_column("texts", sa.Column("signature", sa.LargeBinary))
