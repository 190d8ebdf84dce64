"""Statements by hand: what messages and extracts say of a few visits, and what it comes to."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pandas as pd
import pyarrow.parquet as pq

from tests.mirror.twin.records.house import house
from twin.records.events import INSTANTS, events
from twin.records.folding.fold import Folded, fold
from twin.records.folding.names import Names
from twin.records.folding.segments import Segment, write_segment

NOW = datetime(2025, 3, 20, tzinfo=UTC)
LONDON = ZoneInfo("Europe/London")


def utc(text: str | None) -> datetime | None:
    """A local time by hand; in March the clocks of London show UTC."""
    return None if text is None else datetime.fromisoformat(text).replace(tzinfo=LONDON).astimezone(UTC)


def told(**fields: object) -> dict[str, object]:
    """One statement; texts of instants are local times."""
    return {name: utc(value) if name in INSTANTS else value for name, value in fields.items()}  # type: ignore[arg-type]


def message(
    said: str, at: str | None, place: str | None = None, *, visit: str = "E1", **more: object
) -> dict:
    """A message of ADT, said when it happened unless told otherwise."""
    more = {"said_at": at, "patient": "P1", **more}
    return told(thing="encounter", key=visit, encounter=visit, said=said, at=at, place=place, **more)


def stay(
    place: str | None, started: str | None, ended: str | None = None, *, visit: str = "E1", **more: object
) -> dict:
    """A row of an extract of stays; its key is the visit and its start."""
    key = f"{visit}:{started}"
    fields = {"thing": "ward_stay", "key": key, "said": "state", "encounter": visit, "place": place, **more}
    return told(started=started, ended=ended, **fields)


def visit(name: str = "E1", **fields: object) -> dict:
    """A row about a whole visit."""
    return told(**{"thing": "encounter", "key": name, "encounter": name, "said": "state", **fields})


def segment(rows: Sequence[dict], folder: Path, number: int = 1, as_of: str | None = "2025-03-19") -> Segment:
    """A segment of these statements, rows counted from 1."""
    names = sorted({name for row in rows for name in row})
    columns = {name: [row.get(name) for row in rows] for name in names}
    columns.setdefault("row", list(range(1, len(rows) + 1)))
    path = folder / f"segment-{number}.parquet"
    write_segment([events(columns, len(rows))], path)
    return Segment(path, number, utc(as_of))


def folded(*imports: Sequence[dict], names: Names = Names(), as_of: str | None = "2025-03-19") -> Outcome:
    """What some imports come to, each a list of statements."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        segments = [segment(rows, folder, n, as_of) for n, rows in enumerate(imports, 1)]
        return Outcome(fold(segments, names, house(), folder, now=NOW))


class Outcome:
    """A folding, its tables read back."""

    def __init__(self, result: Folded) -> None:
        self.result = result
        self.bytes = {name: table.path.read_bytes() for name, table in result.tables.items()}
        self.tables = {name: pq.read_table(table.path).to_pandas() for name, table in result.tables.items()}

    def rows(self, table: str, *columns: str) -> list[tuple]:
        """Rows of a table as tuples; instants as local times "03-01 10:00", None where missing."""
        if table not in self.tables:
            return []
        return [tuple(map(_shown, row)) for row in self.tables[table][list(columns)].itertuples(index=False)]

    def stays(self, visit: str = "E1") -> list[tuple]:
        """Place, begin and end of a visit's stays."""
        own = self.rows("ward_stays", "encounter", "place", "started", "ended")
        return [row[1:] for row in own if row[0] == visit]

    def encounter(self, *columns: str, visit: str = "E1") -> tuple:
        """Fields of a visit."""
        return next(row[1:] for row in self.rows("encounters", "encounter", *columns) if row[0] == visit)

    @property
    def aside(self) -> list[tuple]:
        """Rows put aside: import, row, code."""
        told = self.result.told_by_import.items()
        return [(number, fault.row, fault.code) for number, one in told for fault in one.faults]

    def found(self, code: str) -> int:
        """How often something was found."""
        return next((finding.count for finding in self.result.findings if finding.code == code), 0)


def _shown(value: object) -> object:
    if isinstance(value, pd.Timestamp):
        return f"{value.tz_convert(LONDON):%m-%d %H:%M}"
    return None if value is None or value is pd.NaT or value != value else value
