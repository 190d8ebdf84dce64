"""Segments: the statements of one import, kept so that the folding finds those of a visit without the rest.

A segment is one Parquet file of the event table. Its rows lie by the hash of what they are about, in a power
of two of row groups; places and patients that turned out to be one person, which every visit needs, lie in a
row group of their own before them. The file is never changed.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from twin.records.events import SCHEMA, Thing
from twin.records.folding.buckets import Spill, bucket_of, buckets_for, hashes
from twin.records.folding.order import taken

#: things that every bucket needs: where places lie, which patients and visits are one
COMMON = (Thing.LOCATION.value, Thing.PATIENT_MERGE.value, Thing.ENCOUNTER_MERGE.value)
#: parts that a long source is spilled into before it is written
_SPILLED = 256
#: statements held before they are spilled: each takes 330 bytes, and as much again while it is sorted
_HELD = 80_000
_NOTE = b"hospital_twin_segment"
_HAPPENED = ("at", "started", "ended", "planned_start")


@dataclass(frozen=True)
class Segment:
    """One import's statements: the file, the number of the import, its last instant and first day."""

    path: Path
    number: int
    as_of: datetime | None = None
    begins: date | None = None


@dataclass(frozen=True)
class SegmentInfo:
    """What was written: statements, and the first and last instants of what they say happened (UTC)."""

    rows: int
    first: datetime | None
    last: datetime | None


def write_segment(batches: Iterable[pa.RecordBatch], path: Path | str) -> SegmentInfo:
    """Write an import's statements as a segment, in bounded memory.

    Parameters
    ----------
    batches
        Batches of the event table, in any order.
    path
        The new file; what does not fit into memory is spilled beside it meanwhile.

    Raises
    ------
    OSError
        The file cannot be written.
    """
    place = Path(path)
    held: list[pa.Table] = []
    common: list[pa.Table] = []
    count, span = 0, _Span()
    with Spill(place.parent, _SPILLED) as spill:
        for batch in batches:
            table = pa.Table.from_batches([batch], SCHEMA)
            span.see(table)
            count += table.num_rows
            is_common = pc.is_in(table["thing"], value_set=pa.array(COMMON))
            if pc.any(is_common).as_py():  # an empty table of each batch would hold memory in pieces
                common.append(table.filter(is_common))
                table = table.filter(pc.invert(is_common))
            held.append(table)
            if sum(part.num_rows for part in held) > _HELD:
                _spill(spill, held)
        if spill.is_used:
            _spill(spill, held)
        spill.close()
        parts = _spilled(spill, count) if spill.is_used else _in_memory(held)
        _write(place, pa.concat_tables([SCHEMA.empty_table(), *common]), parts)
    return SegmentInfo(count, span.first, span.last)


class _Span:
    """First and last of the instants at which something happened."""

    def __init__(self) -> None:
        self.first: datetime | None = None
        self.last: datetime | None = None

    def see(self, table: pa.Table) -> None:
        for name in _HAPPENED:
            ends = pc.min_max(table[name]).as_py()
            if ends["min"] is not None:
                self.first = min(self.first or ends["min"], ends["min"])
                self.last = max(self.last or ends["max"], ends["max"])


def _spill(spill: Spill, held: list[pa.Table]) -> None:
    if held:
        table = pa.concat_tables(held)
        spill.add(table, hashes(table))
        held.clear()


def _in_memory(held: Sequence[pa.Table]) -> tuple[int, Iterator[pa.Table]]:
    table = pa.concat_tables([SCHEMA.empty_table(), *held])
    buckets = buckets_for(table.num_rows)
    return buckets, _split(table, buckets, 0, buckets)


def _spilled(spill: Spill, count: int) -> tuple[int, Iterator[pa.Table]]:
    """Buckets of the file: a few spilled parts together, or each of them split further."""
    buckets = buckets_for(count)

    def parts() -> Iterator[pa.Table]:
        together = max(1, spill.buckets // buckets)
        each = max(1, buckets // spill.buckets)
        for first in range(0, spill.buckets, together):
            table = pa.concat_tables([spill.read(first + more) for more in range(together)])
            yield from _split(table, buckets, first // together * each, each)

    return buckets, parts()


def _split(table: pa.Table, buckets: int, first: int, each: int) -> Iterator[pa.Table]:
    if each == 1:
        yield table
        return
    bucket = bucket_of(hashes(table), buckets)
    for number in range(first, first + each):
        yield taken(table, np.flatnonzero(bucket == number))


def _write(place: Path, common: pa.Table, parts: tuple[int, Iterator[pa.Table]]) -> None:
    buckets, tables = parts
    note = {**(SCHEMA.metadata or {}), _NOTE: json.dumps({"buckets": buckets, "hash": "crc32"}).encode()}
    schema = SCHEMA.with_metadata(note)
    with pq.ParquetWriter(place, schema, compression="zstd", write_statistics=False) as writer:
        for table in itertools.chain([common], tables):
            whole = table.replace_schema_metadata(note).combine_chunks()
            writer.write_table(whole, row_group_size=max(1, whole.num_rows))
