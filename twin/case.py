"""A case: hospital, demand, plan and today's state; and the days of a run.

``resolve`` decides the levels that follow from them: how many beds are open, how many people are on
duty, which sessions are held.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from twin.calendar import Clock
from twin.demand import DemandForecast
from twin.errors import ConfigError, Problem, UsageError, did_you_mean
from twin.hospital import Hospital
from twin.hospital.week import span_of
from twin.plan import Plan
from twin.schedule import UNLIMITED, Level, Schedule, Sittings, decide
from twin.units import IntArray

__all__ = [
    "LONGEST_RUN",
    "UNLIMITED",
    "Batch",
    "Case",
    "Cleaning",
    "InHouse",
    "Level",
    "Order",
    "Schedule",
    "Sittings",
    "Snapshot",
    "Window",
    "resolve",
    "shared_schedule",
]

#: the longest run, warm-up and tail included; longer questions are asked in parts [days]
LONGEST_RUN = 3_660
#: years in which a run may begin; others are taken for a slip of the pen
FIRST_YEAR, LAST_YEAR = 1900, 2200


@dataclass(frozen=True)
class Window:
    """The days of a run: warm-up, the days that are measured, and the tail that resolves them.

    Patients who arrive in [warm-up, end - tail] are the cohort; arrivals go on during the tail so
    that the house stays as full as it is.
    """

    start: date
    days: int
    warm_up: int = 0
    tail: int = 2  # days; long enough for every emergency visit to end (assumed: 12 h breaches are rare)

    def __post_init__(self) -> None:
        if self.days < 1 or self.warm_up < 0 or self.tail < 0:
            raise UsageError(
                f"a run measures 1 day or more, with warm-up and tail of 0 or more; "
                f"got days={self.days}, warm-up={self.warm_up}, tail={self.tail}",
                code="E_RANGE",
            )
        if not FIRST_YEAR <= self.start.year <= LAST_YEAR:
            raise UsageError(
                f"a run begins between {FIRST_YEAR} and {LAST_YEAR}, not on {self.start}; correct the year",
                code="E_RANGE",
            )
        if self.total > LONGEST_RUN:
            raise UsageError(
                f"a run of {self.total:,} days (warm-up {self.warm_up} + {self.days} + tail {self.tail}) is "
                f"longer than the {LONGEST_RUN:,} days allowed; ask for fewer days",
                code="E_BUDGET",
            )

    @property
    def total(self) -> int:
        """All days of the run."""
        return self.warm_up + self.days + self.tail

    def clock(self, hospital: Hospital) -> Clock:
        """The clock of this run in the hospital's time zone, with a margin for late discharges."""
        return Clock(self.start, hospital.timezone, self.total + 1)


@dataclass(frozen=True)
class InHouse:
    """One patient who is there when the run begins.

    Attributes
    ----------
    encounter : identity in the records
    patient_class, step : where on the pathway
    place : the place held; None for a patient who waits holding none
    since : when the present step began or, for one who waits, was asked for (local)
    asked : when one in a step or stopped asked for it (local); ``since`` where it is not known
    waiting : waits for ``step`` (holding ``place``, a boarder) instead of being in it
    stopped : was stopped in ``step`` and waits to go on with it; implies ``waiting``
    listed : on the waiting list since ``since``; not in the house
    appointment : booked for this instant (local), in ``session``; ``since`` is when he was listed
    session : name of the session he is booked in or, once he has come, was booked in
    listed_on : first date on the list of one who has come to his appointment, with which he is listed
        again when he is cancelled (local); ``since`` where it is not known
    arrived : when he came to the house (local); ``since`` where it is not known. One who neither waits,
        holds a place, nor is listed or booked, and whose ``arrived`` lies at or after the start of the run,
        is on his way and comes then
    promised : place promised by an earlier step
    pooled : people of each group's float pool who are with him, by group
    identity, visits, remaining_ms
        Known after a run of the twin: the 64-bit identity under which his chance is drawn, how often he
        came to each step before, and exactly what is left of the present one [ms]. With them a run from
        here on is the run that was left off. Without, what is left is drawn from how long he has stayed.
    """

    encounter: str
    patient_class: str
    step: str
    place: str | None
    since: datetime
    waiting: bool = False
    stopped: bool = False
    listed: bool = False
    appointment: datetime | None = None
    session: str | None = None
    arrived: datetime | None = None
    promised: str | None = None
    pooled: Mapping[str, int] = field(default_factory=dict)
    identity: int | None = None
    visits: Mapping[str, int] = field(default_factory=dict)
    remaining_ms: int | None = None
    asked: datetime | None = None
    listed_on: datetime | None = None


@dataclass(frozen=True)
class Batch:
    """Units of an item that lie in stock and expire together."""

    units: int
    expires: datetime | None = None  # local


@dataclass(frozen=True)
class Order:
    """Units of an item that are on their way."""

    item: str
    units: int
    due: datetime  # local


@dataclass(frozen=True)
class Cleaning:
    """A unit of a place that is in turnaround."""

    place: str
    until: datetime  # local


@dataclass(frozen=True)
class Snapshot:
    """The state of the house at one instant: who is where, since when, and what lies in stock.

    Attributes
    ----------
    patients : in places, boarding, in queues, on lists and booked; trays on their way through SPD too
    stock : batches of each item, oldest first; an item that is not named has the hospital's usual stock
    orders : under way
    orders_placed : orders of each item so far, by which the next lead time is found
    cleaning : places in turnaround
    """

    as_of: datetime | None = None
    patients: tuple[InHouse, ...] = ()
    stock: Mapping[str, tuple[Batch, ...]] = field(default_factory=dict)
    orders: tuple[Order, ...] = ()
    orders_placed: Mapping[str, int] = field(default_factory=dict)
    cleaning: tuple[Cleaning, ...] = ()

    @classmethod
    def empty(cls) -> Snapshot:
        """Nobody is there; use a warm-up."""
        return cls()


@dataclass(frozen=True)
class Case:
    """All that a run needs but its chance; a what-if makes a new one."""

    hospital: Hospital
    demand: DemandForecast | None = None
    plan: Plan = field(default_factory=Plan.empty)
    snapshot: Snapshot = field(default_factory=Snapshot.empty)

    def with_(self, **parts: object) -> Case:
        """The same case with some parts replaced."""
        return replace(self, **parts)  # type: ignore[arg-type]


def resolve(case: Case, window: Window, absent: IntArray | None = None) -> Schedule:
    """Decide every level of the run, and the sessions that are held.

    Parameters
    ----------
    absent
        Staff who are away from a shift, as in ``Workload.absent`` (under a plan that names cover, as
        ``absences_under`` says); nobody when omitted.

    Raises
    ------
    ConfigError
        The plan names wards, staff groups or shifts that the hospital does not have.
    """
    hospital = case.hospital
    unknown = unknown_names(case)
    if unknown:
        raise ConfigError(f'plan "{case.plan.name}"', unknown)
    clock = window.clock(hospital)
    decided = decide(hospital, case.plan, clock, int(clock.day_starts[window.total]), absent)
    stock = {name: sum(batch.units for batch in batches) for name, batches in case.snapshot.stock.items()}
    return replace(decided, stock=stock) if stock else decided


def unknown_names(case: Case) -> tuple[Problem, ...]:
    """Wards, staff groups and shifts that the plan names and the hospital does not have."""
    return (*_unknown_wards(case), *_unknown_cover(case))


def _unknown_wards(case: Case) -> Iterator[Problem]:
    wards = case.hospital.wards
    for ward in case.plan.beds:
        if ward not in wards:
            yield Problem(f"beds.{ward}", None, "no such ward", did_you_mean(ward, wards))


def _unknown_cover(case: Case) -> Iterator[Problem]:
    """Groups and shifts of a plan that nobody works in, each told once."""
    staff = case.hospital.staff
    for group, days in case.plan.cover.items():
        where = f"cover.{group}"
        if group not in staff:
            yield Problem(where, None, "no such staff group", did_you_mean(group, staff))
            continue
        shifts = staff[group].shifts
        if not shifts:
            yield from _not_hours(where, days)
            continue
        for shift in sorted({shift for day in days.values() for shift in day} - shifts.keys()):
            first = min(day for day, named in days.items() if shift in named)
            yield Problem(f"{where}.{first}.{shift}", None, "no such shift", did_you_mean(shift, shifts))


def _not_hours(where: str, days: Mapping[date, Mapping[str, int]]) -> Iterator[Problem]:
    """What a plan names of a group without shifts, where it is no stretch of hours."""
    for text in sorted({text for day in days.values() for text in day}):
        try:
            span_of(text)
        except ValueError:
            first = min(day for day, named in days.items() if text in named)
            rule = 'the group has no shifts: a plan names hours, "HH:MM-HH:MM"'
            yield Problem(f"{where}.{first}.{text}", None, rule, 'write "08:00-16:00" = 4, say')


def shared_schedule(case: Case, window: Window) -> Schedule | None:
    """The schedule of all replications; None where staff may be absent, for then each has its own."""
    if any(group.absence > 0 for group in case.hospital.staff.values()):
        return None
    return resolve(case, window)
