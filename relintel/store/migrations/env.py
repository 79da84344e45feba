"""Run by Alembic inside the transaction that `relintel.store.migrate` opened."""

from __future__ import annotations

from alembic import context

from relintel.store.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # SQLite cannot alter most of a table in place; batch mode copies it instead.
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
