"""History: what was counted so far, one number for each series and hour, day, week or month.

A history file is a CSV with the columns ``unique_id, ds, y``: the name of the series, the local
start of the period, and the count. Every fault of a file is told at once; a gap is never filled with
an invented number, it stays missing and is named among the repairs.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from twin.errors import BadData, Problem, UsageError
from twin.records.localtime import ambiguous_dates
from twin.records.periods import (
    FREQUENCIES,
    SEASON,
    Frequency,
    faults_of_stamps,
    frequency_of,
    is_hourly,
    period_range,
    spring_hours,
)
from twin.records.sheet import read_sheet

MAX_SHARE_MISSING = 0.20  # assumed: with a fifth of the periods absent, a level is guesswork
_TOLD = 20  # faults or repairs told one by one before "and N more"
_MISSING = frozenset({"", "na", "n/a", "nan", "null", "none", "-"})
_LARGEST = 1e12  # assumed: no hospital counts more of anything in a month


@dataclass(frozen=True)
class History:
    """Regular series, aligned to their last period.

    Attributes
    ----------
    frame : columns ``unique_id`` (str), ``ds`` (naive local time), ``y`` (float64, NaN where missing),
        sorted; every series is regular from its own first period to the last of the whole file
    frequency : ``h``, ``D``, ``W`` or ``MS`` (first of each month)
    repairs : what was set right on reading, in words
    """

    frame: pd.DataFrame
    frequency: Frequency
    repairs: tuple[str, ...] = field(default=())

    @property
    def season(self) -> int:
        """Periods in one season: 168 hours, 7 days, 52 weeks or 12 months."""
        return SEASON[self.frequency]

    @cached_property
    def ids(self) -> tuple[str, ...]:
        """Names of the series, in the order of ``values``."""
        return tuple(self.frame["unique_id"].unique())

    @cached_property
    def stamps(self) -> pd.DatetimeIndex:
        """Every period from the first of any series to the last, shape (time,)."""
        return period_range(self.frame["ds"].min(), self.frame["ds"].max(), self.frequency)

    @cached_property
    def values(self) -> np.ndarray:
        """Counts, shape (series, time), read-only; NaN where missing or before a series began."""
        row = pd.Index(self.ids).get_indexer(self.frame["unique_id"])
        column = self.stamps.get_indexer(self.frame["ds"])
        grid = np.full((len(self.ids), len(self.stamps)), np.nan)
        grid[row, column] = self.frame["y"].to_numpy()
        grid.setflags(write=False)
        return grid

    @property
    def as_of(self) -> pd.Timestamp:
        """The last instant of the data: the end of its last period."""
        return period_range(self.stamps[-1], None, self.frequency, periods=2)[1]

    def ahead(self, horizon: int) -> pd.DatetimeIndex:
        """The next ``horizon`` periods after the last, shape (horizon,)."""
        return period_range(self.stamps[-1], None, self.frequency, periods=horizon + 1)[1:]

    def until(self, periods: int) -> History:
        """The same history without its last ``periods`` periods.

        Raises
        ------
        UsageError
            Nothing would be left.
        """
        if periods <= 0:
            return self
        if periods >= len(self.stamps):
            raise UsageError(
                f"{periods} periods held out of {len(self.stamps)}: nothing is left to learn from"
            )
        return replace(self, frame=self.frame[self.frame["ds"] < self.stamps[-periods]])

    def daily(self) -> History:
        """Hours summed to whole local days; days with a missing hour stay missing.

        A day of 23 or more hours counts as whole, so that a spring clock change loses no day.

        Raises
        ------
        UsageError
            The history is weekly or monthly.
        """
        if self.frequency == "D":
            return self
        if self.frequency != "h":
            raise UsageError(f"a history with frequency {self.frequency} cannot be summed to days")
        return sum_to_days(self)


def sum_to_days(history: History) -> History:
    """Sum an hourly history to whole local days (see ``History.daily``)."""
    days = history.stamps.normalize()
    spring = set(spring_hours(history.stamps))
    groups = history.frame.assign(day=history.frame["ds"].dt.normalize()).groupby(["unique_id", "day"])["y"]
    table = pd.DataFrame({"y": groups.sum(min_count=1), "hours": groups.count()}).reset_index()
    changed = table["day"].isin({hour.normalize() for hour in spring})
    table.loc[table["hours"] < np.where(changed, 23, 24), "y"] = np.nan
    last = days[-1] if history.stamps[-1].hour == 23 else days[-1] - pd.Timedelta(days=1)
    table = table[(table["day"] <= last)]
    whole = table[table["y"].notna()]
    if whole.empty:
        raise UsageError("the hourly history holds no whole day")
    first = whole.groupby("unique_id")["day"].min()
    table = table[table["day"] >= table["unique_id"].map(first)]
    frame = table.rename(columns={"day": "ds"})[["unique_id", "ds", "y"]].reset_index(drop=True)
    return History(frame, "D", (*history.repairs, "hours were summed to whole local days"))


def read_history(path: str | Path, *, frequency: str | None = None) -> History:
    """Read a history file, with all its faults told at once.

    Parameters
    ----------
    path
        A CSV in UTF-8 with the columns ``unique_id, ds, y``.
    frequency
        ``h``, ``D``, ``W`` or ``MS``; found from the stamps when omitted.

    Raises
    ------
    BadData
        The file cannot be used; each fault with its row, field, value, rule and cure. (exit code 3)
    NotFound
        There is no such file. (exit code 2)
    UsageError
        ``frequency`` is not one of the four.
    """
    if frequency is not None and frequency not in FREQUENCIES:
        raise UsageError(f'frequency "{frequency}" is not one of {", ".join(FREQUENCIES)}')
    sheet, faults = read_sheet(path)
    return history_of(sheet, frequency=frequency, source=Path(path).name, faults=faults)


def history_of(
    table: pd.DataFrame,
    *,
    frequency: str | None = None,
    source: str = "history",
    faults: Iterable[Problem] = (),
) -> History:
    """Check a table of text or typed columns ``unique_id, ds, y`` and make a ``History`` of it.

    ``faults`` are those already found while reading; row numbers are those of the index.
    """
    found = list(faults)
    series, stamps, counts, missing = _columns(table, found)
    _stop(source, found)
    frame = pd.DataFrame({"unique_id": series, "ds": stamps, "y": counts}, index=table.index)
    found += faults_of_stamps(frame)
    _stop(source, found)
    sums_hours = frequency == "D" and is_hourly(frame)  # days are asked of a file of hours
    known = frequency_of(frame, "h" if sums_hours else frequency, found)
    _stop(source, found)
    regular, repairs = _regular(frame, known, found)
    _stop(source, found)
    if missing:
        repairs.insert(0, f"{missing} empty or NA counts kept as missing")
    history = History(regular, known, tuple(repairs))
    return history.daily() if sums_hours else history


def _columns(table: pd.DataFrame, found: list[Problem]) -> tuple[pd.Series, pd.Series, pd.Series, int]:
    """The three columns as text, local time and float64; faults are added to ``found``."""
    series = table["unique_id"].astype(str)
    _tell(found, "unique_id", table["unique_id"][series.str.strip() == ""], "every row names its series")
    stamps = local_stamps(table["ds"], found)
    raw = table["y"]
    counts = pd.to_numeric(raw, errors="coerce").astype("float64")
    empty = counts.isna() & (raw.isna() | raw.astype(str).str.strip().str.lower().isin(_MISSING))
    unread = counts.isna() & ~empty
    _tell(
        found, "y", raw[unread], "y is a plain number", 'write 1234.5, without units or "," between thousands'
    )
    _tell(
        found, "y", raw[np.isinf(counts)], "y is finite", "leave the field empty where the count is unknown"
    )
    _tell(found, "y", raw[(counts < 0)], "a count is 0 or more", "correct it, or leave the field empty")
    _tell(found, "y", raw[(counts > _LARGEST) & ~np.isinf(counts)], f"y is at most {_LARGEST:g}")
    if len(counts) and empty.all():
        found.append(Problem("y", None, "every count is missing", "give at least one number"))
    return series, stamps, counts, int(empty.sum())


def local_stamps(column: pd.Series, found: list[Problem]) -> pd.Series:
    """Local times of the column ``ds``; only ISO 8601 is read, so 03/04 is never guessed."""
    if pd.api.types.is_datetime64_dtype(column):
        return column
    code, distinct = pd.factorize(column.astype(str))
    if 4 * len(distinct) < len(column):  # each stamp is read once, if there is nothing to tell of it
        amiss: list[Problem] = []
        read = local_stamps(pd.Series(distinct), amiss)
        if not amiss:
            return pd.Series(read.to_numpy()[code], index=column.index)
    text = column.astype(str).str.strip()
    offset = text.str.contains(r"(?:Z|[+-]\d{2}:?\d{2})$", regex=True) & text.str.contains(":")
    _tell(
        found,
        "ds",
        column[offset],
        "ds is local time without an offset",
        "convert to the hospital's local time",
    )
    shaped = text.str.match(r"^\d{4}-\d{2}")
    stamps = pd.to_datetime(text.where(~offset & shaped), format="ISO8601", errors="coerce").astype(
        "datetime64[ns]"
    )
    either = ambiguous_dates(text)
    rule = "ds may be day/month or month/day, and is never guessed"
    _tell(found, "ds", column[either], rule, "write 2024-03-31 or 2024-03-31 14:00:00", "E_AMBIGUOUS_DATE")
    unread = stamps.isna() & ~offset & ~either
    rule, cure = (
        "ds is an ISO date or time",
        "write 2024-03-31 or 2024-03-31 14:00:00 (03/04/2024 is ambiguous)",
    )
    _tell(found, "ds", column[unread], rule, cure)
    odd = (stamps.dt.year < 1900) | (stamps.dt.year > 2200)
    _tell(found, "ds", column[odd], "ds lies between 1900 and 2200", "correct the year")
    return stamps


def _regular(
    frame: pd.DataFrame, frequency: Frequency, found: list[Problem]
) -> tuple[pd.DataFrame, list[str]]:
    """Every series on its full grid of periods, and the repairs in words."""
    whole = period_range(frame["ds"].min(), frame["ds"].max(), frequency)
    code, names = pd.factorize(frame["unique_id"], sort=True)
    at = whole.get_indexer(frame["ds"])
    on = at >= 0
    code, at, y = code[on], at[on], frame["y"].to_numpy()[on]
    told = ~np.isnan(y)
    first, end = np.full(len(names), len(whole)), np.full(len(names), -1)
    np.minimum.at(first, code[told], at[told])
    np.maximum.at(end, code[told], at[told])
    silent = [str(name) for name in names[end < 0]]
    _tell_series(found, silent, "every count of the series is missing", "leave the series out")
    length = np.where(end >= 0, len(whole) - first, 0)
    begin = np.concatenate([[0], np.cumsum(length)])
    use = at >= first[code]
    place = (begin[code] + at - first[code])[use]
    counts, rows = np.full(begin[-1], np.nan), np.zeros(begin[-1], dtype=bool)
    counts[place], rows[place] = y[use], True
    series = np.repeat(np.arange(len(names)), length)
    period = np.arange(begin[-1]) - begin[series] + first[series]
    inside = period <= end[series]
    n = np.maximum(end - first + 1, 1)
    share = np.bincount(series[inside & np.isnan(counts)], minlength=len(names)) / n
    gappy = [
        f"{names[k]} ({share[k]:.0%} of {n[k]} periods)" for k in np.flatnonzero(share > MAX_SHARE_MISSING)
    ]
    rule = f"at most {MAX_SHARE_MISSING:.0%} of a series is missing"
    _tell_series(found, gappy, rule, "complete the series, or name its frequency if it is coarser")
    absent = np.flatnonzero(inside & ~rows)
    lacking, begins = np.unique(series[absent], return_index=True)
    parts = zip(lacking[: _TOLD + 1], np.split(absent, begins[1:]), strict=False)
    repairs = [_absence(str(names[k]), whole[period[part]], frequency) for k, part in parts][:_TOLD]
    if len(lacking) > _TOLD:
        repairs.append(f"and {len(lacking) - _TOLD} more")
    stopped = np.flatnonzero((end >= 0) & (end < len(whole) - 1))
    if len(stopped):
        some = [f"{names[k]} (last count {whole[end[k]]:%Y-%m-%d})" for k in stopped[:4]]
        more = [f"and {len(stopped) - 3} more"] if len(stopped) > 3 else []
        shown = ", ".join([*some[: 3 if more else 4], *more])
        repairs.append(f"{len(stopped)} series end before the file does: {shown}")
    labels = pd.Series(names[series], dtype="str")
    return pd.DataFrame({"unique_id": labels, "ds": whole[period], "y": counts}), repairs


def _absence(name: str, absent: pd.DatetimeIndex, frequency: Frequency) -> str:
    """One sentence about the periods of a series that have no row."""
    noun = {"h": "hour", "D": "day", "W": "week", "MS": "month"}[frequency]
    many = "s" if len(absent) > 1 else ""
    if frequency == "h" and set(absent) <= set(spring_hours(absent)):
        return f"{name}: {len(absent)} hour{many} absent where clocks go forward, kept as missing"
    return f"{name}: {len(absent)} {noun}{many} absent (first {absent[0]}), kept as missing"


def _tell(
    found: list[Problem], column: str, values: pd.Series, rule: str, cure: str = "", code: str = ""
) -> None:
    for row, value in values.iloc[:_TOLD].items():
        found.append(Problem(f"row {row}, {column}", value, rule, cure, code))
    if len(values) > _TOLD:
        found.append(
            Problem(column, None, f"and {len(values) - _TOLD} more rows where this does not hold: {rule}")
        )


def _tell_series(found: list[Problem], names: list[str], rule: str, cure: str) -> None:
    found.extend(Problem("series", name, rule, cure) for name in _first_few(names))


def _first_few(texts: list[str], n: int = _TOLD) -> list[str]:
    return texts if len(texts) <= n else [*texts[:n], f"and {len(texts) - n} more"]


def _stop(source: str, found: list[Problem]) -> None:
    if found:
        raise BadData(source, found)
