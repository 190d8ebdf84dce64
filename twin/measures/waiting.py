"""Waiting: how long the cohort waits before each step, from asking for it to its start. [minutes]

A patient who still waits at the end counts up to the end.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.trace import UNSET, Trace
from twin.units import to_minutes


@dataclass(frozen=True)
class StepWait:
    """The wait before one step of one class of patients, in one replication."""

    patient_class: str
    step: str
    patients: int
    mean: float  # [minutes]
    share_who_wait: float  # of those who asked [fraction]
    stay: float  # mean length of the step, for those who ended it [minutes]


def step_waits(trace: Trace) -> tuple[StepWait, ...]:
    """Waits by class and step, in the order of the description; steps nobody asked for are left out."""
    asked = trace.of_cohort()[trace.patient] & (trace.requested != UNSET)
    step = trace.workload.step[asked]
    started = np.where(trace.started[asked] == UNSET, trace.end, trace.started[asked])
    waits = to_minutes(started - trace.requested[asked])
    ended = trace.ended[asked] != UNSET
    stays = np.where(ended, to_minutes(trace.ended[asked] - started), 0.0)
    n = len(trace.steps)
    count = np.bincount(step, minlength=n)
    total, some = np.bincount(step, waits, n), np.bincount(step, waits > 0, n)
    stayed, finished = np.bincount(step, stays, n), np.bincount(step, ended, n)
    return tuple(
        StepWait(
            key.patient_class,
            key.name,
            int(count[i]),
            float(total[i] / count[i]),
            float(some[i] / count[i]),
            float(stayed[i] / finished[i]) if finished[i] else float("nan"),
        )
        for i, key in enumerate(trace.steps)
        if count[i]
    )
