"""Statements: what the rows of a block tell of one thing, checked row by row.

What a single row can tell is looked at here: an end before its start, a time to come, a key that is missing.
What takes the whole visit to see is seen when the statements are folded.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from twin.records.events import NAMES, Said, Thing, events
from twin.records.reading.asked import FEED_AHEAD, Asked
from twin.records.reading.extracts.columns import INSTANT, Column, Taken
from twin.records.reading.extracts.mapping import IDENTITIES, Tells
from twin.records.reading.extracts.rows import Rows
from twin.records.reading.extracts.times import Instants
from twin.records.reading.extracts.values import Found, Wrong, as_text
from twin.records.reading.extracts.wall import NOT_A_TIME, Mask, Ms, Wall
from twin.units import IntArray

#: what may lie in the future
_TO_COME = ("planned_start", "planned_end", "expires")
_PAIRS = (("started", "ended"), ("arrived", "ended"), ("planned_start", "planned_end"))
_LESS = ("issue", "expiry")
_DAY = 24 * 60 * 60_000
_CURE = "correct it, or leave the row out"
Note = Callable[[str, int], None]


class Telling:
    """How one thing is told by the rows of a file."""

    def __init__(
        self, tells: Tells, columns: dict[str, Column], wall: Wall, asked: Asked, kinds: list[_Kind]
    ) -> None:
        self._tells, self._columns, self._wall, self._asked, self._kinds = tells, columns, wall, asked, kinds
        last = asked.as_of or asked.now
        self._last = _ms(last)
        self._limit = self._last if asked.as_of else _ms(last + FEED_AHEAD)
        shown = last.astimezone(ZoneInfo(asked.timezone)).strftime("%Y-%m-%d %H:%M")
        self._future = f"the data end at {shown}" if asked.as_of else f"it is {shown} at the hospital"

    def positions(self, rows: Rows) -> IntArray | None:
        """Rows of the block that tell this thing; None for all."""
        if not self._kinds:
            return None
        chosen = np.ones(len(rows), bool)
        for kind in self._kinds:
            chosen &= kind.of(rows)
        return None if chosen.all() else np.flatnonzero(chosen)

    def told(
        self, rows: Rows, seen: dict[tuple, Taken], note: Note
    ) -> tuple[dict[str, pa.Array], dict[str, pa.Array], list[Found]]:
        """Columns of the event table, those that only keys are made of, and the faults found.

        ``seen`` keeps what was taken from the same rows for another thing.
        """
        taken: dict[str, Taken] = {}
        for name, column in self._columns.items():
            if column.born is None:
                if column.same not in seen:
                    seen[column.same] = column.taken(rows)
                    if clocked := seen[column.same].instants:
                        self._note_times(clocked, note)
                taken[name] = seen[column.same]
        times = {name: one.instants for name, one in taken.items() if one.instants is not None}
        faults = [found for one in taken.values() for found in one.faults]
        ms = {name: instants.ms.copy() for name, instants in times.items()}
        faults += self._checked(ms, times, note)
        if self._tells.thing is Thing.WARD_STAY and "started" in ms:
            faults += self._begun(ms, faults)
        for name, column in self._columns.items():
            if column.born is not None:
                taken[name] = column.age(rows, self._first_of(column.take.born_at, ms, len(rows)))
                faults += taken[name].faults
        columns = {name: one.values for name, one in taken.items() if one.values is not None}
        for name, values in ms.items():
            columns[name] = pa.array(values, mask=values == NOT_A_TIME).cast(pa.timestamp("ms")).cast(INSTANT)
        self._sign(columns)
        faults += self._unfilled(columns, faults, len(rows))
        return columns, {name: columns.pop(name) for name in tuple(columns) if name not in NAMES}, faults

    def keys(self, columns: dict[str, pa.Array], extra: dict[str, pa.Array], rows: int) -> pa.Array:
        """The key of each row; missing where the row does not have what makes one."""
        ways = []
        for way in self._tells.key:
            if all(name in columns or name in extra for name in way):
                parts = [_as_part(columns.get(name, extra.get(name))) for name in way]
                joined = pc.binary_join_element_wise(*parts, ":", null_handling="emit_null")
                ways.append(parts[0] if len(parts) == 1 else joined)
        return pc.coalesce(*ways) if ways else pa.nulls(rows, pa.string())

    def no_key(self, keys: pa.Array, faults: list[Found]) -> list[Found]:
        """Rows without a key that have no other fault."""
        missing = np.asarray(keys.is_null())
        for found in faults:
            missing[found.positions] = False
        thing = self._tells.thing.value.replace("_", " ")
        names = ", ".join(self._field(name) for name in self._tells.key[0])
        wrong = Wrong(f"every row says which {thing} it is about", f"fill in {names}", "E_NO_KEY")
        return list(_found(missing, names, wrong))

    def batch(self, columns: dict[str, pa.Array], keys: pa.Array, numbers: IntArray) -> pa.RecordBatch:
        """Statements; where the mapping says so, those that repeat the row before are left out."""
        rows = len(numbers)
        said = columns.pop("said", None)
        whole = {
            "thing": pa.repeat(pa.scalar(self._tells.thing.value), rows),
            "key": keys,
            "said": pa.repeat(pa.scalar(Said.STATE.value), rows)
            if said is None
            else said.fill_null(Said.STATE.value),
            "row": pa.array(numbers),
            **columns,
        }
        batch = events(whole, rows)
        return batch.filter(_changes(batch)) if self._tells.once and rows > 1 else batch

    def _field(self, name: str) -> str:
        column = self._columns.get(name)
        return name if column is None else column.field

    def _note_times(self, times: Instants, note: Note) -> None:
        note("dates without a time of day, read as the hour that the mapping states", int(times.dates.sum()))
        note("local times that the clocks showed twice, read as the first of the two", times.repeated)

    def _first_of(self, names: tuple[str, ...], ms: dict[str, Ms], rows: int) -> Ms:
        at = np.full(rows, NOT_A_TIME)
        for name in names:
            if name in ms:
                at = np.where(at == NOT_A_TIME, ms[name], at)
        given = at != NOT_A_TIME
        return np.where(given, self._wall.local(np.where(given, at, 0)), NOT_A_TIME)

    def _checked(self, ms: dict[str, Ms], times: dict[str, Instants], note: Note) -> list[Found]:
        faults: list[Found] = []
        for name, instants in times.items():
            if name not in _TO_COME:
                faults += self._not_to_come(name, ms[name], instants)
        for name, column in self._columns.items():
            if column.take.after in ms and name in ms:
                self._next_day(ms[name], ms[column.take.after])
        for begin, end in _PAIRS:
            if begin in ms and end in ms:
                faults += self._ordered(begin, end, ms, times, note)
        return faults

    def _not_to_come(self, name: str, ms: Ms, instants: Instants) -> list[Found]:
        after = ms > self._limit
        if not after.any():
            return []
        today = after & instants.dates
        today[today] = self._day(ms[today]) == self._day(np.array([self._last]))[0]
        ms[today] = self._last
        field = self._field(name)
        cure = "set the clock of the feed right, or name the last instant of the data with --as-of"
        wrong = Wrong(f"{field} lies in the future: {self._future}", cure, "E_FUTURE")
        return list(_found(after & ~today, field, wrong, self._shown(ms)))

    def _day(self, ms: Ms) -> Ms:
        return self._wall.local(ms) // _DAY

    def _shown(self, ms: Ms) -> Callable[[int], str]:
        return lambda at: str(np.datetime64(int(self._wall.local(ms[at : at + 1])[0]), "ms")).replace(
            "T", " "
        )[:19]

    def _next_day(self, ms: Ms, after: Ms) -> None:
        earlier = (ms != NOT_A_TIME) & (after != NOT_A_TIME) & (ms < after)
        earlier[earlier] = self._day(ms[earlier]) == self._day(after[earlier])
        ms[earlier] = self._wall.instants(self._wall.local(ms[earlier]) + _DAY)

    def _ordered(
        self, begin: str, end: str, ms: dict[str, Ms], times: dict[str, Instants], note: Note
    ) -> list[Found]:
        """Nothing ends before it begins; the hour that repeats and dates alone leave the order open."""
        first, last = ms[begin], ms[end]
        wrong = (first != NOT_A_TIME) & (last != NOT_A_TIME) & (last < first)
        if not wrong.any():
            return []
        same_day = wrong.copy()
        same_day[wrong] = self._day(first[wrong]) == self._day(last[wrong])
        by_date = same_day & times[end].dates
        last[by_date] = first[by_date]
        back = same_day & ~by_date & times[begin].dates
        first[back] = last[back]
        wrong &= ~(by_date | back)
        later = self._wall.second(np.where(wrong, last, 0))
        second = wrong & (later >= first)
        last[second] = later[second]
        note("ends in the hour that the clocks show twice, read as the second of the two", int(second.sum()))
        field = self._field(end)
        rule = Wrong(f"{field} lies before {self._field(begin)}", _CURE, "E_NEGATIVE_LOS")
        return list(_found(wrong & ~second, field, rule, self._shown(last)))

    def _begun(self, ms: dict[str, Ms], faults: list[Found]) -> list[Found]:
        no_start = ms["started"] == NOT_A_TIME
        for found in faults:
            no_start[found.positions] = False
        nowhere = np.full(len(no_start), NOT_A_TIME)
        ended = ms.get("ended", nowhere) != NOT_A_TIME
        asked = ms.get("requested", nowhere) != NOT_A_TIME
        field = self._field("started")
        over = Wrong("a stay that has ended has a start", _CURE, "E_DATA")
        nothing = Wrong("a row has a start or, for one who still waits, `requested`", "", "E_DATA")
        return [*_found(no_start & ended, field, over), *_found(no_start & ~ended & ~asked, field, nothing)]

    def _sign(self, columns: dict[str, pa.Array]) -> None:
        """An amount that is issued or expired is less in store, whichever sign it was written with."""
        for name, column in self._columns.items():
            if column.take.signed_by in columns and name in columns:
                less = pc.is_in(columns[column.take.signed_by], pa.array(_LESS))
                amount = columns[name]
                columns[name] = pc.if_else(less, pc.negate(pc.abs(amount)), amount)

    def _unfilled(self, columns: dict[str, pa.Array], faults: list[Found], rows: int) -> list[Found]:
        found: list[Found] = []
        for name, column in self._columns.items():
            if column.take.filled:
                missing = np.asarray(columns[name].is_null()) if name in columns else np.ones(rows, bool)
                for other in faults:
                    missing[other.positions] = False
                code = "E_NO_KEY" if name in IDENTITIES else "E_DATA"
                wrong = Wrong(f"every row has its {column.field}", "fill it in, or leave the row out", code)
                found += _found(missing, column.field, wrong)
        return found


class _Kind:
    """Rows with, or without, some values in a column."""

    def __init__(self, place: int, values: tuple[str, ...], *, inside: bool) -> None:
        self._place, self._inside = str(place), inside
        self._values = pa.array([value.lower() for value in values])

    def of(self, rows: Rows) -> Mask:
        """Which rows of the block are."""
        text = as_text(rows.columns[self._place])
        text = text.dictionary_decode() if isinstance(text, pa.DictionaryArray) else text
        inside = np.asarray(pc.is_in(pc.utf8_lower(text), self._values))
        return inside if self._inside else ~inside


def kinds_of(tells: Tells, places: dict[str, int]) -> list[_Kind]:
    """Which rows tell this thing."""
    return [
        *(_Kind(places[name.lower()], values, inside=True) for name, values in tells.only.items()),
        *(_Kind(places[name.lower()], values, inside=False) for name, values in tells.without.items()),
    ]


def _ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def _as_part(column: pa.Array) -> pa.Array:
    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.int64())
    return column.cast(pa.string())


def _found(rows: Mask, field: str, wrong: Wrong, shown: Callable[[int], str] | None = None) -> list[Found]:
    positions = np.flatnonzero(rows)
    if not len(positions):
        return []
    values = [None if shown is None else shown(int(at)) for at in positions]
    return [Found(positions, field, values, [wrong] * len(positions))]


def _changes(batch: pa.RecordBatch) -> pa.Array:
    """Which rows say something else than the row before."""
    changes = np.zeros(batch.num_rows - 1, bool)
    for name in batch.schema.names:
        column = batch.column(name)
        if name == "row" or column.null_count == batch.num_rows:
            continue
        before, after = column.slice(0, len(column) - 1), column.slice(1)
        differs = pc.fill_null(pc.not_equal(before, after), False)
        differs = pc.or_(differs, pc.xor(before.is_null(), after.is_null()))
        changes |= np.asarray(differs)
    return pa.array(np.append(True, changes))
