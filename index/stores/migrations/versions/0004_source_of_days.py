"""Where an article's day comes from: what it states, its title, or its name. Days that are known already were stated."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column("articles", sa.Column("published_from", sa.String(8)))
    articles = sa.table("articles", sa.column("published"), sa.column("published_from"))
    op.execute(articles.update().where(articles.c.published.is_not(None)).values(published_from="stated"))
