"""Summary: the measures of one replication, each one number over the cohort or the measured days.

Definitions with formula and source stand in docs/nomenclature.md; the short form here travels with
every table.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from twin.hospital import Hospital
from twin.measures.census import first_places, found_waiting, occupied, open_time
from twin.trace import UNSET, Trace
from twin.units import DAYS_WEEK, MS_DAY, MS_HOUR, FloatArray, IntArray, hours, to_hours, to_minutes

EMERGENCY, OUTPATIENTS = "emergency", "outpatients"
#: the standards that English emergency departments report against (NHS England, A&E attendances)
FOUR_HOURS, TWELVE_HOURS = hours(4), hours(12)
_LATER = np.iinfo(np.int64).max


@dataclass(frozen=True)
class Measure:
    """What a measure is called, its unit, which way is better, and what is counted."""

    key: str
    label: str
    unit: str
    better: str  # "up", "down" or "" where neither is
    definition: str


_ROWS = (
    (
        "ed_within_4h",
        "Emergency, left within 4 h",
        "%",
        "up",
        "arrival to leaving the department, share within 4 h",
    ),
    (
        "ed_over_12h",
        "Emergency, over 12 h",
        "%",
        "down",
        "arrival to leaving the department, share over 12 h",
    ),
    (
        "ed_hours_mean",
        "Time in the emergency department",
        "h",
        "down",
        "arrival to leaving the department, mean",
    ),
    (
        "wait_to_be_seen_minutes",
        "Wait for a cubicle",
        "min",
        "down",
        "arrival to the first emergency place, mean",
    ),
    (
        "boarding_hours_mean",
        "Wait for a bed, mean",
        "h",
        "down",
        "decision to admit to ward bed occupied, mean",
    ),
    (
        "boarding_hours_p90",
        "Wait for a bed, slowest tenth",
        "h",
        "down",
        "decision to admit to bed, 90th percentile",
    ),
    ("occupancy", "Beds occupied", "%", "", "occupied bed time / open bed time, wards without critical care"),
    ("icu_occupancy", "Critical care occupied", "%", "", "occupied bed time / open bed time, critical care"),
    (
        "census_mean",
        "Patients in beds",
        "patients",
        "",
        "mean over the measured days, wards and critical care",
    ),
    ("bed_turnover", "Bed turnover", "discharges a bed a week", "up", "discharges / open bed, a week"),
    (
        "length_of_stay_days",
        "Length of stay",
        "days",
        "down",
        "occupied bed-days / discharges of the same days",
    ),
    ("discharges_a_day", "Discharges", "a day", "", "patients whose last ward bed was left, a day"),
    ("discharged_before_noon", "Discharged before noon", "%", "up", "discharges before 12:00 / discharges"),
    (
        "outlier_share",
        "Patients outside their ward",
        "%",
        "down",
        "ward stays begun outside the first ward of the list",
    ),
    ("arrivals_a_day", "Arrivals", "a day", "", "all streams, measured days"),
    ("outpatient_wait_minutes", "Clinic wait", "min", "down", "arrival to the clinic room, mean"),
    (
        "unresolved",
        "Still in the department at the end",
        "patients",
        "",
        "cohort not yet out of the department",
    ),
)
MEASURES: dict[str, Measure] = {row[0]: Measure(*row) for row in _ROWS}


def summarise(trace: Trace, hospital: Hospital) -> dict[str, float]:
    """Every measure of one replication; NaN where nobody was there to be measured."""
    view = _View(trace, hospital)
    return {**_emergency(view), **_boarding(view), **_beds(view), **_others(view)}


class _View:
    """A trace with the few derived columns that several measures share."""

    def __init__(self, trace: Trace, hospital: Hospital) -> None:
        window, starts = trace.workload.window, trace.workload.clock.day_starts
        self.trace, self.hospital = trace, hospital
        self.start = int(starts[window.warm_up])
        self.end = min(int(starts[window.warm_up + window.days]), trace.end)
        self.days = max((self.end - self.start) / MS_DAY, 1e-9)
        entries = list(hospital.everywhere.values())
        departments = np.array([e.department or "" for e in entries] + [""])
        first = first_places(trace, hospital)[trace.workload.step]
        where = np.where(trace.place >= 0, trace.place, first)
        self.where, self.first = where, first
        self.emergency = departments[where] == EMERGENCY
        self.outpatients = departments[where] == OUTPATIENTS
        self.wards = len(hospital.wards)
        critical = np.array([w.critical_care for w in hospital.wards.values()], dtype=bool)
        self.critical = critical
        self.in_ward = (trace.place >= 0) & (trace.place < self.wards)
        self.cohort = trace.of_cohort()
        self.left = np.where(trace.left == UNSET, _LATER, trace.left)


def _emergency(view: _View) -> dict[str, float]:
    trace = view.trace
    rows = view.emergency & (trace.requested != UNSET) & view.cohort[trace.patient]
    if not rows.any():
        return dict.fromkeys(
            ("ed_within_4h", "ed_over_12h", "ed_hours_mean", "wait_to_be_seen_minutes", "unresolved"),
            math.nan,
        )
    who = trace.patient[rows]
    people, index = np.unique(who, return_inverse=True)
    gone = np.zeros(people.size, np.int64)
    np.maximum.at(gone, index, np.minimum(view.left[rows], trace.end))
    unresolved = np.zeros(people.size, dtype=bool)
    np.logical_or.at(unresolved, index, view.left[rows] == _LATER)
    arrival = trace.workload.arrival[people]
    seen = np.full(people.size, _LATER, np.int64)
    started = np.where(trace.started[rows] == UNSET, trace.end, trace.started[rows])
    np.minimum.at(seen, index, started)
    stay = gone - arrival
    return {
        "ed_within_4h": _percent(stay <= FOUR_HOURS),
        "ed_over_12h": _percent(stay > TWELVE_HOURS),
        "ed_hours_mean": _mean(to_hours(stay)),
        "wait_to_be_seen_minutes": _mean(to_minutes(seen - arrival)),
        "unresolved": float(unresolved.sum()),
    }


def _boarding(view: _View) -> dict[str, float]:
    trace = view.trace
    wants_ward = (view.first >= 0) & (view.first < view.wards)
    from_emergency = trace.before(view.emergency, False)
    rows = wants_ward & from_emergency & (trace.requested != UNSET) & view.cohort[trace.patient]
    started = np.where(trace.started == UNSET, trace.end, trace.started)
    waits = to_hours(started[rows] - trace.requested[rows])
    return {
        "boarding_hours_mean": _mean(waits),
        "boarding_hours_p90": float(np.quantile(waits, 0.9)) if waits.size else math.nan,
    }


_OF_BEDS = (
    *("occupancy", "icu_occupancy", "census_mean", "bed_turnover", "length_of_stay_days"),
    *("discharges_a_day", "discharged_before_noon", "outlier_share"),
)


def _beds(view: _View) -> dict[str, float]:
    trace = view.trace
    if view.wards == 0:
        return dict.fromkeys(_OF_BEDS, math.nan)
    used, opened = np.zeros(view.wards), np.zeros(view.wards)
    found, found_until = found_waiting(trace)
    for i, ward in enumerate(view.hospital.wards):
        rows = view.in_ward & (trace.place == i)
        used[i] = occupied(trace.started[rows], view.left[rows], view.start, view.end)
        used[i] += occupied(np.zeros(1, np.int64), found_until[found == i], view.start, view.end)
        opened[i] = open_time(trace.schedule.levels[ward], view.start, view.end)
    leaving = _discharges(view)
    general = ~view.critical
    left = trace.left[leaving]
    wall = _time_of_day(view, left)
    n = left.size
    open_beds = opened[general].sum() / (view.end - view.start) if view.end > view.start else 0.0
    begun = view.in_ward & (trace.started >= view.start) & (trace.started < view.end) & (view.first >= 0)
    return {
        "occupancy": _ratio(100 * used[general].sum(), opened[general].sum()),
        "icu_occupancy": _ratio(100 * used[view.critical].sum(), opened[view.critical].sum()),
        "census_mean": float(used.sum() / MS_DAY / view.days),
        "bed_turnover": _ratio(n / view.days * DAYS_WEEK, open_beds),
        "length_of_stay_days": _ratio(used[general].sum() / MS_DAY, n),
        "discharges_a_day": n / view.days,
        "discharged_before_noon": _percent(wall < 12 * MS_HOUR),
        "outlier_share": _percent(trace.place[begun] != view.first[begun]),
    }


def _discharges(view: _View) -> IntArray:
    """Rows in which a patient left a general ward within the measured days, for no other ward later."""
    trace = view.trace
    wards = np.flatnonzero((view.where >= 0) & (view.where < view.wards))
    last = np.full(trace.workload.patients, -1, np.int64)
    last[trace.patient[wards]] = wards  # rows are in order, so a patient's last one stays
    rows = last[last >= 0]
    general = view.in_ward[rows] & ~view.critical[view.where[rows]]
    left = trace.left[rows]
    return rows[general & (left != UNSET) & (left >= view.start) & (left < view.end)]


def _time_of_day(view: _View, at: IntArray) -> IntArray:
    starts = view.trace.workload.clock.day_starts
    return at - starts[np.searchsorted(starts, at, side="right") - 1]


def _others(view: _View) -> dict[str, float]:
    trace = view.trace
    rows = view.outpatients & (trace.requested != UNSET) & view.cohort[trace.patient]
    started = np.where(trace.started == UNSET, trace.end, trace.started)
    return {
        "arrivals_a_day": float(view.cohort.sum() / view.days),
        "outpatient_wait_minutes": _mean(to_minutes(started[rows] - trace.requested[rows])),
    }


def _percent(flags) -> float:  # type: ignore[no-untyped-def]
    return 100 * float(np.mean(flags)) if len(flags) else math.nan


def _mean(values: FloatArray) -> float:
    return float(values.mean()) if values.size else math.nan


def _ratio(above: float, below: float) -> float:
    return float(above / below) if below > 0 else math.nan
