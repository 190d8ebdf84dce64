"""Histories: regular series of counts from other sources, kept period by period.

Putting the same again changes nothing; what a source says anew of a period takes the place of what it said.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import Connection, func, select
from sqlalchemy.dialects import postgresql, sqlite

from twin.errors import NotFound
from twin.store.audit import append
from twin.store.columns import Now, clean
from twin.store.database import Database
from twin.store.tables_planning import history

if TYPE_CHECKING:
    from twin.records.history import History

BATCH = 2_000  # rows a statement
KEY = ["source", "series", "frequency", "ds"]
Periods = dict[tuple[str, dt.datetime], float | None]


@dataclass(frozen=True)
class Put:
    """What a history brought: periods that are new, that say something else now, that say the same."""

    added: int
    changed: int
    same: int


@dataclass(frozen=True)
class Held:
    """What is held of one source in one frequency: series, periods, first and last period (local)."""

    source: str
    frequency: str
    series: int
    rows: int
    first: dt.datetime
    last: dt.datetime


class Histories:
    """The book of histories of a store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, source: str, given: History, *, actor: str = "local") -> Put:
        """Keep a history; periods that it does not tell stay as they are.

        A repeated local hour cannot come: a ``History`` has each local period once.
        """
        said = _periods(given)
        source = clean(source)
        with self._database.writing() as connection:
            held = _held(connection, source, given.frequency)
            added = [key for key in said if key not in held]
            changed = [key for key in said if key in held and held[key] != said[key]]
            rows: list[dict[str, object]] = [
                {
                    "source": source,
                    "series": name,
                    "frequency": given.frequency,
                    "ds": ds,
                    "y": said[(name, ds)],
                }
                for name, ds in [*added, *changed]
            ]
            self._write(connection, rows)
            if rows:
                told = {"frequency": given.frequency, "added": len(added), "changed": len(changed)}
                append(connection, actor, "history.put", source, told)
        return Put(len(added), len(changed), len(said) - len(rows))

    def get(self, source: str, frequency: str | None = None) -> History:
        """All that is held of a source, as one regular history; a period between that is not held is missing.

        Parameters
        ----------
        frequency
            ``h``, ``D``, ``W`` or ``MS``; may be omitted where the source is held in one only.

        Raises
        ------
        NotFound
            Nothing is held of it, or several frequencies are and none is named.
        BadData
            Too much is missing between what was put (see ``history_of``).
        """
        import pandas as pd

        from twin.records.history import history_of

        kinds = [held.frequency for held in self.sources() if held.source == source]
        wanted = frequency or (kinds[0] if len(kinds) == 1 else None)
        if wanted not in kinds:
            there = f"it is held by {', '.join(kinds)}; name one" if kinds else "nothing is held of it"
            raise NotFound(
                f'no history "{source}"' + (f" by {frequency}" if frequency else "") + f": {there}"
            )
        columns = [history.c.series.label("unique_id"), history.c.ds, history.c.y]
        where = (history.c.source == source, history.c.frequency == wanted)
        with self._database.reading() as connection:
            rows = connection.execute(select(*columns).where(*where).order_by(*columns[:2])).all()
        table = pd.DataFrame([tuple(row) for row in rows], columns=["unique_id", "ds", "y"])
        table["ds"], table["y"] = pd.to_datetime(table["ds"]), table["y"].astype("float64")
        return history_of(table, frequency=wanted, source=source)

    def sources(self) -> tuple[Held, ...]:
        """What is held, by source and frequency."""
        by = [history.c.source, history.c.frequency]
        told = [
            func.count(history.c.series.distinct()),
            func.count(),
            func.min(history.c.ds),
            func.max(history.c.ds),
        ]
        with self._database.reading() as connection:
            return tuple(
                Held(*row) for row in connection.execute(select(*by, *told).group_by(*by).order_by(*by))
            )

    def _write(self, connection: Connection, rows: list[dict[str, object]]) -> None:
        insert = (sqlite.insert if self._database.is_sqlite else postgresql.insert)(history)
        for some in _batches(rows):
            connection.execute(
                insert.values(at=Now()).on_conflict_do_update(
                    index_elements=KEY, set_={"y": insert.excluded.y, "at": insert.excluded.at}
                ),
                some,
            )


def _periods(given: History) -> Periods:
    frame = given.frame
    stamps = frame["ds"].dt.to_pydatetime() if hasattr(frame["ds"].dt, "to_pydatetime") else list(frame["ds"])
    counts = (None if math.isnan(y) else float(y) for y in frame["y"])
    return {(clean(name), ds): y for name, ds, y in zip(frame["unique_id"], stamps, counts, strict=True)}


def _held(connection: Connection, source: str, frequency: str) -> Periods:
    where = (history.c.source == source, history.c.frequency == frequency)
    rows = connection.execute(select(history.c.series, history.c.ds, history.c.y).where(*where))
    return {(row.series, row.ds): row.y for row in rows}


def _batches(rows: list[dict[str, object]]) -> Iterator[list[dict[str, object]]]:
    for start in range(0, len(rows), BATCH):
        yield rows[start : start + BATCH]
