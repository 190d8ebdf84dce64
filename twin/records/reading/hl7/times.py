"""Times of HL7: YYYY[MM[DD[HH[MM[SS[.S...]]]]]][+/-ZZZZ] as instants.

A time without an offset is local in the hospital. In the autumn hour that repeats it is the first of the two
instants, for what ends the last, so that nobody is said to have left before they came; both are counted. A
day alone stands for its noon, never after now; a month or a year is no time of an event.

References
----------
HL7 Version 2.9, chapter 2A: 2A.2.22 DTM date/time.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from twin.records.reading.told import Told
from twin.units import MS_HOUR, MS_MINUTE, MS_SECOND

_DTM = re.compile(
    r"(\d{4})(?:(\d\d)(?:(\d\d)(?:(\d\d)(?:(\d\d)(?:(\d\d)(?:\.(\d{1,6}))?)?)?)?)?)?([+-]\d{4})?", re.ASCII
)
_NOON = 12 * MS_HOUR
_LONGEST = 26  # characters of a time with all its parts
_FIRST_YEAR = 1900  # before it no visit of today's records began
_FURTHEST_OFFSET = 14 * MS_HOUR  # Kiribati; the other way it is 12 hours
NO_DTM = "no time of HL7"
CURE = "write it as YYYYMMDDHHMMSS, with an offset where there is one: 20240331093000+0100"

TWICE = "times in the autumn hour that repeats: begins taken as the first of the two, ends as the last"
DAYS = "times told to the day: taken as its noon, never after now"


class Times:
    """Times of one source.

    Parameters
    ----------
    timezone
        The hospital's.
    now
        The present. [ms since 1970, UTC]
    told
        Where a rule that was applied is counted.

    Attributes
    ----------
    now
        As given; may be set anew.
    """

    def __init__(self, timezone: str, now: int, told: Told) -> None:
        zone = ZoneInfo(timezone)
        self.now = now
        self._told = told

        @lru_cache(maxsize=20_000)
        def known(text: str, last: bool) -> tuple[int, str]:
            return _instant(text, zone, last)

        @lru_cache(maxsize=2_000)
        def local_date(ms: int) -> date:
            return datetime.fromtimestamp(ms // MS_SECOND, zone).date()

        self._known, self._local_date = known, local_date

    def instant(self, text: str, *, last: bool = False) -> int:
        """The instant of a time. [ms since 1970, UTC]

        Raises
        ------
        NoTime
            It is none (``E_DATE``), or one that the clocks skip in spring (``E_NONEXISTENT_TIME``).
        """
        ms, rule = self._known(text, last)
        if rule:
            self._told.note(rule)
        today = rule is DAYS and ms - _NOON <= self.now < ms
        return self.now if today else ms

    def age(self, born: str, ms: int) -> int | None:
        """Whole years at an instant by a date of birth, told to the day or coarser; None where it is none."""
        match = _DTM.fullmatch(born) if len(born) <= _LONGEST else None
        if match is None:
            return None
        year, month, day = (int(part) if part else 1 for part in match.groups()[:3])
        try:
            date(year, month, day)
        except ValueError:
            return None
        then = self._local_date(ms)
        return then.year - year - ((then.month, then.day) < (month, day))


class NoTime(Exception):
    """What is wrong with a time: the rule, the cure, the code."""

    def __init__(self, rule: str, cure: str = CURE, code: str = "E_DATE") -> None:
        super().__init__(rule)
        self.rule, self.cure, self.code = rule, cure, code


def _instant(text: str, zone: ZoneInfo, last: bool) -> tuple[int, str]:
    match = _DTM.fullmatch(text) if len(text) <= _LONGEST else None
    if match is None:
        raise NoTime(NO_DTM)
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups()[:6])
    fraction, offset = match[7] or "", match[8]
    if not day:
        raise NoTime("a time of an event is told to the day at least")
    rule = "" if match[4] else DAYS
    try:
        wall = datetime(year, month, day, 12 if rule else hour, minute, second)
    except ValueError:
        raise NoTime("no such day or hour") from None
    if wall.year < _FIRST_YEAR:
        raise NoTime(f"a time before {_FIRST_YEAR}")
    if offset:
        shift = int(offset[1:3]) * MS_HOUR + int(offset[3:]) * MS_MINUTE
        if shift > _FURTHEST_OFFSET or int(offset[3:]) > 59:
            raise NoTime("an offset from UTC is at most 14 hours")
        shift = -shift if offset[0] == "-" else shift
    else:
        shift, twice = _local_shift(wall, zone, last)
        rule = rule or twice
    seconds = round(wall.replace(tzinfo=UTC).timestamp())
    return seconds * MS_SECOND - shift + int(fraction.ljust(3, "0")[:3] or 0), rule


def _local_shift(wall: datetime, zone: ZoneInfo, last: bool) -> tuple[int, str]:
    """How far a local time is ahead of UTC [ms], and the rule where it stands for two instants."""
    before = wall.replace(tzinfo=zone, fold=0).utcoffset() or timedelta()
    after = wall.replace(tzinfo=zone, fold=1).utcoffset() or timedelta()
    if before < after:
        rule = "the clocks skip this local time in spring"
        raise NoTime(rule, "correct it, or send times with their offset", "E_NONEXISTENT_TIME")
    taken = after if last else before
    return round(taken / timedelta(milliseconds=1)), TWICE if before > after else ""
