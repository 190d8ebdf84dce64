"""The balance of the census: those in a ward at midnight were there the midnight before, or came since.

Every way into a ward has its other end: an admission, or the same visit leaving another place not long
before; every way out a discharge, or the same visit elsewhere soon after. A ward and day with a way that has
no other end does not balance: a row or message is missing.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from twin.hospital import Hospital
from twin.records.folding.columns import NONE, Mask, is_, ms, there
from twin.units import IntArray, hours

#: longest way from one place to the next (assumed: an operation and recovery, of which nothing is told)
WAY_HOURS = 6
_TOLD = 1_000


@dataclass(frozen=True)
class WardDay:
    """One ward and day that does not balance. [patients]"""

    ward: str
    day: date
    before: int
    ins: int
    outs: int
    census: int
    unmatched_ins: int
    unmatched_outs: int


@dataclass(frozen=True)
class Balance:
    """How many ward-days there are, how many of them do not balance, and the first of these."""

    ward_days: int
    failing: int
    faults: tuple[WardDay, ...] = ()

    @property
    def share(self) -> float:
        """Share of the ward-days that do not balance, 0 to 1."""
        return self.failing / self.ward_days if self.ward_days else 0.0


class Ledger:
    """Ways in and out by ward and local day, from one bucket of visits after the other."""

    def __init__(self, hospital: Hospital) -> None:
        self._wards = list(hospital.wards)
        self._zone = hospital.timezone
        self._ways: dict[str, Counter[tuple[int, int]]] = {
            name: Counter() for name in ("ins", "outs", "unmatched_ins", "unmatched_outs")
        }

    def add(self, encounters: pa.Table, stays: pa.Table) -> None:
        """Visits, the stays of each in order of time and visits in one order in both tables."""
        if not stays.num_rows:
            return
        started, ended = ms(stays["started"]), ms(stays["ended"])
        waiting = stays.filter(pa.array(started == NONE))["encounter"]
        stays = stays.filter(pa.array(started != NONE))
        started, ended = started[started != NONE], ended[started != NONE]
        ward = pc.fill_null(pc.index_in(stays["place"], pa.array(self._wards, pa.string())), -1).to_numpy()
        matched_in, matched_out = _matched(encounters, stays, waiting, started, ended)
        for name, at, matched in (("ins", started, matched_in), ("outs", ended, matched_out)):
            there_ = (ward >= 0) & (at != NONE)
            self._count(name, ward[there_], at[there_])
            self._count(f"unmatched_{name}", ward[there_ & ~matched], at[there_ & ~matched])

    def _count(self, name: str, ward: IntArray, at: IntArray) -> None:
        days = _local_days(at, self._zone)
        pairs, times = np.unique(np.stack([ward, days]), axis=1, return_counts=True)
        for where, day, count in zip(*pairs.tolist(), times.tolist(), strict=True):
            self._ways[name][(where, day)] += count

    def close(self, now: datetime) -> Balance:
        """The balance of all ward-days, from the first way in to the last way of all."""
        days = [day for ways in self._ways.values() for _, day in ways]
        if not days:
            return Balance(0, 0)
        first, last = min(days), max(days)
        shape = (len(self._wards), last - first + 1)
        table = {name: np.zeros(shape, dtype=np.int64) for name in self._ways}
        for name, ways in self._ways.items():
            for (where, day), count in ways.items():
                table[name][where, day - first] = count
        census = np.cumsum(table["ins"] - table["outs"], axis=1)
        used = np.maximum.accumulate(table["ins"] > 0, axis=1)
        wrong = (table["unmatched_ins"] + table["unmatched_outs"] > 0) & used
        faults = []
        for where, day in np.argwhere(wrong)[:_TOLD].tolist():
            flows = {name: int(values[where, day]) for name, values in table.items()}
            before = int(census[where, day - 1]) if day else 0
            when = date.fromordinal(date(1970, 1, 1).toordinal() + first + day)
            faults.append(WardDay(self._wards[where], when, before, census=int(census[where, day]), **flows))
        return Balance(int(used.sum()), int(wrong.sum()), tuple(faults))


def _matched(
    encounters: pa.Table, stays: pa.Table, waiting: pa.ChunkedArray, started: IntArray, ended: IntArray
) -> tuple[Mask, Mask]:
    """Whether each stay's begin and end have their other end, shape (stay,) each.

    Who asked for the next place when leaving this one waited in between, however long.
    """
    way = hours(WAY_HOURS)
    visit = pc.index_in(stays["encounter"], encounters["encounter"].combine_chunks()).to_numpy()
    same = visit[1:] == visit[:-1]
    requested = ms(stays["requested"])
    asked = np.where(requested == NONE, started, np.minimum(requested, started))
    near = same & (ended[:-1] != NONE) & (asked[1:] - ended[:-1] <= way)
    before, after = np.append(False, near), np.append(near, False)
    is_first, is_last = np.append(True, ~same), np.append(~same, True)
    came, left = ms(encounters["started"])[visit], ms(encounters["ended"])[visit]
    finished = is_(encounters["status"], "finished")[visit] | there(encounters["outcome"])[visit]
    admitted = is_first & ((came == NONE) | (asked - came <= way))
    waits = np.isin(visit, pc.index_in(waiting, encounters["encounter"].combine_chunks()).to_numpy())
    gone = is_last & (waits | np.where(left == NONE, finished, np.abs(left - ended) <= way))
    return before | admitted, after | gone


def _local_days(at: IntArray, timezone: str) -> IntArray:
    """Local day of each instant, in days since 1970. Same shape."""
    instants = pa.array(at, pa.timestamp("ms", tz="UTC")).cast(pa.timestamp("ms", tz=timezone))
    day = pc.floor_temporal(pc.local_timestamp(instants), unit="day")
    return day.cast(pa.int64()).to_numpy() // hours(24)
