"""Rules of flow that both engines share as plain arithmetic: when a stay ends, when a run stops.

Only whole numbers come out, so that two engines that ask get the same answer to the millisecond.
"""

from __future__ import annotations

from datetime import date

import numpy as np

from twin.calendar import Clock
from twin.hospital import Hospital
from twin.hospital.cases import case_length
from twin.hospital.discharge import discharge_shift
from twin.units import clock_ms
from twin.workload import StepKey, discharge_profile

#: waiting requests at which a run stops with partial results [patients]
MOST_WAITING = 200_000
#: starts at which a run stops with partial results: so many a row of the workload, and so many more
MOST_STARTS_A_ROW, MORE_STARTS = 20, 1_000_000
#: priority of a move within a stay (to the home ward, to the lounge): after everybody who waits
TRANSFER = 10
#: reviews of stock every so many days are counted from this date
_FIRST_REVIEW = date(2000, 1, 1)


def stay_shifts(hospital: Hospital, steps: tuple[StepKey, ...]) -> list[int]:
    """Shift of the drawn end of each step that a discharge profile ends; 0 elsewhere. [ms]"""
    shifts = []
    for key in steps:
        pathway = hospital.pathways[key.pathway]
        profile = discharge_profile(hospital, pathway, key.index)
        duration = pathway.steps[key.index].duration
        shifts.append(0 if profile is None else discharge_shift(duration, hospital.profiles[profile]))
    return shifts


def expected_lengths(hospital: Hospital) -> list[int]:
    """Theatre time for which a case of each class is booked; 0 for a class that is never booked. [ms]

    The mean length of the class's limited step (else of its first), and the turnaround after it.
    """
    return [
        0 if patient_class.booking is None else case_length(hospital, patient_class)
        for patient_class in hospital.classes.values()
    ]


def review_instants(hospital: Hospital, clock: Clock, end: int) -> list[tuple[int, int]]:
    """Calendar reviews of the run in order: (instant [ms], item's place in ``hospital.items``)."""
    reviews = []
    for number, item in enumerate(hospital.items.values()):
        policy = item.policy
        if policy is None or policy.review_days is None:
            continue
        wall = np.asarray(clock_ms(policy.review_at))
        for day in range(clock.days):
            if (clock.date_of(day) - _FIRST_REVIEW).days % policy.review_days == 0:
                at = int(clock.instant(np.asarray(day), wall))
                if at < end:
                    reviews.append((at, number))
    return sorted(reviews)
