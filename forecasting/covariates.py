"""Covariates: what the hospital itself knows of days to come, as a table beside the history.

School terms, a clinic that will be closed, extra sessions, the region whose holidays a ward keeps: one row a
period (and series), one column each. The table must know every period of the horizon; what it does not
say of the past is taken as usual.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from twin.calendar import holidays
from twin.errors import BadData, Problem, UsageError, did_you_mean
from twin.records.history import History, local_stamps
from twin.records.periods import faults_of_stamps
from twin.records.sheet import read_table

CLOSED = "closed"  # 1 where a series takes nobody
REGION = "region"  # the holiday calendar of a series, e.g. GB-SCT
FARTHEST = 2.0  # times the largest past deviation that a covariate is believed to act at; assumed
FEWEST_EXPECTED = 5.0  # counts expected on closed periods of which none came: chance has 0.7 % (Poisson)
LEAST_TOLD = 0.0005  # a smaller effect is told as none
_TOLD = 20
_KEYS = ("ds", "unique_id")


class BadCovariates(BadData):
    """A table that does not say what is known beforehand."""

    code = "E_COVARIATES"

    def __init__(self, source: str, problems: Iterable[Problem]) -> None:
        super().__init__(source, [replace(problem, code=problem.code or self.code) for problem in problems])


@dataclass(frozen=True)
class CovariateTable:
    """Covariates as they were given.

    Attributes
    ----------
    frame : columns ``ds``, perhaps ``unique_id``, and the covariates; indexed by row number
    source : what to call it in a message
    """

    frame: pd.DataFrame
    source: str = "covariates"

    @property
    def names(self) -> tuple[str, ...]:
        """The covariates."""
        return tuple(str(name) for name in self.frame.columns if name not in _KEYS)

    def without(self, series: Collection[str]) -> CovariateTable:
        """The table without the rows of some series."""
        if not series or "unique_id" not in self.frame:
            return self
        return replace(self, frame=self.frame[~self.frame["unique_id"].astype(str).isin(list(series))])


@dataclass(frozen=True)
class Told:
    """Covariates on the periods of a history and its horizon.

    Attributes
    ----------
    names : of the columns that act
    units : what 1 in a column means, in words
    values : distance from the usual in units of the largest seen, shape (series, time, name); a column of
        0 and 1 stays as it is
    shut : periods on which a series takes nobody, shape (series, time)
    regions : calendars named in the table
    notes : what was made of it, in sentences
    """

    names: tuple[str, ...]
    units: tuple[str, ...]
    values: np.ndarray
    shut: np.ndarray
    regions: tuple[str, ...]
    notes: tuple[str, ...]


def read_covariates(path: str | Path) -> CovariateTable:
    """Read a CSV with the columns ``ds``, perhaps ``unique_id``, and one for each covariate.

    Raises
    ------
    BadCovariates
        It is no such table; each fault is told. (exit code 3)
    NotFound
        There is no such file. (exit code 2)
    """
    frame, faults = read_table(path, needed=("ds",))
    source = Path(path).name
    names = [name for name in frame.columns if name not in _KEYS]
    if not names:
        cure = "add a column, e.g. school_term or closed"
        faults.append(Problem("row 1", None, "a covariate table has a column beside ds and unique_id", cure))
    if "y" in names:
        faults.append(
            Problem("row 1", "y", "is the count of the history, not known beforehand", "leave it out")
        )
    if faults:
        raise BadCovariates(source, faults)
    return CovariateTable(frame, source)


def tell(table: CovariateTable, history: History, horizon: int, stamps: pd.DatetimeIndex) -> Told:
    """Lay a table on the periods of a history.

    Parameters
    ----------
    horizon
        Periods ahead that must be known.
    stamps
        The periods of the history and at least ``horizon`` more, shape (time,).

    Raises
    ------
    BadCovariates
        All that is wrong with the table, row by row: a period of the horizon that it does not know, a series
        that the history does not have, a value that is no number, stamps of another frequency, a period
        told twice. (exit code 3)
    """
    found: list[Problem] = []
    frame = table.frame.assign(ds=local_stamps(table.frame["ds"], found))
    frame = frame[frame["ds"].notna()]
    if "unique_id" in frame:
        frame = frame.assign(unique_id=frame["unique_id"].astype(str))
        _find_unknown(frame["unique_id"], history.ids, found)
    frame = _on_grid(frame, history, stamps, found)
    found += faults_of_stamps(frame if "unique_id" in frame else frame.assign(unique_id="every series"))
    columns = {name: _column(frame[name], name, found) for name in table.names}
    place = _places(frame, history, stamps)
    _find_missing(frame, place, history, horizon, stamps, found)
    for name, column in columns.items():
        _find_empty(frame, column, name, history, found)
    if found:
        raise BadCovariates(table.source, found)
    return _laid(columns, place, history, stamps)


def _laid(
    columns: dict[str, pd.Series], place: np.ndarray, history: History, stamps: pd.DatetimeIndex
) -> Told:
    """The columns as arrays; ``place`` holds the row of the table for each series and period, or -1."""
    past = len(history.stamps)
    values = np.asarray(history.values)
    parts: list[np.ndarray] = []
    names: list[str] = []
    units: list[str] = []
    notes: list[str] = []
    shut = np.zeros(place.shape, dtype=bool)
    regions: tuple[str, ...] = ()
    for name, column in columns.items():
        own = column.to_numpy()
        if name == REGION:
            regions = tuple(sorted({str(code) for code in own if code}))
            told = _regional(np.where(place >= 0, own[place], ""), stamps, regions)
            names += [f"holiday of the {REGION}", f"day after a holiday of the {REGION}"]
            units += ["", ""]
            parts += told
            continue
        laid = np.where(place >= 0, own[place], np.nan)
        if name == CLOSED:
            shut, note = _shut(values, laid)
            notes.append(note)
            laid = np.where(shut, 0.0, laid)
        elif past and not _varies(laid[:, :past]) and _differs(laid, past):
            notes.append(f"{name} never changed in the past: nothing is known of its effect, none is assumed")
        names.append(name)
        scaled, unit = _scaled(laid, past)
        parts.append(scaled)
        units.append(unit)
    stacked = np.stack(parts, axis=2) if parts else np.zeros((*place.shape, 0))
    return Told(tuple(names), tuple(units), stacked.astype(np.float32), shut, regions, tuple(notes))


def _scaled(laid: np.ndarray, past: int) -> tuple[np.ndarray, str]:
    """Distance from the usual in units of the largest seen in the past, 0 where nothing is told; the unit."""
    known = laid[:, :past][np.isfinite(laid[:, :past])]
    every = laid[np.isfinite(laid)]
    if np.isin(every, (0.0, 1.0)).all():
        return np.nan_to_num(laid), ""
    usual = float(np.median(known)) if len(known) else 0.0
    size = float(np.abs(known - usual).max()) if len(known) else 0.0
    size = size if size > 0 else max(float(np.abs(every - usual).max()), 1.0)
    scaled = np.clip(np.nan_to_num((laid - usual) / size), -FARTHEST, FARTHEST)
    return scaled, f" at {usual + size:.4g} instead of {usual:.4g}"


def _varies(laid: np.ndarray) -> bool:
    known = laid[np.isfinite(laid)]
    return bool(len(known) and known.min() != known.max())


def _differs(laid: np.ndarray, past: int) -> bool:
    """Whether the future holds another value than the past did."""
    before, after = (part[np.isfinite(part)] for part in (laid[:, :past], laid[:, past:]))
    usual = before[0] if len(before) else 0.0
    return bool((after != usual).any())


def _shut(values: np.ndarray, laid: np.ndarray) -> tuple[np.ndarray, str]:
    """Periods without anybody: ``closed`` is 1, and nobody came when it was 1 before."""
    past = values.shape[1]
    closed = laid == 1.0
    seen = np.isfinite(values)
    open_ = seen & ~closed[:, :past]
    usual = np.where(open_, values, 0.0).sum(axis=1) / np.maximum(open_.sum(axis=1), 1)
    on = seen & closed[:, :past]
    came = np.where(on, values, 0.0).sum(axis=1)
    expected = usual * on.sum(axis=1)
    nobody = (came == 0) & ((expected >= FEWEST_EXPECTED) | (came.sum() == 0))
    shut = closed & nobody[:, None]
    n, before = int(shut[:, past:].any(axis=1).sum()), int(on[nobody].sum())
    proof = f"nobody came on {before} such periods before" if before else "taken at its word"
    told = f"{CLOSED}: {n} of {len(values)} series forecast as 0 where it is 1 ({proof})"
    partly = int((~nobody & closed[:, past:].any(axis=1)).sum())
    if partly:
        told += f"; {partly} took patients when closed before, and keep the effect that it had"
    return shut, told


def _regional(code: np.ndarray, stamps: pd.DatetimeIndex, regions: tuple[str, ...]) -> list[np.ndarray]:
    """1 on holidays that not all regions keep, and on the days after, shape (series, time) each."""
    years = stamps[0].year - 1, stamps[-1].year + 1
    named = {region: set(holidays(region, *years)) for region in regions}
    common = set.intersection(*named.values()) if named else set()
    days = stamps.date
    on, after = np.zeros(code.shape), np.zeros(code.shape)
    for region in regions:
        own = named[region] - common
        at = code == region
        on += at & np.array([day in own for day in days])
        after += at & np.array([day - timedelta(days=1) in own for day in days])
    return [on, after * (on == 0)]


def _find_unknown(series: pd.Series, ids: tuple[str, ...], found: list[Problem]) -> None:
    known = set(ids)
    strange = series[~series.isin(known)].drop_duplicates()
    for row, name in list(strange.items())[:_TOLD]:
        cure = did_you_mean(str(name), list(ids[:2000])) or "leave its rows out"
        found.append(Problem(f"row {row}, unique_id", name, "no such series in the history", cure))
    _and_more(found, len(strange), "unique_id", "series that the history does not have")


def _on_grid(
    frame: pd.DataFrame, history: History, stamps: pd.DatetimeIndex, found: list[Problem]
) -> pd.DataFrame:
    """The rows within the history and its horizon; others are of no use, or of another frequency."""
    inside = (frame["ds"] >= stamps[0]) & (frame["ds"] <= stamps[-1])
    frame = frame[inside]
    off = frame[~frame["ds"].isin(stamps)]
    noun = {"h": "hours", "D": "days", "W": f"weeks, on {stamps[0]:%A}s", "MS": "months"}[history.frequency]
    rule, cure = f"the history counts {noun}; this is none of its periods", "one row a period of the history"
    for row, stamp in list(off["ds"].items())[:_TOLD]:
        found.append(Problem(f"row {row}, ds", str(stamp), rule, cure))
    _and_more(found, len(off), "ds", "rows on none of the history's periods")
    return frame[frame["ds"].isin(stamps)]


def _column(column: pd.Series, name: str, found: list[Problem]) -> pd.Series:
    """A covariate as numbers, NaN where empty; a region as text."""
    text = column.astype(str).str.strip()
    empty = column.isna() | text.str.lower().isin({"", "nan", "na"})
    if name == REGION:
        for code in sorted(set(text[~empty])):
            try:
                holidays(code, 2024, 2024)
            except UsageError as error:
                row = text[text == code].index[0]
                found.append(
                    Problem(f"row {row}, {name}", code, str(error), "write a code such as GB-SCT or US")
                )
        return text.where(~empty, "").astype(object)
    numbers = pd.to_numeric(text.where(~empty), errors="coerce").astype("float64")
    bad = (numbers.isna() & ~empty) | np.isinf(numbers)
    rule = "a covariate is a finite number"
    for row, value in list(column[bad].items())[:_TOLD]:
        found.append(Problem(f"row {row}, {name}", value, rule, "write 1 or 0, or a number without units"))
    _and_more(found, int(bad.sum()), name, "values that are no finite number")
    return numbers.where(~bad, 0.0)


def _places(frame: pd.DataFrame, history: History, stamps: pd.DatetimeIndex) -> np.ndarray:
    """Which row of the frame tells of each series and period, shape (series, time); -1 where none does."""
    column = stamps.get_indexer(frame["ds"])
    place = np.full((len(history.ids), len(stamps)), -1, dtype=np.int64)
    if "unique_id" in frame:
        row = pd.Index(history.ids).get_indexer(frame["unique_id"])
        use = row >= 0
        place[row[use], column[use]] = np.flatnonzero(use)
    else:
        place[:, column] = np.arange(len(frame))
    return place


def _find_missing(
    frame: pd.DataFrame,
    place: np.ndarray,
    history: History,
    horizon: int,
    stamps: pd.DatetimeIndex,
    found: list[Problem],
) -> None:
    """Periods of the horizon of which the table does not tell, each with its series and the row before it."""
    past = len(history.stamps)
    lacking = place[:, past : past + horizon] < 0
    each = "unique_id" in frame
    cells = np.argwhere(lacking if each else lacking[:1])
    for series, lead in cells[:_TOLD]:
        before = place[series][: past + lead]
        last = int(before.max(initial=-1))
        where = f"after row {frame.index[last]}" if last >= 0 else "no row"
        who = history.ids[series] if each else "every series"
        day = stamps[past + lead]
        when = f"{day:%Y-%m-%d %H:%M}" if history.frequency == "h" else f"{day:%Y-%m-%d}"
        rule = f"the horizon of {horizon} periods reaches to it, and the table does not"
        found.append(Problem(f"{where}: {who}, ds", when, rule, "add the row, or shorten the horizon"))
    _and_more(found, len(cells), "ds", "periods of the horizon that the table does not have")


def _find_empty(
    frame: pd.DataFrame, column: pd.Series, name: str, history: History, found: list[Problem]
) -> None:
    ahead = frame["ds"] >= history.as_of
    empty = frame[ahead & (column.isna() | (column == ""))]
    for row, stamp in list(empty["ds"].items())[:_TOLD]:
        who = f"{empty.loc[row, 'unique_id']} " if "unique_id" in frame else ""
        rule = "the future of a covariate is known"
        found.append(Problem(f"row {row}, {name}", f"{who}{stamp:%Y-%m-%d}: empty", rule, "write its value"))
    _and_more(found, len(empty), name, "empty cells ahead")


def _and_more(found: list[Problem], n: int, path: str, what: str) -> None:
    if n > _TOLD:
        found.append(Problem(path, None, f"and {n - _TOLD} more {what}"))


def each_note(told: Told, effects: np.ndarray | None) -> Iterator[str]:
    """What to say about the covariates of a forecast.

    Parameters
    ----------
    effects
        Relative change of each series, shape (series, name).
    """
    if effects is not None:
        mean = effects.mean(axis=0)
        acting = [
            f"{name} {change:+.1%}{unit}" if abs(change) >= LEAST_TOLD else f"{name} no effect"
            for name, unit, change in zip(told.names, told.units, mean, strict=True)
            if name != CLOSED
        ]
        if acting:
            yield f"known beforehand, with the mean effect found in the past: {', '.join(acting)}"
    yield from told.notes
