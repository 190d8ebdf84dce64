"""Named: which kept files the rows of the store still name; all others may be swept away."""

from __future__ import annotations

from sqlalchemy import Connection, func, select, union

from twin.store.tables import artefact
from twin.store.tables_planning import plan
from twin.store.tables_records import records_import, records_table

#: foldings whose tables are kept: the newest, and the one before for those who still read it. Older tables
#: can be folded again from the segments, which are kept for ever
KEPT_FOLDS = 2


def named(connection: Connection) -> set[str]:
    """SHA-256 of every file that a row names: of runs, plans, segments, and tables of the newest foldings."""
    newest = select(func.coalesce(func.max(records_table.c.fold), 0)).scalar_subquery()
    rows = union(
        select(artefact.c.sha256),
        select(plan.c.sha256),
        select(records_import.c.segment),
        select(records_table.c.sha256).where(records_table.c.fold > newest - KEPT_FOLDS),
    )
    return set(connection.execute(rows).scalars())
