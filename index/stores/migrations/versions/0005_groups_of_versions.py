"""Who could read each old version of an article.

Of versions from before nobody knows: they can be opened only where everything may be read, until they are forgotten.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("retired", sa.Column("groups", sa.JSON(none_as_null=True)))
    retired = sa.table("retired", sa.column("groups", sa.JSON))
    op.execute(retired.update().values(groups=[]))
