"""All statements of all segments, read bucket by bucket."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
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


@dataclass(frozen=True)
class _Part:
    """One segment and the statements of each of its row groups."""

    segment: Segment
    rows: tuple[int, ...]

    @classmethod
    def of(cls, segment: Segment) -> _Part:
        """What its foot tells."""
        told = pq.read_metadata(segment.path)
        return cls(segment, tuple(told.row_group(n).num_rows for n in range(told.num_row_groups)))

    @property
    def buckets(self) -> int:
        """Row groups but the common one."""
        return len(self.rows) - 1


class Statements:
    """All statements, by bucket; visits under the number that holds.

    Segments with fewer row groups than buckets are asked for are spilled once, so that none is read twice;
    all are where a visit's number was merged into another's, which may lie in another bucket. A feed makes
    thousands of small segments: none is held open.

    Attributes
    ----------
    rows, buckets
        Statements of all segments, and parts that they are read in.
    common
        Statements that every bucket needs.
    """

    def __init__(self, segments: Sequence[Segment], folder: Path) -> None:
        self._parts = [_Part.of(segment) for segment in _dated(segments)]
        self.rows = sum(sum(part.rows) for part in self._parts)
        self.buckets = buckets_for(self.rows)
        self._visits: dict[str, str] = {}
        self.common = _together([self._read(part, [0]) for part in self._parts])
        self._visits = one_name(self.common, Thing.ENCOUNTER_MERGE)
        self._spill = Spill(folder, self.buckets, NUMBERED)

    def __enter__(self) -> Statements:
        for part in self._parts:
            if self._is_spilled(part):
                for group in range(1, len(part.rows)):
                    table = self._read(part, [group])
                    self._spill.add(table, hashes(table))
        self._spill.close()
        return self

    def __exit__(self, *of: object) -> None:
        self._spill.__exit__(*of)

    def bucket(self, number: int) -> pa.Table:
        """Statements of one bucket, with the number of their import."""
        parts = [self._spill.read(number)]
        for part in self._parts:
            if not self._is_spilled(part):
                each = part.buckets // self.buckets
                parts.append(self._read(part, range(1 + number * each, 1 + (number + 1) * each)))
        return _together(parts)

    def _is_spilled(self, part: _Part) -> bool:
        return self.buckets > 1 and (bool(self._visits) or part.buckets < self.buckets)

    def _read(self, part: _Part, groups: Sequence[int]) -> pa.Table:
        if not any(part.rows[group] for group in groups):
            return NUMBERED.empty_table()
        with pq.ParquetFile(part.segment.path) as file:
            table = numbered(file.read_row_groups(list(groups)), part.segment)
        return _under_one_number(table, self._visits) if self._visits else table


def _dated(segments: Sequence[Segment]) -> list[Segment]:
    """Segments in order of import; one whose last instant is not told is no older than those before it."""
    found: list[Segment] = []
    last: datetime | None = None
    for segment in sorted(segments, key=lambda one: one.number):
        told = [at for at in (last, segment.as_of) if at is not None]
        last = max(told, default=None)
        found.append(segment if segment.as_of is not None else replace(segment, as_of=last))
    return found


def _together(parts: Sequence[pa.Table]) -> pa.Table:
    return pa.concat_tables([NUMBERED.empty_table(), *parts]).combine_chunks()


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
