"""Beds now: the beds that each ward needs at the huddles of the next three days.

Every path plays three groups of patients on: those in beds now, who leave by the survival of past stays given
how long they have been in, and may move to another ward; those in the emergency department or elsewhere in
the house without a bed of a ward; and those still to come, as many an hour as the path of the arrivals'
forecast has. All wards and hours stand on the same paths, so any sum of them has the right spread.

References
----------
King et al. (2022), npj Digital Medicine 5, 104, doi:10.1038/s41746-022-00649-y, and UCL's ``patientflow``
(patients now, arrivals to come and departures put together to a distribution of beds).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
import pandas as pd

from forecasting.service import ForecastResult
from forecasting.targets.course import Course, learn_course
from forecasting.targets.spells import NONE, Rows, beds_at
from twin.errors import UsageError
from twin.units import HOURS_DAY, FloatArray, IntArray

LONGEST = 72  # hours ahead; beyond, the daily census is the forecast to ask for
MOST_MOVES = 12  # wards that one patient may pass in three days; assumed


@dataclass(frozen=True)
class BedsNeeded:
    """Beds needed.

    Attributes
    ----------
    wards : names
    instants : local times of the huddles
    paths : beds needed, shape (path, ward, instant) [beds]
    in_beds, waiting : patients of each ward now: in its beds, and waiting elsewhere for one
    elsewhere : patients in the house without a ward's bed, who may need one
    """

    wards: tuple[str, ...]
    instants: pd.DatetimeIndex
    paths: IntArray = field(repr=False)
    in_beds: IntArray
    waiting: IntArray
    elsewhere: int
    as_of: datetime

    def chance_of(self, ward: str, instant: int, most: int) -> FloatArray:
        """Probability of 0, 1, ..., ``most`` beds needed, or more in the last entry, shape (most + 1,)."""
        beds = np.minimum(self.paths[:, self.wards.index(ward), instant], most)
        return np.bincount(beds, minlength=most + 1) / len(beds)


def huddles_after(as_of: datetime, hours: Sequence[int], horizon: int) -> pd.DatetimeIndex:
    """Local times of the huddles after ``as_of``, up to ``horizon`` hours ahead.

    Raises
    ------
    UsageError
        The horizon is not 1 to 72 hours, an hour is no hour of the day, or no huddle falls within.
    """
    if not 1 <= horizon <= LONGEST:
        rule = f"beds are forecast 1 to {LONGEST} hours ahead, not {horizon}"
        raise UsageError(f"{rule}; for later days: --target census --horizon DAYS")
    wrong = [hour for hour in hours if not 0 <= hour < HOURS_DAY]
    if wrong:
        raise UsageError(f"a huddle is at an hour from 0 to 23, not {wrong[0]}")
    start = pd.Timestamp(as_of)
    every = pd.date_range(start.floor("h"), start + pd.Timedelta(hours=horizon), freq="h")
    found = every[(every > start) & every.hour.isin(list(hours))].as_unit("ns")
    if found.empty:
        raise UsageError(f"no huddle at {', '.join(map(str, hours))} within {horizon} hours of {start}")
    return found


def arrivals_ahead(result: ForecastResult, *, seed: int = 0) -> tuple[FloatArray, tuple[str, ...]]:
    """Joint paths of arrivals by stream and hour whose mean is that of the forecast's table.

    Hourly counts are small, and whole paths between quantiles of small counts may miss the mean by a part
    of a patient an hour, which three days would add up. So counts are scaled to the mean, rounded by chance.

    Returns
    -------
    array, shape (path, stream, hour), and the names of the streams
    """
    shape = (len(result.ids), len(result.stamps))
    mean = result.table["mean"].to_numpy().reshape(shape)
    drawn = result.paths.mean(axis=0)
    factor = np.where(drawn > 0, mean / np.maximum(drawn, 1e-9), 1.0)
    u = np.random.default_rng([seed, 71]).random(result.paths.shape)
    paths = np.floor(result.paths * factor + u * (1 - 1e-9))
    return paths, tuple(name.split("/")[-1] for name in result.ids)


def beds_needed(
    rows: Rows,
    as_of: datetime,
    instants: pd.DatetimeIndex,
    arrivals: FloatArray,
    streams: Sequence[str],
    *,
    seed: int = 0,
    country: str | None = None,
) -> BedsNeeded:
    """Play the next hours on every path.

    Parameters
    ----------
    rows
        As known at ``as_of`` (``Rows.until``).
    arrivals
        Joint paths of arrivals, shape (path, stream, hour), from the whole hour of ``as_of`` on.
    streams
        Names of axis 1 of ``arrivals``.
    country
        Whose public holidays wards discharge on as on Sundays, unless their own holidays told otherwise.
    """
    now = (pd.Timestamp(as_of) - rows.origin) / pd.Timedelta(hours=1)
    course = learn_course(rows, now, country)
    chance = np.random.default_rng([seed, 72])
    until = (instants[-1] - rows.origin) / pd.Timedelta(hours=1)
    people = _Crowd.joined(
        [
            _in_beds(course, len(arrivals), chance),
            _in_house(course, len(arrivals), chance),
            _to_come(course, arrivals, streams, chance),
        ]
    )
    hours = ((instants - rows.origin) / pd.Timedelta(hours=1)).to_numpy(dtype=np.float64)
    beds = _play(course, people, hours, until, len(arrivals), chance)
    open_rows = _open(rows)
    ward = rows.ward[open_rows]
    lying = np.bincount(ward[ward >= 0], minlength=len(rows.wards))
    waiting = _bound_for(course)
    first = people.path == 0
    asked = np.bincount(people.ward[first & people.waits], minlength=len(rows.wards))
    return BedsNeeded(rows.wards, instants, beds, lying, asked, int((ward < 0).sum() - len(waiting)), as_of)


@dataclass(frozen=True)
class _Crowd:
    """Patients of all paths who need, or will need, a bed: path, ward, cell, since when, and if they wait."""

    path: IntArray
    ward: IntArray
    cell: IntArray
    since: FloatArray
    waits: np.ndarray

    @classmethod
    def of(cls, course: Course, path: IntArray, row: IntArray, since: FloatArray, waits: bool) -> _Crowd:
        """Patients who go the way of past ward rows; those without one (-1) need no bed."""
        needs = row >= 0
        found = row[needs]
        return cls(
            path[needs],
            course.rows.ward[found],
            course.cell[found],
            since[needs],
            np.full(len(found), waits),
        )

    @classmethod
    def joined(cls, parts: Sequence[_Crowd]) -> _Crowd:
        """All of them."""
        names = ("path", "ward", "cell", "since", "waits")
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def _open(rows: Rows) -> IntArray:
    """One open row of each visit that goes on: the bed it has in a ward, else its newest row."""
    opened = np.flatnonzero(np.isnan(rows.ended))
    rank = np.lexsort((opened, rows.ward[opened] >= 0, rows.visit[opened]))
    opened = opened[rank]
    last = np.append(rows.visit[opened][1:] != rows.visit[opened][:-1], True)
    return opened[last]


def _bound_for(course: Course) -> IntArray:
    """Open rows of patients who wait, outside all wards, for a step that is in a ward."""
    rows = course.rows
    opened = _open(rows)
    in_ward = np.unique(rows.what[rows.ward >= 0])
    waits = (rows.ward[opened] < 0) & np.isnan(rows.begun[opened])
    return opened[waits & np.isin(rows.what[opened], in_ward)]


def _in_beds(course: Course, paths: int, chance: np.random.Generator) -> _Crowd:
    """Those in a ward's bed now, on every path."""
    rows = course.rows
    opened = _open(rows)
    row = np.tile(opened[rows.ward[opened] >= 0], paths)
    path = np.repeat(np.arange(paths), len(row) // max(paths, 1))
    return _Crowd.of(course, path, row, rows.need[row], False)


def _in_house(course: Course, paths: int, chance: np.random.Generator) -> _Crowd:
    """Those in the house without a ward's bed go the way of past patients as far and as long there."""
    rows = course.rows
    opened = _open(rows)
    waiting = set(_bound_for(course).tolist())
    every = np.arange(paths)
    parts = []
    for row in opened[rows.ward[opened] < 0]:
        if row in waiting:
            chosen = _donor_waiting(course, int(row), chance.random(paths))
            parts.append(_Crowd.of(course, every, chosen, np.full(paths, rows.asked[row]), True))
        else:
            chosen, at = _donor(course, int(row), chance.random(paths))
            parts.append(_Crowd.of(course, every, chosen, at, False))
    empty = np.zeros(0, dtype=np.int64)
    return _Crowd.joined([*parts, _Crowd.of(course, empty, empty, np.zeros(0), False)])


def _donor_waiting(course: Course, row: int, u: FloatArray) -> IntArray:
    """Past stays of the step waited for, after a wait at least as long, or any where there is none."""
    rows = course.rows
    waited = course.now - rows.asked[row]
    same = (rows.ward >= 0) & (rows.what == rows.what[row])
    longer = np.flatnonzero(same & (rows.begun - rows.need > waited))
    pool = longer if len(longer) else np.flatnonzero(same)
    return pool[(u * len(pool)).astype(np.int64)]


def _donor(course: Course, row: int, u: FloatArray) -> tuple[IntArray, FloatArray]:
    """Next ward row (-1: none) of past patients who were as long at the same step, and when it is needed."""
    rows, now = course.rows, course.now
    stayed = now - rows.asked[row]
    to = course.following
    wait = np.where(to >= 0, rows.need[to] - rows.asked, np.inf)
    known = (to >= 0) | rows.over[rows.visit]
    lasts = rows.ended - rows.asked
    past = (rows.ward < 0) & (rows.what == rows.what[row]) & known & ~np.isnan(lasts)
    pool = np.flatnonzero(past & (lasts > stayed) & (wait > stayed))
    if not len(pool):  # longer there than anybody before: as those who were there longest
        pool = np.flatnonzero(past)[np.argsort(lasts[past])[-1:]]
        if not len(pool):
            return np.full(len(u), NONE, dtype=np.int64), np.full(len(u), now)
    chosen = pool[(u * len(pool)).astype(np.int64)]
    return to[chosen], np.maximum(now, rows.asked[row] + wait[chosen])


def _to_come(
    course: Course, arrivals: FloatArray, streams: Sequence[str], chance: np.random.Generator
) -> _Crowd:
    """Those who come: as many as each path says, each at a moment of the hour."""
    parts = []
    begin = np.floor(course.now)
    for number, stream in enumerate(streams):
        if stream not in course.first:
            continue
        for hour in range(arrivals.shape[2]):
            counts = np.rint(arrivals[:, number, hour]).astype(np.int64)
            path = np.repeat(np.arange(len(counts)), counts)
            of_day = int(begin + hour + course.rows.origin.hour) % HOURS_DAY
            row, delay = course.comers(stream, of_day, chance.random(len(path)))
            at = begin + hour + chance.random(len(path))
            is_new = at >= course.now
            parts.append(_Crowd.of(course, path[is_new], row[is_new], (at + delay)[is_new], False))
    empty = np.zeros(0, dtype=np.int64)
    return _Crowd.joined([*parts, _Crowd.of(course, empty, empty, np.zeros(0), False)])


def _play(
    course: Course,
    people: _Crowd,
    hours: FloatArray,
    until: float,
    paths: int,
    chance: np.random.Generator,
) -> IntArray:
    """Beds needed, shape (path, ward, instant): all stays from ward to ward until the last huddle."""
    wards = len(course.rows.wards)
    beds = np.zeros((paths, wards, len(hours)), dtype=np.int64)
    for _ in range(MOST_MOVES):
        soon = people.since <= until
        people = _Crowd(*(getattr(people, n)[soon] for n in ("path", "ward", "cell", "since", "waits")))
        if not len(people.path):
            return beds
        here = np.maximum(people.since, course.now)
        left = course.survival.leaves(people.ward, people.cell, people.since, here, chance.random(len(here)))
        for k, hour in enumerate(hours):
            inside = (people.since <= hour) & (left > hour)
            place = people.path[inside] * wards + people.ward[inside]
            beds[:, :, k] += np.bincount(place, minlength=paths * wards).reshape(paths, wards)
        past = course.after(people.cell, chance.random(len(here)))
        following = np.where(past >= 0, course.following[past], NONE)
        gap = np.where(following >= 0, course.rows.need[following] - course.rows.ended[past], 0.0)
        people = _Crowd.of(course, people.path, following, left + np.maximum(gap, 0.0), False)
    return beds


def beds_known(rows: Rows, instants: pd.DatetimeIndex) -> IntArray:
    """Beds that were needed at instants of the past, shape (ward, instant). [beds]"""
    hours = ((instants - rows.origin) / pd.Timedelta(hours=1)).to_numpy(dtype=np.float64)
    return beds_at(rows, hours)
