"""Census: how many patients are in the beds of each ward, and how many wait for one.

Need is both together: in a bed or waiting for it. A patient who waits is counted at the first ward
of the request, whichever bed he gets in the end. [patients]
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.hospital import Hospital
from twin.measures.levels import levels_at, open_time
from twin.measures.stays import cut_rows, displaced, stays, wait_ends
from twin.measures.view import first_places
from twin.trace import UNSET, Trace
from twin.units import MS_HOUR, IntArray
from twin.workload import WAITING

__all__ = ["Need", "count_by_group", "count_present", "levels_at", "need", "occupied", "open_time"]


@dataclass(frozen=True)
class Need:
    """Counts by ward and instant.

    Attributes
    ----------
    ms : (instant,) [ms since the run began]
    wards : names, axis 0 of the counts
    in_beds, waiting, open_beds : (ward, instant) [patients, patients, beds]
    waiting_elsewhere : (instant,) of those who wait, how many hold a bed of another ward [patients]
    """

    ms: IntArray
    wards: tuple[str, ...]
    in_beds: IntArray
    waiting: IntArray
    open_beds: IntArray
    waiting_elsewhere: IntArray

    @property
    def need(self) -> IntArray:
        """In a bed or waiting for one, shape (ward, instant). [patients]"""
        return self.in_beds + self.waiting

    @property
    def total(self) -> IntArray:
        """Whole house, each patient once, shape (instant,). [patients]"""
        return self.need.sum(axis=0) - self.waiting_elsewhere


def need(trace: Trace, hospital: Hospital, *, every_hours: int = 1) -> Need:
    """Patients in beds and waiting for one, by ward, every so many hours of the whole run."""
    wards = tuple(hospital.wards)
    n, step = len(wards), every_hours * MS_HOUR
    ms = np.arange(0, trace.end, step, dtype=np.int64)
    cut = cut_rows(trace)
    held = stays(trace, cut)
    in_ward = held.place < n
    in_beds = count_by_group(
        held.place[in_ward], held.begin[in_ward], held.end[in_ward], n, step=step, instants=ms.size
    )
    first = first_places(trace, hospital)[trace.workload.step]
    asks = np.flatnonzero((first >= 0) & (first < n) & (trace.requested != UNSET))
    begin, end = trace.requested[asks], wait_ends(trace)[asks]
    waiting = count_by_group(first[asks], begin, end, n, step=step, instants=ms.size)
    away = displaced(trace, cut)
    if away.row.size:
        to = first[away.row]
        chosen = (to >= 0) & (to < n)
        waiting += count_by_group(
            to[chosen], away.begin[chosen], away.end[chosen], n, step=step, instants=ms.size
        )
    elsewhere = _keeps_a_ward(trace, asks, n)
    levels = [levels_at(trace.schedule.levels[ward], ms) for ward in wards]
    return Need(
        ms,
        wards,
        in_beds,
        waiting,
        np.stack(levels) if levels else np.empty((0, ms.size), np.int64),
        count_present(begin[elsewhere], end[elsewhere], ms),
    )


def count_present(begins: IntArray, ends: IntArray, at: IntArray) -> IntArray:
    """How many intervals [begin, end) hold each instant, shape of ``at``."""
    started = np.searchsorted(np.sort(begins), at, side="right")
    over = np.searchsorted(np.sort(ends), at, side="right")
    return started - over


def count_by_group(
    group: IntArray, begins: IntArray, ends: IntArray, groups: int, *, step: int, instants: int
) -> IntArray:
    """How many intervals [begin, end) of each group hold the instants 0, step, 2 step, ...

    Returns
    -------
    IntArray, shape (group, instant)
    """
    wide = instants + 1
    since = np.clip(-(-begins // step), 0, instants)
    until = np.clip(-(-ends // step), 0, instants)
    change = np.bincount(group * wide + since, minlength=groups * wide)
    change = change - np.bincount(group * wide + until, minlength=groups * wide)
    return np.cumsum(change.reshape(groups, wide), axis=1)[:, :instants]


def occupied(begins: IntArray, ends: IntArray, start: int, end: int) -> int:
    """Time spent in [start, end) by all intervals together. [ms]"""
    return int(np.clip(np.minimum(ends, end) - np.maximum(begins, start), 0, None).sum())


def _keeps_a_ward(trace: Trace, asks: IntArray, wards: int) -> NDArray[np.bool_]:
    """Whether who asks in each of these rows waits in a ward bed that an earlier step took."""
    if not asks.size:
        return np.zeros(0, dtype=bool)
    work, cut = trace.workload, cut_rows(trace)
    place = trace.place.astype(np.int64)
    moved = cut.only(cut.current)
    place[moved.row] = moved.place  # of one row in order: where he was last stays
    before = np.maximum(asks - 1, 0)
    skipped = (trace.started[before] == UNSET) & (trace.requested[before] != UNSET)
    if skipped.any():  # the place is that of the last row that started
        rows = np.arange(place.size)
        before = np.maximum.accumulate(np.where(trace.started != UNSET, rows, 0))[before]
    same = (before < asks) & (trace.patient[before] == trace.patient[asks])
    kept = (trace.left[before] == UNSET) | (trace.left[before] > trace.ended[before])
    keeps = same & kept & (place[before] >= 0) & (place[before] < wards)
    first = asks == work.first[trace.patient[asks]]
    found = np.where(work.origin == WAITING, work.held, -1)[trace.patient[asks]]
    return keeps | (first & (found >= 0) & (found < wards))
