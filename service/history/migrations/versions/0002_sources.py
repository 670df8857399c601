"""What each answer rests on, and who could read that then.

Of answers from before, nobody knows who could read their articles then. Their askers go on reading them by today's groups;
they are shared no longer, and can be shared again.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("answers", sa.Column("sources", sa.JSON, nullable=False, server_default="[]"))
    op.add_column("answers", sa.Column("client_history", sa.Boolean, nullable=False, server_default=sa.false()))
    answers = sa.table(
        "answers", sa.column("id"), sa.column("response", sa.JSON), sa.column("sources", sa.JSON), sa.column("shared")
    )
    connection = op.get_bind()
    for id_, response in connection.execute(sa.select(answers.c.id, answers.c.response)).all():
        row = answers.update().where(answers.c.id == id_)
        connection.execute(row.values(sources=_sources(response), shared=sa.false()))


def _sources(response: dict[str, Any]) -> list[dict[str, Any]]:
    named = [*response.get("citations", []), *response.get("nearest", [])]
    return [{"article_id": article, "groups": None} for article in sorted({one["article_id"] for one in named})]
