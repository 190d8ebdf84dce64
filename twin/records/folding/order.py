"""Order: which of two statements about one thing was made later, and what all of them together say.

Statements are ordered by when they were made, then by the number of the message or version, then by the
number of the import and the row. Figures of a message's number count as a number: 9 comes before 10.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

#: columns that say how a statement was made, not what it says
SAYING = ("said_at", "said_by", "row", "number")
_WIDTH = 40


def in_order(table: pa.Table) -> pa.Table:
    """Statements in order of saying, each different one once.

    Of states that are the same the last stays, so that what was corrected back holds again; of messages the
    first, so that one that is sent again does not undo what was said after it.
    """
    said_by = pc.fill_null(pc.utf8_lpad(table["said_by"], _WIDTH, "0"), "")
    keys = {"said_at": _filled(table["said_at"]), "said_by": said_by}
    # what they say decides last, so that the order of the rows given never does
    for name in ("number", "row", "thing", "key", "said", "at", "place", "started"):
        keys[name] = _filled(table[name])
    order = pc.sort_indices(pa.table(keys), [(name, "ascending") for name in keys])
    ordered = taken(table, order.to_numpy())
    said = [name for name in table.column_names if name not in ("row", "number")]
    numbers = content(ordered, said)
    first = first_of_each(numbers)
    if len(first) == ordered.num_rows:
        return ordered
    is_state = np.asarray(pc.equal(ordered["said"], "state").to_numpy(), dtype=bool)
    last = len(numbers) - 1 - first_of_each(numbers[::-1])
    return taken(ordered, np.sort(np.append(first[~is_state[first]], last[is_state[last]])))


def _filled(values: pa.ChunkedArray) -> pa.ChunkedArray:
    """With something before all else where nothing stands."""
    if pa.types.is_string(values.type):
        return pc.fill_null(values, "")
    return pc.fill_null(values.cast(pa.int64()), np.iinfo(np.int64).min)


def content(table: pa.Table, columns: Sequence[str]) -> NDArray[np.uint64]:
    """A number a row, the same where all these columns are the same (within this table). Shape (row,)."""
    mixed = np.zeros(table.num_rows, dtype=np.uint64)
    for name in columns:
        if table[name].null_count < table.num_rows:
            mixed = _mix(np.bitwise_xor(mixed, codes(table[name]).astype(np.uint64)))
    return mixed


def codes(values: pa.ChunkedArray | pa.Array) -> NDArray[np.int64]:
    """A number for each different value, 0 where missing. Shape (row,)."""
    one = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
    if len(one) == 0:
        return np.zeros(0, dtype=np.int64)
    indices = one.dictionary_encode().indices
    return pc.add(pc.fill_null(indices.cast(pa.int64()), -1), 1).to_numpy(zero_copy_only=False)


def first_of_each(numbers: NDArray) -> NDArray[np.int64]:
    """Rows at which a number stands for the first time, ascending."""
    return np.sort(np.unique(numbers, return_index=True)[1])


def taken(table: pa.Table, rows: NDArray[np.int64]) -> pa.Table:
    """These rows in this order; columns in which nothing stands cost nothing."""
    places = pa.array(rows)
    columns = [
        pa.nulls(len(rows), column.type) if column.null_count == table.num_rows else column.take(places)
        for column in table.columns
    ]
    return pa.table(columns, schema=table.schema)


def group_starts(sorted_codes: NDArray) -> NDArray[np.int64]:
    """Rows at which a new group of equal neighbours begins."""
    if len(sorted_codes) == 0:
        return np.zeros(0, dtype=np.int64)
    return np.flatnonzero(np.concatenate([[True], sorted_codes[1:] != sorted_codes[:-1]]))


def group_ends(starts: NDArray[np.int64], rows: int) -> NDArray[np.int64]:
    """Row after the last of each group that begins at ``starts``."""
    return np.append(starts[1:], rows) if len(starts) else starts


def last_known(table: pa.Table, starts: NDArray[np.int64], columns: Sequence[str]) -> dict[str, pa.Array]:
    """Of each group of neighbouring rows, the last value of each column that is not missing.

    Parameters
    ----------
    table
        Groups one after the other, each in order of saying.
    starts
        First row of each group.
    """
    ends = group_ends(starts, table.num_rows) - 1
    rows = np.arange(table.num_rows)
    found = {}
    for name in columns:
        values = table[name]
        if values.null_count == table.num_rows:
            found[name] = pa.nulls(len(starts), values.type)
            continue
        there = values.is_valid().to_numpy()
        last = np.maximum.accumulate(np.where(there, rows, -1))[ends] if len(starts) else ends
        found[name] = _one(values.take(pa.array(last, mask=last < starts)))
    return found


def how_many_different(hashed: NDArray[np.uint64], starts: NDArray[np.int64]) -> NDArray[np.int32]:
    """Different contents within each group of neighbouring rows, shape (group,)."""
    if len(starts) == 0:
        return np.zeros(0, dtype=np.int32)
    group = np.zeros(len(hashed), dtype=np.int64)
    group[starts[1:]] = 1
    group = np.cumsum(group)
    order = np.lexsort((hashed, group))
    new = np.ones(len(order), dtype=bool)
    new[1:] = (group[order][1:] != group[order][:-1]) | (hashed[order][1:] != hashed[order][:-1])
    return np.bincount(group[order][new], minlength=len(starts)).astype(np.int32)


def _one(values: pa.ChunkedArray | pa.Array) -> pa.Array:
    return values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values


def _mix(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """SplitMix64 (Steele, Lea, Flood 2014): every bit of the result depends on every bit given."""
    with np.errstate(over="ignore"):
        values = values + np.uint64(0x9E3779B97F4A7C15)
        values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return values ^ (values >> np.uint64(31))
