"""Times of FHIR as instants, in milliseconds since 1970 (UTC).

A date alone stands for its noon on the hospital's clocks, but never for a time after the present, and where
it ends what began on the same day, not for a time before that begin. A year or a month alone names no day.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from twin.records.reading.asked import FEED_AHEAD
from twin.records.reading.fhir.fields import part, text
from twin.records.reading.fhir.text import Json, Refused

_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,12})?)?(Z|[+-][0-9]{2}:[0-9]{2})?"
)
_DATE = re.compile(r"[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?")
_EPOCH, _MS = datetime(1970, 1, 1, tzinfo=UTC), timedelta(milliseconds=1)
_FIRST_YEAR, _LAST_YEAR = 1900, 2200
_WRITTEN = "a time is written 2024-03-31T14:05:00+01:00"


@dataclass(frozen=True)
class Stretch:
    """Start and end of a period, each None where not told. [ms]"""

    start: int | None = None
    end: int | None = None


class Clock:
    """The hospital's clock at the time of reading.

    Parameters
    ----------
    timezone
        In which times without an offset, and dates, are meant.
    now
        The present, with a time zone.
    as_of
        Last instant of the data, where it is told: nothing has happened after it.
    """

    def __init__(self, timezone: str, now: datetime, as_of: datetime | None = None) -> None:
        self.zone = ZoneInfo(timezone)
        self.now = _ms(now)
        self.heard = _ms(now + FEED_AHEAD)
        self.latest = _ms(as_of) if as_of else self.heard
        self.today = now.astimezone(self.zone).date()

    def instant(self, written: str | None, field: str, after: int | None = None) -> int | None:
        """The instant of a dateTime; ``after`` is the begin of what a date alone ends.

        Raises
        ------
        Refused
            ``E_DATE``, ``E_NONEXISTENT_TIME``.
        """
        if written is None:
            return None
        if not _TIME.fullmatch(written):
            return self._of_date(written, field, after)
        try:
            leaps = written[17:19] == "60"  # a leap second counts with the one before
            at = datetime.fromisoformat(f"{written[:17]}59{written[19:]}" if leaps else written)
            if not _FIRST_YEAR <= at.year <= _LAST_YEAR:
                raise ValueError
            return _ms(self._local(at, field) if at.tzinfo is None else at)
        except (ValueError, OverflowError):
            raise Refused("E_DATE", field, written, _WRITTEN) from None

    def period(self, of: Json, name: str, where: str = "") -> Stretch:
        """A period.

        Raises
        ------
        Refused
            ``E_NEGATIVE_LOS``: it ends before it starts; and those of ``instant``.
        """
        period = part(of, name, where)
        if not period:
            return Stretch()
        field = where + name
        start = self.instant(text(period, "start", field + "."), field + ".start")
        end = self.instant(text(period, "end", field + "."), field + ".end", start)
        in_order(start, end, field + ".end", period.get("end"))
        return Stretch(start, end)

    def past(self, at: int | None, field: str, written: object, latest: int | None = None) -> int | None:
        """The instant again, if it has been; ``latest`` stands for the last instant of the data.

        Raises
        ------
        Refused
            ``E_FUTURE``.
        """
        if at is not None and at > (self.latest if latest is None else latest):
            raise Refused(
                "E_FUTURE", field, written, "later than the present", "set the source's clock right"
            )
        return at

    def _of_date(self, written: str, field: str, after: int | None) -> int:
        try:
            if not _DATE.fullmatch(written):
                raise ValueError
            if len(written) < len("2024-03-31"):
                raise Refused("E_DATE", field, written, "the day is told; a year or a month alone is none")
            day = date.fromisoformat(written)
            if not _FIRST_YEAR <= day.year <= _LAST_YEAR:
                raise ValueError
        except ValueError:
            raise Refused("E_DATE", field, written, _WRITTEN) from None
        noon = _ms(datetime.combine(day, time(12), self.zone))
        if day == self.today:
            noon = min(noon, self.now)
        same_day = after is not None and (_EPOCH + after * _MS).astimezone(self.zone).date() == day
        return max(noon, after) if same_day and after is not None else noon

    def _local(self, at: datetime, field: str) -> datetime:
        local = at.replace(tzinfo=self.zone)
        if local.astimezone(UTC).astimezone(self.zone).replace(tzinfo=None) != at:
            raise Refused("E_NONEXISTENT_TIME", field, at.isoformat(), "the clocks skip this hour")
        return local


def in_order(start: int | None, end: int | None, field: str, written: object) -> None:
    """Nothing ends before it starts.

    Raises
    ------
    Refused
        ``E_NEGATIVE_LOS``.
    """
    if start is not None and end is not None and end < start:
        raise Refused(
            "E_NEGATIVE_LOS", field, written, "an end is not before its start", "correct the period"
        )


def years_between(birth: date, at: int, zone: ZoneInfo) -> int:
    """Whole years from a day of birth to an instant."""
    day = (_EPOCH + at * _MS).astimezone(zone).date()
    return day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))


def _ms(at: datetime) -> int:
    return (at - _EPOCH) // _MS
