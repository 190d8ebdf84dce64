"""Absences: how many people of each shift are away for all of it."""

from __future__ import annotations

import numpy as np

from twin.calendar import Clock
from twin.drawing.counts import people_away
from twin.drawing.once import Once
from twin.hospital import Hospital
from twin.schedule import shift_spans
from twin.streams import UIntArray, mix, name_key, uniform
from twin.units import IntArray

#: shifts worked by group (its number, shift's name, spans as of ``shift_spans``), of a hospital and a clock
_WORKED: Once[list[tuple[int, str, IntArray]]] = Once()


def draw_absences(hospital: Hospital, clock: Clock, end: int, base: np.uint64) -> IntArray:
    """Rows of ``Workload.absent``: (group, from, until [ms], people away).

    Of each shift on each date as many as the binomial quantile of one uniform number, keyed by (group,
    shift, date), says. A shift belongs to the date on which it begins.
    """
    rows: list[IntArray] = [np.zeros((0, 4), np.int64)]
    groups = list(hospital.staff.items())
    for number, shift, spans in _WORKED.get(lambda: _worked(hospital, clock), hospital, also=clock):
        name, group = groups[number]
        spans = spans[spans[:, 0] < end]
        u = uniform(_keys(clock, name, shift, spans, base))
        away = people_away(u, group.shifts[shift].on_duty, group.absence)
        table = np.column_stack([np.full(away.size, number), spans, away])
        rows.append(table[away > 0])
    return np.concatenate(rows)


def _keys(clock: Clock, group: str, shift: str, spans: IntArray, base: np.uint64) -> UIntArray:
    day = np.searchsorted(clock.day_starts, spans[:, 0], side="right") - 1
    ordinal = day + clock.start.toordinal()
    return mix(base, name_key("absence"), name_key(group), name_key(shift), ordinal)


def _worked(hospital: Hospital, clock: Clock) -> list[tuple[int, str, IntArray]]:
    """Spans (from, until [ms]) of each shift of the groups in which some may be absent, shape (span, 2)."""
    worked = []
    for number, (name, group) in enumerate(hospital.staff.items()):
        if group.absence > 0:
            spans = list(shift_spans(hospital, clock, name))
            for shift in group.shifts:
                own = [(begins, ends) for worked_by, begins, ends, _ in spans if worked_by == shift]
                worked.append((number, shift, np.array(own, np.int64).reshape(-1, 2)))
    return worked
