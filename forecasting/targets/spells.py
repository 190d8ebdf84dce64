"""Spells: from the moment a patient needs a bed of a ward until the bed is left.

Who waits elsewhere for a bed needs it already; who waits in a bed of another ward needs that one until the
move. So at any instant everybody needs one bed at most, and wards add up to the hospital. Times are hours
after ``origin``, NaN where it has not happened.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from forecasting.targets.material import Material
from twin.hospital import Hospital
from twin.units import FloatArray, IntArray

NONE = -1


@dataclass(frozen=True)
class Rows:
    """Stays and waits of all visits that may come to a ward, in order of time within each visit.

    Attributes
    ----------
    visit : (row,) number of the visit, rising
    ward : (row,) number of the ward, -1 where the row is no stay in a ward
    what : (row,) number of the step, or of the place where no step is told; -1 where neither
    asked, begun, ended : (row,) [hours after origin]
    need : (row,) from when the bed of a ward row is needed, NaN of other rows
    over : (visit,) whether the visit has ended
    arrived : (visit,) [hours after origin]
    stream : (visit,) name of the stream
    names : of ``what``
    """

    origin: pd.Timestamp
    wards: tuple[str, ...]
    visit: IntArray
    ward: IntArray
    what: IntArray
    asked: FloatArray
    begun: FloatArray
    ended: FloatArray
    need: FloatArray
    over: np.ndarray
    arrived: FloatArray
    stream: np.ndarray
    names: tuple[str, ...] = field(repr=False)

    def until(self, hour: float) -> Rows:
        """Only what was known at ``hour``: later ends have not happened, later rows are unheard of."""
        known = self.asked <= hour
        visit = self.visit[known]
        begun = np.where(self.begun[known] <= hour, self.begun[known], np.nan)
        ended = np.where(self.ended[known] <= hour, self.ended[known], np.nan)
        waits = np.isnan(begun)
        ward = np.where(waits, NONE, self.ward[known])
        missing = np.zeros(len(self.over), dtype=bool)
        missing[visit[np.isnan(ended)]] = True
        later = np.zeros(len(self.over), dtype=bool)
        later[self.visit[~known]] = True
        return Rows(
            self.origin, self.wards, visit, ward, self.what[known], self.asked[known], begun, ended,
            needed_from(visit, ward, self.asked[known], begun, ended),
            self.over & ~missing & ~later, np.where(self.arrived <= hour, self.arrived, np.nan), self.stream,
            self.names,
        )  # fmt: skip


def rows_of(material: Material, hospital: Hospital) -> Rows:
    """The rows of all visits of streams that ever come to a ward."""
    wards = tuple(hospital.wards)
    visits, stays = material.visits, material.stays
    reach = stays.loc[stays["place"].isin(wards), "encounter"].drop_duplicates()
    streams = visits.loc[visits["encounter"].isin(reach), "stream"].unique()
    visits = visits[visits["stream"].isin(streams)].reset_index(drop=True)
    number = pd.Index(visits["encounter"]).get_indexer(stays["encounter"])
    stays, number = stays[number >= 0], number[number >= 0]
    order = np.argsort(number, kind="stable")
    stays, number = stays.iloc[order], number[order].astype(np.int64)
    origin = pd.Timestamp(material.begins)
    asked, begun, ended = (_hours(stays[c], origin) for c in ("requested", "started", "ended"))
    asked = np.where(np.isnan(asked), begun, asked)
    ward = pd.Index(wards).get_indexer(stays["place"]).astype(np.int64)
    ward[np.isnan(begun)] = NONE
    what, names = pd.factorize(stays["step"].where(stays["step"].notna(), stays["place"]))
    return Rows(
        origin, wards, number, ward, what.astype(np.int64), asked, begun, ended,
        needed_from(number, ward, asked, begun, ended),
        visits["over"].to_numpy(dtype=bool), _hours(visits["arrived"], origin),
        visits["stream"].to_numpy(dtype=object), tuple(str(name) for name in names),
    )  # fmt: skip


def needed_from(
    visit: IntArray, ward: IntArray, asked: FloatArray, begun: FloatArray, ended: FloatArray
) -> FloatArray:
    """From when a ward row's bed is needed: asked for, or the bed of the ward before left; NaN elsewhere."""
    after = np.zeros(len(visit), dtype=bool)
    after[1:] = (visit[1:] == visit[:-1]) & (ward[:-1] >= 0)
    left = np.full(len(visit), -np.inf)
    left[1:] = np.where(after[1:], ended[:-1], -np.inf)
    held = np.where(np.isnan(left), begun, np.maximum(asked, left))
    need: FloatArray = np.where(ward >= 0, np.minimum(held, begun), np.nan)
    return need


def next_spell(rows: Rows) -> IntArray:
    """The next ward row of the same visit after each row; -1 where there is none, shape (row,)."""
    place = np.where(rows.ward >= 0, np.arange(len(rows.ward)), len(rows.ward))
    following = np.append(np.minimum.accumulate(place[::-1])[::-1][1:], len(rows.ward))
    is_same = following < len(rows.ward)
    is_same[is_same] = rows.visit[following[is_same]] == rows.visit[np.flatnonzero(is_same)]
    return np.where(is_same, following, NONE)


def beds_at(rows: Rows, hours: FloatArray) -> IntArray:
    """Beds needed in each ward at each instant, shape (ward, instant). [patients]"""
    found = np.zeros((len(rows.wards), len(hours)), dtype=np.int64)
    for ward in range(len(rows.wards)):
        mine = rows.ward == ward
        came, went = np.sort(rows.need[mine]), np.sort(rows.ended[mine & ~np.isnan(rows.ended)])
        found[ward] = np.searchsorted(came, hours, "right") - np.searchsorted(went, hours, "right")
    return found


def _hours(times: pd.Series, origin: pd.Timestamp) -> FloatArray:
    return ((times - origin) / pd.Timedelta(hours=1)).to_numpy(dtype=np.float64)
