"""A view of a trace at one instant: what had happened before it, and nothing else."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from twin.calendar import Clock
from twin.case import Case
from twin.engine.rules import stay_shifts
from twin.hospital.pathway import Step
from twin.trace import UNSET, Kind, Outcome, Trace
from twin.units import MS_DAY, IntArray
from twin.workload import (
    FAR,
    HELD_LEFT,
    HOUSE_LEFT,
    NONE,
    PLACE_LEFT,
    STEP_ENDED,
    STOPPED,
    number_steps,
)

#: days of a clock that is made to find a discharge, and multiples of it
_CLOCK = 500
#: one line of the log: at [ms], kind, what, n
Line = tuple[int, int, int, int]


@dataclass(frozen=True)
class View:
    """What had happened in a run before the instant ``at``."""

    case: Case
    trace: Trace
    at: int  # [ms]

    def happened(self, column: IntArray) -> NDArray[np.bool_]:
        """Which instants of a column were before."""
        return (column != UNSET) & (column < self.at)

    @cached_property
    def steps(self) -> Sequence[Step]:
        """Steps by number."""
        pathways = self.case.hospital.pathways
        return [pathways[key.pathway].steps[key.index] for key in self.trace.steps]

    @cached_property
    def shifts(self) -> list[int]:
        """Shift of the drawn end of each step that a discharge profile ends. [ms]"""
        return stay_shifts(self.case.hospital, number_steps(self.case.hospital))

    @cached_property
    def asked(self) -> IntArray:
        """Rows that each patient had asked for, shape (patient,)."""
        first = self.trace.workload.first
        return np.add.reduceat(self.happened(self.trace.requested).astype(np.int64), first[:-1])

    @cached_property
    def present(self) -> IntArray:
        """Last row that each patient had asked for, -1 for none, shape (patient,)."""
        return np.where(self.asked > 0, self.trace.workload.first[:-1] + self.asked - 1, NONE)

    @cached_property
    def last_started(self) -> IntArray:
        """Last row of each patient that had started, -1 for none, shape (patient,)."""
        rows = np.where(self.happened(self.trace.started), np.arange(self.trace.started.size), NONE)
        return np.maximum.reduceat(rows, self.trace.workload.first[:-1])

    @cached_property
    def first_started(self) -> IntArray:
        """When each patient first started a row; ``FAR`` for none. shape (patient,) [ms]"""
        started = np.where(self.happened(self.trace.started), self.trace.started, FAR)
        return np.minimum.reduceat(started, self.trace.workload.first[:-1])

    @cached_property
    def out(self) -> IntArray:
        """When each patient was out of the house; ``FAR`` for who was not. shape (patient,) [ms]"""
        trace, work = self.trace, self.trace.workload
        out = np.full(work.patients, FAR, np.int64)
        own = np.flatnonzero(self.asked)
        row = self.present[own]
        over = self.happened(trace.ended)[row] & (row == self.last_started[own])
        out[own[over]] = trace.ended[row[over]]
        asked_in_all = np.add.reduceat((trace.requested != UNSET).astype(np.int64), work.first[:-1])
        gone = ~self.happened(trace.started)[row] & (trace.started[row] == UNSET)
        gone &= (self.asked[own] == asked_in_all[own]) & (trace.outcome[own] != Outcome.OPEN)
        own, row = own[gone], row[gone]
        waits = np.array([step.if_full == "waits" for step in self.steps])[work.step[row]]
        waits &= trace.outcome[own] != Outcome.BALKED
        patience = np.where(waits & (work.patience[row] != NONE), work.patience[row], 0)
        when = np.maximum(trace.requested[row] + patience, 0)
        out[own] = np.where(when < self.at, when, FAR)
        for who, lines in self.bookings.items():
            if lines[-1][1] == Kind.NO_SHOW:
                out[who] = lines[-1][0]
        return out

    @cached_property
    def joins(self) -> IntArray:
        """When each patient came (or joined a list), or will come for certain; else ``FAR``. [ms]"""
        work = self.trace.workload
        joins = work.arrival.copy()
        row = work.cue_row
        patient = self.trace.patient[row]
        given = np.full(row.size, FAR, np.int64)
        ended, left = self.happened(self.trace.ended)[row], self.happened(self.trace.left)[row]
        step, place = work.cue_kind == STEP_ENDED, work.cue_kind == PLACE_LEFT
        given[step & ended] = self.trace.ended[row][step & ended]
        given[place & left] = self.trace.left[row][place & left]
        house = (work.cue_kind == HOUSE_LEFT) | (place & ~left)
        given[house] = self.out[patient[house]]
        held = work.cue_kind == HELD_LEFT
        given[held] = np.minimum(self.out, self.first_started)[patient[held]]
        joins[work.cue_patient] = np.where(given == FAR, FAR, given + work.cue_gap)
        came = self.happened(self.trace.came)
        joins[came & (joins == FAR)] = self.trace.came[came & (joins == FAR)]
        return joins

    @cached_property
    def bookings(self) -> Mapping[int, list[Line]]:
        """What became of bookings before: by patient, in order of time."""
        return self._lines(Kind.BOOKED, Kind.NO_SHOW, Kind.CANCELLED)

    @cached_property
    def moves(self) -> Mapping[int, list[Line]]:
        """Stops, resumptions and moves before: by row, in order of time."""
        return self._lines(Kind.STOPPED, Kind.RESUMED, Kind.MOVED)

    @cached_property
    def promises(self) -> Mapping[int, list[Line]]:
        """Promises before: by row."""
        return self._lines(Kind.PROMISED)

    @cached_property
    def floats(self) -> Mapping[int, list[Line]]:
        """People of float pools taken before: by row, in order of time."""
        return self._lines(Kind.FLOATED)

    def _lines(self, *kinds: Kind) -> Mapping[int, list[Line]]:
        log = self.trace.log.only(*kinds)
        found: dict[int, list[Line]] = defaultdict(list)
        for at, kind, who, what, n in zip(log.at, log.kind, log.who, log.what, log.n, strict=True):
            if at < self.at:
                found[int(who)].append((int(at), int(kind), int(what), int(n)))
        return dict(found)


@dataclass(frozen=True)
class Stay:
    """A row that had started: where its patient was, whether stopped, and what was left of it."""

    place: int  # -1 for none
    stopped: bool
    ends: int  # when it ends, if it goes on [ms]
    left: int  # what is left of it, if stopped [ms]
    since: int  # last start or resumption [ms]


def stay_of(view: View, row: int) -> Stay:
    """How a row that had started stood."""
    trace, work = view.trace, view.trace.workload
    patient = int(trace.patient[row])
    there = row == work.first[patient] and work.arrival[patient] < 0
    place, since = int(trace.place[row]), int(trace.started[row])
    stopped, left = False, 0
    if there and work.origin[patient] == STOPPED:
        stopped, left, ends = True, int(work.duration[row]), FAR
    else:
        ends = _end(view, row, max(since, 0) if there else since)
    lines = [line for line in view.moves.get(row, []) if line[0] >= trace.started[row]]  # of this visit
    for at in sorted({line[0] for line in lines}):
        now = [line for line in lines if line[0] == at]
        turns = sum(line[1] != Kind.MOVED for line in now)
        if turns and not stopped:
            left = ends - at
        stopped ^= turns % 2 == 1
        if turns and not stopped:
            ends, since = at + left, at
        place = _place_after(now, place, stopped=stopped)
    return Stay(place, stopped, ends, left, since)


def _place_after(now: list[Line], place: int, *, stopped: bool) -> int:
    """Place held after the lines of one instant."""
    for _, kind, what, n in now:
        if kind == Kind.MOVED or (kind == Kind.RESUMED and not stopped):
            place = what
        elif kind == Kind.STOPPED and stopped:
            place = what if n else NONE
    return place


def _end(view: View, row: int, begins: int) -> int:
    """When a step ends: after its length or, for a discharge, at its hour of that day. [ms]"""
    work = view.trace.workload
    end, wall = begins + int(work.duration[row]), int(work.wall[row])
    if wall == NONE:
        return end
    shifted = max(end + view.shifts[work.step[row]], 0)
    clock = Clock(work.clock.start, work.clock.timezone, ((shifted // MS_DAY + 3) // _CLOCK + 1) * _CLOCK)
    day = int(np.searchsorted(clock.day_starts, shifted, side="right")) - 1
    while True:
        hour = int(clock.instant(np.asarray(day), np.asarray(wall)))
        if hour > begins:
            return hour
        day += 1
