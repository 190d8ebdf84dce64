"""Beds needed: how many beds each ward would fill if it never ran out of them.

Every training future is played in the same hospital with the ceiling of its wards removed. What is
then in a bed, waits for one or is being cleaned is the ward's need, whatever stands there today.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import partial

import numpy as np

from optimization.paths import TrainPaths
from optimization.playing import Check, Progress
from twin.case import Case, Window
from twin.hospital import Hospital
from twin.measures import need
from twin.replications import replicate
from twin.trace import UNSET, Trace
from twin.units import HOURS_DAY, MS_HOUR, FloatArray, IntArray, hours, minutes

#: beds of a ward whose ceiling is removed: the most a description allows [beds]
NO_CEILING = 100_000
#: the hour at which a ward counts its free beds [hour of day] (assumed: the morning bed meeting)
MORNING = 8
#: days whose levels can no longer be changed [days] (assumed: finding a shift's nurses takes a day's notice)
NOTICE = 1


def planned_days(window: Window) -> range:
    """Days of the run that a plan decides: the measured ones after the notice."""
    return range(window.warm_up + min(NOTICE, window.days - 1), window.warm_up + window.days)


@dataclass(frozen=True)
class WardNeeds:
    """Beds needed by future, ward and hour.

    Attributes
    ----------
    wards : the wards, in the order of the hospital
    days : local dates planned
    day : int (hour,) place in ``days`` of each hour
    morning : int (day,) the hour that is 08:00 on each day
    beds : int (path, ward, hour), read-only [beds]
    """

    wards: tuple[str, ...]
    days: tuple[date, ...]
    day: IntArray
    morning: IntArray
    beds: IntArray

    @property
    def paths(self) -> int:
        """Number of futures."""
        return int(self.beds.shape[0])

    def days_needed(self, wards: Sequence[str], days: range, most: int) -> FloatArray:
        """Expected days on which wards together need 1, 2, ... ``most`` beds or more, (most,). [days]"""
        places = [self.wards.index(ward) for ward in wards]
        chosen = self.beds[:, places, :][:, :, np.isin(self.day, days)].sum(axis=1)
        counts = np.bincount(np.minimum(chosen, most).ravel(), minlength=most + 1)
        return np.cumsum(counts[::-1])[::-1][1:] / (self.paths * HOURS_DAY)

    def covered(self, ward: str, days: range, share: float) -> int:
        """Beds that are enough on this share of the ward's mornings. [beds]"""
        mornings = self.mornings()[:, self.wards.index(ward), days]
        return int(np.quantile(mornings, share, method="higher"))

    def mornings(self) -> IntArray:
        """Need at 08:00, shape (path, ward, day). [beds]"""
        return self.beds[:, :, self.morning]


def bed_needs(
    case: Case,
    window: Window,
    paths: TrainPaths,
    *,
    seed: int,
    threads: int = 2,
    progress: Progress | None = None,
    check: Check | None = None,
    as_it_runs: bool = False,
) -> WardNeeds:
    """Play every training future without the ceiling of the wards, and count.

    Parameters
    ----------
    case
        Its plan's beds are not read: the need does not depend on what is open.
    window
        The measured days after the notice are planned.
    as_it_runs
        Keep the ceiling and the plan: what each ward then needs depends on how beds are lent today.
    """
    free = (
        case
        if as_it_runs
        else case.with_(hospital=without_ceiling(case.hospital), plan=replace(case.plan, beds={}))
    )
    clock = window.clock(case.hospital)
    planned = planned_days(window)
    first, last = (int(clock.day_starts[d]) // MS_HOUR for d in (planned.start, planned.stop))
    instants = np.arange(first, last, dtype=np.int64)

    beds = np.stack(
        replicate(
            free,
            window,
            seed=seed,
            replications=paths.replications,
            reduce=partial(_hourly, hospital=free.hospital, instants=instants),
            threads=threads,
            progress=progress,
            check=check,
        )
    )
    beds.setflags(write=False)
    starts = clock.day_starts
    return WardNeeds(
        wards=tuple(case.hospital.wards),
        days=tuple(window.start + timedelta(days=d) for d in planned),
        day=np.searchsorted(starts, instants * MS_HOUR, side="right") - 1 - planned.start,
        morning=morning_hours(window, case.hospital) - first,
        beds=beds,
    )


def morning_hours(window: Window, hospital: Hospital) -> IntArray:
    """Hours of the run that are 08:00 on the planned days, shape (day,). [hours since the run began]"""
    days = np.array(planned_days(window), dtype=np.int64)
    return window.clock(hospital).instant(days, np.full(days.size, hours(MORNING))) // MS_HOUR


def without_ceiling(hospital: Hospital) -> Hospital:
    """The same hospital with a bed in every ward for whoever asks."""
    open_wide = {"physical_beds": NO_CEILING, "staffed_beds": NO_CEILING, "calendar": (), "nursing": None}
    wards = {name: ward.model_copy(update=open_wide) for name, ward in hospital.wards.items()}
    return hospital.model_copy(update={"wards": wards})


def _hourly(trace: Trace, *, hospital: Hospital, instants: IntArray) -> IntArray:
    """Beds needed, shape (ward, instant); instants are hours of the run. [beds]"""
    counted = need(trace, hospital)
    return (counted.need + _in_turnaround(trace, hospital, counted.ms))[:, instants]


def _in_turnaround(trace: Trace, hospital: Hospital, instants: IntArray) -> IntArray:
    """Beds being cleaned, shape (ward, instant). [beds]"""
    rows = []
    for name, ward in hospital.wards.items():
        gone = np.sort(trace.left[(trace.place == trace.places.index(name)) & (trace.left != UNSET)])
        ready = gone + minutes(ward.turnaround_minutes)
        rows.append(
            np.searchsorted(gone, instants, side="right") - np.searchsorted(ready, instants, side="right")
        )
    return np.array(rows, dtype=np.int64)
