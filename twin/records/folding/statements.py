"""All statements of all segments, read bucket by bucket."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from twin.records.events import SCHEMA, Thing
from twin.records.folding.buckets import OF_VISITS, Spill, buckets_for, hashes
from twin.records.folding.merges import one_name, renamed
from twin.records.folding.segments import Segment

#: the event table with the number of the import
NUMBERED = SCHEMA.append(pa.field("number", pa.int32()))


class Statements:
    """All statements, by bucket; visits under the number that holds.

    Segments with fewer row groups than buckets are asked for are spilled once, so that none is read twice;
    all are where a visit's number was merged into another's, which may lie in another bucket.

    Attributes
    ----------
    rows, buckets
        Statements of all segments, and parts that they are read in.
    common
        Statements that every bucket needs.
    """

    def __init__(self, segments: Sequence[Segment], folder: Path) -> None:
        self._files = [(segment, pq.ParquetFile(segment.path)) for segment in segments]
        self.rows = sum(file.metadata.num_rows for _, file in self._files)
        self.buckets = buckets_for(self.rows)
        self._visits: dict[str, str] = {}
        self.common = _together([self._read(at, file, [0]) for at, file in self._files])
        self._visits = one_name(self.common, Thing.ENCOUNTER_MERGE)
        self._spill = Spill(folder, self.buckets, NUMBERED)

    def __enter__(self) -> Statements:
        for segment, file in self._files:
            if self._is_spilled(file):
                for group in range(1, file.num_row_groups):
                    table = self._read(segment, file, [group])
                    self._spill.add(table, hashes(table))
        self._spill.close()
        return self

    def __exit__(self, *of: object) -> None:
        self._spill.__exit__(*of)
        for _, file in self._files:
            file.close()

    def bucket(self, number: int) -> pa.Table:
        """Statements of one bucket, with the number of their import."""
        parts = [self._spill.read(number)]
        for segment, file in self._files:
            if not self._is_spilled(file):
                each = max(1, _groups(file) // self.buckets)
                first, last = (
                    (0, _groups(file)) if self.buckets == 1 else (number * each, (number + 1) * each)
                )
                parts.append(self._read(segment, file, list(range(1 + first, 1 + last))))
        return _together(parts)

    def _is_spilled(self, file: pq.ParquetFile) -> bool:
        return self.buckets > 1 and (bool(self._visits) or _groups(file) < self.buckets)

    def _read(self, segment: Segment, file: pq.ParquetFile, groups: list[int]) -> pa.Table:
        table = numbered(file.read_row_groups(groups), segment)
        return _under_one_number(table, self._visits) if self._visits else table


def _together(parts: Sequence[pa.Table]) -> pa.Table:
    return pa.concat_tables([NUMBERED.empty_table(), *parts]).combine_chunks()


def _groups(file: pq.ParquetFile) -> int:
    return file.num_row_groups - 1


def numbered(table: pa.Table, segment: Segment) -> pa.Table:
    """Statements with the number of their import; said at its last instant where they do not say when."""
    said = table["said_at"]
    if segment.as_of is not None:
        said = pc.fill_null(said, pa.scalar(segment.as_of, type=SCHEMA.field("said_at").type))
    place = SCHEMA.get_field_index("said_at")
    table = table.select(SCHEMA.names).set_column(place, SCHEMA.field("said_at"), said)
    number = pa.array(np.full(table.num_rows, segment.number, dtype=np.int32))
    return table.append_column("number", number).cast(NUMBERED)


def _under_one_number(table: pa.Table, holds: dict[str, str]) -> pa.Table:
    """Statements about a visit whose number was merged are about the one that holds."""
    visit = renamed(table["encounter"], holds)
    of_visit = pc.equal(table["thing"], Thing.ENCOUNTER.value)
    key = pc.if_else(of_visit, renamed(table["key"], holds), table["key"])
    table = table.set_column(table.schema.get_field_index("encounter"), SCHEMA.field("encounter"), visit)
    return table.set_column(table.schema.get_field_index("key"), SCHEMA.field("key"), key)


def about_visits(table: pa.Table) -> tuple[pa.Table, pa.Table]:
    """The statements about visits and their stays, and the others."""
    visits = pc.is_in(table["thing"], value_set=pa.array(OF_VISITS))
    return table.filter(visits), table.filter(pc.invert(visits))
