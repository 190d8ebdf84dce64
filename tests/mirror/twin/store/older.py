"""Stores of every earlier version, with a row or more in every table, as their programs left them."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, MetaData, Table, inspect, select

from twin.store.audit import append
from twin.store.database import Database, open_database
from twin.store.migrations import HEAD, known_versions

EARLIER = sorted(known_versions() - {HEAD})
AT = 1_709_294_400_000  # 2024-03-01 12:00 UTC, as kept
Rows = dict[str, list[tuple[Any, ...]]]


def older_store(workspace: Path, url: str | None, version: str) -> Database:
    """A database that stands at ``version``, filled."""
    database = open_database(workspace, url, version=version)
    with database.writing() as connection:
        FILL[version](connection)
    return database


def rows_of(database: Database) -> Rows:
    """Every row of every table, Alembic's own apart."""
    with database.reading() as connection:
        tables = [t for t in _tables(connection).values() if t.name != "alembic_version"]
        return {
            t.name: [tuple(r) for r in connection.execute(select(t).order_by(*t.primary_key))] for t in tables
        }


def _tables(connection: Connection) -> dict[str, Table]:
    metadata = MetaData()
    return {
        name: Table(name, metadata, autoload_with=connection)
        for name in inspect(connection).get_table_names()
    }


def _fill_0001(connection: Connection) -> None:
    tables = _tables(connection)
    states = ["queued", "running", "done", "failed", "cancelled"]
    runs = [
        {
            "id": f"20240301-{n}", "kind": "nightly", "state": state, "key": f"night {n}", "actor": "ännchen",
            "inputs": '{"days":28}', "created": AT, "started": AT + n, "ended": None, "progress_done": n / 3,
            "progress_total": 1e300, "note": "half\nway", "error": None, "summary": None, "owner": "pc",
            "token": 2**62, "lease_until": AT, "expiries": 1, "cancel_asked": n % 2 == 0,
        }
        for n, state in enumerate(states)
    ]  # fmt: skip
    connection.execute(tables["run"].insert(), runs)
    plan = {"run_id": "20240301-2", "token": 2**62, "name": "plan.toml", "sha256": "a" * 64, "size": 3}
    connection.execute(tables["artefact"].insert(), [{**plan, "media": "text/plain"}])
    said = {"run_id": "20240301-2", "stream": "ed", "issued_at": AT, "q10": 0.1, "q50": 1 / 3, "q90": 2.5}
    days = [dt.date(2024, 2, 28) + dt.timedelta(days=n) for n in range(3)]
    connection.execute(tables["forecast"].insert(), [{**said, "ds": day, "mean": 1.7} for day in days])
    connection.execute(tables["worker"].insert(), [{"id": "w", "started": AT, "seen_at": AT + 1}])
    for n in range(3):
        append(connection, "bed_manager", "plan.approve", f"plan {n}", {"note": "näh"})


FILL: dict[str, Callable[[Connection], None]] = {"0001": _fill_0001}
