"""Outlook: what the coming days look like under one plan, over many futures.

Each future is reduced to its measures and to the beds needed by ward and hour, so that memory does
not grow with the patients.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import numpy as np

from twin.case import Case, Window, resolve
from twin.hospital import Hospital
from twin.measures import measure, need
from twin.measures.census import levels_at
from twin.replications import replicate
from twin.trace import Trace
from twin.units import MS_HOUR, FloatArray, IntArray, hours

Check = Callable[[], None]

#: the hour of the morning bed meeting [hour of day] (assumed)
MORNING = 8
#: hours ahead for which wards are shown hour by hour [hours]
NEAR = 72
#: middles of twenty equally likely parts
TWENTIETHS = (np.arange(20) + 0.5) / 20


@dataclass(frozen=True)
class Future:
    """One replication: measures, and patients by ward and hour of the measured days."""

    measures: dict[str, float]
    need: IntArray  # (ward, hour) in a bed or waiting for one
    waiting: IntArray  # (ward, hour)
    total: IntArray  # (hour,) whole house, each patient once
    stopped: str


@dataclass(frozen=True)
class Outlook:
    """All futures under one plan.

    Attributes
    ----------
    wards : names, axis of the arrays
    ms : (hour,) instants of the measured days [ms since the run began]
    need, waiting : (replication, ward, hour) [patients]
    total : (replication, hour) [patients]
    open_beds : (ward, hour) [beds]
    measures : one summary a replication
    stopped : why runs were stopped by a guard, in words, each once
    """

    case: Case
    window: Window
    wards: tuple[str, ...]
    ms: IntArray
    need: IntArray
    waiting: IntArray
    total: IntArray
    open_beds: IntArray
    measures: tuple[dict[str, float], ...]
    stopped: tuple[str, ...]

    def at(self, hour: int) -> datetime:
        """Local time of an hour of the measured days."""
        return self.window.clock(self.case.hospital).at(int(self.ms[hour]))

    def hour_of(self, moment: datetime) -> int:
        """The hour of the measured days that holds a local time, within them."""
        clock = self.window.clock(self.case.hospital)
        return int(np.clip(np.searchsorted(self.ms, clock.ms(moment), side="right") - 1, 0, self.ms.size - 1))

    def mornings(self) -> IntArray:
        """Places of 08:00 on each measured day in ``ms``, shape (day,)."""
        clock = self.window.clock(self.case.hospital)
        days = self.window.warm_up + np.arange(self.window.days)
        instants = clock.instant(days, np.full(days.size, hours(MORNING)))
        return np.searchsorted(self.ms, instants)

    def chance_short(self) -> FloatArray:
        """Share of futures in which a ward needs more beds than are open, shape (ward, hour)."""
        return (self.need > self.open_beds[None]).mean(axis=0)

    def dots(self, ward: int, hour: int) -> list[int]:
        """Twenty equally likely needs of a ward at an hour, sorted. [beds]"""
        return [int(x) for x in np.quantile(self.need[:, ward, hour], TWENTIETHS, method="inverted_cdf")]


def look_ahead(
    case: Case,
    window: Window,
    *,
    replications: int,
    seed: int,
    threads: int = 2,
    progress: Callable[[int, int], None] | None = None,
    check: Check | None = None,
) -> Outlook:
    """Play every future of a case."""
    hospital = case.hospital
    starts = window.clock(hospital).day_starts
    first, last = int(starts[window.warm_up]), int(starts[window.warm_up + window.days])
    instants = np.arange(first, last, MS_HOUR, dtype=np.int64)

    futures = replicate(
        case, window, seed=seed, replications=range(replications),
        reduce=partial(_future, hospital=hospital, first=first, last=last),
        threads=threads, progress=progress, check=check,
    )  # fmt: skip
    schedule = resolve(case, window)
    return Outlook(
        case=case,
        window=window,
        wards=tuple(hospital.wards),
        ms=instants,
        need=np.stack([f.need for f in futures]),
        waiting=np.stack([f.waiting for f in futures]),
        total=np.stack([f.total for f in futures]),
        open_beds=_open_beds(schedule.levels, hospital.wards, instants),
        measures=tuple(f.measures for f in futures),
        stopped=tuple(dict.fromkeys(f.stopped for f in futures if f.stopped)),
    )


def _future(trace: Trace, *, hospital: Hospital, first: int, last: int) -> Future:
    """One replication, by the hours from ``first`` until ``last``. [ms]"""
    counted, hours_wanted = need(trace, hospital), -(-(last - first) // MS_HOUR)
    chosen = (counted.ms >= first) & (counted.ms < last)
    return Future(
        measures=measure(trace, hospital),
        need=_whole(counted.need[:, chosen], hours_wanted),
        waiting=_whole(counted.waiting[:, chosen], hours_wanted),
        total=_whole(counted.total[chosen], hours_wanted),
        stopped=trace.stopped_why,
    )


def _open_beds(levels, wards, instants: IntArray) -> IntArray:  # type: ignore[no-untyped-def]
    if not wards:
        return np.zeros((0, instants.size), np.int64)
    return np.stack([levels_at(levels[ward], instants) for ward in wards])


def _whole(counts: IntArray, hours_wanted: int) -> IntArray:
    """Counts as int32; a run stopped by a guard keeps its last count until the end."""
    missing = hours_wanted - counts.shape[-1]
    if missing > 0:
        width = [(0, 0)] * (counts.ndim - 1) + [(0, missing)]
        counts = np.pad(counts, width, mode="edge" if counts.shape[-1] else "constant")
    return counts.astype(np.int32)
