"""Columns: where the columns of the event table are found in one file, and how each is taken from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from twin.records.events import INSTANTS, OLDEST, SCHEMA, Thing
from twin.records.reading.asked import Asked
from twin.records.reading.extracts.mapping import IDENTITIES, NUMBERS, Mapping, Take, vocabulary
from twin.records.reading.extracts.private import Numbers
from twin.records.reading.extracts.rows import Rows
from twin.records.reading.extracts.times import Clocks, Instants
from twin.records.reading.extracts.values import (
    LONG_NUMBERS,
    OLDEST_PERSON,
    Found,
    Turn,
    Wrong,
    as_text,
    code_of,
    each,
    number_of,
    pseudonym_of,
)
from twin.records.reading.extracts.wall import NOT_A_TIME

INSTANT = SCHEMA.field("started").type


@dataclass(frozen=True)
class Places:
    """Where a file has its columns: place in the header by name in small letters."""

    header: tuple[str, ...]
    by_name: dict[str, int] = field(repr=False)

    @classmethod
    def of(cls, header: Sequence[str]) -> Places:
        """Those of a header; the first of two columns with one name."""
        return cls(tuple(header), {name.lower(): at for at, name in reversed(list(enumerate(header)))})

    def find(self, names: Sequence[str]) -> int | None:
        """The first of these columns that the file has."""
        return next((self.by_name[name.lower()] for name in names if name.lower() in self.by_name), None)


@dataclass
class Taken:
    """One column of the event table for the rows of a block."""

    values: pa.Array | None
    instants: Instants | None
    faults: list[Found]
    field: str


class Column:
    """One column of the event table and its place in one file."""

    def __init__(
        self,
        name: str,
        take: Take,
        thing: Thing,
        mapping: Mapping,
        places: Places,
        asked: Asked,
        clocks: Clocks,
    ) -> None:
        self.name, self.take, self._clocks = name, take, clocks
        self._at = places.find(take.column)
        self._date, self._of_day = places.find(take.date), places.find(take.time)
        self.born = places.find(take.born) if self._at is None else None
        first = next((at for at in (self._at, self._date, self.born) if at is not None), None)
        self.field = name if first is None else places.header[first]
        self.is_there = first is not None or take.constant is not None or take.default is not None
        ours = vocabulary(thing, name)
        words = mapping.words_of(take)
        self._kind = pa.int64() if name == "age" else pa.float64() if name in NUMBERS else pa.string()
        self._turn: Turn
        if name in IDENTITIES:
            people = name in ("patient", "person")
            self._turn = pseudonym_of(
                asked.pseudonyms.patient if people else asked.pseudonyms.encounter, asked.limits
            )
        elif name in NUMBERS:
            self._turn = number_of(name, words, mapping.decimal, asked.limits)
        else:
            numbers: Numbers = "any" if take.any_number else "long" if name in LONG_NUMBERS else "short"
            self._turn = code_of(name, words, take.others, ours, numbers, asked.limits)
        self._missing = pa.array(mapping.missing, pa.string())
        #: equal for columns that give the same from the same rows
        self.same = (name, ours, take.model_dump_json())

    @property
    def wanted(self) -> set[int]:
        """Places in the header that are read for it."""
        return {at for at in (self._at, self._date, self._of_day, self.born) if at is not None}

    def is_of_day(self, place: int) -> bool:
        """Whether the column at this place of the header holds its times of day."""
        return place == self._of_day

    def taken(self, rows: Rows) -> Taken:
        """The column for these rows."""
        if self.name in INSTANTS:
            return self._time(rows)
        if self._at is None:
            return Taken(self._constant(len(rows)), None, [], self.field)
        text = as_text(self._without_missing(rows.columns[str(self._at)]))
        values, found = each(text, self._kind, self._turn, self.field)
        if self.take.default is not None:
            values = values.fill_null(self.take.default)
        return Taken(values, None, [found] if found else [], self.field)

    def age(self, rows: Rows, at: np.ndarray) -> Taken:
        """Years from the date of birth to an instant of each row [ms since 1970 local]; never kept itself."""
        column = self._without_missing(rows.columns[str(self.born)])
        faults: list[Found] = []
        born = self._clocks.local(column, self.field, faults)
        there = (born != NOT_A_TIME) & (at != NOT_A_TIME)
        dates = [pd.DatetimeIndex(np.where(there, ms, 0).astype("datetime64[ms]")) for ms in (born, at)]
        month_and_day = [date.month * 100 + date.day for date in dates]
        years = np.asarray(dates[1].year - dates[0].year - (month_and_day[1] < month_and_day[0]), np.int64)
        wrong = np.flatnonzero(there & ((years < 0) | (years > OLDEST_PERSON)))
        if len(wrong):
            rule = Wrong(
                f"gives an age between 0 and {OLDEST_PERSON}", "correct the date of birth", "E_RANGE"
            )
            values = column.take(pa.array(wrong)).cast(pa.string()).to_pylist()
            faults.append(Found(wrong, self.field, values, [rule] * len(wrong)))
        return Taken(pa.array(np.minimum(years, OLDEST), pa.int64(), mask=~there), None, faults, self.field)

    def _time(self, rows: Rows) -> Taken:
        if self._at is None and self._date is None:
            return Taken(self._constant(len(rows)), None, [], self.field)
        if self._at is None:
            instants = self._of_date(rows)
        else:
            column = self._without_missing(rows.columns[str(self._at)])
            instants = self._clocks.instants(column, self.field, self.take)
            if self._date is not None and not instants.given.all():
                instants = instants.filled_with(self._of_date(rows))
        return Taken(None, instants, instants.faults, self.field)

    def _of_date(self, rows: Rows) -> Instants:
        column = self._without_missing(rows.columns[str(self._date)])
        of_day = None if self._of_day is None else rows.columns[str(self._of_day)]
        return self._clocks.instants(column, self.field, self.take, of_day)

    def _constant(self, rows: int) -> pa.Array:
        value = self.take.constant if self.take.constant is not None else self.take.default
        if value is None:
            return pa.nulls(rows, self._kind)
        return pa.repeat(pa.scalar(value, pa.string()), rows)

    def _without_missing(self, column: pa.Array) -> pa.Array:
        """The column without the values that stand for nothing."""
        if not len(self._missing) or not _is_text(column.type):
            return column
        return pc.if_else(pc.is_in(as_text(column), self._missing), None, column)


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_dictionary(kind))
