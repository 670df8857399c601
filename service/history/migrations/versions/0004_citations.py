"""What each answer quotes, so that answers are found whose quoted words have changed since."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
_AT_ONCE = 500


def upgrade() -> None:
    op.add_column("answers", sa.Column("reads", sa.Integer, nullable=False, server_default="0"))
    op.add_column("answers", sa.Column("stale_since", sa.DateTime(timezone=True)))
    op.add_column("answers", sa.Column("stale_sent", sa.DateTime(timezone=True)))
    op.add_column("answers", sa.Column("stale_noted", sa.Boolean, nullable=False, server_default=sa.false()))
    op.create_index("ix_answers_stale_since", "answers", ["stale_since"])
    citations = op.create_table(
        "citations",
        sa.Column("answer_id", sa.String(64), sa.ForeignKey("answers.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("article_id", sa.String(512), nullable=False),
        sa.Column("article_version", sa.String(80), nullable=False),
        sa.Column("start", sa.Integer, nullable=False),
        sa.Column("end", sa.Integer, nullable=False),
        sa.Column("quote", sa.Text, nullable=False),
        sa.Column("compared", sa.String(80), nullable=False),
        sa.Column("changed", sa.DateTime(timezone=True)),
        sa.Column("now_start", sa.Integer),
        sa.Column("now_end", sa.Integer),
    )
    op.create_index("ix_citations_article_id_compared", "citations", ["article_id", "compared"])
    _fill(op.get_bind(), citations)


def _fill(connection: sa.Connection, citations: sa.Table) -> None:
    answers = sa.table("answers", sa.column("id"), sa.column("response", sa.JSON))
    after = ""
    while True:
        query = sa.select(answers).where(answers.c.id > after).order_by(answers.c.id).limit(_AT_ONCE)
        found = connection.execute(query).all()
        if rows := [_row(id_, one) for id_, response in found for one in response.get("citations", [])]:
            connection.execute(citations.insert(), rows)
        if len(found) < _AT_ONCE:
            return
        after = found[-1].id


def _row(answer_id: str, citation: dict[str, Any]) -> dict[str, Any]:
    names = ("number", "article_id", "article_version", "start", "end", "quote")
    return {"answer_id": answer_id, "compared": citation["article_version"], **{name: citation[name] for name in names}}
