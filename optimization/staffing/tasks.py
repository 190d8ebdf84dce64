"""Tasks of a hospital's staff groups: when each is asked for and how long it takes, by simulation.

Every training future is played with so many people in the groups planned that nobody waits for them; what
is then asked of a group, and when, is its work. Where the group is a plain station (``monotone``) that work
is the same whatever its staffing; elsewhere it is an estimate, and the hospital itself must be played.

Weeks are the days of a station: a week begins on Monday at midnight, and a whole week of shifts is planned.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial

import numpy as np

from optimization.paths import TrainPaths
from optimization.playing import Check, Progress
from optimization.staffing.station import Days, Station
from twin.case import Case, Window
from twin.errors import Overload
from twin.hospital import Hospital
from twin.replications import replicate
from twin.trace import UNSET, Trace
from twin.units import DAYS_WEEK, HOURS_DAY, MINUTES_HOUR, MS_DAY, MS_HOUR, MS_MINUTE, IntArray

#: people of a group with whom nobody waits for it: more than any hospital has [people]
NOBODY_WAITS = 10_000
#: hours before a week that are played and not counted [h] (assumed: longer than a shift)
WARM_HOURS = 12
#: tasks of a sample at most; beyond, weeks are left out (assumed: a week then plays in milliseconds)
MOST_TASKS = 60_000


@dataclass(frozen=True)
class Work:
    """What one future asks of a group: tasks in order of coming.

    Attributes
    ----------
    asked : when a task is asked for, shape (task,) [ms since the run began]
    lasts : how long it takes, shape (task,) [ms]
    """

    asked: IntArray
    lasts: IntArray


def work_of(
    case: Case,
    window: Window,
    groups: Sequence[str],
    paths: TrainPaths,
    *,
    seed: int,
    threads: int = 2,
    progress: Progress | None = None,
    check: Check | None = None,
) -> Mapping[str, tuple[Work, ...]]:
    """Group -> its work in each training future, the groups planned never short.

    Raises
    ------
    Overload
        A queue grows without end though none of these groups is ever short: their people cannot help.
    """
    without = {g: days for g, days in case.plan.cover.items() if g not in groups}
    plan = replace(case.plan, cover=without)
    free = case.with_(hospital=never_short(case.hospital, groups), plan=plan)
    futures = replicate(
        free,
        window,
        seed=seed,
        replications=paths.replications,
        reduce=partial(_work, hospital=case.hospital, groups=tuple(groups)),
        threads=threads,
        progress=progress,
        check=check,
    )
    return {group: tuple(future[i] for future in futures) for i, group in enumerate(groups)}


def never_short(hospital: Hospital, groups: Sequence[str]) -> Hospital:
    """The same hospital with people of these groups for whoever asks."""
    plenty = {"shifts": {}, "calendar": (), "breaks": (), "absence": 0.0, "on_duty": NOBODY_WAITS}
    staff = {
        name: group.model_copy(update=plenty) if name in groups else group
        for name, group in hospital.staff.items()
    }
    return hospital.model_copy(update={"staff": staff})


def people_at(hospital: Hospital, trace: Trace, group: str) -> IntArray:
    """People of a group that each row's step takes, shape (row,). [people]"""
    of_step = [hospital.pathways[k.pathway].steps[k.index].staff.get(group, 0) for k in trace.steps]
    return np.array(of_step, dtype=np.int64)[trace.workload.step]


def _work(trace: Trace, *, hospital: Hospital, groups: tuple[str, ...]) -> tuple[Work, ...]:
    if trace.stopped_at is not None:
        raise Overload(f"with people enough in {', '.join(groups)} a queue still grows: {trace.stopped_why}")
    told = []
    for group in groups:
        people = people_at(hospital, trace, group)
        taken = (people > 0) & (trace.started != UNSET) & (trace.ended != UNSET)
        asked, lasts = trace.requested[taken], trace.ended[taken] - trace.started[taken]
        order = np.repeat(np.argsort(asked, kind="stable"), people[taken][np.argsort(asked, kind="stable")])
        told.append(Work(asked[order], lasts[order]))
    return tuple(told)


def weeks_of(
    name: str, work: Sequence[Work], window: Window, hospital: Hospital, days: range, block_minutes: int
) -> Days:
    """The work of planned days as a station's sample: each future's weeks, Monday 00:00 first.

    Parameters
    ----------
    days
        Days of the run that are planned; tasks of others are played and not counted.
    block_minutes
        Length of a block of the week [minutes].
    """
    starts = window.clock(hospital).day_starts
    warm = WARM_HOURS * MS_HOUR
    rows: list[tuple[IntArray, IntArray, IntArray]] = []
    for each in work:
        day = np.searchsorted(starts, each.asked, side="right") - 1
        wall = np.minimum(each.asked - starts[day], MS_DAY - 1)  # an hour that comes twice is the latter
        since_monday = day + window.start.weekday()
        week, at = since_monday // DAYS_WEEK, since_monday % DAYS_WEEK * MS_DAY + wall
        counted = (day >= days.start) & (day < days.stop)
        first, last = (
            (d + window.start.weekday()) // DAYS_WEEK for d in (days.start, max(days.stop - 1, days.start))
        )
        for w in range(int(first), int(last) + 1):
            own, before = week == w, (week == w - 1) & (at >= DAYS_WEEK * MS_DAY - warm)
            arrival = np.r_[at[before] - (DAYS_WEEK * MS_DAY - warm), at[own] + warm]
            block = np.where(counted[own], at[own] // (block_minutes * MS_MINUTE), -1)
            block = np.r_[np.full(int(before.sum()), -1), block]
            rows.append((arrival, np.r_[each.lasts[before], each.lasts[own]], block))
    return _sample(name, _some(rows), block_minutes)


def _some(rows: list[tuple[IntArray, IntArray, IntArray]]) -> list[tuple[IntArray, IntArray, IntArray]]:
    """As many weeks, evenly spread, as make a sample of handy size."""
    tasks = sum(arrival.size for arrival, _, _ in rows)
    every = -(-tasks // MOST_TASKS) if tasks else 1
    return rows[::every]


def _sample(name: str, rows: list[tuple[IntArray, IntArray, IntArray]], block_minutes: int) -> Days:
    first = np.cumsum([0, *(arrival.size for arrival, _, _ in rows)]).astype(np.int64)
    sorts = [np.lexsort((block, arrival)) for arrival, _, block in rows]
    arrival, service, block = (
        np.concatenate([row[i][order] for row, order in zip(rows, sorts, strict=True)]).astype(np.int64)
        for i in range(3)
    )
    blocks = DAYS_WEEK * HOURS_DAY * MINUTES_HOUR // block_minutes
    counted = np.bincount(block[block >= 0], minlength=blocks)
    mean = float(service.mean() / MS_MINUTE) if service.size else 1.0
    station = Station(
        name,
        counted / max(len(rows), 1),
        max(mean, 1 / MINUTES_HOUR),
        service_cv=float(service.std() / service.mean()) if service.size and service.mean() > 0 else 0.0,
        block_minutes=block_minutes,
        warm_blocks=WARM_HOURS * MINUTES_HOUR // block_minutes,
    )
    return Days(station, first, arrival, service, block)


def first_monday(window: Window) -> int:
    """Day of the run, 0 or below, on which its first week begins."""
    return -window.start.weekday()


def dates_of(window: Window, days: range) -> tuple:  # type: ignore[type-arg]
    """Local dates of days of the run."""
    return tuple(window.start + timedelta(days=d) for d in days)
