"""Rules of flow that both engines share as plain arithmetic: when a stay ends, when a run stops.

Only whole numbers enter here, so that two engines that ask get the same answer to the millisecond.
"""

from __future__ import annotations

from twin.hospital import Hospital
from twin.hospital.discharge import discharge_shift
from twin.workload import StepKey, discharge_profile

#: waiting requests at which a run stops with partial results [patients]
MOST_WAITING = 200_000


def stay_shifts(hospital: Hospital, steps: tuple[StepKey, ...]) -> list[int]:
    """Shift of the drawn end of each step that a discharge profile ends; 0 elsewhere. [ms]"""
    shifts = []
    for key in steps:
        pathway = hospital.pathways[key.pathway]
        profile = discharge_profile(hospital, pathway, key.index)
        duration = pathway.steps[key.index].duration
        shifts.append(0 if profile is None else discharge_shift(duration, hospital.profiles[profile]))
    return shifts
