"""Counting: events of each hour or day, and patients inside at the end of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

import numpy as np
import pandas as pd

from twin.errors import UsageError
from twin.records.history import History
from twin.records.periods import Frequency
from twin.units import FloatArray

_STEP = {"h": np.timedelta64(1, "h"), "D": np.timedelta64(1, "D")}


def whole_periods(begins: date, as_of: datetime, frequency: str) -> pd.DatetimeIndex:
    """Hours or days that ended before the data did, shape (time,).

    Raises
    ------
    UsageError
        There is none, or the frequency is another one.
    """
    if frequency not in _STEP:
        raise UsageError(f'records are counted by "h" or "D", not "{frequency}"')
    end = pd.Timestamp(as_of).floor(frequency)
    periods = pd.date_range(pd.Timestamp(begins), end, freq=frequency, inclusive="left").as_unit("ns")
    if periods.empty:
        period = "hour" if frequency == "h" else "day"
        raise UsageError(f"the records begin on {begins} and end at {as_of}: no whole {period}")
    return periods


def events(times: pd.Series, periods: pd.DatetimeIndex, frequency: str) -> FloatArray:
    """Events in each period, shape (time,)."""
    edges = np.append(periods.to_numpy(), periods[-1].to_numpy() + _STEP[frequency])
    counts: FloatArray = np.diff(
        np.searchsorted(np.sort(times.dropna().to_numpy("datetime64[ns]")), edges)
    ).astype(np.float64)
    return counts


def amounts(times: pd.Series, quantity: pd.Series, periods: pd.DatetimeIndex, frequency: str) -> FloatArray:
    """Sum of quantities in each period, shape (time,)."""
    at = periods.get_indexer(times.dt.floor(frequency))
    inside = at >= 0
    sums = np.bincount(at[inside], quantity.to_numpy(float)[inside], minlength=len(periods))
    return sums.astype(np.float64)


def inside(begun: pd.Series, ended: pd.Series, instants: np.ndarray) -> FloatArray:
    """Stays that have begun before each instant and not ended, shape (instant,)."""
    came, went = (np.sort(times.dropna().to_numpy("datetime64[ns]")) for times in (begun, ended))
    return (np.searchsorted(came, instants) - np.searchsorted(went, instants)).astype(float)


def ends_of(periods: pd.DatetimeIndex, frequency: str) -> np.ndarray:
    """The instant that ends each period, shape (time,)."""
    return periods.to_numpy() + _STEP[frequency]


def skipped_hours(periods: pd.DatetimeIndex, timezone: str) -> np.ndarray:
    """Hours that no clock showed, because clocks went forward, shape (time,)."""
    return periods.tz_localize(timezone, nonexistent="NaT", ambiguous=np.zeros(len(periods), bool)).isna()


def history_from(
    ids: Sequence[str],
    values: np.ndarray,
    periods: pd.DatetimeIndex,
    frequency: Frequency,
    said: Sequence[str],
) -> History:
    """Counts (series, time) as a history; a series begins with its first period that is not missing."""
    known = np.isfinite(values)
    begun = np.maximum.accumulate(known, axis=1)
    series, column = np.nonzero(begun)
    frame = pd.DataFrame(
        {
            "unique_id": np.array(ids, dtype=object)[series],
            "ds": periods.to_numpy()[column],
            "y": values[series, column],
        }
    )
    return History(frame, frequency, tuple(said))
