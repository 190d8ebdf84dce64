"""Survival: how long those in a bed still stay, learned from recorded stays, by ward and reason.

Patients leave at the hours of the day and days of the week at which wards discharge. Time is therefore
counted on a clock of leaving, which runs fast at those hours and slowly at night; on that clock the
hazard of leaving depends on the time already stayed. Hazards are departures over time at risk, so those
still in, and those who were in before the records began, count for as long as they were seen. A reason with
few stays leans on its ward, a ward on the hospital.

References
----------
Kaplan & Meier (1958), JASA 53, 457-481 (those still in); Breslow & Crowley (1974), Ann. Stat. 2, 437-453
(occurrence over exposure); Susarla & Van Ryzin (1976), JASA 71, 897-902 (shrinkage to a prior).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecasting.targets.spells import Rows
from twin.units import DAYS_WEEK, HOURS_DAY, FloatArray, IntArray

WEEK = DAYS_WEEK * HOURS_DAY
#: borders between which a hazard is taken as constant [hours on the clock of leaving]
BORDERS = np.array(
    [*range(0, 24, 2), *range(24, 96, 6), *range(96, 336, 24), *range(336, 1345, 168), 10**7],
    dtype=np.float64,
)
LEAN_HAZARD = 4.0  # departures that the parent's hazard counts for in each bin; assumed: so few tell little
LEAN_HOUR = 10.0  # departures that the hospital's profile counts for in each hour of the week; assumed


@dataclass(frozen=True)
class Survival:
    """The clock of leaving of each ward, and the hazards of each cell.

    Attributes
    ----------
    clock : (ward, 169) hours of leaving at each hour of the week, from 0 on Monday 00:00
    offset : hours between Monday 00:00 and the origin of the rows
    hazard : (cell, bin), departures per hour on that clock; the last cells are those of whole wards
    """

    clock: FloatArray
    offset: float
    hazard: FloatArray

    def to_clock(self, ward: IntArray, hours: FloatArray) -> FloatArray:
        """Hours after the origin on the wards' clocks of leaving, same shape."""
        week, within = np.divmod(hours + self.offset, WEEK)
        low = np.minimum(np.floor(within).astype(np.int64), WEEK - 1)
        begin, end = self.clock[ward, low], self.clock[ward, low + 1]
        return week * self.clock[ward, -1] + begin + (within - low) * (end - begin)

    def from_clock(self, ward: IntArray, told: FloatArray) -> FloatArray:
        """The inverse of ``to_clock``."""
        week, within = np.divmod(told, self.clock[ward, -1])
        hours = np.empty_like(told)
        for one in np.unique(ward):
            mine = ward == one
            hours[mine] = np.interp(within[mine], self.clock[one], np.arange(WEEK + 1))
        return week * WEEK + hours - self.offset

    def leaves(
        self, ward: IntArray, cell: IntArray, since: FloatArray, now: FloatArray, u: FloatArray
    ) -> FloatArray:
        """When patients leave who are in since ``since`` and still at ``now``; ``u`` uniform, same shape."""
        start, here = self.to_clock(ward, since), self.to_clock(ward, now)
        age = np.maximum(here - start, 0.0)
        width = np.diff(BORDERS)
        left = np.empty_like(age)
        for one in np.unique(cell):
            mine = cell == one
            total = np.concatenate([[0.0], np.cumsum(self.hazard[one] * width)])
            to = np.interp(age[mine], BORDERS, total) - np.log1p(-u[mine])
            left[mine] = np.interp(to, total, BORDERS)
        return np.maximum(self.from_clock(ward, start + np.maximum(left, age)), now)


def learn_survival(rows: Rows, now: float, cells: IntArray, parents: IntArray) -> Survival:
    """Clocks and hazards from the spells known at ``now``.

    Parameters
    ----------
    rows
        As known at ``now`` [hours after the origin].
    cells
        The cell of each row; -1 of rows in no ward.
    parents
        The ward of each cell.
    """
    mine = np.flatnonzero(rows.ward >= 0)
    ward, since, end = rows.ward[mine], rows.need[mine], rows.ended[mine]
    out = ~np.isnan(end)
    until = np.where(out, end, now)
    wards = len(rows.wards)
    offset = float(rows.origin.day_of_week * HOURS_DAY + rows.origin.hour)
    clock = _clock(ward, np.maximum(since, 0.0), until, out & (end >= 0), wards, offset)
    bare = Survival(clock, offset, np.zeros((0, len(BORDERS) - 1)))
    start = bare.to_clock(ward, since)
    entry = np.maximum(bare.to_clock(ward, np.maximum(since, 0.0)) - start, 0.0)
    leave = np.maximum(bare.to_clock(ward, until) - start, 0.0)
    seen = until >= 0
    everyone = np.zeros(len(mine), dtype=np.int64)
    d, e = _counts(everyone[seen], entry[seen], leave[seen], out[seen], 1)
    overall = (d + 1e-3) / (e + 1e-3 * WEEK)
    d, e = _counts(ward[seen], entry[seen], leave[seen], out[seen], wards)
    of_ward = (d + LEAN_HAZARD) / (e + LEAN_HAZARD / overall)
    d, e = _counts(cells[mine][seen], entry[seen], leave[seen], out[seen], len(parents))
    prior = of_ward[parents]
    return Survival(clock, offset, (d + LEAN_HAZARD) / (e + LEAN_HAZARD / prior))


def _counts(
    group: IntArray, entry: FloatArray, leave: FloatArray, out: np.ndarray, groups: int
) -> tuple[FloatArray, FloatArray]:
    """Departures and hours at risk by group and bin, each of shape (group, bin)."""
    bins = len(BORDERS) - 1
    departures = np.zeros((groups, bins))
    at = np.clip(np.searchsorted(BORDERS, leave, "right") - 1, 0, bins - 1)
    np.add.at(departures, (group[out], at[out]), 1.0)
    risk = np.zeros((groups, bins))
    for b in range(bins):
        hours = np.clip(np.minimum(leave, BORDERS[b + 1]) - np.maximum(entry, BORDERS[b]), 0.0, None)
        risk[:, b] = np.bincount(group, hours, minlength=groups)
    return departures, risk


def _clock(
    ward: IntArray, since: FloatArray, until: FloatArray, out: np.ndarray, wards: int, offset: float
) -> FloatArray:
    """Hours of leaving from Monday 00:00 on, shape (ward, 169); a mean hour counts for about one."""
    hour = np.floor(until + offset).astype(np.int64) % WEEK
    left = np.zeros((wards, WEEK))
    np.add.at(left, (ward[out], hour[out]), 1.0)
    risk = np.stack([_at_risk(since[ward == w] + offset, until[ward == w] + offset) for w in range(wards)])
    whole = (left.sum(axis=0) + 1e-2) / (risk.sum(axis=0) + 1e-9)
    whole = whole / max(left.sum() / max(risk.sum(), 1e-9), 1e-12)
    rate = left.sum(axis=1, keepdims=True) / np.maximum(risk.sum(axis=1, keepdims=True), 1e-9)
    expected = rate * risk
    speed = (left + LEAN_HOUR * whole) / (expected + LEAN_HOUR)
    return np.concatenate([np.zeros((wards, 1)), np.cumsum(np.maximum(speed, 1e-3), axis=1)], axis=1)


def _at_risk(since: FloatArray, until: FloatArray) -> FloatArray:
    """Patients in, summed over all weeks, at each hour of the week, shape (168,). [patient-hours]"""
    if not len(since):
        return np.zeros(WEEK)
    hours = np.arange(0, int(np.ceil(until.max())) + 1) + 0.5
    census = np.searchsorted(np.sort(since), hours) - np.searchsorted(np.sort(until), hours)
    return np.bincount(np.arange(len(hours)) % WEEK, census, minlength=WEEK).astype(np.float64)
