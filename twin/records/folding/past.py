"""The past of one thing: every statement about it, in order of saying, whichever hold today."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from twin.records.events import Thing
from twin.records.folding.buckets import OF_VISITS, bucket_of, hashes_of
from twin.records.folding.order import in_order
from twin.records.folding.segments import COMMON, Segment
from twin.records.folding.statements import numbered


def history_of_thing(segments: Sequence[Segment], thing: Thing, key: str) -> pa.Table:
    """All statements about one thing, with the number of their import.

    Parameters
    ----------
    thing, key
        What it is and which one: a visit by its number with all its stays, else by the thing's own key.
        A visit whose number was merged has its statements under the number that it had then.
    """
    parts = []
    for segment in segments:
        with pq.ParquetFile(segment.path) as file:
            groups = file.num_row_groups - 1
            group = 1 + int(bucket_of(hashes_of(pa.array([key])), groups)[0])
            table = numbered(file.read_row_group(0 if thing in COMMON else group), segment)
        if thing in OF_VISITS:
            name = pc.coalesce(table["encounter"], table["key"])
            about = pc.and_(pc.is_in(table["thing"], value_set=pa.array(OF_VISITS)), pc.equal(name, key))
        else:
            about = pc.and_(pc.equal(table["thing"], thing.value), pc.equal(table["key"], key))
        parts.append(table.filter(about))
    return in_order(pa.concat_tables(parts)) if parts else pa.table({})
