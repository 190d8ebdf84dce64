"""Capped: days on which supply, not demand, decided the count.

A day without a free bed, a clinic whose slots are all taken or that was closed for once, an item that had
run out: what was counted then is less than what was asked for. A clinic that never opens on Sundays is not
capped; nobody is expected there.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from forecasting.targets.counting import ends_of, inside
from twin.hospital import Hospital
from twin.hospital.places import Place, Ward
from twin.hospital.week import Days, calendar_table, walls
from twin.records.history import MAX_SHARE_MISSING
from twin.units import HOURS_DAY, MS_DAY, MS_HOUR, IntArray

Mask = NDArray[np.bool_]
#: a day is capped where the ward was full for so many of its hours (assumed: half of the day)
FULL_HOURS = 12


def open_places(place: Ward | Place, periods: pd.DatetimeIndex, country: str | None) -> IntArray:
    """Beds or places open by the calendar at each hour of the days of ``periods``, shape (day, 24)."""
    days = periods.normalize().unique()
    points = walls(place)
    table = calendar_table(
        place.usual, place.exceptions(), Days.between(days[0].date(), days[-1].date(), country), points
    )
    return np.minimum(table, place.physical)[:, _hours_to_walls(points)]


def full_wards(stays: pd.DataFrame, hospital: Hospital, periods: pd.DatetimeIndex, frequency: str) -> Mask:
    """Where every open bed of a ward was taken: all of the hour, or half of the day. Shape (ward, time)."""
    days = periods.normalize().unique()
    hours = (days.to_numpy()[:, None] + np.arange(HOURS_DAY) * np.timedelta64(1, "h")).ravel()
    rows = []
    for name, ward in hospital.wards.items():
        here = stays[stays["place"] == name]
        census = inside(here["started"], here["ended"], hours)
        full = census >= open_places(ward, periods, hospital.country).ravel()
        if frequency == "h":
            rows.append(full[np.searchsorted(hours, periods.to_numpy())])
        else:
            rows.append(full.reshape(len(days), HOURS_DAY).sum(axis=1) >= FULL_HOURS)
    return np.array(rows, dtype=np.bool_).reshape(len(rows), len(periods))


def closed_for_once(place: Ward | Place, periods: pd.DatetimeIndex, country: str | None) -> Mask:
    """Days closed by a dated exception of the calendar that the usual week has open, shape (time,)."""
    days = periods.normalize().unique()
    opened = open_places(place, periods, country).max(axis=1) > 0
    points = walls(place)
    week = calendar_table(place.usual, place.exceptions(), Days.usual_week(), points).max(axis=1) > 0
    off = Days.between(days[0].date(), days[-1].date(), country).holidays
    is_holiday = np.array([day.toordinal() in off for day in days])
    closed = ~opened & week[days.day_of_week.to_numpy()] & ~is_holiday
    return closed[np.searchsorted(days.to_numpy(), periods.normalize().to_numpy())]


def slots_gone(slots: pd.DataFrame, clinic: str, periods: pd.DatetimeIndex, frequency: str) -> Mask:
    """Where the clinic had slots and none was free at the end, or all were blocked, shape (time,)."""
    mine = slots[(slots["place"] == clinic) & slots["planned_start"].notna()]
    at = periods.get_indexer(mine["planned_start"].dt.floor(frequency))
    free = (mine["status"] == "free").to_numpy(dtype=bool)
    there = np.bincount(at[at >= 0], minlength=len(periods))
    left = np.bincount(at[(at >= 0) & free], minlength=len(periods))
    return (there > 0) & (left == 0)


def run_out(movements: pd.DataFrame, periods: pd.DatetimeIndex, frequency: str) -> Mask:
    """Where an item was counted as 0 and no delivery had come yet, shape (time,)."""
    capped = np.zeros(len(periods), dtype=np.bool_)
    empty = movements.loc[(movements["kind"] == "count") & (movements["quantity"] == 0), "at"]
    filled = np.sort(
        movements.loc[
            movements["kind"].isin(["receipt", "return"])
            | ((movements["kind"] == "count") & (movements["quantity"] > 0)),
            "at",
        ].to_numpy("datetime64[ns]")
    )
    for begin in empty.to_numpy("datetime64[ns]"):
        later = filled[filled > begin]
        end = later[0] if len(later) else ends_of(periods, frequency)[-1]
        first = pd.Timestamp(begin).floor(frequency).to_numpy()
        capped |= (periods.to_numpy() >= first) & (periods.to_numpy() < end)
    return capped


def left_out(values: np.ndarray, capped: Mask, names: list[str], why: str, said: list[str]) -> np.ndarray:
    """Capped counts as missing, where not more than a fifth of a series would be lost; told in words.

    Where more is capped, what would remain are the quiet days alone, which say less about demand than all.
    """
    shown = values.copy()
    known = np.isfinite(values)
    capped = capped & known
    share = capped.sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    for row in np.flatnonzero(capped.any(axis=1)):
        periods = f"{int(capped[row].sum())} of {int(known[row].sum())} periods"
        if share[row] <= MAX_SHARE_MISSING:
            shown[row, capped[row]] = np.nan
            said.append(f"{names[row]}: {why} in {periods}, left out as missing")
        else:
            said.append(f"{names[row]}: {why} in {periods}, too many to leave out: demand may be higher")
    return shown


def _hours_to_walls(points: IntArray) -> IntArray:
    """Which wall of a calendar holds at the beginning of each hour, shape (24,)."""
    at: IntArray = np.arange(0, MS_DAY, MS_HOUR)
    return np.searchsorted(points, at, side="right") - 1
