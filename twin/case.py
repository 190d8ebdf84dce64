"""A case: hospital, demand, plan and today's state; and the levels that follow from them.

``resolve`` is the only place that decides how many beds are open and how many people are on duty:
level = min(physical, plan if it names the date else calendar, floor(nurses x ratio)).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from types import MappingProxyType

import numpy as np

from twin.calendar import DAY_NAMES, Clock
from twin.demand import DemandForecast
from twin.errors import ConfigError, Problem, UsageError, did_you_mean
from twin.hospital import Hospital
from twin.hospital.base import Hours
from twin.hospital.places import Place, StaffGroup, Ward
from twin.plan import Plan
from twin.units import MS_DAY, IntArray

#: the longest run, warm-up and tail included; longer questions are asked in parts [days]
LONGEST_RUN = 3_660


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
                f"got days={self.days}, warm-up={self.warm_up}, tail={self.tail}"
            )
        if self.total > LONGEST_RUN:
            raise UsageError(
                f"a run of {self.total:,} days (warm-up {self.warm_up} + {self.days} + tail {self.tail}) is "
                f"longer than the {LONGEST_RUN:,} days allowed; ask for fewer days"
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
    waiting : waits for ``step`` (holding ``place``, a boarder) instead of being in it
    stopped : was stopped in ``step`` and waits to go on with it; implies ``waiting``
    listed : on the waiting list since ``since``; not in the house
    appointment : booked for this instant (local), in ``session``; ``since`` is when he was listed
    session : name of the session he is booked in or, once he has come, was booked in
    arrived : when he came to the house (local); ``since`` where it is not known
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


@dataclass(frozen=True)
class Level:
    """A level over time: from ``times[i]`` until the next it is ``values[i]``."""

    times: IntArray  # [ms], first entry 0
    values: IntArray  # [beds, places or people]

    def at(self, ms: int) -> int:
        """Level at an instant."""
        return int(self.values[np.searchsorted(self.times, ms, side="right") - 1])


@dataclass(frozen=True)
class Sittings:
    """The sessions of a run, one row each time one is held, in order of (books, opens, session).

    Attributes
    ----------
    session : int32 (sitting,) place in ``hospital.sessions``
    books : int64 (sitting,) when it is filled from the lists [ms]; a sitting filled before the run has a
        negative one, and only the snapshot's patients are booked in it
    opens, closes : int64 (sitting,) [ms]
    limit : int64 (sitting,) last instant at which a limited step may start: closes + allowed overrun [ms]
    slot_from : int64 (sitting + 1,) rows of ``slot`` of each sitting; none where cases are booked by time
    slot : int64 (slot,) appointments, one entry a patient [ms]
    """

    session: IntArray
    books: IntArray
    opens: IntArray
    closes: IntArray
    limit: IntArray
    slot_from: IntArray
    slot: IntArray

    @classmethod
    def none(cls) -> Sittings:
        """No session is held."""
        empty = np.zeros(0, np.int64)
        return cls(empty, empty, empty, empty, empty, np.zeros(1, np.int64), empty)


@dataclass(frozen=True)
class Schedule:
    """The levels that ``resolve`` decided, by place and staff group, and what was cut by what."""

    levels: Mapping[str, Level]
    notes: tuple[str, ...] = ()
    sittings: Sittings = field(default_factory=Sittings.none)


#: the level of an unlimited place: more than any run can fill [places]
UNLIMITED = 1 << 40


def resolve(case: Case, window: Window) -> Schedule:
    """Decide every level of the run.

    Raises
    ------
    ConfigError
        The plan names wards that the hospital does not have.
    """
    hospital = case.hospital
    unknown = [
        Problem(f"beds.{ward}", None, "no such ward", did_you_mean(ward, hospital.wards))
        for ward in case.plan.beds
        if ward not in hospital.wards
    ]
    if unknown:
        raise ConfigError(f'plan "{case.plan.name}"', unknown)
    clock = window.clock(hospital)
    cuts: dict[str, str] = {}
    levels = {}
    for name, entry in {**hospital.everywhere, **hospital.staff}.items():
        levels[name] = _level(case, clock, name, entry, cuts)
    return Schedule(MappingProxyType(levels), tuple(cuts.values()))


def _level(
    case: Case, clock: Clock, name: str, entry: Ward | Place | StaffGroup, cuts: dict[str, str]
) -> Level:
    if isinstance(entry, Place) and entry.unlimited:
        return Level(np.zeros(1, np.int64), np.full(1, UNLIMITED, np.int64))
    times: list[int] = []
    values: list[int] = []
    for day in range(clock.days):
        for wall in _walls(case.hospital, entry, clock, day):
            value = _value(case, clock, name, entry, day, wall, cuts)
            if values and value == values[-1]:
                continue
            at = int(clock.instant(np.asarray(day), np.asarray(wall)))
            while times and times[-1] >= at:  # a stretch in the hour that the clocks skip in spring
                times.pop()
                values.pop()
            if not values or value != values[-1]:
                times.append(at)
                values.append(value)
    return Level(np.asarray(times, np.int64), np.asarray(values, np.int64))


def _value(
    case: Case,
    clock: Clock,
    name: str,
    entry: Ward | Place | StaffGroup,
    day: int,
    wall: int,
    cuts: dict[str, str],
) -> int:
    usual = _calendar(entry, clock, day, wall)
    if isinstance(entry, StaffGroup):
        return usual
    if isinstance(entry, Place):
        return min(entry.physical, usual)
    planned = case.plan.open_beds(name, clock.date_of(day))
    asked = usual if planned is None else planned
    terms = [(asked, "asked"), (entry.physical_beds, "beds stand there")]
    if entry.nursing is not None:
        nurses = _calendar(case.hospital.staff[entry.nursing.group], clock, day, wall)
        terms.append(
            (math.floor(nurses * entry.nursing.patients_per_nurse), f"beds that {nurses} nurses can staff")
        )
    value, why = min(terms, key=lambda term: term[0])
    if value < asked:
        date_text = clock.date_of(day).isoformat()
        cuts.setdefault(
            name, f"{name}: {asked} beds asked from {date_text}, cut to {value}: only {value} {why}"
        )
    return value


def _calendar(entry: Ward | Place | StaffGroup, clock: Clock, day: int, wall: int) -> int:
    level = entry.usual
    for row, value in entry.exceptions():
        start, end = row.span
        if _applies(row, clock, day) and start <= wall < end:
            level = value
    return level


def _applies(row: Hours, clock: Clock, day: int) -> bool:
    return DAY_NAMES[clock.date_of(day).weekday()] in row.days


def _walls(hospital: Hospital, entry: Ward | Place | StaffGroup, clock: Clock, day: int) -> Iterator[int]:
    """Times of day at which a level may change. [ms after midnight]"""
    rows = [row for row, _ in entry.exceptions()]
    if isinstance(entry, Ward) and entry.nursing is not None:
        rows += [row for row, _ in hospital.staff[entry.nursing.group].exceptions()]
    points = {0}
    for row in rows:
        if _applies(row, clock, day):
            points.update(row.span)
    yield from sorted(p for p in points if p < MS_DAY)
