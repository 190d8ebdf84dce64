"""Writing: the rows of a table as they come, bucket by bucket, into one file of the same bytes each time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from twin.records.folding.tables import TABLES

#: rows of one row group, whatever the buckets are
_GROUP_ROWS = 131_072
#: columns that say when something happened, by table
HAPPENED: dict[str, tuple[str, ...]] = {
    "encounters": ("arrived", "started", "ended"),
    "ward_stays": ("started", "ended"),
    "appointments": ("planned_start",),
    "slots": ("planned_start",),
    "theatre_cases": ("planned_start", "started"),
    "supply_movements": ("at",),
    "roster_shifts": ("planned_start", "started"),
}


@dataclass(frozen=True)
class FoldedTable:
    """One table of today: its file, its rows, first and last of what happened and the newest word (UTC)."""

    path: Path
    rows: int
    first: datetime | None
    last: datetime | None
    said_at: datetime | None


class TableFile:
    """A table's file; none is made where the table stays empty."""

    def __init__(self, name: str, folder: Path) -> None:
        self._name, self._path = name, folder / f"{name}.parquet"
        self._held: list[pa.Table] = []
        self._writer: pq.ParquetWriter | None = None
        self._rows = 0
        self._instants: dict[str, list[datetime]] = {"happened": [], "said": []}

    def add(self, rows: pa.Table) -> None:
        """Rows that come after those before."""
        if not rows.num_rows:
            return
        self._rows += rows.num_rows
        for column in HAPPENED[self._name]:
            self._see("happened", rows[column])
        self._see("said", rows["said_at"])
        self._held.append(rows)
        held = sum(part.num_rows for part in self._held)
        if held >= _GROUP_ROWS:
            self._write(held // _GROUP_ROWS * _GROUP_ROWS)

    def _see(self, what: str, values: pa.ChunkedArray) -> None:
        ends = pc.min_max(values).as_py()
        seen = [*self._instants[what], *(at for at in ends.values() if at is not None)]
        self._instants[what] = [min(seen), max(seen)] if seen else []

    def _write(self, rows: int) -> None:
        whole = pa.concat_tables(self._held).combine_chunks()
        if self._writer is None:
            self._writer = pq.ParquetWriter(self._path, TABLES[self._name], compression="zstd")
        self._writer.write_table(whole.slice(0, rows), row_group_size=_GROUP_ROWS)
        self._held = [whole.slice(rows).take(np.arange(whole.num_rows - rows))]

    def close(self) -> FoldedTable | None:
        """No more rows come; None where there was none."""
        left = sum(part.num_rows for part in self._held)
        if left:
            self._write(left)
        if self._writer is None:
            return None
        self._writer.close()
        happened, said = self._instants["happened"], self._instants["said"]
        first, last = (happened[0], happened[-1]) if happened else (None, None)
        return FoldedTable(self._path, self._rows, first, last, said[-1] if said else None)
