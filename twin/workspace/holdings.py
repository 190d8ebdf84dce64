"""Holdings: what records a workspace has, how new they are and where they have gaps."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

import pandas as pd

from twin.calendar import holidays
from twin.hospital import Hospital
from twin.records.daily import daily_counts, snapshot
from twin.records.encounters import Encounters
from twin.records.quality import Finding

#: a day without arrivals is a gap where that weekday usually brings so many: by chance it comes once in
#: a thousand days, exp(-7), or less [patients a day]
USUALLY_MANY = 7


@dataclass(frozen=True)
class Table:
    """One table of what was brought in: its rows and the local times of the first and last of them."""

    rows: int
    first: datetime | None
    last: datetime | None


@dataclass(frozen=True)
class Holdings:
    """What records a workspace holds.

    Attributes
    ----------
    begins, as_of : first whole day, last instant
    in_house, waiting : patients in a place, and waiting for a step, at ``as_of``
    streams : arrivals by stream: whole days, patients, mean a day over all and over the last 28 days
    gaps : days, public holidays apart, on which a usually busy stream has no arrival: likely missing records
    tables : what was brought in, by table; none for a simulated year
    imports : how many files were brought in
    findings : what is wrong or odd in them, by severity
    """

    made_by: str
    begins: date
    as_of: datetime
    days: int
    encounters: int
    stays: int
    in_house: int
    waiting: int
    streams: dict[str, dict[str, float]]
    gaps: dict[str, tuple[date, ...]] = field(default_factory=dict)
    tables: Mapping[str, Table] = field(default_factory=dict)
    imports: int = 0
    findings: tuple[Finding, ...] = ()


def holdings_of(
    parts: Iterable[Encounters],
    hospital: Hospital,
    *,
    tables: Mapping[str, Table] | None = None,
    imports: int = 0,
    findings: Sequence[Finding] = (),
) -> Holdings:
    """The holdings that these records make; they are given part by part, each visit whole in one."""
    count = _Count()
    for part in parts:
        count.add(part, hospital)
    records = count.newest
    off = holidays(hospital.country, records.begins.year, records.as_of.year)
    return Holdings(
        made_by=records.made_by,
        begins=records.begins,
        as_of=records.as_of,
        days=len(count.by_day),
        encounters=count.encounters,
        stays=count.stays,
        in_house=count.in_house,
        waiting=count.waiting,
        streams={name: _stream(count.by_day[name]) for name in count.by_day},
        gaps={name: gaps for name in count.by_day if (gaps := gaps_of(count.by_day[name], off))},
        tables=dict(tables or {}),
        imports=imports,
        findings=tuple(findings),
    )


class _Count:
    """What parts of the records come to together."""

    newest: Encounters

    def __init__(self) -> None:
        self.encounters = self.stays = self.in_house = self.waiting = 0
        self.by_day = pd.DataFrame()

    def add(self, part: Encounters, hospital: Hospital) -> None:
        """Count one more part."""
        by_day = _by_day(part, hospital)
        self.by_day = by_day if self.by_day.empty else self.by_day + by_day
        inside = snapshot(part, hospital).patients
        self.encounters += len(part.arrivals())
        self.stays += part.rows
        self.in_house += sum(patient.place is not None for patient in inside)
        self.waiting += sum(patient.waiting for patient in inside)
        self.newest = part


def _by_day(records: Encounters, hospital: Hospital) -> pd.DataFrame:
    """Arrivals, a row a whole day and a column a stream; none where the records are shorter than a day."""
    if records.as_of.date() <= records.begins:
        return pd.DataFrame()
    counts = daily_counts(records, hospital)
    return counts.pivot(index="ds", columns="unique_id", values="y")[list(hospital.arrivals)]


def _stream(daily: pd.Series) -> dict[str, float]:
    return {
        "patients": int(daily.sum()),
        "mean_a_day": float(daily.mean()),
        "mean_of_last_28_days": float(daily.iloc[-28:].mean()),
    }


def silence_in_words(days: pd.DatetimeIndex) -> str:
    """One sentence about days of which there are no records."""
    many = "s" if len(days) > 1 else ""
    span = f"{days[0]:%Y-%m-%d}" + (f" to {days[-1]:%Y-%m-%d}" if many else "")
    return f"no records of {len(days)} day{many} ({span}): kept as missing, not as days on which nobody came"


def gaps_of(daily: pd.Series, off: Container[date]) -> tuple[date, ...]:
    """Working days without any arrival on weekdays that usually bring many."""
    usual = daily.groupby(daily.index.day_of_week).transform("median")
    empty = daily.index[(daily == 0) & (usual >= USUALLY_MANY)]
    return tuple(day.date() for day in empty if day.date() not in off)
