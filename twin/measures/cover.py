"""Cover: how busy the people on duty are, and how many more are wanted than are there."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from twin.calendar import Clock
from twin.hospital import Hospital
from twin.hospital.places import Nursing, StaffGroup
from twin.measures.census import count_by_group
from twin.measures.levels import levels_at, open_time
from twin.measures.measure import Measure, ratio, undefined
from twin.measures.stays import overlap, worked
from twin.measures.view import View
from twin.trace import Kind
from twin.units import MS_HOUR, FloatArray, IntArray, to_hours
from twin.workload import IN_STEP, StepKey

ROWS = (
    Measure(
        "staff_use",
        "Staff at work",
        "%",
        "",
        "hours at work with patients / hours on duty, of the groups that do timed tasks",
    ),
    Measure(
        "shortfall_hours_a_day",
        "Short of staff",
        "hours of work a day",
        "down",
        "people wanted (at work; nurses by the wards' ratios) - on duty, where positive, on the hour",
    ),
    Measure(
        "floated_a_day",
        "Lent from a float pool",
        "people a day",
        "down",
        "people of float pools who stood in, a day",
    ),
)


@dataclass(frozen=True)
class Cover:
    """Each group over the measured days, in order of ``hospital.staff``; shape (group,) each. [hours]

    ``short`` counts, on the hour, people wanted beyond those on duty.
    """

    at_work: FloatArray
    on_duty: FloatArray
    short: FloatArray


def cover(view: View) -> dict[str, float]:
    """Use, shortfall and float use."""
    hospital = view.hospital
    if not hospital.staff:
        return undefined(ROWS)
    known = cover_of(view)
    tasks = bundles(view.hospital, view.trace.steps).any(axis=0)
    floated = view.trace.log.only(Kind.FLOATED)
    inside = (floated.at >= view.start) & (floated.at < view.end)
    has_pools = any(g.float_pool is not None for g in hospital.staff.values())
    return {
        "staff_use": ratio(100 * known.at_work[tasks].sum(), known.on_duty[tasks].sum()),
        "shortfall_hours_a_day": float(known.short.sum() / view.days),
        "floated_a_day": float(floated.n[inside].sum() / view.days) if has_pools else math.nan,
    }


def cover_of(view: View) -> Cover:
    """Hours at work, on duty and short, by group."""
    levels = [view.trace.schedule.levels[name] for name in view.hospital.staff]
    hours = np.arange(-(-view.start // MS_HOUR), -(-view.end // MS_HOUR)) * MS_HOUR
    at_work, busy = _at_work(view, hours)
    wanted = busy + _nurses_wanted(view, hours)
    on_duty = np.array([open_time(level, view.start, view.end) for level in levels])
    there = np.stack([levels_at(level, hours) for level in levels])
    short = np.maximum(wanted - there, 0).sum(axis=1)
    return Cover(to_hours(at_work), to_hours(on_duty), short)


def bundles(hospital: Hospital, steps: Sequence[StepKey]) -> IntArray:
    """People of each group at each step, shape (step, group)."""
    groups = list(hospital.staff)
    need = np.zeros((len(steps), len(groups)), np.int64)
    for i, key in enumerate(steps):
        for group, n in hospital.pathways[key.pathway].steps[key.index].staff.items():
            need[i, groups.index(group)] = n
    return need


def _at_work(view: View, hours: IntArray) -> tuple[IntArray, IntArray]:
    """Time at work in the measured days [ms], shape (group,), and people at work on the hour.

    Who came from a float pool counts for the pool.
    """
    need = bundles(view.hospital, view.trace.steps)
    row, begin, end = worked(view.trace, view.cut, steps=np.asarray(need.sum(axis=1) > 0))
    step = view.trace.workload.step[row]
    time = np.bincount(step, overlap(begin, end, view.start, view.end), need.shape[0]) @ need
    present = _on_the_hour(step, begin, end, need.shape[0], hours)
    counts = np.einsum("sg,sh->gh", need, present)
    for group, at, until, n in _lent(view, row, begin, end):
        pool = pool_of(view.hospital, group)
        lent = n * int(overlap(np.asarray(at), np.asarray(until), view.start, view.end))
        inside = (hours >= at) & (hours < until)
        time[group], time[pool] = time[group] - lent, time[pool] + lent
        counts[group] -= n * inside
        counts[pool] += n * inside
    return time.astype(np.int64), counts


def _on_the_hour(group: IntArray, begin: IntArray, end: IntArray, groups: int, hours: IntArray) -> IntArray:
    """How many of each group's stretches hold each hour, shape (group, hour)."""
    if not hours.size:
        return np.zeros((groups, 0), np.int64)
    first = int(hours[0])
    end = np.minimum(end, int(hours[-1]) + MS_HOUR)  # LATER less an instant before 0 is no number
    holds = -(-end // MS_HOUR) > -(-begin // MS_HOUR)
    return count_by_group(
        group[holds], begin[holds] - first, end[holds] - first, groups, step=MS_HOUR, instants=hours.size
    )


def _lent(view: View, row: IntArray, begin: IntArray, end: IntArray) -> list[tuple[int, int, int, int]]:
    """People of a float pool who stood in: (group, from, until, how many)."""
    trace = view.trace
    log = trace.log.only(Kind.FLOATED)
    there = trace.workload.pooled[trace.workload.origin[trace.workload.pooled[:, 0]] == IN_STEP]
    since_before = trace.workload.first[there[:, 0]]
    concerned = np.zeros(trace.place.size, dtype=bool)
    concerned[log.who] = concerned[since_before] = True
    mine = np.flatnonzero(concerned[row])
    until = {(int(row[i]), max(int(begin[i]), 0)): int(end[i]) for i in mine}
    lent = [
        (int(group), int(at), until.get((int(who), int(at)), int(at)), int(n))
        for at, who, group, n in zip(log.at, log.who, log.what, log.n, strict=True)
    ]
    for first, (_, group, n) in zip(since_before, there, strict=True):
        lent.append((int(group), 0, until.get((int(first), 0), 0), int(n)))
    return lent


def pool_of(hospital: Hospital, group: int) -> int:
    """Float pool of a group; itself where it has none."""
    names = list(hospital.staff)
    pool = hospital.staff[names[group]].float_pool
    return names.index(pool) if pool is not None else group


def _nurses_wanted(view: View, hours: IntArray) -> FloatArray:
    """Nurses whom the patients in beds want by their wards' ratios, on the hour, shape (group, hour)."""
    hospital = view.hospital
    groups = list(hospital.staff)
    wanted = np.zeros((len(groups), hours.size))
    nursed = [(i, ward.nursing) for i, ward in enumerate(hospital.wards.values()) if ward.nursing is not None]
    if not nursed:
        return wanted
    held = view.stays
    in_ward = held.place < view.wards
    in_beds = _on_the_hour(held.place[in_ward], held.begin[in_ward], held.end[in_ward], view.wards, hours)
    for ward, nursing in nursed:
        group = groups.index(nursing.group)
        wanted[group] += in_beds[ward] / ratio_at(
            view.trace.workload.clock, hospital.staff[nursing.group], nursing, hours
        )
    return wanted


def ratio_at(clock: Clock, group: StaffGroup, nursing: Nursing, hours: IntArray) -> FloatArray:
    """Patients a nurse on the hour: that of the shift named for it, else the ward's, shape (hour,)."""
    known = np.full(hours.size, nursing.patients_per_nurse)
    day = np.searchsorted(clock.day_starts, hours, side="right") - 1
    wall = hours - clock.day_starts[day]
    for name, patients in nursing.by_shift.items():
        shift = group.shifts[name]
        begin, end = shift.span
        is_on = np.array(
            [shift.counts_on(clock.date_of(int(d)), is_holiday=False) for d in range(clock.days)]
        )
        if begin < end:
            known[is_on[day] & (wall >= begin) & (wall < end)] = patients
        else:  # over midnight
            known[is_on[day] & (wall >= begin)] = patients
            known[is_on[np.maximum(day - 1, 0)] & (wall < end)] = patients
    return known
