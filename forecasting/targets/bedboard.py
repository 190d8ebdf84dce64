"""Bedboard: the beds that wards, specialties and the hospital need at the coming huddles, from the records.

The arrivals of the next hours are forecast, and the patients in the house are played on with them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from forecasting.service import ForecastResult, forecast
from forecasting.targets.beds_now import (
    LONGEST,
    BedsNeeded,
    arrivals_ahead,
    beds_needed,
    huddles_after,
)
from forecasting.targets.capped import open_places
from forecasting.targets.hierarchy import add_up, table_of
from forecasting.targets.material import Material
from forecasting.targets.of_records import specialties, targets_of
from forecasting.targets.spells import rows_of
from forecasting.targets.target import ARRIVALS, series_name
from twin.errors import UsageError, did_you_mean
from twin.hospital import Hospital
from twin.units import FloatArray, IntArray

BEDS, UNIT = "beds", "beds needed at the huddle"
LEVELS = ("ward", "specialty", "hospital")


@dataclass(frozen=True)
class Bedboard:
    """Beds needed at the huddles.

    Attributes
    ----------
    table : columns ``unique_id, ds, mean, q0.025, ..., q0.975``, level by level
    paths : joint futures of the series of ``ids``, shape (path, series, huddle) [beds]
    ids, stamps : names of axes 1 and 2 of ``paths``
    open_beds : beds open by the calendar of ``hospital.toml`` in each series, shape (series, huddle)
    beds : the same by ward, and the patients it starts from
    result : the forecast of arrivals by hour that it stands on
    notes : what a reader should know, in sentences
    """

    table: pd.DataFrame
    paths: FloatArray = field(repr=False)
    ids: tuple[str, ...]
    stamps: pd.DatetimeIndex
    open_beds: FloatArray
    beds: BedsNeeded
    result: ForecastResult = field(repr=False)
    notes: tuple[str, ...]

    @property
    def chance_over(self) -> FloatArray:
        """Share of futures in which more beds are needed than are open, shape (series, huddle)."""
        return (self.paths > self.open_beds).mean(axis=0)


def beds_ahead(
    material: Material,
    hospital: Hospital,
    *,
    horizon: int = LONGEST,
    at: Sequence[int] | None = None,
    levels: Sequence[str] | None = None,
    seed: int = 0,
    n_paths: int = 500,
    country: str | None = None,
    time_limit: float | None = None,
    made_by: str = "auto",
) -> Bedboard:
    """Forecast the beds needed.

    Parameters
    ----------
    horizon
        Hours ahead, 1 to 72.
    at
        Hours of the day of the huddles; the hospital's own when omitted.
    levels
        ``ward``, ``specialty``, ``hospital``; all when omitted.

    Raises
    ------
    UsageError
        The horizon, an hour or a level is not possible, or the records hold no stay in a ward.
    """
    instants = huddles_after(material.as_of, at or hospital.huddles, horizon)
    there = LEVELS if any(ward.department for ward in hospital.wards.values()) else ("ward", "hospital")
    asked = tuple(levels or there)
    for level in asked:
        if level not in there:
            raise UsageError(f'beds have no level "{level}" here; {did_you_mean(level, there)}')
    targets = targets_of(material, hospital, "h")
    arrivals = targets.of(ARRIVALS)
    rows = rows_of(material, hospital)
    if arrivals is None or not (rows.ward >= 0).any():
        raise UsageError(
            "the records hold no stay in a ward: no beds to forecast; bring stays in: twin import"
        )
    result = forecast(
        arrivals.history,
        horizon + 1,
        seed=seed,
        n_paths=n_paths,
        country=country or hospital.country,
        time_limit=time_limit,
        made_by=made_by,
    )
    named = country or hospital.country
    beds = beds_needed(
        rows,
        material.as_of,
        instants,
        *arrivals_ahead(result, seed=seed),
        seed=seed,
        country=None if named is None or named.lower() == "none" else named,
    )
    names = {
        "ward": beds.wards,
        "specialty": specialties(hospital),
        "hospital": ("",) * len(beds.wards),
    }
    staffed = _open_beds(hospital, instants)
    ids: list[str] = []
    tables, paths, opened = [], [], []
    for level in asked:
        sums, groups = add_up(beds.paths, [series_name(BEDS, level, name) for name in names[level]])
        opened.append(add_up(staffed[None], [series_name(BEDS, level, name) for name in names[level]])[0][0])
        tables.append(table_of(sums, groups, instants))
        paths.append(sums)
        ids += groups
    return Bedboard(
        table=pd.concat(tables, ignore_index=True),
        paths=np.concatenate(paths, axis=1),
        ids=tuple(ids),
        stamps=instants,
        open_beds=np.concatenate(opened),
        beds=beds,
        result=result,
        notes=(*_now(beds, staffed), f"arrivals by hour: {result.notes[0]}", *result.notes[1:]),
    )


def _open_beds(hospital: Hospital, instants: pd.DatetimeIndex) -> IntArray:
    """Beds open by the calendar, shape (ward, huddle)."""
    days = instants.normalize()
    day = days.unique().get_indexer(days)
    tables = [open_places(ward, instants, hospital.country) for ward in hospital.wards.values()]
    return np.array([table[day, instants.hour] for table in tables], dtype=np.int64)


def _now(beds: BedsNeeded, staffed: IntArray) -> list[str]:
    """Who is there now, and which wards are more likely than not to need more beds than are open."""
    told = [
        f"as of {beds.as_of:%Y-%m-%d %H:%M}: {int(beds.in_beds.sum())} patients in ward beds, "
        f"{int(beds.waiting.sum())} wait elsewhere for one, {beds.elsewhere} more are in the house"
    ]
    over = (beds.paths > staffed).mean(axis=0)
    for ward, name in enumerate(beds.wards):
        short = np.flatnonzero(over[ward] > 0.5)
        if len(short):
            k = int(short[0])
            low, high = np.quantile(beds.paths[:, ward, k], [0.1, 0.9], method="hazen")
            told.append(
                f"{name}: {beds.paths[:, ward, k].mean():.1f} beds needed at {beds.instants[k]:%a %H:%M}, "
                f"{low:.0f} to {high:.0f} in 8 of 10 futures; {staffed[ward, k]} open: likely short"
            )
    return told
