"""Flow: how long patients wait to be seen and for a bed, and how many go without."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from twin.hospital import Hospital
from twin.hospital.pathway import Step
from twin.measures.measure import Measure, mean, percent, undefined
from twin.measures.stays import LATER
from twin.measures.view import View
from twin.trace import UNSET, Outcome
from twin.units import FloatArray, IntArray, hours, to_hours, to_minutes
from twin.workload import StepKey

#: the standards that English emergency departments report against (NHS England, A&E attendances)
FOUR_HOURS, TWELVE_HOURS = hours(4), hours(12)

_DEPARTMENT = (
    Measure(
        "ed_within_4h",
        "Emergency, left within 4 h",
        "%",
        "up",
        "arrival to leaving the department, share within 4 h",
    ),
    Measure(
        "ed_over_12h",
        "Emergency, over 12 h",
        "%",
        "down",
        "arrival to leaving the department, share over 12 h",
    ),
    Measure(
        "twelve_hours_from_arrival",
        "Over 12 h from arrival",
        "patients a day",
        "down",
        "attendances that left the department more than 12 h after arrival, a day",
    ),
    Measure(
        "ed_hours_mean",
        "Time in the emergency department",
        "h",
        "down",
        "arrival to leaving the department, mean",
    ),
    Measure(
        "wait_for_cubicle_minutes",
        "Wait for a cubicle",
        "min",
        "down",
        "arrival to the first emergency place, mean",
    ),
    Measure(
        "wait_to_be_seen_minutes",
        "Wait to be seen",
        "min",
        "down",
        "arrival to the first task with staff in an emergency place, mean of those not gone before",
    ),
    Measure(
        "left_without_being_seen",
        "Left without being seen",
        "%",
        "down",
        "attendances whose patience ended before the first task with staff in an emergency place",
    ),
    Measure(
        "unresolved",
        "Still in the department at the end",
        "patients",
        "",
        "cohort not yet out of the department",
    ),
)
_BOARDING = (
    Measure(
        "boarding_hours_mean",
        "Wait for a bed, mean",
        "h",
        "down",
        "decision to admit to ward bed occupied, mean",
    ),
    Measure(
        "boarding_hours_p90",
        "Wait for a bed, slowest tenth",
        "h",
        "down",
        "decision to admit to bed, 90th percentile",
    ),
    Measure(
        "twelve_hours_from_decision",
        "Over 12 h from decision to admit",
        "patients a day",
        "down",
        "admissions from the department with a bed more than 12 h after the decision, a day",
    ),
)
_DOORS = (
    Measure("arrivals_a_day", "Arrivals", "a day", "", "all streams, measured days"),
    Measure(
        "left_waiting",
        "Left while waiting",
        "%",
        "down",
        "patients whose patience ended at any step, of those who came",
    ),
    Measure(
        "refused",
        "Refused",
        "%",
        "down",
        "patients who could not start at once and do not wait, of all who came",
    ),
    Measure(
        "balked", "Turned away", "%", "down", "patients who found the waiting room full, of all who came"
    ),
)
ROWS = (*_DEPARTMENT, *_BOARDING, *_DOORS)


def flow(view: View) -> dict[str, float]:
    """Emergency department, boarding, and who goes without."""
    return {**_emergency(view), **_boarding(view), **_doors(view)}


def _emergency(view: View) -> dict[str, float]:
    """Attendances are those of the cohort with a row in the department; who is turned away is none."""
    trace, outcome = view.trace, view.trace.outcome
    turned_away = (outcome == Outcome.REFUSED) | (outcome == Outcome.BALKED)
    attends = view.cohort & ~turned_away
    rows = np.flatnonzero(view.emergency & attends[trace.patient])
    if not rows.size:
        return undefined(_DEPARTMENT)
    who = trace.patient[rows]
    first = np.flatnonzero(np.append(True, who[1:] != who[:-1]))
    people = who[first]
    gone, is_inside = _leaving(view, rows, first, people)
    arrival = trace.came[people]
    started = np.where(trace.started[rows] == UNSET, LATER, trace.started[rows])
    cubicle = np.minimum.reduceat(started, first)
    seen = _seen(view, rows, started, first)
    left_unseen = (outcome[people] == Outcome.LEFT) & (seen == LATER)
    stay = gone - arrival
    told = {
        "ed_within_4h": percent(stay <= FOUR_HOURS),
        "ed_over_12h": percent(stay > TWELVE_HOURS),
        "twelve_hours_from_arrival": float((stay > TWELVE_HOURS).sum() / view.days),
        "ed_hours_mean": mean(to_hours(stay)),
        "wait_for_cubicle_minutes": _wait(np.minimum(cubicle, gone), arrival, cubicle == LATER, is_inside),
        "wait_to_be_seen_minutes": _wait(np.minimum(seen, gone), arrival, seen == LATER, is_inside),
        "left_without_being_seen": percent(left_unseen) if has_patience(view.hospital) else math.nan,
        "unresolved": float(is_inside.sum()),
    }
    if not staffed_steps(view.hospital, view.trace.steps).any():
        told["wait_to_be_seen_minutes"] = told["left_without_being_seen"] = math.nan
    return told


def _leaving(
    view: View, rows: IntArray, first: IntArray, people: IntArray
) -> tuple[IntArray, NDArray[np.bool_]]:
    """When each attendance left the department (the end for those still inside), and who is inside."""
    trace = view.trace
    belongs = np.array([e.department == "emergency" for e in view.hospital.everywhere.values()], dtype=bool)
    left = view.last_in(belongs)[1][rows] if view.cut.row.size else view.left[rows]
    last = np.where(trace.started[rows] == UNSET, view.waited[rows], left)
    asked = trace.requested[rows] != UNSET
    last = np.where(asked, last, UNSET)
    gone = np.maximum.reduceat(last, first)
    never_asked = gone == UNSET
    if never_asked.any():  # still before the first of them, or gone from there
        gone[never_asked] = view.gone[people[never_asked]]
    is_inside = gone > trace.end
    return np.minimum(gone, trace.end), is_inside


def staffed_steps(hospital: Hospital, steps: Iterable[StepKey]) -> NDArray[np.bool_]:
    """Steps with people in a place of the department, or in one kept, shape (step,)."""
    belongs = []
    for key in steps:
        step = hospital.pathways[key.pathway].steps[key.index]
        places = [hospital.everywhere[a.place].department == "emergency" for a in step.alternatives()]
        belongs.append(bool(step.staff) and (step.in_place or any(places)))
    return np.array(belongs, dtype=bool)


def _seen(view: View, rows: IntArray, started: IntArray, first: IntArray) -> IntArray:
    """Start of each attendance's first task with people, ``LATER`` if there was none."""
    with_people = staffed_steps(view.hospital, view.trace.steps)[view.trace.workload.step[rows]]
    return np.minimum.reduceat(np.where(with_people, started, LATER), first)


def _wait(
    until: IntArray, arrival: IntArray, never: NDArray[np.bool_], is_inside: NDArray[np.bool_]
) -> float:
    """Mean wait; who still waits counts to the end, who went without is left out. [minutes]"""
    counts = ~never | is_inside
    return mean(to_minutes(until[counts] - arrival[counts]))


def boarding_hours(view: View) -> FloatArray:
    """Time from the decision to admit to the bed, in order of the trace; to the end for who still waits.

    One row an admission of the cohort from the emergency department. [hours]
    """
    trace = view.trace
    wants_ward = np.flatnonzero((view.first >= 0) & (view.first < view.wards) & (trace.requested != UNSET))
    wants_ward = wants_ward[view.cohort[trace.patient[wants_ward]]]
    before = np.maximum(wants_ward - 1, 0)
    same = (wants_ward > 0) & (trace.patient[before] == trace.patient[wants_ward])
    rows = wants_ward[same & view.emergency[before]]
    return to_hours(np.minimum(view.waited[rows], trace.end) - trace.requested[rows])


def _boarding(view: View) -> dict[str, float]:
    waits = boarding_hours(view)
    return {
        "boarding_hours_mean": mean(waits),
        "boarding_hours_p90": float(np.quantile(waits, 0.9)) if waits.size else math.nan,
        "twelve_hours_from_decision": float((waits > 12).sum() / view.days) if waits.size else math.nan,
    }


def _doors(view: View) -> dict[str, float]:
    told = {"arrivals_a_day": float(view.cohort.sum() / view.days)}
    outcome = view.trace.outcome[view.cohort]
    for key, of, is_there in (
        ("left_waiting", Outcome.LEFT, has_patience(view.hospital)),
        ("refused", Outcome.REFUSED, refuses(view.hospital)),
        ("balked", Outcome.BALKED, has_waiting_rooms(view.hospital)),
    ):
        told[key] = percent(outcome == of) if is_there else math.nan
    return told


def has_patience(hospital: Hospital) -> bool:
    """Whether anybody may lose patience and leave."""
    return any(s.patience is not None and s.out_of_patience == "leaves" for s in _steps(hospital))


def refuses(hospital: Hospital) -> bool:
    """Whether anybody goes who cannot start at once."""
    return any(s.if_full == "leaves" for s in _steps(hospital))


def _steps(hospital: Hospital) -> list[Step]:
    """Steps of patients' pathways; trays and uses of supplies have others."""
    of_patients = [c.pathway for c in hospital.classes.values() if c.of == "patient"]
    return [step for name in of_patients for step in hospital.pathways[name].steps]


def has_waiting_rooms(hospital: Hospital) -> bool:
    """Whether a waiting room may be full."""
    return any(e.waiting_room is not None for e in hospital.everywhere.values())
