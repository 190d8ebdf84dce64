"""Merges: two numbers that turned out to be one patient, or one visit."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from twin.records.events import Said, Thing
from twin.records.folding.order import in_order


def one_name(common: pa.Table, thing: Thing) -> dict[str, str]:
    """For each number that was merged, the one that holds, whatever order the merges were told in.

    Merges chain; where they run in a circle the smallest name holds.
    """
    into = "patient" if thing == Thing.PATIENT_MERGE else "encounter"
    told = in_order(common.filter(pc.equal(common["thing"], thing.value)))
    pairs: dict[str, set[str]] = {}
    for old, said, new in zip(*(told[name].to_pylist() for name in ("key", "said", into)), strict=True):
        if said == Said.GONE:
            pairs.pop(old, None)
        elif old is not None and new is not None and old != new:
            pairs.setdefault(old, set()).add(new)
    return _holding(pairs)


def _holding(pairs: dict[str, set[str]]) -> dict[str, str]:
    group: dict[str, str] = {}

    def root(name: str) -> str:
        while group.setdefault(name, name) != name:
            group[name] = group[group[name]]
            name = group[name]
        return name

    for old, news in pairs.items():
        for new in news:
            first, second = sorted((root(old), root(new)))
            group[second] = first
    members: dict[str, list[str]] = {}
    for name in list(group):
        members.setdefault(root(name), []).append(name)
    found = {}
    for names in members.values():
        holds = min(set(names) - set(pairs), default=min(names))
        found.update({name: holds for name in names if name != holds})
    return found


def renamed(values: pa.ChunkedArray | pa.Array, holds: dict[str, str]) -> pa.Array:
    """The same names with merged ones under the one that holds."""
    one = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
    if not holds:
        return one
    place = pc.index_in(one, value_set=pa.array(list(holds), pa.string()))
    return pc.coalesce(pa.array(list(holds.values()), pa.string()).take(place), one)
