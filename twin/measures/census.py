"""Census: how many patients are in the beds of each ward, and how many wait for one.

Need is both together: in a bed or waiting for it. A patient who waits is counted at the first ward
of the request, whichever bed he gets in the end. [patients]
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.case import Level
from twin.hospital import Hospital
from twin.trace import UNSET, Trace
from twin.units import MS_HOUR, IntArray
from twin.workload import NONE, WAITING

_LATER = np.iinfo(np.int64).max


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
    ms = np.arange(0, trace.end, every_hours * MS_HOUR, dtype=np.int64)
    first = first_places(trace, hospital)[trace.workload.step]
    asked = trace.requested != UNSET
    until_start = np.where(trace.started == UNSET, _LATER, trace.started)
    until_left = np.where(trace.left == UNSET, _LATER, trace.left)
    found, found_until = found_waiting(trace)
    in_beds = np.empty((len(wards), ms.size), np.int64)
    waiting = np.empty_like(in_beds)
    open_beds = np.empty_like(in_beds)
    for i, ward in enumerate(wards):
        inside = (trace.place == i) & (trace.started != UNSET)
        in_beds[i] = count_present(trace.started[inside], until_left[inside], ms)
        boarding = found_until[found == i]
        in_beds[i] += count_present(np.zeros_like(boarding), boarding, ms)
        waits = asked & (first == i)
        waiting[i] = count_present(trace.requested[waits], until_start[waits], ms)
        open_beds[i] = levels_at(trace.schedule.levels[ward], ms)
    elsewhere = asked & (first >= 0) & (first < len(wards)) & _kept_a_ward(trace, len(wards))
    return Need(
        ms,
        wards,
        in_beds,
        waiting,
        open_beds,
        count_present(trace.requested[elsewhere], until_start[elsewhere], ms),
    )


def found_waiting(trace: Trace) -> tuple[IntArray, IntArray]:
    """Beds and places kept, when the run begins, by those who wait for their next step.

    No row of the trace tells of them: the step that took the place was over before the run.

    Returns
    -------
    place, until : shape (such patients,)
        Place kept from 0 until the next step starts, or for ever. [ms]
    """
    work = trace.workload
    who = np.flatnonzero((work.origin == WAITING) & (work.held != NONE))
    started = trace.started[work.first[who]]
    return work.held[who], np.where(started == UNSET, _LATER, started)


def first_places(trace: Trace, hospital: Hospital) -> IntArray:
    """First place of each numbered step in the order of ``trace.places``, or -1, shape (step,)."""
    firsts = []
    for key in trace.steps:
        places = hospital.pathways[key.pathway].steps[key.index].alternatives()
        firsts.append(trace.places.index(places[0].place) if places else -1)
    return np.asarray(firsts, dtype=np.int64)


def count_present(begins: IntArray, ends: IntArray, at: IntArray) -> IntArray:
    """How many intervals [begin, end) hold each instant, shape of ``at``."""
    started = np.searchsorted(np.sort(begins), at, side="right")
    over = np.searchsorted(np.sort(ends), at, side="right")
    return started - over


def levels_at(level: Level, at: IntArray) -> IntArray:
    """A level at each instant, shape of ``at``."""
    return level.values[np.searchsorted(level.times, at, side="right") - 1]


def occupied(begins: IntArray, ends: IntArray, start: int, end: int) -> int:
    """Time spent in [start, end) by all intervals together. [ms]"""
    return int(np.clip(np.minimum(ends, end) - np.maximum(begins, start), 0, None).sum())


def open_time(level: Level, start: int, end: int) -> int:
    """Level integrated over [start, end). [beds x ms]"""
    begins = level.times
    ends = np.append(level.times[1:], _LATER)
    spans = np.clip(np.minimum(ends, end) - np.maximum(begins, start), 0, None)
    return int((spans * level.values).sum())


def _kept_a_ward(trace: Trace, wards: int) -> IntArray:
    """Rows whose patient waits in a ward bed that the step before took."""
    before = trace.before(trace.place, -1)
    left_before = trace.before(trace.left, UNSET)
    kept = (left_before == UNSET) | (left_before > trace.before(trace.ended, UNSET))
    found = np.full(before.shape, -1, np.int64)  # kept from before the run
    waits = (trace.workload.origin == WAITING) & (np.diff(trace.workload.first) > 0)
    found[trace.workload.first[:-1][waits]] = trace.workload.held[waits]
    return ((before >= 0) & (before < wards) & kept) | ((found >= 0) & (found < wards))
