"""Same patients: whether two cases draw the same workload, whatever the window, the seed and the replication.

Drawing reads who comes, which way they go and how long each step takes; it never reads how many beds
are open, what is planned, or what the rules of the day are. Two cases that differ only there can share
one workload. Where it is not plain that nothing else differs, the answer is no.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from typing import Any

import numpy as np
from pydantic import BaseModel

from twin.case import Case, Snapshot
from twin.demand import DemandForecast
from twin.hospital import Hospital

#: what of a ward or place drawing never reads: levels, rules of the day, and what people call it
_LEVELS_OF_PLACES = {
    "title",
    "physical_beds",
    "staffed_beds",
    "physical",
    "staffed",
    "unlimited",
    "turnaround_minutes",
    "department",
    "critical_care",
    "calendar",
    "on_fall",
    "opens_when_full",
    "nursing",
}
#: what of a staff group drawing never reads where nobody is absent
_LEVELS_OF_STAFF = {"title", "on_duty", "calendar", "shifts", "breaks", "on_fall"}

#: what of an entry need not be equal, judged from the entry and its namesake in the other hospital
_Unread = Callable[[Any, Any], Set[str]]


def same_patients(one: Case, other: Case) -> bool:
    """Whether ``draw_workload`` gives both cases equal workloads for every window, seed and replication.

    True promises it; False promises nothing. The plan, the levels and calendars of wards and places,
    their turnaround, staff on duty where nobody may be absent, prices and titles may differ, and
    sessions too while the snapshot's patients are booked in none.
    """
    if one is other:
        return True
    return (
        _same_demand(one.demand, other.demand)
        and _same_snapshot(one.snapshot, other.snapshot)
        and (one.hospital is other.hospital or _same_hospital(one.hospital, other.hospital, one.snapshot))
    )


def _same_demand(one: DemandForecast | None, other: DemandForecast | None) -> bool:
    if one is None or other is None or one is other:
        return one is other
    return one.start == other.start and one.series == other.series and np.array_equal(one.paths, other.paths)


def _same_snapshot(one: Snapshot, other: Snapshot) -> bool:
    return one is other or one == other


def _same_hospital(one: Hospital, other: Hospital, snapshot: Snapshot) -> bool:
    tables: dict[str, _Unread] = {
        "profiles": _all_is_read,
        "wards": lambda _, __: _LEVELS_OF_PLACES,
        "places": lambda _, __: _LEVELS_OF_PLACES,
        "staff": _unread_of_staff,
        "arrivals": _all_is_read,
        "populations": _all_is_read,
        "items": _all_is_read,
        "trays": _all_is_read,
        "kits": _all_is_read,
        "classes": _all_is_read,
        "pathways": _all_is_read,
    }
    if any(patient.session is not None for patient in snapshot.patients):
        tables["sessions"] = _all_is_read
    return (
        one.timezone == other.timezone
        and one.country == other.country
        and all(
            _same_table(getattr(one, name), getattr(other, name), unread) for name, unread in tables.items()
        )
    )


def _all_is_read(_one: Any, _other: Any) -> Set[str]:
    return frozenset()


def _unread_of_staff(one: Any, other: Any) -> Set[str]:
    return frozenset() if one.absence or other.absence else _LEVELS_OF_STAFF


def _same_table(one: Mapping[str, BaseModel], other: Mapping[str, BaseModel], unread: _Unread) -> bool:
    """Equal entries in the same order: an entry's place in its table is a number in the workload."""
    return one is other or (
        list(one) == list(other)
        and all(
            a is b or _same_entry(a, b, unread(a, b))
            for a, b in zip(one.values(), other.values(), strict=True)
        )
    )


def _same_entry(one: BaseModel, other: BaseModel, unread: Set[str]) -> bool:
    """Compared as text: in tables within an entry, too, the order counts (shares are added up in it)."""
    left_out = unread & type(one).model_fields.keys()
    return type(one) is type(other) and one.model_dump_json(exclude=set(left_out)) == other.model_dump_json(
        exclude=set(left_out)
    )
