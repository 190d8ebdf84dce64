"""Hierarchy: sums of joint sample paths over groups and over time, and the quantiles of those sums.

On every path the parts add up to the whole, because the whole is nothing but their sum: bottom-up
coherence. Quantiles are taken of the sums; sums of quantiles are never made.

References
----------
Athanasopoulos, Gamakumara, Panagiotelis, Hyndman & Affan (2020), in Macroeconomic Forecasting in the Era of
Big Data, 689-719 (coherent forecasts from joint samples); Taieb, Taylor & Hyndman (2021), JASA 116, 27-43.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from forecasting.heads import LEVELS
from twin.errors import UsageError
from twin.units import FloatArray

#: a frequency -> the coarser ones it adds up to
COARSER = {"h": ("h", "D", "W", "MS"), "D": ("D", "W", "MS"), "W": ("W",), "MS": ("MS",)}


def add_up(paths: np.ndarray, groups: Sequence[str]) -> tuple[FloatArray, tuple[str, ...]]:
    """Sums of the series of each group.

    Parameters
    ----------
    paths
        Joint futures, shape (path, series, time).
    groups
        The group of each series.

    Returns
    -------
    array, shape (path, group, time), and the groups in order of their first series

    Raises
    ------
    UsageError
        A series has no group, or there are more groups than series.
    """
    if paths.ndim != 3 or paths.shape[1] != len(groups):
        raise UsageError(f"paths of shape {paths.shape} have no group for each of {len(groups)} series")
    names = tuple(dict.fromkeys(groups))
    member = np.array([[group == name for group in groups] for name in names], dtype=float)
    return np.einsum("gs,pst->pgt", member, paths), names


def is_nested(finer: Sequence[str], coarser: Sequence[str]) -> bool:
    """Whether each group of ``finer`` lies in one of ``coarser``; both give the group of each series."""
    return len(set(zip(finer, coarser, strict=True))) == len(set(finer))


def over_time(
    paths: np.ndarray, stamps: pd.DatetimeIndex, frequency: str, to: str, *, mean: bool = False
) -> tuple[FloatArray, pd.DatetimeIndex]:
    """Sums, or means, of whole days, weeks or months.

    A day is a local date, a week seven days from the first whole day of the forecast, a month a calendar
    month. A period of which the forecast holds only a part is left out.

    Parameters
    ----------
    paths
        Shape (path, series, time).
    mean
        For a level at an instant, such as a census.

    Returns
    -------
    array, shape (path, series, period), and the first day of each period

    Raises
    ------
    UsageError
        The frequency does not add up to the other, or no whole period is there.
    """
    if to not in COARSER.get(frequency, ()):
        raise UsageError(f'a forecast of frequency "{frequency}" does not add up to "{to}"')
    if to == frequency:
        return np.asarray(paths, dtype=float), stamps
    days = stamps.normalize()
    if to == "D":
        names, is_whole = _whole(days, stamps, frequency, days.unique() + pd.Timedelta(days=1))
    elif to == "W":
        first = days[0] if frequency == "D" or stamps[0].hour == 0 else days[0] + pd.Timedelta(days=1)
        week = first + pd.to_timedelta((days - first).days // 7 * 7, unit="D")
        names, is_whole = _whole(week, stamps, frequency, week.unique() + pd.Timedelta(days=7))
    else:
        month = days.to_period("M").to_timestamp().as_unit("ns")
        names, is_whole = _whole(month, stamps, frequency, month.unique() + pd.offsets.MonthBegin())
    kept = names.unique()[is_whole]
    if kept.empty:
        raise UsageError(f'the forecast holds no whole period of "{to}"; name a longer --horizon')
    inside = names.isin(kept)
    sums, _ = add_up(np.swapaxes(paths[:, :, inside], 1, 2), [str(name) for name in names[inside]])
    result = np.swapaxes(sums, 1, 2)
    if mean:
        result = result / np.array([(names == name).sum() for name in kept])
    return result, kept


def _whole(
    names: pd.DatetimeIndex, stamps: pd.DatetimeIndex, frequency: str, ends: pd.DatetimeIndex
) -> tuple[pd.DatetimeIndex, np.ndarray]:
    """The period of each stamp, and of each period whether the stamps reach from its begin to its end."""
    step = pd.Timedelta(hours=1) if frequency == "h" else pd.Timedelta(days=1)
    whole = (names.unique() >= stamps[0]) & (ends <= stamps[-1] + step)
    return names, np.asarray(whole)


def table_of(paths: np.ndarray, ids: Sequence[str], stamps: pd.DatetimeIndex) -> pd.DataFrame:
    """A table ``unique_id, ds, mean, q0.025, ..., q0.975`` of the paths' means and quantiles.

    References
    ----------
    Hyndman & Fan (1996), Am. Statistician 50, 361-365: definition 5 (Hazen), as paths run through marginals.
    """
    n = len(stamps)
    table = pd.DataFrame(
        {
            "unique_id": np.repeat(np.array(ids, dtype=object), n),
            "ds": np.tile(stamps.to_numpy(), len(ids)),
            "mean": paths.mean(axis=0).ravel(),
        }
    )
    quantiles = np.quantile(paths, LEVELS, axis=0, method="hazen")
    for k, level in enumerate(LEVELS):
        table[f"q{level:g}"] = quantiles[k].ravel()
    return table
