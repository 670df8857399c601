"""What stands above a passage: its headings, and what introduces its list or table.

Passages that were cut before have none until the index is made again, which the next run of indexing does.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.add_column("passages", sa.Column("context", sa.JSON(none_as_null=True)))
