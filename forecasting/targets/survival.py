"""Survival: how long those in a bed still stay, learned from recorded stays, by ward and reason.

Patients leave at the hours of the day and kinds of day at which wards discharge. Time is therefore
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
import pandas as pd

from forecasting.targets.spells import Rows
from twin.calendar import holidays
from twin.units import DAYS_WEEK, HOURS_DAY, FloatArray, IntArray

WEEK = DAYS_WEEK * HOURS_DAY
SUNDAY, HOLIDAY = DAYS_WEEK - 1, DAYS_WEEK  # kinds of day: 0 to 6 from Monday on, and public holidays
KINDS = (DAYS_WEEK + 1) * HOURS_DAY  # hours of each kind of day
BEFORE = 8 * WEEK  # hours before the origin at which the clocks begin; earlier, they run evenly
AHEAD = 2 * WEEK  # hours after now up to which they are drawn; later, evenly: beds are asked for 72 hours
#: borders between which a hazard is taken as constant [hours on the clock of leaving]
BORDERS = np.array(
    [*range(0, 24, 2), *range(24, 96, 6), *range(96, 336, 24), *range(336, 1345, 168), 10**7],
    dtype=np.float64,
)
LEAN_HAZARD = 4.0  # departures that the parent's hazard counts for in each bin; assumed: so few tell little
LEAN_HOUR = 10.0  # departures that the hospital's profile counts for in each hour of the week; assumed
LEAN_WEEK = 1.0  # departures that an even clock counts for in each hour of the hospital's week; assumed


@dataclass(frozen=True)
class Survival:
    """The clock of leaving of each ward, and the hazards of each cell.

    Attributes
    ----------
    clock : (ward, hour + 1) hours of leaving told since ``begins``, at each whole hour
    begins : the first of these hours, after the origin of the rows
    hazard : (cell, bin), departures per hour on that clock; the last cells are those of whole wards
    """

    clock: FloatArray
    begins: float
    hazard: FloatArray

    def to_clock(self, ward: IntArray, hours: FloatArray) -> FloatArray:
        """Hours after the origin on the wards' clocks of leaving, same shape."""
        within = hours - self.begins
        last = self.clock.shape[1] - 1
        inside = np.clip(within, 0.0, last)
        low = np.minimum(np.floor(inside).astype(np.int64), last - 1)
        start, end = self.clock[ward, low], self.clock[ward, low + 1]
        return start + (inside - low) * (end - start) + (within - inside)

    def from_clock(self, ward: IntArray, told: FloatArray) -> FloatArray:
        """The inverse of ``to_clock``."""
        hours = np.empty_like(told)
        every = np.arange(self.clock.shape[1])
        for one in np.unique(ward):
            mine = ward == one
            inside = np.clip(told[mine], 0.0, self.clock[one, -1])
            hours[mine] = np.interp(inside, self.clock[one], every) + (told[mine] - inside)
        return hours + self.begins

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


def learn_survival(
    rows: Rows, now: float, cells: IntArray, parents: IntArray, country: str | None = None
) -> Survival:
    """Clocks and hazards from the spells known at ``now``.

    Parameters
    ----------
    rows
        As known at ``now`` [hours after the origin].
    cells
        The cell of each row; -1 of rows in no ward.
    parents
        The ward of each cell.
    country
        Whose public holidays are holidays here; none when omitted.
    """
    mine = np.flatnonzero(rows.ward >= 0)
    ward, since, end = rows.ward[mine], rows.need[mine], rows.ended[mine]
    out = ~np.isnan(end)
    until = np.where(out, end, now)
    wards = len(rows.wards)
    kind = _kinds(rows.origin, int(np.ceil(now)) + AHEAD, country)
    clock = _clock(ward, np.maximum(since, 0.0), until, out & (end >= 0), wards, kind)
    bare = Survival(clock, float(-BEFORE), np.zeros((0, len(BORDERS) - 1)))
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
    return Survival(clock, bare.begins, (d + LEAN_HAZARD) / (e + LEAN_HAZARD / prior))


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


def _kinds(origin: pd.Timestamp, hours: int, country: str | None) -> IntArray:
    """Hour of the kind of day, 0 to 191, of each hour from ``BEFORE`` the origin on, shape (hour,)."""
    every = pd.date_range(origin.floor("h") - pd.Timedelta(hours=BEFORE), periods=BEFORE + hours, freq="h")
    closed = pd.DatetimeIndex(list(holidays(country, every[0].year, every[-1].year)))
    day = np.where(every.normalize().isin(closed), HOLIDAY, every.day_of_week)
    return (day * HOURS_DAY + every.hour.to_numpy()).astype(np.int64)


def _clock(
    ward: IntArray, since: FloatArray, until: FloatArray, out: np.ndarray, wards: int, kind: IntArray
) -> FloatArray:
    """Hours of leaving told by each ward's clock, shape (ward, hour + 1); a mean hour counts for about one.

    A public holiday leans on the same ward's Sunday, a Sunday on the hospital's Sundays.
    """
    left = np.zeros((wards, KINDS))
    np.add.at(left, (ward[out], kind[np.floor(until[out]).astype(np.int64) + BEFORE]), 1.0)
    risk = np.stack([_at_risk(since[ward == w], until[ward == w], kind) for w in range(wards)])
    rate = left.sum(axis=1, keepdims=True) / np.maximum(risk.sum(axis=1, keepdims=True), 1e-9)
    expected = rate * risk
    usual = left.sum() / max(risk.sum(), 1e-9) * risk.sum(axis=0)
    whole = (left.sum(axis=0) + LEAN_WEEK) / (usual + LEAN_WEEK)
    speed = (left + LEAN_HOUR * whole) / (expected + LEAN_HOUR)
    sunday, holiday = _hours_of(SUNDAY), _hours_of(HOLIDAY)
    speed[:, holiday] = (left[:, holiday] + LEAN_HOUR * speed[:, sunday]) / (expected[:, holiday] + LEAN_HOUR)
    told = np.cumsum(np.maximum(speed, 1e-3)[:, kind], axis=1)
    return np.concatenate([np.zeros((wards, 1)), told], axis=1)


def _hours_of(day: int) -> slice:
    """The hours of one kind of day among all of them."""
    return slice(day * HOURS_DAY, (day + 1) * HOURS_DAY)


def _at_risk(since: FloatArray, until: FloatArray, kind: IntArray) -> FloatArray:
    """Patients in, summed over all days, at each hour of the kinds of day, shape (192,). [patient-hours]"""
    if not len(since):
        return np.zeros(KINDS)
    hours = np.arange(max(0, int(np.ceil(until.max())) + 1))
    census = np.searchsorted(np.sort(since), hours + 0.5) - np.searchsorted(np.sort(until), hours + 0.5)
    return np.bincount(kind[hours + BEFORE], census, minlength=KINDS).astype(np.float64)
