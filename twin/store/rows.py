"""Rows: every table of a database as lines of JSON, the same on SQLite and PostgreSQL, and back.

The tables are read as they stand in the database, so that a store of an older version is read and written by
the same code. A row is a list of values in the order of the columns; a date is its ISO text.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import (
    Boolean,
    Connection,
    Date,
    Integer,
    MetaData,
    Table,
    delete,
    func,
    inspect,
    select,
    text,
)

BATCH = 1_000  # rows held at a time
LONGEST = 64 << 20  # bytes of one row: a run's inputs and summary are kilobytes
OF_ALEMBIC = "alembic_version"


def tables_of(connection: Connection) -> list[Table]:
    """Every table of the store as it stands, those that others point to first."""
    metadata = MetaData()
    metadata.reflect(connection, only=lambda name, _: name != OF_ALEMBIC)
    return list(metadata.sorted_tables)


def is_empty(connection: Connection) -> bool:
    """Whether the database has no table at all."""
    return not inspect(connection).get_table_names()


def lines_of(connection: Connection, table: Table) -> Iterator[bytes]:
    """Each row of a table as a line of JSON, by primary key."""
    rows = connection.execute(
        select(table).order_by(*table.primary_key.columns), execution_options={"yield_per": BATCH}
    )
    for row in rows:
        values = [value.isoformat() if isinstance(value, dt.date) else value for value in row]
        yield json.dumps(values, ensure_ascii=True, separators=(",", ":")).encode() + b"\n"


def fill(connection: Connection, table: Table, lines: Iterable[bytes]) -> int:
    """Put the rows of these lines into a table, in place of what a migration left in it; how many there are.

    Raises
    ------
    ValueError
        A line is no row of this table.
    """
    if connection.scalar(select(func.count()).select_from(table)):
        connection.execute(delete(table))
    count, batch = 0, []
    for line in lines:
        batch.append(_row(table, line))
        if len(batch) == BATCH:
            connection.execute(table.insert(), batch)
            count, batch = count + len(batch), []
    if batch:
        connection.execute(table.insert(), batch)
    _count_on(connection, table)
    return count + len(batch)


def whole_lines(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """The lines of a file that comes in blocks."""
    rest = b""
    for block in blocks:
        *lines, rest = (rest + block).split(b"\n")
        yield from lines
        if len(rest) > LONGEST:
            raise ValueError("a line is too long for a row")
    if rest:
        raise ValueError("the last line has no end")


def _row(table: Table, line: bytes) -> dict[str, Any]:
    values = json.loads(line)
    if not isinstance(values, list) or len(values) != len(table.columns):
        raise ValueError(f"not a row of {table.name}")
    return {
        column.name: _typed(column.type, value) for column, value in zip(table.columns, values, strict=True)
    }


def _typed(kind: object, value: Any) -> Any:
    if value is None:
        return None
    if isinstance(value, dict | list):
        raise ValueError("a value is a text, a number, yes, no or nothing")
    if isinstance(kind, Date):
        return dt.date.fromisoformat(value)
    return bool(value) if isinstance(kind, Boolean) else value


def _count_on(connection: Connection, table: Table) -> None:
    """Let a column that counts by itself go on behind the greatest number; SQLite does by itself."""
    if connection.dialect.name != "postgresql":
        return
    for column in table.primary_key.columns:
        name = connection.scalar(
            text("SELECT pg_get_serial_sequence(:t, :c)"), {"t": table.name, "c": column.name}
        )
        if isinstance(column.type, Integer) and name is not None:
            last = connection.scalar(select(func.max(column)))
            asked = {"name": name, "last": last or 1, "used": last is not None}
            connection.execute(text("SELECT setval(CAST(:name AS regclass), :last, :used)"), asked)
