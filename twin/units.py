"""Units: whole milliseconds inside the engines; minutes, hours and days for people.

This file and ``calendar.py`` are the only two that multiply by 60 or 1000. ``Unit`` and
``Source`` travel as data on the fields of the hospital description, so that the validator,
the data dictionary, the what-if slider and the tooltip read the same line.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MS_SECOND = 1_000
MS_MINUTE = 60 * MS_SECOND
MS_HOUR = 60 * MS_MINUTE
MS_DAY = 24 * MS_HOUR
MINUTES_HOUR = 60
HOURS_DAY = 24
DAYS_WEEK = 7

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

#: milliseconds in one of each unit that a description may use
MS_IN = {"minutes": MS_MINUTE, "hours": MS_HOUR, "days": MS_DAY}


@dataclass(frozen=True)
class Unit:
    """The unit of a number, as data on its field."""

    name: str


@dataclass(frozen=True)
class Source:
    """Where a default number comes from: a reference, or "assumed: why"."""

    text: str


def minutes(value: float) -> int:
    """Minutes as whole milliseconds, rounded to the nearest. [ms]"""
    return round(value * MS_MINUTE)


def hours(value: float) -> int:
    """Hours as whole milliseconds, rounded to the nearest. [ms]"""
    return round(value * MS_HOUR)


def days(value: float) -> int:
    """Days of 24 hours as whole milliseconds, rounded to the nearest. [ms]"""
    return round(value * MS_DAY)


def to_minutes(ms: IntArray | int) -> FloatArray:
    """Milliseconds as minutes. [minutes]"""
    return np.asarray(ms, dtype=np.float64) / MS_MINUTE


def to_hours(ms: IntArray | int) -> FloatArray:
    """Milliseconds as hours. [hours]"""
    return np.asarray(ms, dtype=np.float64) / MS_HOUR


def to_days(ms: IntArray | int) -> FloatArray:
    """Milliseconds as days of 24 hours. [days]"""
    return np.asarray(ms, dtype=np.float64) / MS_DAY


def clock_ms(text: str) -> int:
    """A time of day written "HH:MM" as milliseconds after midnight; "24:00" ends the day. [ms]

    Raises
    ------
    ValueError
        The text is not a time of day.
    """
    hour, _, minute = text.partition(":")
    if not (hour.isdigit() and minute.isdigit() and len(minute) == 2):
        raise ValueError(f'"{text}" is not a time of day "HH:MM"')
    value = int(hour) * MS_HOUR + int(minute) * MS_MINUTE
    if int(minute) > 59 or value > MS_DAY:
        raise ValueError(f'"{text}" is not a time of day "HH:MM"')
    return value
