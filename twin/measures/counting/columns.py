"""Columns: one finished run, its hospital, its levels and its cut rows, as the passes read them.

All arrays are read-only and of one kind whoever made the trace, so that each pass is compiled once.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.case import Level
from twin.trace import Kind, Outcome, Trace
from twin.units import MS_HOUR, IntArray, hours

Flags = NDArray[np.bool_]

#: outcomes and kinds of lines as plain numbers, which compiled code takes as constants
OPEN, DONE, LEFT, REFUSED, BALKED, NO_SHOW = (int(outcome) for outcome in Outcome)
BOOKED, MISSED_VISIT, CANCELLED = int(Kind.BOOKED), int(Kind.NO_SHOW), int(Kind.CANCELLED)
STOPS, RESUMES, MOVED = int(Kind.STOPPED), int(Kind.RESUMED), int(Kind.MOVED)
ABANDONED, FLOATED = int(Kind.ABANDONED), int(Kind.FLOATED)
MISSED, RESERVE, SUBSTITUTED, TAKEN = (
    int(kind) for kind in (Kind.MISSED, Kind.RESERVE, Kind.SUBSTITUTED, Kind.TAKEN)
)
ORDERED, DELIVERED, EXPIRED = int(Kind.ORDERED), int(Kind.DELIVERED), int(Kind.EXPIRED)
FOUR_HOURS, TWELVE_HOURS, NOON = hours(4), hours(12), hours(12)

#: entries of ``Layout.department``
ELSEWHERE, EMERGENCY, OUTPATIENTS = range(3)


class Run(NamedTuple):
    """A trace and what its workload says, as columns; times in ms since the run began.

    Attributes
    ----------
    start, end : the measured days, or as much of them as was simulated [ms]
    until : end of what was simulated [ms]
    base : the hour at or before ``start`` from which hours are numbered [ms]
    hours : whole or begun hours of the measured days
    """

    start: int
    end: int
    until: int
    base: int
    hours: int
    # patients
    first: IntArray
    patient_class: IntArray
    origin: IntArray
    held: IntArray
    arrival: IntArray
    came: IntArray
    outcome: IntArray
    tray: IntArray
    appointment: IntArray
    session: IntArray
    # rows
    step: IntArray
    place: IntArray
    requested: IntArray
    started: IntArray
    ended: IntArray
    left: IntArray
    patience: IntArray
    delay: IntArray
    duration: IntArray
    # lines of the log
    at: IntArray
    kind: IntArray
    who: IntArray
    what: IntArray
    n: IntArray
    day_starts: IntArray


class Layout(NamedTuple):
    """A hospital as tables.

    Attributes
    ----------
    wards : number of wards, which come first among the places
    department : (place + 1,) of each place, that of no place first
    critical : (ward,) whether a ward is critical care
    first_place : (step,) first place of each step, or -1
    with_staff : (step,) whether a step is a task with people in an emergency place
    bundle_from, bundle_group, bundle_people : people of each step, rows of step s from ``bundle_from[s]``
    of_patient, with_kit : (step,) whether it is a patient's step, and one that takes a kit
    is_patient, scheduled : (class,) whether of patients; whether they come from a waiting list
    has_slots : (session,) ; ``rooms`` (session, place) the places that its patients come for
    pool : (group,) float pool of each group; itself where it has none
    nursed : (ward,) group by whose ratio a ward is nursed, or -1
    substitute : (item,) item that stands in for each, or -1
    """

    wards: int
    department: IntArray
    critical: Flags
    first_place: IntArray
    with_staff: Flags
    bundle_from: IntArray
    bundle_group: IntArray
    bundle_people: IntArray
    of_patient: Flags
    with_kit: Flags
    is_patient: Flags
    scheduled: Flags
    has_slots: Flags
    rooms: Flags
    pool: IntArray
    nursed: IntArray
    substitute: IntArray


class Levels(NamedTuple):
    """Levels of all places, then of all groups; those of number i from ``begin[i]`` to ``begin[i + 1]``."""

    begin: IntArray
    times: IntArray
    values: IntArray


class Sat(NamedTuple):
    """Sittings: session, opening and closing of each [ms], and whether it is held in the measured days."""

    session: IntArray
    opens: IntArray
    closes: IntArray
    measured: Flags


class Cuts(NamedTuple):
    """Pieces of the rows that the log cuts, shape (piece, 6); ``of_row`` the first of each row, or -1."""

    of_row: IntArray
    piece: IntArray


#: one number as a long column, by kind and number: what a column that was left out is read as
_filled: dict[tuple[type, int], NDArray[Any]] = {}


def _all_the_same(number: int, size: int, kind: type) -> NDArray[Any]:
    """A read-only column that says the same of all; made once, and shared by all runs."""
    known = _filled.get((kind, number))
    if known is None or known.size < size:
        known = np.full(size + size // 4, number, kind)
        known.flags.writeable = False
        _filled[kind, number] = known
    return known[:size]


def _column(values: NDArray[Any], kind: type) -> NDArray[Any]:
    """A column of patients or rows; one number that stands for all of them is not written out again."""
    if values.size and values.strides == (0,):
        return _all_the_same(int(values[0]), values.size, kind)
    return read_only(values, kind)


def read_only(values: Any, kind: type = np.int64) -> NDArray[Any]:
    """Values as a read-only array of one kind, not copied where they are so already."""
    array: NDArray[Any] = np.ascontiguousarray(values, dtype=kind).view()
    array.flags.writeable = False
    return array


_OF_PATIENTS = {
    "first": np.int64,
    "patient_class": np.int32,
    "origin": np.int8,
    "held": np.int32,
    "arrival": np.int64,
    "appointment": np.int64,
    "session": np.int32,
    "tray": np.int32,
}
_OF_ROWS = {"step": np.int32, "patience": np.int64, "delay": np.int64, "duration": np.int64}
_OF_TRACE = {
    "came": np.int64,
    "outcome": np.int8,
    "place": np.int32,
    **dict.fromkeys(("requested", "started", "ended", "left"), np.int64),
}
_OF_LOG = ("at", "kind", "who", "what", "n")


def run_of(trace: Trace) -> Run:
    """The columns of a trace, with the measured days."""
    work = trace.workload
    window, starts = work.window, work.clock.day_starts
    start = int(starts[window.warm_up])
    end = min(int(starts[window.warm_up + window.days]), trace.end)
    base = start // MS_HOUR * MS_HOUR
    return Run(
        start=start,
        end=end,
        until=trace.end,
        base=base,
        hours=max(-(-(end - base) // MS_HOUR), 0),
        **{name: _column(getattr(work, name), kind) for name, kind in (_OF_PATIENTS | _OF_ROWS).items()},
        **{name: read_only(getattr(trace, name), kind) for name, kind in _OF_TRACE.items()},
        **{name: read_only(getattr(trace.log, name)) for name in _OF_LOG},
        day_starts=read_only(starts),
    )


def levels_of(levels: list[Level]) -> Levels:
    """Levels one behind the other."""
    begin = np.cumsum([0, *(level.times.size for level in levels)])
    times = np.concatenate([level.times for level in levels] or [np.zeros(0, np.int64)])
    values = np.concatenate([level.values for level in levels] or [np.zeros(0, np.int64)])
    return Levels(read_only(begin), read_only(times), read_only(values))
