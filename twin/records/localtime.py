"""Local time: instants of the engine's clock as the hospital's clocks show them, whole columns at once."""

from __future__ import annotations

import numpy as np
import pandas as pd

from twin.calendar import Clock
from twin.units import IntArray


def local_times(clock: Clock, ms: IntArray) -> pd.Series:
    """Local wall-clock times of instants; missing where unset. Same shape."""
    midnight = pd.Timestamp(clock.start, tz=clock.timezone).tz_convert("UTC").tz_localize(None)
    instants = np.datetime64(midnight, "ms") + np.asarray(ms).astype("timedelta64[ms]")
    local = pd.DatetimeIndex(instants, tz="UTC").tz_convert(clock.timezone).tz_localize(None)
    return pd.Series(local.as_unit("ms"))


def ambiguous_dates(text: pd.Series) -> pd.Series:
    """Whether a text is a date that may be day/month or month/day, as 03/04/2024 is."""
    parts = text.astype(str).str.extract(r"^\s*(\d{1,2})[/.\- ](\d{1,2})[/.\- ]\d{2,4}\b")
    numbers = parts.astype("float64")
    return ((numbers >= 1) & (numbers <= 12)).all(axis=1)
