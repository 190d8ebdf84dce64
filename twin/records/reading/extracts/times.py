"""Times: columns of text, dates or instants as instants of the event table, by one stated set of rules.

A time is ISO 8601 or in a way that the mapping declares; 03/04/2024 is never guessed. Without an offset it is
what the hospital's clocks showed. A date alone stands for an hour that the mapping states (noon, unless
said).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from twin.records.localtime import ambiguous_dates
from twin.records.reading.extracts.mapping import Take, Times
from twin.records.reading.extracts.values import Found, Wrong, as_text
from twin.records.reading.extracts.wall import NOT_A_TIME, Mask, Ms, Wall

LAST_YEAR = 2200
_MINUTE = 60_000
_DAY = 24 * 60 * _MINUTE
_TOO_LATE = int(np.datetime64(f"{LAST_YEAR + 1}-01-01", "ms").astype(np.int64))
_ISO = r"^\d{4}-\d{2}-\d{2}(?:[ T]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)?$"
_ISO_OFFSET = r"^\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)? ?(?:[Zz]|[+-]\d{2}(?::?\d{2})?)$"
_OF_DAY = re.compile(r"([01]?\d|2[0-3]):?([0-5]\d)(?::?([0-5]\d)(?:\.\d+)?)?", re.ASCII)


@dataclass
class Instants:
    """Instants of a column.

    Attributes
    ----------
    ms
        Since 1970 UTC; ``NOT_A_TIME`` where there is none.
    dates
        Where only a date was told.
    repeated
        How many were shown twice by the clocks and told without an offset.
    faults
        Rows whose text is no time.
    """

    ms: Ms
    dates: Mask
    repeated: int
    faults: list[Found]

    @property
    def given(self) -> Mask:
        """Where there is one."""
        return np.asarray(self.ms != NOT_A_TIME)

    def filled_with(self, other: Instants) -> Instants:
        """Those of another column where there is none here; a text that is no time stays a fault."""
        empty = ~self.given
        return Instants(
            np.where(empty, other.ms, self.ms),
            np.where(empty, other.dates, self.dates),
            self.repeated + other.repeated,
            [*self.faults, *other.faults],
        )


@dataclass
class _Local:
    """Local times, and those that came with an offset: instants already."""

    ms: Ms
    dates: Mask
    instants: Mask


class Clocks:
    """How the times of one file are read."""

    def __init__(self, wall: Wall, timezone: str, times: Times) -> None:
        self._wall, self._timezone, self._times = wall, timezone, times
        self._first = int(np.datetime64(f"{times.first_year}-01-01", "ms").astype(np.int64))

    def instants(self, column: pa.Array, field: str, take: Take, of_day: pa.Array | None = None) -> Instants:
        """Instants of a column, and with a second column of the times of day."""
        faults: list[Found] = []
        local = self._local(column, field, faults)
        if of_day is not None:
            _put_together(local, as_text(of_day), take.time[0], faults)
        given = local.ms != NOT_A_TIME
        noon = local.dates & given
        local.ms[noon] += _of_day(take.hour or self._times.hour)
        odd = given & ((local.ms < self._first) | (local.ms >= _TOO_LATE))
        rule = f"{field} lies between {self._times.first_year} and {LAST_YEAR}"
        self._tell(faults, odd, column, field, Wrong(rule, "correct the year", "E_RANGE"))
        given &= ~odd
        walled = given & ~local.instants
        skipped = walled & self._wall.skipped(local.ms)
        rule = f"{field} is no time of that day: in {self._timezone} the clocks go forward over it"
        cure = "write what the hospital's clocks showed, an hour later or earlier"
        self._tell(faults, skipped, column, field, Wrong(rule, cure, "E_NONEXISTENT_TIME"))
        repeated = int((walled & self._wall.repeated(local.ms)).sum())
        ms = np.where(walled, self._wall.instants(local.ms), local.ms)
        ms[~given | skipped] = NOT_A_TIME
        return Instants(ms, noon & given, repeated, faults)

    def local(self, column: pa.Array, field: str, faults: list[Found]) -> Ms:
        """Local times of a column, a date as its midnight; ``NOT_A_TIME`` where there is none."""
        return self._local(column, field, faults).ms

    def _tell(self, faults: list[Found], rows: Mask, column: pa.Array, field: str, wrong: Wrong) -> None:
        positions = np.flatnonzero(rows)
        if len(positions):
            values = column.take(pa.array(positions)).cast(pa.string()).to_pylist()
            faults.append(Found(positions, field, values, [wrong] * len(positions)))

    def _local(self, column: pa.Array, field: str, faults: list[Found]) -> _Local:
        kind = column.type
        if pa.types.is_date(kind):
            ms = _ms(column.cast(pa.timestamp("ms")))
            return _Local(ms, np.ones(len(column), bool), np.zeros(len(column), bool))
        if pa.types.is_timestamp(kind):
            ms = _ms(column)
            nothing = np.zeros(len(column), bool)
            return _Local(ms, nothing, ~nothing if kind.tz is not None else nothing)
        text = as_text(column)
        return self._parsed(
            text.dictionary_decode() if isinstance(text, pa.DictionaryArray) else text, field, faults
        )

    def _parsed(self, text: pa.StringArray, field: str, faults: list[Found]) -> _Local:
        """Text as local times; every way that is declared is tried in turn."""
        length = pc.fill_null(pc.binary_length(text), 0)
        lengths = np.asarray(length)
        rest = lengths > 0
        iso = rest & np.asarray(pc.fill_null(pc.match_substring_regex(text, _ISO), False))
        local = _Local(_read(text, iso, None), iso & (lengths == 10), np.zeros(len(text), bool))
        rest &= local.ms == NOT_A_TIME
        if rest.any():
            offset = rest & np.asarray(pc.fill_null(pc.match_substring_regex(text, _ISO_OFFSET), False))
            _fill(local, text, offset, None, instants=True)
            rest &= local.ms == NOT_A_TIME
        for way in self._times.formats:
            if rest.any():
                _fill(local, text, rest & np.asarray(pc.fill_null(pc.string_is_ascii(text), False)), way)
                rest &= local.ms == NOT_A_TIME
        if rest.any():
            self._tell_unread(text, rest, field, faults)
        return local

    def _tell_unread(self, text: pa.StringArray, rest: Mask, field: str, faults: list[Found]) -> None:
        either = np.zeros(len(text), bool)
        either[rest] = ambiguous_dates(text.filter(pa.array(rest)).to_pandas()).to_numpy()
        rule = f"{field} may be day/month or month/day, and is never guessed"
        cure = "write 2024-03-31 14:00, or declare `formats` in the mapping"
        self._tell(faults, either, text, field, Wrong(rule, cure, "E_AMBIGUOUS_DATE"))
        cure = "write 2024-03-31 14:00 (03/04/2024 is ambiguous); leave it empty where it has not happened"
        self._tell(
            faults, rest & ~either, text, field, Wrong(f"{field} is an ISO date and time", cure, "E_DATE")
        )


def _ms(column: pa.Array) -> Ms:
    """Milliseconds of timestamps; ``NOT_A_TIME`` where missing or past what can be told."""
    whole = np.asarray(column.cast(pa.int64()).fill_null(NOT_A_TIME))
    parts = {"s": 0, "ms": 1, "us": 1_000, "ns": 1_000_000}[column.type.unit]
    if parts:
        return np.where(whole == NOT_A_TIME, NOT_A_TIME, whole // parts)
    far = np.abs(whole) > 2**52
    return np.where(whole == NOT_A_TIME, NOT_A_TIME, np.where(far, _TOO_LATE, whole * 1000))


def _read(text: pa.StringArray, rows: Mask, way: str | None, *, instants: bool = False) -> Ms:
    """Milliseconds of the texts in these rows; ``NOT_A_TIME`` elsewhere and where a text is no time."""
    ms = np.full(len(text), NOT_A_TIME)
    if not rows.any():
        return ms
    chosen = text if rows.all() else text.filter(pa.array(rows))
    if way is None:
        try:
            ms[rows] = _ms(chosen.cast(pa.timestamp("us", "UTC" if instants else None)))
            return ms
        except pa.ArrowInvalid:
            pass  # one of them is no time, as 2024-02-30: each by itself
    read = pd.to_datetime(chosen.to_pandas(), format=way or "ISO8601", errors="coerce", utc=instants)
    values = read.dt.tz_localize(None) if instants else read
    ms[rows] = _ms(pa.array(values.astype("datetime64[us]")).cast(pa.timestamp("us")))
    return ms


def _fill(
    local: _Local, text: pa.StringArray, rows: Mask, way: str | None, *, instants: bool = False
) -> None:
    found = _read(text, rows, way, instants=instants)
    there = found != NOT_A_TIME
    local.ms[there] = found[there]
    local.instants[there] = instants
    if way is not None and "%H" not in way and "%I" not in way and "%T" not in way and "%X" not in way:
        local.dates |= there


def _put_together(local: _Local, of_day: pa.Array, field: str, faults: list[Found]) -> None:
    """Add the times of day to the dates."""
    coded = of_day if isinstance(of_day, pa.DictionaryArray) else of_day.dictionary_encode()
    words = coded.dictionary.to_pylist()
    wrong = Wrong(f"{field} is a time of day", "write 14:00", "E_DATE")
    times = np.array([_of_day(word) if word else -1 for word in words] + [-1], np.int64)
    indices = np.asarray(coded.indices.fill_null(-1))
    given = times[indices]
    bad = np.flatnonzero(given == -2)
    if len(bad):
        faults.append(Found(bad, field, [words[at] for at in indices[bad]], [wrong] * len(bad)))
    both = (given >= 0) & (local.ms != NOT_A_TIME)
    local.ms[both] = local.ms[both] // _DAY * _DAY + given[both]
    local.dates &= ~both


def _of_day(text: str) -> int:
    """Milliseconds since midnight; -2 where the text is no time of day."""
    found = _OF_DAY.fullmatch(text.strip().rsplit(" ", 1)[-1])
    if not found:
        return -2
    hour, minute, second = (int(part or 0) for part in found.groups())
    return (hour * 60 + minute) * _MINUTE + second * 1000
