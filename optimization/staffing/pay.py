"""Pay: what a shift that begins on a date costs, nights, weekends and public holidays included."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from math import ceil

import numpy as np

from optimization.cover.patterns import RosterRules
from optimization.cover.terms import SATURDAY_OR_NIGHT, SUNDAY
from twin.hospital import Hospital
from twin.hospital.week import Days, on_shift, span_of, walls
from twin.plan import Plan
from twin.units import DAYS_WEEK, HOURS_DAY, MINUTES_HOUR, MS_DAY, MS_HOUR, MS_MINUTE, FloatArray, IntArray

#: hours of the day paid as night; NHS Terms and Conditions of Service Handbook, section 2 [h]
NIGHT = (20, 6)
#: the shortest block of a week [minutes] (assumed: shifts begin at whole quarters of an hour)
SHORTEST = 15


def hours_of(span: tuple[int, int]) -> float:
    """Length of a shift [h]."""
    start, end = span
    return float((end - start + (MS_DAY if end <= start else 0)) / MS_HOUR)


def shift_pay(day: date, span: tuple[int, int], wage: float, country: str | None) -> float:
    """What one person's shift costs that begins on a date, unsocial hours included. [currency]"""
    start, length = span[0], round(hours_of(span) * MS_HOUR)
    quarters = start + np.arange(0, length, SHORTEST * MS_MINUTE)
    premium = _premium(day, country)[quarters // (SHORTEST * MS_MINUTE)]
    return float(wage * (1 + premium).sum() * SHORTEST / MINUTES_HOUR)


@lru_cache(maxsize=1_024)
def _premium(day: date, country: str | None) -> FloatArray:
    """What each quarter of an hour of a date and the next costs above basic pay, shape (quarter,)."""
    return np.concatenate([_of_day(day.toordinal() + i, country) for i in range(2)])


def _of_day(ordinal: int, country: str | None) -> FloatArray:
    day = date.fromordinal(ordinal)
    off = Days.between(day, day, country).holidays
    hour = np.arange(HOURS_DAY * MINUTES_HOUR // SHORTEST) * SHORTEST // MINUTES_HOUR
    night = np.where((hour >= NIGHT[0]) | (hour < NIGHT[1]), SATURDAY_OR_NIGHT, 0.0)
    if day.weekday() == DAYS_WEEK - 1 or ordinal in off:
        return np.full(hour.size, SUNDAY)
    return np.maximum(night, SATURDAY_OR_NIGHT if day.weekday() == DAYS_WEEK - 2 else 0.0)


def employed(hours_a_week: float, absence: float) -> int:
    """People employed who work so many hours a week by contract, those absent on top. [people]"""
    return ceil(hours_a_week / RosterRules().contract_hours / max(1 - absence, 0.01) - 1e-9)


def usual_pay(hospital: Hospital, plan: Plan, group: str, wage: float, dates: Sequence[date]) -> float:
    """What a group costs on these dates as decided now, by the hours that its people are there. [currency]"""
    days, own = Days.between(dates[0], dates[-1], hospital.country), hospital.staff[group]
    planned = plan.cover.get(group, {})
    texts = set() if own.shifts else {text for asked in planned.values() for text in asked}
    points = walls(own, spans=(span_of(text) for text in texts))
    there: IntArray = on_shift(own, days, points, planned).sum(axis=0)
    quarter = np.arange(HOURS_DAY * MINUTES_HOUR // SHORTEST) * SHORTEST * MS_MINUTE
    levels = there[:, np.searchsorted(points, quarter, side="right") - 1]
    paid = [
        float((levels[i] * (1 + _premium(day, hospital.country)[: quarter.size])).sum())
        for i, day in enumerate(dates)
    ]
    return wage * sum(paid) * SHORTEST / MINUTES_HOUR
