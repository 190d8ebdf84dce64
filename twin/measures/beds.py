"""Beds: how full the wards are, how long and where patients lie, and how often a bed turns over."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from twin.hospital import Hospital
from twin.hospital.pathway import Step
from twin.measures.levels import open_time
from twin.measures.measure import Measure, percent, ratio, undefined
from twin.measures.stays import overlap
from twin.measures.view import View
from twin.trace import UNSET, Kind, Outcome
from twin.units import DAYS_WEEK, MS_DAY, MS_HOUR, IntArray

NOON = 12 * MS_HOUR

_BEDS = (
    Measure(
        "occupancy",
        "Beds occupied",
        "%",
        "",
        "occupied bed time / open bed time, wards without critical care",
    ),
    Measure(
        "icu_occupancy", "Critical care occupied", "%", "", "occupied bed time / open bed time, critical care"
    ),
    Measure(
        "census_mean",
        "Patients in beds",
        "patients",
        "",
        "mean over the measured days, wards and critical care",
    ),
    Measure("bed_turnover", "Bed turnover", "discharges a bed a week", "up", "discharges / open bed, a week"),
    Measure(
        "turnover_interval_days",
        "Bed empty between patients",
        "days",
        "",
        "(open - occupied) bed-days / discharges of the same days",
    ),
    Measure(
        "length_of_stay_days",
        "Length of stay",
        "days",
        "down",
        "occupied bed-days / discharges of the same days",
    ),
    Measure("discharges_a_day", "Discharges", "a day", "", "patients whose last ward bed was left, a day"),
    Measure(
        "discharged_before_noon", "Discharged before noon", "%", "up", "discharges before 12:00 / discharges"
    ),
    Measure(
        "outlier_share",
        "Patients outside their ward",
        "%",
        "down",
        "ward stays begun outside the first ward of the list",
    ),
    Measure(
        "outliers_mean",
        "Beds held outside the ward",
        "beds",
        "down",
        "ward beds held by patients of another ward, mean of the measured days",
    ),
)
_MOVES = (
    Measure(
        "repatriations_a_day",
        "Moved home to their ward",
        "a day",
        "",
        "outliers moved to the first ward of their list, a day",
    ),
    Measure(
        "lounge_a_day",
        "Through the lounge",
        "a day",
        "",
        "patients moved to a lounge before discharge, a day",
    ),
    Measure(
        "exchanges_a_day", "Bed swaps", "a day", "", "circles of patients who swapped beds, whole run, a day"
    ),
    Measure(
        "medically_fit_beds",
        "Places held by the medically fit",
        "places",
        "down",
        "places held by patients fit to leave and delayed, mean of the measured days",
    ),
)
ROWS = (*_BEDS, *_MOVES)


def beds(view: View) -> dict[str, float]:
    """Occupancy, turnover, discharges, outliers, moves and delays."""
    return {**_wards(view), **_moves(view)}


@dataclass(frozen=True)
class BedTime:
    """Bed time of the measured days by ward, shape (ward,). [ms]"""

    used: IntArray
    opened: IntArray
    by_outliers: IntArray


def bed_time(view: View) -> BedTime:
    """Bed time used, open and used by outliers, by ward."""
    held, n = view.stays, view.wards
    time = held.within(view.start, view.end)
    by_place = np.bincount(held.place, time, len(view.trace.places))[:n]
    first = view.first[held.row]
    outside = (held.place < n) & (first != held.place) & (first >= 0) & ~held.found
    by_outliers = np.bincount(held.place[outside], time[outside], n)[:n]
    return BedTime(by_place.astype(np.int64), open_bed_time(view), by_outliers.astype(np.int64))


def open_bed_time(view: View) -> IntArray:
    """Open bed time of the measured days by ward, shape (ward,). [beds x ms]"""
    levels = view.trace.schedule.levels
    return np.array([open_time(levels[w], view.start, view.end) for w in view.hospital.wards], dtype=np.int64)


def _wards(view: View) -> dict[str, float]:
    if view.wards == 0:
        return undefined(_BEDS)
    trace, time = view.trace, bed_time(view)
    general = ~view.critical
    row, _, left = discharges(view)
    wall, n = time_of_day(view, left), row.size
    used, opened = time.used[general].sum(), time.opened[general].sum()
    open_beds = opened / (view.end - view.start) if view.end > view.start else 0.0
    in_ward = (trace.place >= 0) & (trace.place < view.wards)
    begun = np.flatnonzero(
        in_ward & (trace.started >= view.start) & (trace.started < view.end) & (view.first >= 0)
    )
    return {
        "occupancy": ratio(100 * used, opened),
        "icu_occupancy": ratio(100 * time.used[view.critical].sum(), time.opened[view.critical].sum()),
        "census_mean": float(time.used.sum() / MS_DAY / view.days),
        "bed_turnover": ratio(n / view.days * DAYS_WEEK, open_beds),
        "turnover_interval_days": ratio((opened - used) / MS_DAY, n),
        "length_of_stay_days": ratio(used / MS_DAY, n),
        "discharges_a_day": n / view.days,
        "discharged_before_noon": percent(wall < NOON),
        "outlier_share": percent(trace.place[begun] != view.first[begun]),
        "outliers_mean": float(time.by_outliers.sum() / MS_DAY / view.days),
    }


def discharges(view: View) -> tuple[IntArray, IntArray, IntArray]:
    """Patients who left a general ward within the measured days, for no other ward later.

    Returns
    -------
    row, ward, left : shape (discharge,)
        The last row in a ward, the ward left, and when. [ms]
    """
    trace = view.trace
    is_ward = np.arange(len(trace.places)) < view.wards
    ward, left = view.last_in(is_ward)
    bound_for = np.where(trace.started == UNSET, view.first, ward)
    bound_for[bound_for >= view.wards] = -1
    out = trace.outcome != Outcome.OPEN
    if out.any():  # who is out of the house is bound for nothing any more
        bound_for[(trace.started == UNSET) & out[trace.patient]] = -1
    rows = np.flatnonzero(bound_for >= 0)
    last = np.full(trace.workload.patients, -1, np.int64)
    last[trace.patient[rows]] = rows  # rows are in order, so a patient's last one stays
    rows = last[last >= 0]
    general = (ward[rows] >= 0) & ~view.critical[ward[rows]]
    chosen = rows[general & (left[rows] >= view.start) & (left[rows] < view.end)]
    chosen = chosen[trace.started[chosen] != UNSET]
    return chosen, ward[chosen], left[chosen]


def time_of_day(view: View, at: IntArray) -> IntArray:
    """Time since the local midnight before each instant. [ms]"""
    starts = view.trace.workload.clock.day_starts
    return at - starts[np.searchsorted(starts, at, side="right") - 1]


def _moves(view: View) -> dict[str, float]:
    hospital = view.hospital
    moved = view.trace.log.only(Kind.MOVED)
    inside = (moved.at >= view.start) & (moved.at < view.end)
    home = moved.what == view.first[moved.who]
    told = {
        "repatriations_a_day": (home & inside).sum() / view.days,
        "lounge_a_day": (~home & inside).sum() / view.days,
        "exchanges_a_day": view.trace.exchanges * MS_DAY / max(view.trace.end, 1),
        "medically_fit_beds": delayed(view)[1].sum() / MS_DAY / view.days,
    }
    is_there = {
        "repatriations_a_day": has_repatriations(hospital),
        "lounge_a_day": has_lounges(hospital),
        "exchanges_a_day": has_exchanges(hospital),
        "medically_fit_beds": has_delays(hospital),
    }
    return {key: float(value) if is_there[key] else math.nan for key, value in told.items()}


def has_repatriations(hospital: Hospital) -> bool:
    """Whether any outlier is moved home."""
    return any(step.repatriates for step in _steps(hospital))


def has_lounges(hospital: Hospital) -> bool:
    """Whether anybody goes through a lounge."""
    return any(step.lounge is not None for step in _steps(hospital))


def has_exchanges(hospital: Hospital) -> bool:
    """Whether anybody keeps a place while he waits, so that patients may swap."""
    return any(step.keeps_place for step in _steps(hospital))


def has_delays(hospital: Hospital) -> bool:
    """Whether anybody may stay after he is medically fit."""
    return any(step.delays for step in _steps(hospital))


def _steps(hospital: Hospital) -> Iterator[Step]:
    return (step for pathway in hospital.pathways.values() for step in pathway.steps)


def delayed(view: View) -> tuple[IntArray, IntArray]:
    """Rows whose end was delayed after the patient was medically fit, and the delay in the measured days.

    The delay is the last part of the stay; one that goes on at the end of the run is not known yet.

    Returns
    -------
    row, time : shape (delayed stay,); [ms]
    """
    trace = view.trace
    rows = np.flatnonzero((trace.workload.delay > 0) & (trace.ended != UNSET))
    ended = trace.ended[rows]
    fit = np.maximum(ended - trace.workload.delay[rows], trace.started[rows])
    return rows, overlap(fit, ended, view.start, view.end)


@dataclass(frozen=True)
class TurnoverSplit:
    """How much of a change in bed turnover is fuller beds, and how much shorter stays.

    ``turnover`` = ``occupancy`` + ``length_of_stay``, each a logarithm of a ratio: 0.1 is about 10 % more
    discharges a bed.
    """

    turnover: float
    occupancy: float
    length_of_stay: float


def turnover_split(before: Mapping[str, float], after: Mapping[str, float]) -> TurnoverSplit:
    """Split a change of bed turnover exactly: ln T1/T0 = ln occ1/occ0 + ln LOS0/LOS1.

    Parameters
    ----------
    before, after
        Measures of two replications, or of two means over the same days. NaN where one of them has
        no discharges.
    """

    def log_ratio(above: Mapping[str, float], below: Mapping[str, float], key: str) -> float:
        if not (above[key] > 0 and below[key] > 0):
            return math.nan
        return math.log(above[key] / below[key])

    return TurnoverSplit(
        log_ratio(after, before, "bed_turnover"),
        log_ratio(after, before, "occupancy"),
        log_ratio(before, after, "length_of_stay_days"),
    )
