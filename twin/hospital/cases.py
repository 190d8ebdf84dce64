"""Cases: the time for which one of a class is booked into a session without slots.

It is the mean length of the step by which the class is booked, and the turnaround of the step's first
place after it, in whole milliseconds: the engines, the checks and the sums of waiting lists use the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from twin.hospital.base import Duration
from twin.hospital.duration import mean_ms
from twin.units import minutes

if TYPE_CHECKING:  # the checks of a description, which the hospital reads, use this module
    from twin.hospital.hospital import Hospital
    from twin.hospital.pathway import PatientClass


def booked_length(duration: Duration, turnaround_minutes: float) -> int:
    """Expected length of a case: the mean of its step, and the turnaround after it. [ms]"""
    return round(mean_ms(duration)) + minutes(turnaround_minutes)


def case_length(hospital: Hospital, patient_class: PatientClass) -> int:
    """Expected length of a class's case: of its limited step, else of its first. [ms]"""
    steps = hospital.pathways[patient_class.pathway].steps
    limit = patient_class.booking.limit_step if patient_class.booking is not None else None
    step = next((step for step in steps if step.name == limit), steps[0])
    places = step.alternatives()
    return booked_length(
        step.duration, hospital.everywhere[places[0].place].turnaround_minutes if places else 0.0
    )
