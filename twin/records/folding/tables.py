"""Tables: what the set of statements comes to, a row for each thing as it stands.

Places are names of ``hospital.toml``, instants are UTC. ``said_at`` is when the newest statement about the
thing was made, ``versions`` how many different ones there are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pyarrow as pa
import pyarrow.parquet as pq

from twin.records.events import SCHEMA

_OF_EACH: dict[str, tuple[str, ...]] = {
    "encounters": (
        "encounter", "patient", "kind", "method", "specialty", "priority", "sex", "age", "requested",
        "arrived", "started", "ended", "fit", "status", "outcome", "patient_class", "stream",
    ),
    "ward_stays": (
        "key", "encounter", "patient", "place", "bed", "requested", "started", "ended", "step",
    ),
    "appointments": (
        "key", "encounter", "patient", "place", "specialty", "kind", "priority", "theatre_list", "requested",
        "planned_start", "planned_end", "arrived", "started", "ended", "status", "outcome", "reason",
    ),
    "slots": ("key", "place", "specialty", "theatre_list", "planned_start", "planned_end", "status"),
    "theatre_cases": (
        "key", "encounter", "patient", "place", "specialty", "priority", "theatre_list", "requested",
        "planned_start", "planned_end", "arrived", "started", "ended", "status", "outcome", "reason",
    ),
    "supply_movements": (
        "key", "kind", "item", "quantity", "unit", "place", "at", "lot", "expires", "supplier", "cost",
        "encounter",
    ),
    "roster_shifts": (
        "key", "staff_group", "skill", "place", "planned_start", "planned_end", "started", "ended", "status",
        "reason",
    ),
}  # fmt: skip

#: the tables and their columns; all but ``ward_stays`` and ``encounters`` have a row a key
TABLES: dict[str, pa.Schema] = {
    name: pa.schema(
        [SCHEMA.field(column) for column in columns]
        + [pa.field("said_at", SCHEMA.field("said_at").type), pa.field("versions", pa.int32())]
    )
    for name, columns in _OF_EACH.items()
}


def batches(file: pq.ParquetFile, rows: int, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """The rows of a table's file, so many at a time, in bounded memory.

    A reader of all row groups at once keeps what it has read until the file is closed (about 70 bytes a row).
    """
    for group in range(file.num_row_groups):
        yield from file.iter_batches(rows, row_groups=[group], columns=list(columns))
