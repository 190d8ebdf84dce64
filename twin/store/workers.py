"""Workers: a row for each process that takes queued runs, and when it was last seen alive."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import delete, func, select
from sqlalchemy.dialects import postgresql, sqlite

from twin.store.columns import Instant, Now
from twin.store.database import Database
from twin.store.tables import worker
from twin.units import MS_SECOND, days

FORGET_AFTER_MS = days(1)  # assumed: a worker that gave no sign for a day has no reader any more


class Workers:
    """The workers' book of a store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def heartbeat(self, worker_id: str) -> None:
        """Say that this worker is alive, by the database's clock."""
        insert = sqlite.insert if self._database.is_sqlite else postgresql.insert
        row = insert(worker).values(id=worker_id, started=Now(), seen_at=Now())
        with self._database.writing() as connection:
            connection.execute(row.on_conflict_do_update(index_elements=["id"], set_={"seen_at": Now()}))
            connection.execute(delete(worker).where(worker.c.seen_at < Now() - FORGET_AFTER_MS))

    def gone(self, worker_id: str) -> None:
        """Take a worker that ends in good order off the list."""
        with self._database.writing() as connection:
            connection.execute(delete(worker).where(worker.c.id == worker_id))

    def last_seen(self) -> dt.datetime | None:
        """When any worker was last seen; None when none is on the list."""
        with self._database.reading() as connection:
            return connection.scalar(select(func.max(worker.c.seen_at, type_=Instant)))

    def seconds_since(self) -> float | None:
        """How long ago any worker was last seen, by the database's clock. [seconds]"""
        with self._database.reading() as connection:
            gap = connection.scalar(
                select(Now() - func.max(worker.c.seen_at)).where(worker.c.id.is_not(None))
            )
        return None if gap is None else max(0.0, gap / MS_SECOND)
