"""Things with a number of their own: appointments, slots, theatre cases, supply movements, roster shifts.

Each stands as it was last told, field by field; what was said to be gone never was.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from twin.records.events import SCHEMA, Thing
from twin.records.folding.account import Account
from twin.records.folding.buckets import in_order_of_hash
from twin.records.folding.columns import NONE, Mask, is_, kept, largest, ms, put_aside, there
from twin.records.folding.merges import renamed
from twin.records.folding.names import Places
from twin.records.folding.order import (
    SAYING,
    codes,
    content,
    group_starts,
    how_many_different,
    last_known,
    taken,
)
from twin.records.folding.tables import TABLES
from twin.records.folding.visits import with_places

#: the table of each thing, and whether its place has to be a place of ``hospital.toml``
TABLE_OF: dict[Thing, tuple[str, bool]] = {
    Thing.APPOINTMENT: ("appointments", True),
    Thing.SLOT: ("slots", True),
    Thing.THEATRE_CASE: ("theatre_cases", True),
    Thing.SUPPLY_MOVEMENT: ("supply_movements", False),
    Thing.ROSTER_SHIFT: ("roster_shifts", False),
}
_SPANS = (("planned_start", "planned_end"), ("started", "ended"))


def fold_things(
    said: pa.Table, thing: Thing, places: Places, patients: Mapping[str, str], account: Account
) -> pa.Table:
    """The table of one kind of thing, a row a key, by the hash of the key, then the key.

    Parameters
    ----------
    said
        Statements in order of saying; those of other things are left alone.
    """
    name, needs_place = TABLE_OF[thing]
    schema = TABLES[name]
    table = kept(said, is_(said["thing"], thing))
    named = there(table["key"])
    put_aside(table, ~named, account, column="key", rule="every row has a number", code="E_NO_KEY")
    table = kept(table, named)
    table = with_places(table, places, account) if needs_place else _known_places(table, places, account)
    table = kept(table, _possible(table, account))
    own = codes(table["key"])
    turn = np.arange(table.num_rows)
    gone = is_(table["said"], "gone")
    keep = ~gone
    if gone.any():
        keep &= turn > largest(own[gone], turn[gone], int(own.max()) + 1)[own]
    table, own = kept(table, keep), own[keep]
    order = np.argsort(own, kind="stable")
    table, starts = taken(table, order), group_starts(own[order])
    hashed = content(table, [column for column in table.column_names if column not in SAYING])
    found = last_known(table, starts, [column for column in schema.names if column != "versions"])
    found["versions"] = pa.array(how_many_different(hashed, starts))
    if "patient" in found:
        found["patient"] = renamed(found["patient"], dict(patients))
    rows = pa.table({column: found[column] for column in schema.names}, schema)
    return rows.take(pa.array(in_order_of_hash(rows["key"].to_pylist())))


def _known_places(table: pa.Table, places: Places, account: Account) -> pa.Table:
    """Names of places; an unknown store or team keeps its row and loses its name."""
    if table["place"].null_count == table.num_rows:
        return table
    coded = table["place"].combine_chunks().dictionary_encode()
    known = [places.name(code) for code in coded.dictionary.to_pylist()]
    found = pa.array(known, pa.string()).take(coded.indices)
    unknown = there(table["place"]) & ~there(found)
    for code, times in Counter(table["place"].filter(pa.array(unknown)).to_pylist()).items():
        account.count("N_UNKNOWN_PLACE", times, place=code)
    return table.set_column(table.schema.get_field_index("place"), SCHEMA.field("place"), found)


def _possible(table: pa.Table, account: Account) -> Mask:
    """Which statements do not end before they begin."""
    good = np.ones(table.num_rows, dtype=bool)
    for begin, end in _SPANS:
        start, stop = ms(table[begin]), ms(table[end])
        wrong = (start != NONE) & (stop != NONE) & (stop < start)
        rule, cure = f"{end} is not before {begin}", "correct it, or leave the row out"
        put_aside(table, wrong, account, column=end, rule=rule, cure=cure, code="E_NEGATIVE_LOS")
        good &= ~wrong
    return good
