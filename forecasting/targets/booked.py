"""Booked: use of kits and items in the coming days, foretold from the booked theatre list.

A list has a row a case, past and to come: which kit it takes, the day it is planned for, when it was booked
and, if so, cancelled, and of past ones whether they were carried out. What the list is worth beside the
usual weekday is measured on its own last weeks and told.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from forecasting.bookings import FEWEST_DAYS, BookingCurve, booked_paths, learn_bookings, use_of
from forecasting.service import check_horizon, check_paths
from forecasting.targets.hierarchy import table_of
from forecasting.targets.target import series_name
from twin.errors import BadData, Problem, UsageError, did_you_mean
from twin.records.history import local_stamps
from twin.records.sheet import read_table
from twin.units import FloatArray

KITS = "kits"
UNIT = {"kit": "cases a day", "item": "units used a day"}
LEVELS = ("kit", "item")
CHECKED_WEEKS = 4  # last weeks on which the list is compared with the usual weekday; assumed: a month
_COLUMNS = ("kit", "planned", "booked_at", "cancelled_at", "done")
_DONE = {"1": True, "0": False, "true": True, "false": False, "yes": True, "no": False, "": False}
_TOLD = 20


class BadList(BadData):
    """A file that is no booked list."""

    code = "E_BOOKED"

    def __init__(self, source: str, problems: Iterable[Problem]) -> None:
        super().__init__(source, [replace(problem, code=problem.code or self.code) for problem in problems])


@dataclass(frozen=True)
class BookedList:
    """A booked list.

    Attributes
    ----------
    cases : ``kind, planned, booked_at, cancelled_at, done``, as ``bookings.learn_bookings`` takes them
    first : first day on which the book is whole
    today : first day that is not past
    source : what to call it in a message
    """

    cases: pd.DataFrame = field(repr=False)
    first: date
    today: date
    source: str


@dataclass(frozen=True)
class BookedForecast:
    """What kits and items will be used.

    Attributes
    ----------
    table : columns ``unique_id, ds, mean, q0.025, ..., q0.975``
    paths : joint futures, shape (path, series, day)
    ids, stamps : names of axes 1 and 2 of ``paths``
    today : first day forecast
    levels : level -> its unit
    notes : what a reader should know, in sentences
    """

    table: pd.DataFrame = field(repr=False)
    paths: FloatArray = field(repr=False)
    ids: tuple[str, ...]
    stamps: pd.DatetimeIndex
    today: date
    levels: Mapping[str, str]
    notes: tuple[str, ...]


def read_booked(path: str | Path, today: date | None = None) -> BookedList:
    """Read a CSV with the columns ``kit, planned, booked_at, cancelled_at, done``.

    Parameters
    ----------
    today
        The first day that is not past; the day after the last thing that the list tells when omitted.

    Raises
    ------
    BadList
        It is no such list; each fault is told with its row. (exit code 3)
    NotFound
        There is no such file. (exit code 2)
    """
    source = Path(path).name
    frame, found = read_table(path, needed=_COLUMNS)
    frame = frame.apply(lambda column: column.astype(str).str.strip())
    cases = pd.DataFrame({"kind": frame["kit"]}, index=frame.index)
    for name, needed in (("planned", True), ("booked_at", True), ("cancelled_at", False)):
        cases[name] = _instants(frame[name], name, needed, found)
    cases["planned"] = cases["planned"].dt.normalize()
    cases["done"] = frame["done"].str.lower().map(_DONE)
    _tell(found, "kit", frame.loc[frame["kit"] == "", "kit"], "each case names the kit that it takes")
    odd = cases["done"].isna()
    _tell(found, "done", frame.loc[odd, "done"], "is 1 (carried out), 0, or empty for a case to come")
    early = cases["cancelled_at"] < cases["booked_at"]
    _tell(found, "cancelled_at", frame.loc[early, "cancelled_at"], "a case is cancelled after it was booked")
    if not found and not len(cases):
        found.append(Problem("row 2", None, "a list has a row a case", "add the cases, past and to come"))
    if found:
        raise BadList(source, found)
    cases["done"] = cases["done"].astype(bool)
    return book_of(cases, source, today)


def book_of(cases: pd.DataFrame, source: str, today: date | None = None) -> BookedList:
    """These cases as a list: when it begins, and where today stands in it.

    Parameters
    ----------
    cases
        ``kind, planned, booked_at, cancelled_at, done``.

    Raises
    ------
    BadList
        A case that is carried out is still to come.
    """
    told = [cases["booked_at"].max(), cases["cancelled_at"].max(), cases.loc[cases["done"], "planned"].max()]
    last = max(stamp for stamp in told if not pd.isna(stamp)).normalize()
    day = today or (last + pd.Timedelta(days=1)).date()
    late = cases["done"] & (cases["planned"] >= pd.Timestamp(day))
    if late.any():
        row = cases.index[late][0]
        rule = f"is planned for {cases.loc[row, 'planned']:%Y-%m-%d} and carried out, and today is {day}"
        raise BadList(source, [Problem(f"row {row}, done", True, f"the case {rule}", "name --today")])
    first = max(cases["planned"].min(), cases["booked_at"].min().normalize()).date()
    return BookedList(cases, first, day, source)


def kits_ahead(
    booked: BookedList,
    horizon: int,
    *,
    contents: Mapping[str, Mapping[str, int]],
    levels: Sequence[str] | None = None,
    seed: int = 0,
    n_paths: int = 200,
) -> BookedForecast:
    """Forecast the use of kits and of what lies in them, from today on.

    Parameters
    ----------
    horizon
        Days ahead.
    contents
        Units of each item in a kit, by kit; items are foretold of kits that stand here.
    levels
        ``kit``, ``item``; both when omitted.

    Raises
    ------
    BadList
        The list does not reach far enough back to learn from. (exit code 3)
    UsageError
        The horizon, a level or so many paths are not possible. (exit code 2)
    """
    check_horizon(horizon, "D")
    for level in levels or ():
        if level not in LEVELS:
            raise UsageError(f'--level "{level}" is no level of kits; {did_you_mean(level, LEVELS)}')
    past = (booked.today - booked.first).days
    if past < FEWEST_DAYS:
        rule = (
            f"{past} days of the list lie before {booked.today}, and {FEWEST_DAYS} are needed to learn from"
        )
        raise BadList(booked.source, [Problem("planned", str(booked.first), rule, "add past cases")])
    longest = min(horizon - 1, past - FEWEST_DAYS)
    curve = learn_bookings(booked.cases, booked.first, booked.today, longest)
    check_paths(n_paths, len(curve.kinds), horizon)
    paths = booked_paths(curve, booked.cases, booked.today, horizon, n_paths, seed=seed)
    stamps = pd.date_range(booked.today, periods=horizon)
    notes = [*_learned(curve, horizon), *_worth(booked, longest, seed)]
    parts, names, units = [], [], {}
    if levels is None or "kit" in levels:
        parts.append(paths.astype(float))
        names += [series_name(KITS, "kit", kind) for kind in curve.kinds]
        units["kit"] = UNIT["kit"]
    known = [kind for kind in curve.kinds if kind in contents]
    if levels is None or "item" in levels:
        if known:
            rows = [curve.kinds.index(kind) for kind in known]
            use, items = use_of(paths[:, rows], known, contents)
            parts.append(use.astype(float))
            names += [series_name(KITS, "item", item) for item in items]
            units["item"] = UNIT["item"]
        elif levels:
            raise UsageError("no kit of the list stands in hospital.toml: what lies in them is not known")
    if unknown := [kind for kind in curve.kinds if kind not in contents]:
        notes.append(f"not in hospital.toml, so without items: {', '.join(unknown)}")
    joint = np.concatenate(parts, axis=1)
    return BookedForecast(
        table_of(joint, names, stamps), joint, tuple(names), stamps, booked.today, units, tuple(notes)
    )


def _learned(curve: BookingCurve, horizon: int) -> list[str]:
    """What became of past books, in words."""
    told = [
        f"of cases booked {ahead} days ahead {curve.kept[:, ahead].mean():.0%} are carried out, and "
        f"{curve.added[:, ahead].mean(axis=1).sum():.1f} a day are added after that"
        for ahead in sorted({0, min(7, curve.longest)})
    ]
    if curve.longest < horizon - 1:
        told.append(
            f"the past of the list teaches up to {curve.longest} days ahead; later days are taken as that one"
        )
    return told


def _worth(booked: BookedList, longest: int, seed: int) -> list[str]:
    """How far the list and the usual weekday have lain from what was carried out in the last weeks."""
    missed = []
    for week in range(1, CHECKED_WEEKS + 1):
        then = booked.today - timedelta(days=7 * week)
        most = min(longest, 6, (then - booked.first).days - FEWEST_DAYS)
        if most < 0:
            break
        curve = learn_bookings(booked.cases, booked.first, then, most)
        mean = booked_paths(curve, booked.cases, then, most + 1, 100, seed=seed).mean(axis=0)
        days = pd.date_range(then, periods=most + 1)
        done = booked.cases[booked.cases["done"]]
        truth, before = _counts(done, curve.kinds, days), pd.date_range(booked.first, then, inclusive="left")
        past = _counts(done, curve.kinds, before)
        usual = np.stack([past[:, before.day_of_week == day].mean(axis=1) for day in days.day_of_week], 1)
        missed.append((np.abs(mean - truth).mean(), np.abs(usual - truth).mean()))
    if not missed:
        return ["the list is too short to say what it is worth beside the usual weekday"]
    ours, usual_day = np.mean(missed, axis=0)
    return [
        f"in the last {len(missed)} weeks the list missed {ours:.2f} cases a kit and day, "
        f"the usual weekday {usual_day:.2f}"
    ]


def _counts(done: pd.DataFrame, kinds: Sequence[str], days: pd.DatetimeIndex) -> np.ndarray:
    table = pd.crosstab(done["kind"], done["planned"])
    return table.reindex(index=list(kinds), columns=days, fill_value=0).to_numpy()


def _instants(column: pd.Series, name: str, needed: bool, found: list[Problem]) -> pd.Series:
    """Local times; empty ones are missing, and a fault where they are needed."""
    given = column != ""
    if needed:
        _tell(found, name, column[~given], "each case says when")
    faults: list[Problem] = []
    read = local_stamps(column[given].rename("ds"), faults)
    found += [
        replace(fault, path=fault.path.replace("ds", name), rule=fault.rule.replace("ds ", f"{name} "))
        for fault in faults
    ]
    return pd.Series(read, index=column.index, dtype="datetime64[ns]")


def _tell(found: list[Problem], name: str, wrong: pd.Series, rule: str) -> None:
    rows = list(wrong.items())
    found += [Problem(f"row {row}, {name}", value, rule) for row, value in rows[:_TOLD]]
    if len(rows) > _TOLD:
        found.append(Problem(name, None, f"and {len(rows) - _TOLD} more: {rule}"))
