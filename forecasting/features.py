"""Features: what is known of a day before it comes.

The weekday, the hour, the season of the year, the public holiday and the days around it. All of it is
computed from the stamp and the country alone, so the future has the same columns as the past.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from twin.calendar import holidays
from twin.records.periods import SEASON, Frequency

AROUND = (0, 1, -1, 2)  # days from a holiday that carry its mark, the strongest first
COVARIATES = (
    *(f"weekday_{day}" for day in range(7)),
    "hour_sin", "hour_cos", "half_day_sin", "half_day_cos",
    "year_sin", "year_cos", "half_year_sin", "half_year_cos",
    "holiday", "after_holiday", "before_holiday", "second_after", "year_end", "working_days",
)  # fmt: skip


@dataclass(frozen=True)
class Calendar:
    """What is known of each period, past and future.

    Attributes
    ----------
    season : periods in one season (168, 7, 52 or 12)
    position : place of a period in its season, int64, shape (time,)
    covariates : float32, shape (time, len(COVARIATES))
    mark : which named holiday, and how many days from it, int64, shape (time,); -1 on usual days
    marks : the names of the marks, e.g. ``("Christmas Day", 1)``
    working : Mondays to Fridays that are no holiday, relative to the usual, shape (time,); months only
    told : what the hospital itself told of each period (see ``covariates``), about -1 to 1, shape
        (series, time, name); None where it told nothing
    told_names : its names
    """

    season: int
    position: np.ndarray
    covariates: np.ndarray
    mark: np.ndarray
    marks: tuple[tuple[str, int], ...]
    working: np.ndarray
    told: np.ndarray | None = None
    told_names: tuple[str, ...] = ()


def calendar_of(
    stamps: pd.DatetimeIndex, frequency: Frequency, country: str | Sequence[str] | None = None
) -> Calendar:
    """The calendar of these periods.

    Parameters
    ----------
    stamps
        Regular local stamps, past then future, shape (time,).
    country
        As ``holidays`` names it, e.g. ``GB-ENG`` or ``US``; no holidays when None, and of several
        countries the days that all of them keep.

    Raises
    ------
    UsageError
        The country is not known.
    """
    first, *others = [country] if country is None or isinstance(country, str) else country
    named = holidays(first, stamps[0].year - 1, stamps[-1].year + 1)
    for other in others:
        kept = holidays(other, stamps[0].year - 1, stamps[-1].year + 1)
        named = {day: name for day, name in named.items() if day in kept}
    mark, marks = _marks(stamps, frequency, named)
    working = _working_days(stamps, named) if frequency == "MS" else np.ones(len(stamps))
    covariates = _covariates(stamps, frequency, named, working)
    return Calendar(SEASON[frequency], _position(stamps, frequency), covariates, mark, marks, working)


def _position(stamps: pd.DatetimeIndex, frequency: Frequency) -> np.ndarray:
    if frequency == "h":
        place = stamps.day_of_week * 24 + stamps.hour
    elif frequency == "D":
        place = stamps.day_of_week
    elif frequency == "W":
        place = np.minimum((stamps.day_of_year - 1) // 7, 51)
    else:
        place = stamps.month - 1
    return np.asarray(place, dtype=np.int64)


def _days_from(stamps: pd.DatetimeIndex, named: dict[date, str]) -> dict[int, np.ndarray]:
    """For each offset in ``AROUND``, the name of the holiday that many days before (or "")."""
    days = stamps.date
    return {
        k: np.array([named.get(day - timedelta(days=k), "") for day in days], dtype=object) for k in AROUND
    }


def _marks(
    stamps: pd.DatetimeIndex, frequency: Frequency, named: dict[date, str]
) -> tuple[np.ndarray, tuple[tuple[str, int], ...]]:
    if frequency not in ("h", "D") or not named:
        return np.full(len(stamps), -1), ()
    near = _days_from(stamps, named)
    mark = np.full(len(stamps), -1)
    marks: dict[tuple[str, int], int] = {}
    for k in reversed(AROUND):  # the strongest is written last
        for name in sorted(set(near[k]) - {""}):
            mark[near[k] == name] = marks.setdefault((name, k), len(marks))
    return mark, tuple(marks)


def _working_days(stamps: pd.DatetimeIndex, named: dict[date, str]) -> np.ndarray:
    """Working days of each month over the usual number, shape (time,). [fraction]"""
    first = stamps.to_numpy().astype("datetime64[M]")
    days = np.array(sorted(named), dtype="datetime64[D]")
    count = np.busday_count(first.astype("datetime64[D]"), (first + 1).astype("datetime64[D]"), holidays=days)
    return count / count.mean()


def _covariates(
    stamps: pd.DatetimeIndex, frequency: Frequency, named: dict[date, str], working: np.ndarray
) -> np.ndarray:
    daily = frequency in ("h", "D")
    weekday = np.eye(7)[stamps.day_of_week] if daily else np.zeros((len(stamps), 7))
    hour = 2 * np.pi * np.asarray(stamps.hour) / 24 if frequency == "h" else np.full(len(stamps), np.pi / 2)
    year = 2 * np.pi * (np.asarray(stamps.day_of_year) - 1) / 365.25
    near = _days_from(stamps, named) if daily and named else {k: np.full(len(stamps), "") for k in AROUND}
    flags = [(near[k] != "").astype(float) for k in AROUND]
    late = np.asarray(
        (stamps.month == 12) & (stamps.day >= 23) if daily else np.zeros(len(stamps)), dtype=float
    )
    waves: Sequence[np.ndarray] = [
        wave(n * angle) for angle in (hour, year) for n in (1, 2) for wave in (np.sin, np.cos)
    ]
    columns = [weekday, *(w[:, None] for w in (*waves, *flags, late, (working - 1) * 10))]
    return np.concatenate(columns, axis=1).astype(np.float32)
