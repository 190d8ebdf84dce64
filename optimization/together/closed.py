"""Beds that close for lack of nurses: what a plan asks of the wards beside what nurses leave of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from optimization.cover.planning import BEDS_CLOSED
from optimization.together.bare import without_nurses
from twin.case import Case, Schedule, Window, resolve
from twin.units import MS_HOUR, IntArray

__all__ = ["BEDS_CLOSED", "Asked"]


@dataclass(frozen=True)
class Asked:
    """Beds that a plan asks of each ward, hour by hour of the measured days.

    Attributes
    ----------
    wards : the wards, in the order of the hospital
    hours : instants of the run [ms]
    day : int (hour,) measured day of each, from 0
    beds : int (ward, hour) as if nurses closed none [beds]
    """

    wards: tuple[str, ...]
    hours: IntArray
    day: IntArray
    beds: IntArray

    @classmethod
    def of(cls, case: Case, window: Window) -> Asked:
        """What the plan of a case asks."""
        starts = window.clock(case.hospital).day_starts
        hours = np.arange(int(starts[window.warm_up]), int(starts[window.warm_up + window.days]), MS_HOUR)
        wards = tuple(case.hospital.wards)
        day = np.searchsorted(starts, hours, side="right") - 1 - window.warm_up
        return cls(wards, hours, day, _levels(resolve(without_nurses(case), window), wards, hours))

    def left(self, schedule: Schedule) -> IntArray:
        """Beds that nurses leave of it, shape (ward, hour). [beds]"""
        return _levels(schedule, self.wards, self.hours)

    def share_closed(self, schedule: Schedule) -> float:
        """Bed-hours closed for lack of nurses / bed-hours asked. [%]"""
        asked = int(self.beds.sum())
        return 100 * (asked - int(self.left(schedule).sum())) / asked if asked else 0.0

    def best_of_day(self, schedule: Schedule) -> IntArray:
        """The most beds that nurses leave at some hour of each measured day, (ward, day). [beds]"""
        first = np.flatnonzero(np.diff(self.day, prepend=-1))
        most: IntArray = np.maximum.reduceat(self.left(schedule), first, axis=1)
        return most


def _levels(schedule: Schedule, wards: tuple[str, ...], hours: IntArray) -> IntArray:
    rows = []
    for ward in wards:
        level = schedule.levels[ward]
        rows.append(level.values[np.searchsorted(level.times, hours, side="right") - 1])
    return np.array(rows, dtype=np.int64)
