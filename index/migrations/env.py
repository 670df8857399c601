"""Run by Alembic: applies the migrations over the connection that `index.schema.upgrade` hands in."""

from alembic import context

from index.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
