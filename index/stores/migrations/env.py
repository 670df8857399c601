"""Run by Alembic: applies the migrations over the connection that `index.stores.schema.upgrade` hands in."""

from alembic import context

from index.stores.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
