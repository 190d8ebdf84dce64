"""The store of one workspace: its database, its artefacts and the books kept in them."""

from __future__ import annotations

import os
from pathlib import Path
from types import TracebackType

from twin.store.artefacts import Artefacts
from twin.store.audit import Audit
from twin.store.database import Database, open_database
from twin.store.forecasts import Forecasts
from twin.store.histories import Histories
from twin.store.plans import Plans
from twin.store.records import Records
from twin.store.runs import Runs
from twin.store.scenarios import Scenarios
from twin.store.users import Users
from twin.store.workers import Workers


class Store:
    """What one workspace remembers. Safe to share between threads.

    Attributes
    ----------
    workspace
        The folder that holds ``twin.db`` and ``artefacts/``.
    runs, artefacts, forecasts, records, histories, plans, scenarios, users, audit, workers
        The books; each says in its own module what it promises.
    """

    def __init__(self, workspace: Path, database: Database) -> None:
        self.workspace = workspace
        self.database = database
        self.runs = Runs(database)
        self.artefacts = Artefacts(workspace / "artefacts", database)
        self.forecasts = Forecasts(database)
        self.records = Records(database, self.artefacts)
        self.histories = Histories(database)
        self.plans = Plans(database, self.artefacts)
        self.scenarios = Scenarios(database)
        self.users = Users(database)
        self.audit = Audit(database)
        self.workers = Workers(database)

    def close(self) -> None:
        """Give every connection back."""
        self.database.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_store(workspace: Path | str, url: str | None = None) -> Store:
    """Open the store of ``workspace``, bringing its tables to the present shape first.

    Parameters
    ----------
    workspace
        Made when it is not there yet.
    url
        A database address. Omitted: ``DATABASE_URL``; that unset too: SQLite in ``workspace/twin.db``.

    Raises
    ------
    StoreUnusable
        The folder cannot be written, lies on a network drive, or the database does not answer,
        is damaged, or was written by a newer version.
    """
    folder = Path(workspace).expanduser().resolve()
    return Store(folder, open_database(folder, url or os.environ.get("DATABASE_URL") or None))
