"""Playing cover plans: which beds they close for lack of nurses, and whom they keep waiting.

Nothing here knows the model. Who is absent, when a bed closes and where the patient then waits is up to the
simulated hospital.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np

from optimization.cover.targets import BEDS_CLOSED
from optimization.paths import CertifyPaths, TrainPaths
from optimization.playing import play_plans, refuse_overload
from optimization.proof.certificate import patients_behind
from twin.case import Case, Schedule, Window, resolve
from twin.hospital import Hospital
from twin.hospital.week import ratios
from twin.measures import measures_of, need, tally
from twin.plan import Plan
from twin.trace import Trace
from twin.units import HOURS_DAY, MS_HOUR, FloatArray, IntArray


@dataclass(frozen=True)
class Played:
    """One future under one plan.

    Attributes
    ----------
    measures : the summary's measures, and ``beds_closed``: bed-hours closed for lack of nurses / bed-hours
        that the plan or the calendar opens [%]
    patients : of measures that are means or shares over patients: over how many [patients]
    short_hours : nurse-hours that patients in or waiting for a ward lack: the beds that they could fill and
        that no nurse opens, by the ratio of the hour [nurse-hours]
    """

    measures: Mapping[str, float]
    patients: Mapping[str, int]
    short_hours: float


@dataclass(frozen=True)
class Asked:
    """What a case asks for, nurses or not: beds by hour of the measured days, and patients a nurse.

    Attributes
    ----------
    hours : hours of the run that are measured
    beds : int (ward, hour) open if nurses are there [beds]
    per_nurse : (ward, hour) patients a nurse; infinite in a ward that needs none
    """

    hours: slice
    beds: IntArray = field(repr=False)
    per_nurse: FloatArray = field(repr=False)

    @classmethod
    def of(cls, case: Case, window: Window) -> Asked:
        """Resolved once for all futures: no plan's beds depend on chance, only its nurses do."""
        starts = window.clock(case.hospital).day_starts
        first, last = (int(starts[d]) // MS_HOUR for d in (window.warm_up, window.warm_up + window.days))
        free = resolve(case.with_(hospital=without_nurses(case.hospital)), window)
        instants = np.arange(first, last) * MS_HOUR
        day = np.searchsorted(starts, instants, side="right") - 1
        hour = np.minimum((instants - starts[day]) // MS_HOUR, HOURS_DAY - 1)
        per_nurse = [_per_nurse(case.hospital, w)[hour] for w in case.hospital.wards]
        hours = slice(first, last)
        return cls(hours, beds_by_hour(free, case.hospital, hours), np.array(per_nurse))

    def share_closed(self, there: IntArray) -> float:
        """Bed-hours asked for that are not there, of beds (ward, hour) that are. [%]"""
        asked = int(self.beds.sum())
        return 100 * float(asked - there.sum()) / asked if asked else 0.0


def without_nurses(hospital: Hospital) -> Hospital:
    """The same hospital whose beds need no nurses."""
    wards = {name: ward.model_copy(update={"nursing": None}) for name, ward in hospital.wards.items()}
    return hospital.model_copy(update={"wards": wards})


def play(
    case: Case,
    plans: Sequence[Plan],
    window: Window,
    paths: TrainPaths | CertifyPaths,
    **simulation: Any,
) -> tuple[tuple[Played, ...], ...]:
    """Play a case under several plans on the same futures, as ``play_plans``; a tuple of futures for each."""
    asked: list[tuple[Plan, Asked]] = []

    def measuring(each: Case) -> Callable[[Trace], Played]:
        # plans that open the same beds ask for the same
        known = next((a for plan, a in asked if plan.beds == each.plan.beds), None)
        if known is None:
            known = Asked.of(each, window)
            asked.append((each.plan, known))
        return partial(_measured, case=each, asked=known)

    return play_plans(case, plans, window, paths, measuring, **simulation)


def _measured(trace: Trace, *, case: Case, asked: Asked) -> Played:
    """One future under the plan of its case."""
    refuse_overload(trace, case.plan)
    hospital = case.hospital
    counted = need(trace, hospital)
    there, wanted = counted.open_beds[:, asked.hours], counted.need[:, asked.hours]
    missing = np.maximum(np.minimum(wanted, asked.beds) - there, 0)
    counts = tally(trace, hospital, wards_only=True)
    measures = {**measures_of(counts, hospital), BEDS_CLOSED: asked.share_closed(there)}
    return Played(measures, patients_behind(counts), float((missing / asked.per_nurse).sum()))


def beds_by_hour(schedule: Schedule, hospital: Hospital, hours: slice) -> IntArray:
    """Open beds at the beginning of some hours of the run, shape (ward, hour). [beds]"""
    instants = np.arange(hours.start, hours.stop) * MS_HOUR
    levels = [schedule.levels[ward] for ward in hospital.wards]
    rows = [each.values[np.searchsorted(each.times, instants, side="right") - 1] for each in levels]
    return np.array(rows, np.int64)


def _per_nurse(hospital: Hospital, ward: str) -> FloatArray:
    """Patients a nurse by hour of the day, that of the shift last begun, shape (24,)."""
    nursing = hospital.wards[ward].nursing
    if nursing is None:
        return np.full(HOURS_DAY, np.inf)
    group = hospital.staff[nursing.group]
    begins = np.array([shift.span[0] for shift in group.shifts.values()] or [0])
    told = np.array(ratios(group, nursing), np.float64)
    order = np.argsort(begins, kind="stable")
    last = np.searchsorted(begins[order], np.arange(HOURS_DAY) * MS_HOUR, side="right") - 1
    by_hour: FloatArray = told[order][last]  # before the first of the day the last of the day before goes on
    return by_hour


def with_cover(plan: Plan, told: Plan) -> Plan:
    """A plan with the cover of another over its own: what the other does not name stays as it is."""
    cover = {group: dict(days) for group, days in plan.cover.items()}
    for group, days in told.cover.items():
        cover[group] = {**cover.get(group, {}), **days}
    return replace(told, beds=plan.beds, cover=cover)
