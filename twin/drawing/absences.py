"""Absences: how many people of each shift are away for all of it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from twin.calendar import Clock
from twin.drawing.counts import people_away
from twin.hospital import Hospital
from twin.once import Once
from twin.schedule import shift_spans
from twin.streams import UIntArray, mix, name_key, uniform
from twin.units import IntArray


class _Shifts(NamedTuple):
    """Every shift of every date of the groups in which some may be absent, one entry each time it is worked.

    Those of one shift of one group stand together: ``alike`` is (first, after the last, people on duty,
    chance that one is away) of each.
    """

    span: IntArray  # group, from, until [ms]
    group: UIntArray
    shift: UIntArray
    date: IntArray  # on which it begins, as an ordinal
    alike: list[tuple[int, int, int, float]]


_WORKED: Once[_Shifts] = Once()


def draw_absences(hospital: Hospital, clock: Clock, end: int, base: np.uint64) -> IntArray:
    """Rows of ``Workload.absent``: (group, from, until [ms], people away).

    Of each shift on each date as many as the binomial quantile of one uniform number, keyed by (group,
    shift, date), says. A shift belongs to the date on which it begins.
    """
    worked = _WORKED.get(lambda: _worked(hospital, clock), hospital, also=clock)
    u = uniform(mix(base, name_key("absence"), worked.group, worked.shift, worked.date))
    away = np.zeros(u.size, np.int64)
    for first, last, people, chance in worked.alike:
        away[first:last] = people_away(u[first:last], people, chance)
    return np.column_stack([worked.span, away])[(away > 0) & (worked.span[:, 1] < end)]


def _worked(hospital: Hospital, clock: Clock) -> _Shifts:
    spans, groups, shifts, alike, first = [np.zeros((0, 3), np.int64)], [], [], [], 0
    for number, (name, group) in enumerate(hospital.staff.items()):
        worked = list(shift_spans(hospital, clock, name)) if group.absence > 0 else []
        for shift in group.shifts if worked else ():
            own = [(number, begins, ends) for which, begins, ends, _ in worked if which == shift]
            spans.append(np.array(own, np.int64).reshape(-1, 3))
            groups += [name_key(name)] * len(own)
            shifts += [name_key(shift)] * len(own)
            alike.append((first, first + len(own), group.shifts[shift].on_duty, group.absence))
            first += len(own)
    span = np.concatenate(spans)
    day = np.searchsorted(clock.day_starts, span[:, 1], side="right") - 1
    date = day + clock.start.toordinal()
    return _Shifts(span, np.array(groups, np.uint64), np.array(shifts, np.uint64), date, alike)
