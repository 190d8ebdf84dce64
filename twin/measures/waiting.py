"""Waiting: how long the cohort waits before each step, from asking for it to its start. [minutes]

A patient who still waits at the end counts up to the end; one who leaves, up to leaving.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.hospital import Hospital
from twin.measures.stays import wait_ends
from twin.measures.view import are_patients
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


def step_waits(trace: Trace, hospital: Hospital | None = None) -> tuple[StepWait, ...]:
    """Waits by class and step, in the order of the description; steps nobody asked for are left out.

    With the hospital given, uses of supplies are left out too.
    """
    cohort = trace.of_cohort()
    if hospital is not None:
        cohort &= are_patients(trace, hospital)
    asked = np.flatnonzero(cohort[trace.patient] & (trace.requested != UNSET))
    step = trace.workload.step[asked]
    waited = np.minimum(wait_ends(trace)[asked], trace.end)
    waits = to_minutes(waited - trace.requested[asked])
    ended = trace.ended[asked] != UNSET
    stays = np.where(ended, to_minutes(trace.ended[asked] - waited), 0.0)
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
