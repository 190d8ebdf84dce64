"""Looking back: the beds that would have been foretold at past huddles, beside what was needed then.

At each past instant only what was known then is used. The rivals are "same as now" and the same hour a week
before.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import numpy as np
import pandas as pd

from forecasting.service import forecast
from forecasting.targets.beds_now import (
    LONGEST,
    arrivals_ahead,
    beds_known,
    beds_needed,
    huddles_after,
)
from forecasting.targets.material import Material
from forecasting.targets.of_records import targets_of
from forecasting.targets.spells import rows_of
from forecasting.targets.target import ARRIVALS
from twin.errors import UsageError
from twin.hospital import Hospital

ALL = "hospital"
BANDS = (0, 12, 24, 48, LONGEST)  # hours ahead that are scored together


def look_back(
    material: Material,
    hospital: Hospital,
    origins: Sequence[datetime],
    *,
    n_paths: int = 200,
    seed: int = 0,
    made_by: str = "base",
) -> pd.DataFrame:
    """Every foretold huddle of every ward and of the hospital beside the truth.

    Returns
    -------
    DataFrame with columns ``origin, series, lead, needed, mean, median, now, week_before, u``
        ``lead`` in hours, beds elsewhere; ``u`` is where the truth fell among the paths, 0 to 1, ties broken
        by chance: even where the spread is right.
    """
    rows = rows_of(material, hospital)
    arrivals = targets_of(material, hospital, "h").of(ARRIVALS)
    if arrivals is None:
        raise UsageError("the records hold no arrivals: nothing to look back on")
    chance = np.random.default_rng([seed, 73])
    found = []
    for origin in origins:
        at = pd.Timestamp(origin)
        back = int((arrivals.history.as_of - at) / pd.Timedelta(hours=1))
        result = forecast(
            arrivals.history.until(back),
            LONGEST,
            n_paths=n_paths,
            seed=seed,
            made_by=made_by,
            country=hospital.country,
        )
        known = rows.until((at - rows.origin) / pd.Timedelta(hours=1))
        huddles = huddles_after(origin, hospital.huddles, LONGEST)
        paths = beds_needed(
            known,
            origin,
            huddles,
            *arrivals_ahead(result, seed=seed),
            seed=seed,
            country=hospital.country,
        ).paths
        paths = np.concatenate([paths, paths.sum(axis=1, keepdims=True)], axis=1)
        past = (huddles, pd.DatetimeIndex([at] * len(huddles)), huddles - pd.Timedelta(days=7))
        truth, now, week = (
            np.vstack([beds, beds.sum(axis=0)]) for beds in (beds_known(rows, when) for when in past)
        )
        below, equal = (paths < truth).mean(axis=0), (paths == truth).mean(axis=0)
        found.append(
            pd.DataFrame(
                {
                    "origin": at,
                    "series": np.repeat(np.array([*rows.wards, ALL], dtype=object), len(huddles)),
                    "lead": np.tile((huddles - at) / pd.Timedelta(hours=1), len(truth)),
                    "needed": truth.ravel(),
                    "mean": paths.mean(axis=0).ravel(),
                    "median": np.median(paths, axis=0).ravel(),
                    "now": now.ravel(),
                    "week_before": week.ravel(),
                    "u": (below + equal * chance.random(truth.shape)).ravel(),
                }
            )
        )
    return pd.concat(found, ignore_index=True)


def scores(table: pd.DataFrame) -> pd.DataFrame:
    """By wards or hospital and hours ahead: bias, mean absolute errors [beds], coverage of 80 and 95 %."""
    band = pd.cut(table["lead"], BANDS).astype(str)
    whose = np.where(table["series"] == ALL, ALL, "wards")
    parts = []
    for (who, hours), part in table.groupby([whose, band]):
        needed, u = part["needed"], part["u"]
        parts.append(
            {
                "series": who,
                "hours ahead": hours,
                "needed": needed.mean(),
                "bias": (part["mean"] - needed).mean(),
                "MAE": (part["median"] - needed).abs().mean(),
                "as now": (part["now"] - needed).abs().mean(),
                "week before": (part["week_before"] - needed).abs().mean(),
                "cov80": u.between(0.1, 0.9).mean(),
                "cov95": u.between(0.025, 0.975).mean(),
                "n": len(part),
            }
        )
    return pd.DataFrame(parts)
