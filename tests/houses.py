"""Hospitals small enough to check by hand, and patients set by hand."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np

from twin.case import Case, Window
from twin.hospital import Hospital
from twin.units import MS_MINUTE
from twin.workload import NONE, Workload, number_steps

START = date(2025, 1, 6)  # a Monday


def minutes_of(values) -> list[float | None]:
    """Milliseconds as minutes, None where unset."""
    return [None if v == np.iinfo(np.int64).min else float(v) / MS_MINUTE for v in values]


def hospital(
    *,
    pathways: dict[str, list[dict[str, Any]]],
    places: dict[str, Any] | None = None,
    wards: dict[str, Any] | None = None,
    staff: dict[str, Any] | None = None,
    priorities: dict[str, int] | None = None,
    profiles: dict[str, Any] | None = None,
) -> Hospital:
    """A hospital of one class a pathway; ``places`` and ``staff`` take a number or a table."""

    def place(name: str, value: Any) -> dict[str, Any]:
        return {
            "title": name,
            **(value if isinstance(value, dict) else {"physical": value, "staffed": value}),
        }

    def ward(name: str, value: Any) -> dict[str, Any]:
        return {
            "title": name,
            **(value if isinstance(value, dict) else {"physical_beds": value, "staffed_beds": value}),
        }

    def group(name: str, value: Any) -> dict[str, Any]:
        return {"title": name, **(value if isinstance(value, dict) else {"on_duty": value})}

    steps = {
        name: {"steps": [{"duration": {"mean": 10, "unit": "minutes"}, **step} for step in rows]}
        for name, rows in pathways.items()
    }
    return Hospital.model_validate(
        {
            "name": "a small house",
            "timezone": "UTC",
            "profiles": profiles or {},
            "wards": {k: ward(k, v) for k, v in (wards or {}).items()},
            "places": {k: place(k, v) for k, v in (places or {}).items()},
            "staff": {k: group(k, v) for k, v in (staff or {}).items()},
            "arrivals": {"door": {"title": "door", "daily_mean": 0, "mix": {next(iter(pathways)): 1.0}}},
            "classes": {
                name: {"title": name, "priority": (priorities or {}).get(name, 5), "pathway": name}
                for name in pathways
            },
            "pathways": steps,
        }
    )


def patients(
    house: Hospital, rows: list[tuple[Any, ...]], *, days: int = 10, start: date = START
) -> Workload:
    """Patients by hand: (class, arrival minute, [(step name, minutes), ...]) in order of key."""
    numbers = {(k.patient_class, k.name): i for i, k in enumerate(number_steps(house))}
    classes = list(house.classes)
    order = sorted(range(len(rows)), key=lambda i: (rows[i][1], i))
    first, step, duration = [0], [], []
    for i in order:
        for name, length in rows[i][2]:
            step.append(numbers[rows[i][0], name])
            duration.append(round(length * MS_MINUTE))
        first.append(len(step))
    n = len(rows)
    window = Window(start, days=days, tail=0)
    return Workload(
        seed=0,
        replication=0,
        window=window,
        clock=window.clock(house),
        key=np.array([i + 1 for i in order], np.int64),
        patient_class=np.array([classes.index(rows[i][0]) for i in order], np.int32),
        arrival=np.array([round(rows[i][1] * MS_MINUTE) for i in order], np.int64),
        first=np.array(first, np.int64),
        origin=np.zeros(n, np.int8),
        held=np.full(n, NONE, np.int32),
        since=np.zeros(n, np.int64),
        step=np.array(step, np.int32),
        duration=np.array(duration, np.int64),
        wall=np.full(len(step), NONE, np.int64),
    )


def case(house: Hospital, **parts: Any) -> Case:
    """A case of this house with nothing planned and nobody there."""
    return Case(house, **parts)
