"""Columns of statements as arrays: instants in ms with a number for "missing", and codes of groups."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from twin.records.events import INSTANT
from twin.records.folding.account import Account
from twin.records.folding.order import taken
from twin.records.reading.told import Fault
from twin.units import IntArray

#: an instant that is missing, before all others
NONE = int(np.iinfo(np.int64).min)
Mask = NDArray[np.bool_]


def ms(values: pa.ChunkedArray | pa.Array) -> IntArray:
    """Instants in ms since 1970, ``NONE`` where missing. Same shape."""
    filled = pc.fill_null(values.cast(pa.int64()), NONE)
    one = filled.combine_chunks() if isinstance(filled, pa.ChunkedArray) else filled
    return np.array(one.to_numpy(zero_copy_only=False), dtype=np.int64)


def instants(values: IntArray) -> pa.Array:
    """Instants of ms since 1970; missing where ``NONE``. Same shape."""
    return pa.array(values, pa.int64(), mask=values == NONE).cast(INSTANT)


def is_(values: pa.ChunkedArray | pa.Array, *words: str) -> Mask:
    """Whether a text is one of these words; not where missing. Same shape."""
    found = pc.is_in(values, value_set=pa.array([str(word) for word in words]))
    return _mask(found)


def there(values: pa.ChunkedArray | pa.Array) -> Mask:
    """Whether something stands there. Same shape."""
    found = values.is_valid()
    return _mask(found)


def _mask(values: pa.ChunkedArray | pa.Array) -> Mask:
    one = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
    return np.asarray(one.to_numpy(zero_copy_only=False), dtype=bool)


def largest(group: IntArray, values: IntArray, groups: int, none: int = -1) -> IntArray:
    """Largest value of each group, ``none`` where it has none. Shape (group,)."""
    found = np.full(groups, none, dtype=np.int64)
    np.maximum.at(found, group, values)
    return found


def smallest(group: IntArray, values: IntArray, groups: int) -> IntArray:
    """Smallest value of each group, ``NONE`` where it has none. Shape (group,)."""
    most = np.iinfo(np.int64).max
    found = np.full(groups, most, dtype=np.int64)
    np.minimum.at(found, group, values)
    return np.where(found == most, NONE, found)


def kept(table: pa.Table, keep: Mask) -> pa.Table:
    """Rows where ``keep`` holds."""
    return table if keep.all() else taken(table, np.flatnonzero(keep))


def put_aside(
    table: pa.Table,
    wrong: Mask,
    account: Account,
    *,
    column: str,
    rule: str,
    cure: str = "",
    code: str = "E_DATA",
    cures: Sequence[str] | None = None,
) -> None:
    """Put the rows where ``wrong`` holds aside; ``cures`` gives each of them its own cure."""
    rows = np.flatnonzero(wrong)
    if not len(rows):
        return
    told = table.select(["number", "row", column]).take(pa.array(rows))
    for place, (number, row, value) in enumerate(zip(*(c.to_pylist() for c in told.columns), strict=True)):
        own = cures[place] if cures is not None else cure
        shown = None if value is None else str(value)
        account.fault(number, Fault(row or 0, column, shown, rule, own, code))
