"""The week: what calendars, shifts and breaks say, as tables by local day and time of day.

A table has a row a day and a column a wall-clock time at which something may change; it holds from
that time until the next. Instants and daylight saving are not known here.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from twin.calendar import DAY_NAMES, Clock, holidays
from twin.hospital.base import Hours
from twin.hospital.places import Nursing, Place, Shift, StaffGroup, Ward
from twin.units import DAYS_WEEK, MS_DAY, FloatArray, IntArray, clock_ms

#: a Monday of the usual week, in which no date and no holiday is an exception
_A_MONDAY = date(2001, 1, 1).toordinal()
#: beds are not lost to the last digit of a ratio such as 0.29
_HAIR = 1e-9
#: no plan: what the shifts say themselves counts
_NO_COVER: Mapping[date, Mapping[str, int]] = MappingProxyType({})


@dataclass(frozen=True)
class Days:
    """Local days on which rows of a calendar may count.

    Attributes
    ----------
    ordinals : (day,) proleptic Gregorian ordinals
    holidays : those of them, and of the day before the first, that are public holidays
    dated : whether rows for dates or holidays count at all
    """

    ordinals: IntArray
    holidays: frozenset[int] = frozenset()
    dated: bool = True

    @classmethod
    def usual_week(cls) -> Days:
        """Monday to Sunday of a week without exceptions."""
        return cls(_A_MONDAY + np.arange(DAYS_WEEK), dated=False)

    @classmethod
    def of(cls, clock: Clock, country: str | None) -> Days:
        """All days that a clock knows, with the public holidays of a country."""
        return cls.between(clock.start, clock.date_of(clock.days - 1), country)

    @classmethod
    def between(cls, first: date, last: date, country: str | None) -> Days:
        """From one local date to another, both included."""
        off = holidays(country, (first - timedelta(days=1)).year, last.year)
        ordinals = np.arange(first.toordinal(), last.toordinal() + 1, dtype=np.int64)
        return cls(ordinals, frozenset(day.toordinal() for day in off))

    def before(self) -> Days:
        """Of each day the day before."""
        return Days(self.ordinals - 1, self.holidays, self.dated)

    def count(self, row: Hours) -> NDArray[np.bool_]:
        """On which days a row counts, shape (day,)."""
        if row.is_exception and not self.dated:
            return np.zeros(self.ordinals.size, np.bool_)
        counts = np.array([name in row.days for name in DAY_NAMES])[(self.ordinals - _A_MONDAY) % DAYS_WEEK]
        if row.first is not None:
            counts &= self.ordinals >= row.first.toordinal()
        if row.last is not None:
            counts &= self.ordinals <= row.last.toordinal()
        if row.holidays != "also" and self.dated:
            off = np.isin(self.ordinals, list(self.holidays))
            counts &= off if row.holidays == "only" else ~off
        return counts


def walls(*entries: Ward | Place | StaffGroup, spans: Iterable[tuple[int, int]] = ()) -> IntArray:
    """Times of day at which the level of any of these may change, 00:00 first. [ms after midnight]

    Parameters
    ----------
    spans
        Hours at which it may change besides: those that a plan names.
    """
    points = {0, *(at for span in spans for at in span)}
    for entry in entries:
        for row in _rows(entry):
            points.update(row.span)
    return np.array(sorted(p for p in points if p < MS_DAY), np.int64)


def _rows(entry: Ward | Place | StaffGroup) -> Iterable[Hours]:
    if isinstance(entry, StaffGroup):
        yield from entry.breaks
        if entry.shifts:
            yield from entry.shifts.values()
            return
    yield from entry.calendar


def calendar_table(usual: int, rows: Sequence[tuple[Hours, int]], days: Days, points: IntArray) -> IntArray:
    """Level that a calendar asks for, shape (day, wall).

    Rows for dates or holidays go over all others; within each kind later rows go over earlier ones.
    """
    table = np.full((days.ordinals.size, points.size), usual, np.int64)
    for row, value in sorted(rows, key=lambda entry: entry[0].is_exception):
        start, end = row.span
        table[np.ix_(days.count(row), (start <= points) & (points < end))] = value
    return table


def least_of_days(entry: Ward | Place, first: date, last: date, country: str | None) -> IntArray:
    """The least that the calendar asks for at any hour of each local date, shape (day,)."""
    points, days = walls(entry), Days.between(first, last, country)
    return calendar_table(entry.usual, entry.exceptions(), days, points).min(axis=1)


def on_shift(
    group: StaffGroup, days: Days, points: IntArray, planned: Mapping[date, Mapping[str, int]] = _NO_COVER
) -> IntArray:
    """People there by shift, breaks not looked at, shape (shift, day, wall).

    A group without shifts is one shift: in hours that the plan names its people, in all others as its
    calendar says. A shift that ends no later than it begins runs over midnight and belongs to the day on
    which it begins.

    Parameters
    ----------
    planned
        Local date -> shift -> people, over what the shifts say themselves; of a group without shifts,
        local date -> "HH:MM-HH:MM" -> people.
    """
    if not group.shifts:
        usual = calendar_table(group.usual, group.exceptions(), days, points)
        return _by_hours(usual, days, points, planned)[None]
    tables = []
    for name, shift in group.shifts.items():
        counts = [coming_to(name, shift, each, planned)[:, None] for each in (days, days.before())]
        today, since_yesterday = _holds(shift.span, points)
        tables.append(counts[0] * today + counts[1] * since_yesterday)
    return np.stack(tables)


def _holds(span: tuple[int, int], points: IntArray) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Whether a shift that begins today, and one that began yesterday, holds at times of day, (wall,)."""
    start, end = span
    if start < end:
        return (start <= points) & (points < end), np.zeros(points.size, np.bool_)
    return start <= points, points < end


def _by_hours(
    usual: IntArray, days: Days, points: IntArray, planned: Mapping[date, Mapping[str, int]]
) -> IntArray:
    """The calendar with the plan's people in the hours that it names, shape (day, wall)."""
    people, named = np.zeros_like(usual), np.zeros(usual.shape, np.bool_)
    for day, asked in planned.items():
        for text, n in asked.items():
            for later, holds in enumerate(_holds(span_of(text), points)):
                on = np.ix_(days.ordinals == day.toordinal() + later, holds)
                people[on] += n
                named[on] = True
    return np.where(named, people, usual)


def span_of(text: str) -> tuple[int, int]:
    """Hours written "HH:MM-HH:MM", round midnight if need be: start and end. [ms after midnight]

    Raises
    ------
    ValueError
        The text is not two times of day.
    """
    start, dash, end = text.partition("-")
    if not dash or start == "24:00":
        raise ValueError(f'"{text}" is not a stretch of hours "HH:MM-HH:MM"')
    return clock_ms(start), clock_ms(end)


def coming_to(
    name: str, shift: Shift, days: Days, planned: Mapping[date, Mapping[str, int]] = _NO_COVER
) -> IntArray:
    """People who come to a shift on the day on which it begins, 0 where it is not worked, shape (day,)."""
    people = days.count(shift) * np.int64(shift.on_duty)
    for day, shifts in planned.items():
        if name in shifts:
            people[days.ordinals == day.toordinal()] = shifts[name]
    return people


def resting(group: StaffGroup, days: Days, points: IntArray) -> IntArray:
    """People on a break, all rows that hold taken together, shape (day, wall)."""
    table = np.zeros((days.ordinals.size, points.size), np.int64)
    for row in group.breaks:
        start, end = row.span
        table += row.away * (days.count(row)[:, None] & (start <= points) & (points < end))
    return table


def ratios(group: StaffGroup, nursing: Nursing) -> tuple[float, ...]:
    """Patients a nurse in each shift of the group; one entry where it has none."""
    names = tuple(group.shifts) or ("",)
    return tuple(nursing.by_shift.get(name, nursing.patients_per_nurse) for name in names)


def beds_staffed(there: IntArray, away: IntArray, patients_a_nurse: Sequence[float]) -> IntArray:
    """Beds that nurses can staff: floor(sum over shifts of people left x ratio of the shift).

    Parameters
    ----------
    there
        People by shift, shape (shift, ...).
    away
        People of all shifts together who rest, shape (...). They are taken from the shift with the
        fewest patients a nurse first, then the next: whoever is in charge sends those to rest who leave
        the fewest beds without a nurse. Among equals, in the order of the table.
    """
    left = leave_out(there, away, np.argsort(patients_a_nurse, kind="stable"))
    factors: FloatArray = np.asarray(patients_a_nurse, np.float64)
    return np.floor(np.tensordot(factors, left, axes=1) + _HAIR).astype(np.int64)


def leave_out(there: IntArray, away: IntArray, order: Sequence[int] | IntArray) -> IntArray:
    """People left by shift when so many are away, taken from the shifts in ``order``, never below 0."""
    ranked = there[np.asarray(order)]
    left = np.empty_like(there)
    left[np.asarray(order)] = np.clip(np.cumsum(ranked, axis=0) - away, 0, ranked)
    return left


def usual_mean(entry: Ward | Place | StaffGroup, staff: Mapping[str, StaffGroup]) -> float:
    """Mean level over the usual week, breaks and expected absences included. [beds, places or people]

    Rows for dates or holidays are no part of the usual week. Infinite where unlimited.
    """
    if isinstance(entry, Place) and entry.unlimited:
        return math.inf
    nursing = entry.nursing if isinstance(entry, Ward) else None
    group = staff[nursing.group] if nursing is not None else None
    points, days = walls(entry, *([group] if group is not None else [])), Days.usual_week()
    if isinstance(entry, StaffGroup):
        there = (1 - entry.absence) * on_shift(entry, days, points).sum(axis=0)
        table = np.maximum(there - resting(entry, days, points), 0)
    else:
        asked = calendar_table(entry.usual, entry.exceptions(), days, points)
        table = np.minimum(asked, entry.physical).astype(np.float64)
        if nursing is not None and group is not None:
            nurses = on_shift(group, days, points), resting(group, days, points)
            staffed = beds_staffed(*nurses, ratios(group, nursing))
            table = np.minimum(table, (1 - group.absence) * staffed)
    width = np.diff(np.append(points, MS_DAY))
    return float((table * width).sum() / (DAYS_WEEK * MS_DAY))
