"""Trace: what happened to every patient at every step, as columns.

One row a patient and step, in the order of the workload. Times are milliseconds since the run
began; ``UNSET`` means that it did not happen before the end.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twin.case import Schedule
from twin.units import IntArray
from twin.workload import StepKey, Workload

UNSET = np.iinfo(np.int64).min


@dataclass(frozen=True)
class Trace:
    """The event log of one replication.

    Attributes
    ----------
    place : int32 (row,) place taken, -1 where the step needs none or did not start
    requested, started, ended, left : int64 (row,) [ms]
        Asked for; begun; over; and the place given up (later than ``ended`` for a boarder).
    exchanges : circles of patients who swapped places at one instant
    stopped_at : instant at which a guard stopped the run, or None [ms]
    """

    workload: Workload = field(repr=False)
    schedule: Schedule = field(repr=False)
    places: tuple[str, ...]
    steps: tuple[StepKey, ...] = field(repr=False)
    classes: tuple[str, ...] = field(repr=False)
    place: NDArray[np.int32] = field(repr=False)
    requested: IntArray = field(repr=False)
    started: IntArray = field(repr=False)
    ended: IntArray = field(repr=False)
    left: IntArray = field(repr=False)
    exchanges: int
    engine: str
    stopped_at: int | None = None

    @cached_property
    def patient(self) -> IntArray:
        """Row of the patient in the workload, shape (row,)."""
        first = self.workload.first
        return np.repeat(np.arange(self.workload.patients), np.diff(first))

    @property
    def stopped_why(self) -> str:
        """The guard that stopped the run, in words; empty where none did."""
        if self.stopped_at is None:
            return ""
        at = self.workload.clock.at(self.stopped_at)
        return f"partial: stopped on {at:%Y-%m-%d %H:%M} because more patients waited than a run may hold"

    def before(self, column: NDArray[Any], missing: Any) -> NDArray[Any]:
        """A column's value in the same patient's row before; ``missing`` in first rows. Shape (row,)."""
        shifted = np.empty_like(column)
        shifted[1:] = column[:-1]
        first = self.workload.first
        shifted[first[:-1][np.diff(first) > 0]] = missing
        return shifted

    @property
    def end(self) -> int:
        """End of what was simulated. [ms]"""
        return self.workload.end if self.stopped_at is None else self.stopped_at

    def cohort(self) -> IntArray:
        """Patients who arrive in [warm-up, end - tail), as rows of the workload."""
        window, starts = self.workload.window, self.workload.clock.day_starts
        arrival = self.workload.arrival
        last = min(int(starts[window.warm_up + window.days]), self.end)
        return np.flatnonzero((arrival >= starts[window.warm_up]) & (arrival < last))

    def of_cohort(self) -> NDArray[np.bool_]:
        """Whether each patient of the workload is in the cohort, shape (patient,)."""
        chosen = np.zeros(self.workload.patients, dtype=bool)
        chosen[self.cohort()] = True
        return chosen

    def same_as(self, other: Trace) -> bool:
        """Whether two engines told the same story, bit for bit."""
        columns = ("place", "requested", "started", "ended", "left")
        return (
            all(np.array_equal(getattr(self, c), getattr(other, c)) for c in columns)
            and self.exchanges == other.exchanges
            and self.stopped_at == other.stopped_at
        )

    def table(self) -> pd.DataFrame:
        """The log as a table with names; times in ms, missing where unset."""
        work = self.workload
        frame = pd.DataFrame(
            {
                "patient": work.key[self.patient],
                "patient_class": pd.Categorical.from_codes(
                    work.patient_class[self.patient], list(self.classes)
                ),
                "step": np.array([s.name for s in self.steps], dtype=object)[work.step],
                "place": np.array([*self.places, None], dtype=object)[self.place],
            }
        )
        for column in ("requested", "started", "ended", "left"):
            values = getattr(self, column)
            frame[column] = pd.array(np.where(values == UNSET, 0, values), dtype="Int64")
            frame.loc[values == UNSET, column] = pd.NA
        return frame
