"""Calendar: local dates, weekdays, holidays and daylight saving against the engine's clock.

Inside the engines an instant is whole milliseconds since the local midnight on which the run
began. Only this file knows which local day an instant falls on, and that a day in spring has
23 hours and one in autumn 25.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np

from twin.units import DAYS_WEEK, MS_DAY, MS_SECOND, IntArray

DAY_NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True)
class Clock:
    """The days of one run: where each begins, in milliseconds since the first.

    Attributes
    ----------
    start : local date of instant 0
    timezone : IANA name, e.g. ``Europe/London``
    days : number of days the clock knows
    """

    start: date
    timezone: str
    days: int

    @property
    def day_starts(self) -> IntArray:
        """Local midnights, shape (days + 1,). [ms since the run began]"""
        return _day_starts(self.start, self.timezone, self.days)

    @property
    def weekdays(self) -> IntArray:
        """Weekday of each day, 0 = Monday, shape (days,)."""
        return (np.arange(self.days, dtype=np.int64) + self.start.weekday()) % DAYS_WEEK

    def date_of(self, day: int) -> date:
        """Local date of day ``day``."""
        return self.start + timedelta(days=int(day))

    def day_of(self, day: date) -> int:
        """Index of a local date; negative before the run began."""
        return (day - self.start).days

    def at(self, ms: int) -> datetime:
        """Local wall-clock time of an instant (naive, as the hospital's clocks show it)."""
        zone = ZoneInfo(self.timezone)
        midnight = datetime(self.start.year, self.start.month, self.start.day, tzinfo=zone)
        return datetime.fromtimestamp(midnight.timestamp() + ms / MS_SECOND, zone).replace(tzinfo=None)

    def ms(self, local: datetime) -> int:
        """Instant of a local wall-clock time (the first of the two in the hour that repeats). [ms]"""
        zone = ZoneInfo(self.timezone)
        midnight = datetime(self.start.year, self.start.month, self.start.day, tzinfo=zone)
        return round((local.replace(tzinfo=zone).timestamp() - midnight.timestamp()) * MS_SECOND)

    def instant(self, day: IntArray, wall: IntArray) -> IntArray:
        """Instants of wall-clock times of day, element by element. [ms]

        On a day that is not 24 hours long, wall times after 03:00 move with the clocks, and a
        time never leaves its own day.
        """
        starts = self.day_starts
        length = starts[day + 1] - starts[day]
        shift = np.where(wall >= CLOCKS_CHANGE_BY, length - MS_DAY, 0)
        return starts[day] + np.minimum(np.maximum(wall + shift, 0), length - 1)


#: by 03:00 local time the clocks have changed, in every zone of Europe and North America [ms]
CLOCKS_CHANGE_BY = MS_DAY // 8


@lru_cache(maxsize=64)
def _day_starts(start: date, timezone: str, days: int) -> IntArray:
    zone = ZoneInfo(timezone)
    stamps = []
    for i in range(days + 1):
        day = start + timedelta(days=i)
        stamps.append(round(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp()) * MS_SECOND)
    starts = np.asarray(stamps, dtype=np.int64) - stamps[0]
    starts.setflags(write=False)
    return starts


@lru_cache(maxsize=256)
def holidays(country: str | None, first_year: int, last_year: int) -> dict[date, str]:
    """Public holidays of a country or part of one, by date.

    Parameters
    ----------
    country
        ISO code with an optional part, e.g. ``GB-ENG`` or ``US``; none gives no holidays.

    Raises
    ------
    UsageError
        The ``holidays`` library knows no such country or part.
    """
    if not country:
        return {}
    import holidays as library

    from twin.errors import UsageError

    code, _, part = country.partition("-")
    try:
        table = library.country_holidays(code, subdiv=part or None, years=range(first_year, last_year + 1))
    except NotImplementedError as error:
        raise UsageError(f'no holiday calendar for "{country}": {error}') from error
    return {day: str(name) for day, name in sorted(table.items())}
