"""Publishers without regard to case, to be looked up by an index: a search of one publisher looked at every article."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("articles", sa.Column("publisher_folded", sa.Text))
    articles = sa.table("articles", sa.column("publisher"), sa.column("publisher_folded"))
    names = op.get_bind().scalars(sa.select(articles.c.publisher).where(articles.c.publisher.is_not(None)).distinct())
    for name in names.all():
        folded = articles.update().where(articles.c.publisher == name).values(publisher_folded=name.casefold())
        op.execute(folded)
    op.drop_index("ix_articles_publisher", "articles")
    op.create_index("ix_articles_publisher_folded", "articles", ["publisher_folded"])
