"""Absences: how many people of each shift are away for all of it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from twin.calendar import Clock
from twin.drawing.counts import people_away
from twin.hospital import Hospital
from twin.once import Once
from twin.plan import Plan
from twin.schedule import shift_spans
from twin.streams import UIntArray, mix, name_key, root, uniform
from twin.units import IntArray

if TYPE_CHECKING:
    from twin.workload import Workload


class _Shifts(NamedTuple):
    """Every shift of every date of the groups in which some may be absent, one entry each time it is worked.

    ``alike`` are the entries of one shift of one group to which equally many come: (their rows, people on
    the shift, chance that one is away).
    """

    span: IntArray  # group, from, until [ms]
    group: UIntArray
    shift: UIntArray
    date: IntArray  # on which it begins, as an ordinal
    alike: list[tuple[IntArray, int, float]]


_WORKED: Once[_Shifts] = Once()


def draw_absences(hospital: Hospital, clock: Clock, end: int, base: np.uint64) -> IntArray:
    """Rows of ``Workload.absent``: (group, from, until [ms], people away).

    Of each shift on each date as many as the binomial quantile of one uniform number, keyed by (group,
    shift, date), says. A shift belongs to the date on which it begins.
    """
    worked = _WORKED.get(lambda: _worked(hospital, clock, Plan.empty()), hospital, also=clock)
    return _draw(worked, end, base)


def absences_under(hospital: Hospital, plan: Plan, workload: Workload) -> IntArray:
    """``Workload.absent`` as it is under a plan: of the people whom the plan asks, the same chance.

    Where a plan names the cover of a group, as many of its people are away as the same uniform number
    of each shift and date says of the number then on it. Groups that it does not name keep their rows.
    """
    asked = [i for i, (name, g) in enumerate(hospital.staff.items()) if name in plan.cover and g.absence > 0]
    if not asked:
        return workload.absent
    make = partial(_worked, hospital, workload.clock, plan)
    worked = _WORKED.get(make, hospital, plan, also=workload.clock)
    drawn = _draw(worked, workload.end, root(workload.seed, workload.replication))
    kept = workload.absent[~np.isin(workload.absent[:, 0], asked)]
    return np.concatenate([kept, drawn[np.isin(drawn[:, 0], asked)]])


def _draw(worked: _Shifts, end: int, base: np.uint64) -> IntArray:
    u = uniform(mix(base, name_key("absence"), worked.group, worked.shift, worked.date))
    away = np.zeros(u.size, np.int64)
    for rows, people, chance in worked.alike:
        away[rows] = people_away(u[rows], people, chance)
    return np.column_stack([worked.span, away])[(away > 0) & (worked.span[:, 1] < end)]


def _worked(hospital: Hospital, clock: Clock, plan: Plan) -> _Shifts:
    spans, groups, shifts, alike, first = [np.zeros((0, 3), np.int64)], [], [], [], 0
    for number, (name, group) in enumerate(hospital.staff.items()):
        worked = list(shift_spans(hospital, clock, name, plan)) if group.absence > 0 else []
        for shift in group.shifts if worked else ():
            own = [(number, begins, ends) for which, begins, ends, _ in worked if which == shift]
            people = np.array([n for which, *_, n in worked if which == shift], np.int64)
            spans.append(np.array(own, np.int64).reshape(-1, 3))
            groups += [name_key(name)] * len(own)
            shifts += [name_key(shift)] * len(own)
            for n in np.unique(people).tolist():
                alike.append((first + np.flatnonzero(people == n), n, group.absence))
            first += len(own)
    span = np.concatenate(spans)
    day = np.searchsorted(clock.day_starts, span[:, 1], side="right") - 1
    date = day + clock.start.toordinal()
    return _Shifts(span, np.array(groups, np.uint64), np.array(shifts, np.uint64), date, alike)
