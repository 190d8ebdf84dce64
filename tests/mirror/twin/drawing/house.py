"""A small hospital whose parts a test replaces, and its workload."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.houses import START
from twin.case import Case, Snapshot, Window
from twin.hospital import Hospital
from twin.workload import Workload, draw_workload

HOUR = 3_600_000


def house(steps: list[dict[str, Any]] | None = None, **parts: Any) -> Hospital:
    """One class of patients in one bay, nobody coming; ``steps`` are those of its pathway."""
    usual = {"duration": {"mean": 1, "unit": "hours"}}
    rows = steps or [{"name": "treat", "places": ["bay"]}]
    return Hospital.model_validate(
        {
            "name": "a small house",
            "timezone": "UTC",
            "places": {"bay": {"title": "bay", "physical": 2, "staffed": 2}},
            "arrivals": {"door": {"title": "door", "daily_mean": 0, "mix": {"acute": 1.0}}},
            "classes": {"acute": {"title": "acute", "priority": 1, "pathway": "acute"}},
            "pathways": {"acute": {"steps": [{**usual, **row} for row in rows]}},
            **parts,
        }
    )


def door(**more: Any) -> dict[str, Any]:
    """Arrivals of 40 a day."""
    return {"door": {"title": "door", "daily_mean": 40, "mix": {"acute": 1.0}, **more}}


def draw(hospital: Hospital, *, days: int = 20, seed: int = 3, snapshot: Snapshot | None = None) -> Workload:
    """The workload of a run without warm-up or tail."""
    case = Case(hospital, snapshot=snapshot or Snapshot.empty())
    return draw_workload(case, Window(START, days=days, tail=0), seed=seed)


def rows_of(work: Workload, patient: int) -> slice:
    """Rows of one patient."""
    return slice(int(work.first[patient]), int(work.first[patient + 1]))


def by_key(work: Workload, column: Any) -> dict[int, Any]:
    """Values of a column of patients by key."""
    return dict(zip(work.key.tolist(), np.asarray(column).tolist(), strict=True))
