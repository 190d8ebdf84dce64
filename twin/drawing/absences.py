"""Absences: how many people of each shift are away for all of it."""

from __future__ import annotations

import numpy as np
from scipy import stats

from twin.calendar import Clock
from twin.hospital import Hospital
from twin.schedule import shift_spans
from twin.streams import mix, name_key, uniform
from twin.units import IntArray


def draw_absences(hospital: Hospital, clock: Clock, end: int, base: np.uint64) -> IntArray:
    """Rows of ``Workload.absent``: (group, from, until [ms], people away).

    Of each shift on each date as many as the binomial quantile of one uniform number, keyed by (group,
    shift, date), says. A shift belongs to the date on which it begins.
    """
    rows: list[IntArray] = [np.zeros((0, 4), np.int64)]
    for number, (name, group) in enumerate(hospital.staff.items()):
        if group.absence == 0:
            continue
        for shift in group.shifts:
            worked = [span[1:] for span in shift_spans(hospital, clock, name) if span[0] == shift]
            spans = np.array(worked, np.int64).reshape(-1, 3)
            spans = spans[spans[:, 0] < end]
            day = np.searchsorted(clock.day_starts, spans[:, 0], side="right") - 1
            key = mix(
                base, name_key("absence"), name_key(name), name_key(shift), day + clock.start.toordinal()
            )
            away = stats.binom.ppf(uniform(key), spans[:, 2], group.absence).astype(np.int64)
            table = np.column_stack([np.full(day.size, number), spans[:, :2], away])
            rows.append(table[away > 0])
    return np.concatenate(rows)
