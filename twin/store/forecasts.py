"""Issued forecasts: what was said about each day and when, kept as said.

The track record reads these rows and nothing else; a later, better model never rewrites them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select
from sqlalchemy.dialects import postgresql, sqlite

from twin.errors import NotFound, TwinError
from twin.store.database import Database
from twin.store.tables import DONE, forecast, run

Numbers = float | Sequence[float] | Iterable[float]


class AlreadyIssued(TwinError):
    """A forecast that was published is asked to change."""


@dataclass(frozen=True)
class Issued:
    """One day's forecast of one stream, as issued. [patients a day]"""

    run_id: str
    issued_at: dt.datetime
    stream: str
    ds: dt.date
    mean: float
    q10: float
    q50: float
    q90: float


class Forecasts:
    """The forecast book of a store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(
        self,
        run_id: str,
        issued_at: dt.datetime,
        stream: str,
        ds: dt.date | Sequence[dt.date],
        mean: Numbers,
        q10: Numbers,
        q50: Numbers,
        q90: Numbers,
    ) -> int:
        """Keep a stream's forecast, one day or many, and return how many rows it has.

        Parameters
        ----------
        run_id
            The run that issues it. Until it is done the rows may be replaced (a second attempt); then never.
        issued_at
            The last instant the forecast knew of; with a time zone.
        ds
            The local days, shape (day,), or one day.
        mean, q10, q50, q90
            Shape (day,), or one number. [patients a day]

        Raises
        ------
        AlreadyIssued
            The run is done and said something else about one of these days.
        NotFound
            No such run.
        """
        days = [ds] if isinstance(ds, dt.date) else list(ds)
        columns = {"mean": _list(mean), "q10": _list(q10), "q50": _list(q50), "q90": _list(q90)}
        if any(len(values) != len(days) for values in columns.values()):
            raise ValueError(f"{stream}: {len(days)} days need as many numbers in each column")
        rows = [
            {"run_id": run_id, "stream": stream, "ds": _day(day), "issued_at": issued_at}
            | {name: values[i] for name, values in columns.items()}
            for i, day in enumerate(days)
        ]
        with self._database.writing() as connection:
            self._write(connection, run_id, rows)
        return len(rows)

    def list(self, stream: str | None = None) -> tuple[Issued, ...]:
        """What finished runs issued, by stream, then when it was said, then day."""
        rows = select(forecast).join(run, forecast.c.run_id == run.c.id).where(run.c.state == DONE)
        if stream is not None:
            rows = rows.where(forecast.c.stream == stream)
        order = (forecast.c.stream, forecast.c.issued_at, run.c.number, forecast.c.ds)
        with self._database.reading() as connection:
            return tuple(Issued(**row) for row in connection.execute(rows.order_by(*order)).mappings())

    def _write(self, connection: Connection, run_id: str, rows: Sequence[dict[str, object]]) -> None:
        state = connection.scalar(select(run.c.state).where(run.c.id == run_id).with_for_update())
        if state is None:
            raise NotFound(f'no run "{run_id}" to issue a forecast')
        insert = (sqlite.insert if self._database.is_sqlite else postgresql.insert)(forecast)
        key = ["run_id", "stream", "ds"]
        if state != DONE:
            changed = {c.name: insert.excluded[c.name] for c in forecast.c if c.name not in key}
            if rows:
                connection.execute(insert.on_conflict_do_update(index_elements=key, set_=changed), list(rows))
            return
        for row in rows:
            where = [forecast.c[name] == row[name] for name in key]
            said = connection.execute(select(forecast).where(*where)).mappings().one_or_none()
            if said is None:
                connection.execute(insert.values(**row))
            elif any(said[name] != row[name] for name in ("mean", "q10", "q50", "q90")):
                raise AlreadyIssued(
                    f"run {run_id} already issued {row['stream']} for {row['ds']}; it stays as said"
                )


def _list(values: Numbers) -> list[float]:
    return [float(value) for value in values] if isinstance(values, Iterable) else [float(values)]


def _day(day: dt.date) -> dt.date:
    return day.date() if isinstance(day, dt.datetime) else day
