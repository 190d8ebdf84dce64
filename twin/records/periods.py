"""Periods: hours, days, weeks and months, as regular local stamps without an offset.

A history is hourly (``h``), daily (``D``), weekly on one weekday (``W``) or monthly on the first
(``MS``). Stamps are naive local time: the hour that spring skips is missing, the hour that autumn
repeats is one period.
"""

from __future__ import annotations

from typing import Literal, cast

import numpy as np
import pandas as pd

from twin.errors import Problem

Frequency = Literal["h", "D", "W", "MS"]
FREQUENCIES: tuple[Frequency, ...] = ("h", "D", "W", "MS")
SEASON: dict[str, int] = {"h": 168, "D": 7, "W": 52, "MS": 12}  # periods in a week or in a year
LONGEST_HORIZON: dict[str, int] = {"h": 87_600, "D": 3_650, "W": 520, "MS": 120}  # ten years
_STEP = {"h": pd.Timedelta(hours=1), "D": pd.Timedelta(days=1), "W": pd.Timedelta(days=7)}
_NOUN = {"h": "hourly", "D": "daily", "W": "weekly", "MS": "monthly"}
_TOLD = 20


def period_range(
    start: pd.Timestamp, end: pd.Timestamp | None, frequency: Frequency, *, periods: int | None = None
) -> pd.DatetimeIndex:
    """Regular stamps from ``start`` to ``end`` inclusive, or ``periods`` of them."""
    step = pd.offsets.MonthBegin() if frequency == "MS" else _STEP[frequency]
    return pd.date_range(start, end, periods=periods, freq=step).as_unit("ns")


def spring_hours(stamps: pd.DatetimeIndex) -> pd.DatetimeIndex:
    """Those stamps that a spring clock change may skip.

    Midnight to 03:00 on a Sunday of March or April, in the south of September or October.
    """
    spring = stamps.month.isin([3, 4, 9, 10]) & (stamps.day_of_week == 6) & (stamps.hour <= 3)
    return stamps[spring]


def faults_of_stamps(frame: pd.DataFrame) -> list[Problem]:
    """Duplicated periods of the columns ``unique_id, ds``, each with its row."""
    again = frame[frame.duplicated(["unique_id", "ds"], keep="first")]
    faults = []
    for row, series, stamp in list(zip(again.index, again["unique_id"], again["ds"], strict=True))[:_TOLD]:
        autumn = stamp.month in (3, 4, 10, 11) and stamp.day_of_week == 6 and 0 <= stamp.hour <= 3
        timed = autumn and (frame["ds"].dt.hour != 0).any()
        rule = "this hour comes twice where clocks go back" if timed else "each series has a period once"
        cure = "add the two counts into one row" if timed else "keep one row, or add the counts"
        faults.append(Problem(f"row {row}, ds", f"{series} {stamp}", rule, cure))
    if len(again) > _TOLD:
        faults.append(Problem("ds", None, f"and {len(again) - _TOLD} more duplicated periods"))
    return faults


def is_hourly(frame: pd.DataFrame) -> bool:
    """Whether every series of the file is hourly, by the gaps between its stamps."""
    ordered = frame.sort_values(["unique_id", "ds"])
    gaps = ordered.groupby("unique_id")["ds"].diff()
    return set(_kinds(gaps, ordered["unique_id"]).values()) - {None} == {"h"}


def frequency_of(frame: pd.DataFrame, wanted: str | None, faults: list[Problem]) -> Frequency:
    """The one frequency of a file; what does not fit is added to ``faults``.

    Parameters
    ----------
    frame
        Columns ``unique_id, ds`` without duplicates.
    wanted
        The frequency the user named, or None to find it.
    """
    ordered = frame.sort_values(["unique_id", "ds"])
    gaps = ordered.groupby("unique_id")["ds"].diff()
    seen = _kinds(gaps, ordered["unique_id"])
    kinds = {kind for kind in seen.values() if kind is not None}
    if not kinds and wanted is None:
        cure = "name --frequency, or add rows"
        faults.append(Problem("ds", None, "one row a series does not tell hourly from monthly", cure))
        return "D"
    if len(kinds) > 1 and wanted is None:
        for kind in sorted(kinds):
            named = [name for name, own in seen.items() if own == kind]
            cure = "one file a frequency"
            faults.append(
                Problem("series", named[0], f"is {_NOUN.get(kind, kind)} (and {len(named) - 1} more)", cure)
            )
        return "D"
    found = cast(Frequency, wanted or next(iter(kinds)))
    if found not in FREQUENCIES:
        faults.append(
            Problem("ds", found, "periods are hours, days, weeks or months", "sum the counts to one of them")
        )
        return "D"
    _faults_of_grid(ordered, gaps, found, faults)
    return found


def _kinds(gaps: pd.Series, series: pd.Series) -> dict[str, str | None]:
    """The frequency of each series; None where one row tells none."""
    usual = gaps.groupby(series).median()
    known = {gap: _kind(gap) for gap in usual.dropna().unique()}
    return {str(name): known.get(gap) for name, gap in usual.items()}


def _kind(usual: pd.Timedelta) -> str | None:
    """The frequency that a series' usual gap between neighbouring rows speaks for."""
    for name, step in _STEP.items():
        if usual == step:
            return name
    if pd.Timedelta(days=28) <= usual <= pd.Timedelta(days=31):
        return "MS"
    return f"one row every {usual}"


def _faults_of_grid(ordered: pd.DataFrame, gaps: pd.Series, found: Frequency, faults: list[Problem]) -> None:
    """Stamps that are not on the grid of their frequency, and gaps that speak for another one."""
    stamps = ordered["ds"]
    if found == "MS":
        off = (stamps.dt.day != 1) | (stamps != stamps.dt.normalize())
        rule, cure = "monthly stamps are the first of the month", "write 2024-03-01 for March"
    elif found == "h":
        off = stamps != stamps.dt.floor("h")
        rule, cure = "hourly stamps are whole hours", "write 14:00:00"
    else:
        off = stamps != stamps.dt.normalize()
        rule, cure = f"{_NOUN[found]} stamps are dates", "sum the counts to days, or name another --frequency"
    if found == "W":
        first = stamps.groupby(ordered["unique_id"]).transform("first")
        anchor = first.dt.day_of_week.mode().iloc[0]
        off |= stamps.dt.day_of_week != anchor
        rule, cure = "weekly stamps are all on one weekday", "name each week by the same weekday"
    bad = ordered[off]
    for row, stamp in list(bad["ds"].items())[:_TOLD]:
        faults.append(Problem(f"row {row}, ds", str(stamp), rule, cure))
    if len(bad) > _TOLD:
        faults.append(
            Problem("ds", None, f"and {len(bad) - _TOLD} more rows where this does not hold: {rule}")
        )
    _faults_of_mixture(gaps, found, faults)


def _faults_of_mixture(gaps: pd.Series, found: Frequency, faults: list[Problem]) -> None:
    """A file that goes on at another pace: a fifth or more of the gaps are those of one coarser frequency."""
    steps = gaps.dropna()
    for other in FREQUENCIES[FREQUENCIES.index(found) + 1 :]:
        if other == "MS":
            share = float(((steps >= pd.Timedelta(days=28)) & (steps <= pd.Timedelta(days=31))).mean())
        else:
            share = float((steps == _STEP[other]).mean())
        if share >= 0.2 and np.isfinite(share):
            rule = f"two frequencies in one file: {_NOUN[found]} and {_NOUN[other]} rows"
            faults.append(Problem("ds", f"{share:.0%} of gaps", rule, "one file a frequency"))
