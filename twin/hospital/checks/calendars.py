"""Calendars: stretches that begin before they end, dates in order, days on which a row can count at all."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

from twin.calendar import holidays
from twin.errors import Problem, UsageError
from twin.hospital.checks.tables import Table, rows_of, tables, wall_of
from twin.units import MS_DAY

_CODE = "E_CALENDAR"


def check_calendars(raw: Table) -> Iterator[Problem]:
    """Every row with hours: of calendars, breaks, shifts and sessions."""
    yield from _country(raw)
    for path, row, over_midnight in _rows(raw):
        yield from _hours(path, row, over_midnight)
        yield from _days(path, row, raw)


def _country(raw: Table) -> Iterator[Problem]:
    country = raw.get("country")
    if not isinstance(country, str):
        return
    try:
        holidays(country, date.today().year, date.today().year)
    except UsageError as error:
        yield Problem("country", country, str(error), 'a code such as "GB-ENG" or "US"', "E_UNKNOWN_NAME")


def _rows(raw: Table) -> Iterator[tuple[str, Table, bool]]:
    """(path, row, whether it may run over midnight)."""
    for section in ("wards", "places", "staff"):
        for name, table in tables(raw, section):
            for key in ("calendar", "breaks"):
                for i, row in rows_of(table, key):
                    yield f"{section}.{name}.{key}.{i}", row, False
            for shift, row in tables(table, "shifts"):
                yield f"{section}.{name}.shifts.{shift}", row, True
    for name, row in tables(raw, "sessions"):
        yield f"sessions.{name}", row, False


def _hours(path: str, row: Table, over_midnight: bool) -> Iterator[Problem]:
    start, end = wall_of(row, "from", "00:00"), wall_of(row, "to", "24:00")
    if start is None or end is None:
        return
    if over_midnight:
        if start == MS_DAY:
            yield Problem(f"{path}.from", "24:00", "a shift begins before midnight", 'say "00:00"', _CODE)
    elif start >= end:
        what = "session" if path.startswith("sessions") else "stretch"
        cure = (
            "only a shift may run over midnight"
            if what == "session"
            else "write two rows for a stretch over midnight"
        )
        yield Problem(path, None, "`from` is not before `to`", cure, _CODE)


def _days(path: str, row: Table, raw: Table) -> Iterator[Problem]:
    first, last = _date(row.get("first")), _date(row.get("last"))
    if first is not None and last is not None and first > last:
        yield Problem(f"{path}.last", last.isoformat(), f"not before `first`, {first.isoformat()}", "", _CODE)
    if row.get("days") == []:
        yield Problem(f"{path}.days", [], "names no day, so the row never counts", "leave it out", _CODE)
    if row.get("holidays") == "only" and not raw.get("country"):
        cure = 'name the hospital\'s country, e.g. country = "GB-ENG"'
        yield Problem(f"{path}.holidays", "only", "no public holidays are known", cure, _CODE)


def _date(value: object) -> date | None:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
