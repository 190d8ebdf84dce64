"""Entry: by which door the patients of a stream come in.

A question may say "emergency" without knowing what a hospital calls the stream of its emergency department.
"""

from __future__ import annotations

from twin.hospital import Hospital

EMERGENCY = "emergency"


def stream_called(hospital: Hospital, name: str) -> str | None:
    """The stream of this name; for ``emergency`` also the one that comes through the emergency department."""
    if name in hospital.arrivals:
        return name
    return emergency_stream(hospital) if name == EMERGENCY else None


def emergency_stream(hospital: Hospital) -> str | None:
    """The busiest stream most of whose patients begin in the emergency department, if there is one."""
    busy = {
        name: stream.daily_mean
        for name, stream in hospital.arrivals.items()
        if sum(share for member, share in stream.mix.items() if _begins_there(hospital, member)) > 0.5
    }
    return max(busy, key=busy.__getitem__, default=None)


def _begins_there(hospital: Hospital, patient_class: str) -> bool:
    pathway = hospital.pathways[hospital.classes[patient_class].pathway]
    for step in pathway.steps:
        places = step.alternatives()
        if places:
            return hospital.everywhere[places[0].place].department == EMERGENCY
    return False
