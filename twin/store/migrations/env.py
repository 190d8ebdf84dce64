"""Alembic's way in: it runs the steps on the connection that ``upgrade`` hands over, in its transaction."""

from alembic import context

from twin.store import tables_planning, tables_records  # noqa: F401 - they add their tables to the metadata
from twin.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
