"""Run by Alembic: applies the migrations over the connection that `service.kept.schema.upgrade` hands in."""

from alembic import context

from service.kept.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
