"""The schedule: how many beds are open, how many people are on duty, which sessions are held.

``decide`` is the only place where levels come about:
level = min(physical, plan if it names the date else calendar, what the nurses on duty can staff);
people on a shift = plan if it names the shift of the date else the shift's own number, less the absent;
people of a group without shifts = those of the hours that the plan names, in other hours the calendar's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import partial
from types import MappingProxyType
from typing import Any

import numpy as np

from twin.calendar import Clock
from twin.hospital import Hospital
from twin.hospital.places import Place, StaffGroup, Ward
from twin.hospital.sessions import Session
from twin.hospital.week import (
    Days,
    beds_staffed,
    calendar_table,
    coming_to,
    on_shift,
    ratios,
    resting,
    span_of,
    walls,
)
from twin.once import Once
from twin.plan import Plan
from twin.units import MS_DAY, IntArray, clock_ms, minutes

#: the level of an unlimited place: more than any run can fill [places]
UNLIMITED = 1 << 40


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

    One that is held after the end of the run is among them if it is booked within it, so that a run which
    is left off and gone on with books the same patients.

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
    """The levels that ``resolve`` decided, by place and staff group, and what was cut by what.

    ``stock`` is what lies on hand of each item when the run begins [units]; an item that is not named
    has the hospital's usual first stock.
    """

    levels: Mapping[str, Level]
    notes: tuple[str, ...] = ()
    sittings: Sittings = field(default_factory=Sittings.none)
    stock: Mapping[str, int] = field(default_factory=dict)


def decide(
    hospital: Hospital, plan: Plan, clock: Clock, end: int, absent: IntArray | None = None
) -> Schedule:
    """Every level and every sitting of the days that a clock knows.

    Parameters
    ----------
    end
        End of the run; sessions held later are in the schedule if they are booked before it. [ms]
    absent
        Rows (group, from, to, people) as in ``Workload.absent``. A row that names the span of a shift
        takes its people from that shift (from those with this span, the fewest patients a nurse first);
        any other takes them from the group, as a break does.
    """
    days = Days.of(clock, hospital.country)
    crews = {name: _crew(hospital, plan, clock, days, name, absent) for name in hospital.staff}
    cuts: list[str] = []
    levels: dict[str, Level] = {}
    for name, entry in hospital.everywhere.items():
        if isinstance(entry, Ward):
            levels[name], cut = _ward(hospital, plan, clock, days, name, entry, crews)
            cuts += cut
        else:
            make = partial(_place, clock, days, entry)
            levels[name] = _all_places.get(make, hospital, also=(clock, name))
    for name, crew in crews.items():
        levels[name] = Level(*_pressed(crew.times, crew.on_duty))
    sittings = _all_sittings.get(lambda: _sittings(hospital, clock, end), hospital, also=(clock, end))
    return Schedule(MappingProxyType(levels), tuple(cuts), sittings)


# ---------------------------------------------------------------- tables as steps in time


def _steps(clock: Clock, points: IntArray, table: IntArray) -> tuple[IntArray, IntArray]:
    """A table (day, wall, ...) as steps: instants, and what holds from each on.

    A stretch in the hour that the clocks skip in spring leaves nothing behind.
    """
    if (table == table[:1, :1]).all():
        return np.zeros(1, np.int64), table[0, :1]
    day = np.repeat(np.arange(clock.days), points.size)
    times = clock.instant(day, np.tile(points, clock.days))
    times, values = _pressed(times, table.reshape(times.size, *table.shape[2:]))
    later = np.append(np.minimum.accumulate(times[::-1])[::-1][1:], np.iinfo(np.int64).max)
    kept = times < later
    return _pressed(times[kept], values[kept])


def _pressed(times: IntArray, values: IntArray) -> tuple[IntArray, IntArray]:
    """Steps without those at which nothing changes."""
    rows = values.reshape(times.size, -1)
    changes = np.append(True, (rows[1:] != rows[:-1]).any(axis=1))
    return times[changes], values[changes]


def _on(times: IntArray, values: IntArray, grid: IntArray) -> IntArray:
    """What holds at the instants of a grid."""
    return values[np.searchsorted(times, grid, side="right") - 1]


# ---------------------------------------------------------------- people

#: nothing is decided beforehand
_NO_PLAN = Plan.empty()
#: what replications of one case share, though each has its own absences
_all_crews: Once[tuple[IntArray, IntArray]] = Once(1_024)
_all_owners: Once[dict[tuple[int, int], list[int]]] = Once(1_024)
_all_places: Once[Level] = Once(1_024)
_all_sittings: Once[Sittings] = Once()


@dataclass(frozen=True)
class _Crew:
    """People of a group over time: by shift, and how many of them all rest."""

    times: IntArray  # (step,) [ms]
    there: IntArray  # (step, shift)
    away: IntArray  # (step,)

    @property
    def on_duty(self) -> IntArray:
        """People on duty, never below 0, shape (step,)."""
        return np.maximum(self.there.sum(axis=1) - self.away, 0)

    def staffed(self, patients_a_nurse: tuple[float, ...]) -> IntArray:
        """Beds that they can staff, shape (step,)."""
        return beds_staffed(self.there.T, self.away, patients_a_nurse)


def shift_spans(
    hospital: Hospital, clock: Clock, group: str, plan: Plan = _NO_PLAN
) -> Iterator[tuple[str, int, int, int]]:
    """Each time a shift of a group is worked, or named by the plan: (shift, from, to [ms], people).

    In order of the table of shifts, then of days. One that began on the day before the run and runs
    into it is among them: its ``from`` is before 0.
    """
    days, wide = Days.of(clock, hospital.country), _WideClock(clock, before=1, after=1)
    ordinals = np.append(days.before().ordinals[:1], days.ordinals)
    known, planned = Days(ordinals, days.holidays), plan.cover.get(group, {})
    for name, shift in hospital.staff[group].shifts.items():
        start, end = shift.span
        over = int(end <= start)
        named = [day.toordinal() for day, shifts in planned.items() if name in shifts]
        on = np.flatnonzero(known.count(shift) | np.isin(ordinals, named))
        people = coming_to(name, shift, known, planned)[on]
        begins, ends = wide.instant(on - 1, start), wide.instant(on - 1 + over, end)
        for a, b, n in zip(begins.tolist(), ends.tolist(), people.tolist(), strict=True):
            if b > max(a, 0):
                yield name, a, b, n


class _WideClock:
    """The clock of a run with some days before the first and after the last."""

    def __init__(self, clock: Clock, *, before: int, after: int) -> None:
        self._inner = Clock(clock.start - timedelta(days=before), clock.timezone, clock.days + before + after)
        self._before = before

    def instant(self, day: IntArray, wall: int) -> IntArray:
        """Instants of a time of day on days counted from the run's first; 24:00 ends a day. [ms]"""
        if wall == MS_DAY:
            day, wall = day + 1, 0
        inner = self._inner
        at = inner.instant(day + self._before, np.full(day.shape, wall, np.int64))
        return at - inner.day_starts[self._before]


def _crew(
    hospital: Hospital, plan: Plan, clock: Clock, days: Days, name: str, absent: IntArray | None
) -> _Crew:
    says = _says_of(hospital, plan, name)
    times, steps = _all_crews.get(
        lambda: _planned(hospital.staff[name], plan, clock, days, name), *says, also=(clock, name)
    )
    if absent is not None:
        rows = absent[absent[:, 0] == list(hospital.staff).index(name), 1:]
        if rows.size:
            times, steps = _less(hospital, plan, clock, name, times, steps, rows)
    return _Crew(times, steps[:, :-1], steps[:, -1])


def _says_of(hospital: Hospital, plan: Plan, group: str) -> tuple[Any, ...]:
    """What the people of a group follow from, beside the clock: the plan too where it names the group."""
    return (hospital, plan) if group in plan.cover else (hospital,)


def _planned(group: StaffGroup, plan: Plan, clock: Clock, days: Days, name: str) -> tuple[IntArray, IntArray]:
    """A group as steps when nobody is away: instants, and people by shift and at rest, (step, shift + 1)."""
    planned = plan.cover.get(name, {})
    named = set() if group.shifts else {text for asked in planned.values() for text in asked}
    points = walls(group, spans=(span_of(text) for text in named))
    there = on_shift(group, days, points, planned)
    table = np.concatenate([there, resting(group, days, points)[None]])
    return _steps(clock, points, table.transpose(1, 2, 0))


def _owners(hospital: Hospital, plan: Plan, clock: Clock, name: str) -> dict[tuple[int, int], list[int]]:
    """Shifts of a group by the span in which each is worked, as places in the table of shifts."""
    columns = {shift: i for i, shift in enumerate(hospital.staff[name].shifts)}
    owners: dict[tuple[int, int], list[int]] = {}
    for shift, begins, ends, _ in shift_spans(hospital, clock, name, plan):
        owners.setdefault((max(begins, 0), ends), []).append(columns[shift])
    return owners


def _less(
    hospital: Hospital,
    plan: Plan,
    clock: Clock,
    name: str,
    times: IntArray,
    steps: IntArray,
    absent: IntArray,
) -> tuple[IntArray, IntArray]:
    """Steps of a group without those who are absent: rows (from, to, people)."""
    says = _says_of(hospital, plan, name)
    owners = _all_owners.get(lambda: _owners(hospital, plan, clock, name), *says, also=(clock, name))
    grid = np.unique(np.concatenate([times, np.maximum(absent[:, :2].ravel(), 0)]))
    steps = _on(times, steps, grid).copy()
    for begins, ends, people in absent.tolist():
        begins = max(begins, 0)
        among = owners.get((begins, ends), [])
        held = slice(*np.searchsorted(grid, (begins, ends)).tolist())
        if len(among) == 1:
            steps[held, among[0]] = np.maximum(steps[held, among[0]] - people, 0)
        else:
            steps[held, -1] += people
    return grid, steps


# ---------------------------------------------------------------- beds and other places


def _place(clock: Clock, days: Days, place: Place) -> Level:
    if place.unlimited:
        return Level(np.zeros(1, np.int64), np.full(1, UNLIMITED, np.int64))
    points = walls(place)
    table = calendar_table(place.usual, place.exceptions(), days, points)
    return Level(*_steps(clock, points, np.minimum(table, place.physical)))


def _ward(
    hospital: Hospital,
    plan: Plan,
    clock: Clock,
    days: Days,
    name: str,
    ward: Ward,
    crews: Mapping[str, _Crew],
) -> tuple[Level, list[str]]:
    """The level of a ward and, in words, where it first is less than what was asked."""
    points = walls(ward)
    table = calendar_table(ward.usual, ward.exceptions(), days, points)
    for day, beds in plan.beds.get(name, {}).items():
        if 0 <= clock.day_of(day) < clock.days:
            table[clock.day_of(day)] = beds
    times, asked = _steps(clock, points, table)
    staffed = nurses = None
    if ward.nursing is not None:
        crew = crews[ward.nursing.group]
        grid = np.union1d(times, crew.times)
        beds_of_crew = crew.staffed(ratios(hospital.staff[ward.nursing.group], ward.nursing))
        asked, staffed, nurses = (
            _on(times, asked, grid),
            _on(crew.times, beds_of_crew, grid),
            _on(crew.times, crew.on_duty, grid),
        )
        times = grid
    level = np.minimum(asked, ward.physical)
    if staffed is not None:
        level = np.minimum(level, staffed)
    notes = []
    if (level < asked).any():
        i = int(np.argmax(level < asked))
        why = "beds stand there"
        if staffed is not None and nurses is not None and staffed[i] < ward.physical:
            why = f"beds that {nurses[i]} nurses can staff"
        since = clock.at(int(times[i])).date().isoformat()
        notes = [f"{name}: {asked[i]} beds asked from {since}, cut to {level[i]}: only {level[i]} {why}"]
    return Level(*_pressed(times, level)), notes


# ---------------------------------------------------------------- sessions


def _sittings(hospital: Hospital, clock: Clock, end: int) -> Sittings:
    """Every sitting of the days that the clock knows, and later ones that are booked before the end."""
    rows: list[tuple[int, int, int, int, int, list[int]]] = []
    for number, session in enumerate(hospital.sessions.values()):
        rows += _held(hospital, clock, end, number, session)
    rows.sort(key=lambda row: row[:3])
    columns = np.array([row[:5] for row in rows], np.int64).reshape(-1, 5)
    slots = [row[5] for row in rows]
    return Sittings(
        session=columns[:, 2].astype(np.int32),
        books=columns[:, 0],
        opens=columns[:, 1],
        closes=columns[:, 3],
        limit=columns[:, 4],
        slot_from=np.cumsum([0, *map(len, slots)]).astype(np.int64),
        slot=np.array([at for sitting in slots for at in sitting], np.int64),
    )


def _held(
    hospital: Hospital, clock: Clock, end: int, number: int, session: Session
) -> Iterator[tuple[int, int, int, int, int, list[int]]]:
    """Rows (books, opens, session, closes, limit, slots) of one session."""
    ahead = session.booked_days_ahead
    longer = Clock(clock.start, clock.timezone, clock.days + ahead)
    wide = _WideClock(clock, before=ahead, after=ahead + 1)
    start, finish = session.span
    on = np.flatnonzero(Days.of(longer, hospital.country).count(session))
    books = wide.instant(on - ahead, clock_ms(session.booked_at))
    opens, closes = wide.instant(on, start), wide.instant(on, finish)
    for i in np.flatnonzero((closes > opens) & ((on < clock.days) | (books < end))):
        slots: list[int] = []
        if session.slot_minutes is not None:
            slots = _slots(session, int(opens[i]), int(closes[i]))
            if not slots:
                continue  # in the night in which the clocks skip an hour
        limit = int(closes[i]) + minutes(session.overrun_minutes)
        row = (int(books[i]), int(opens[i]), number, int(closes[i]), limit, slots)
        yield from (row for _ in range(session.sittings))


def limit_of_a_day(session: Session, clock: Clock, day: date) -> int:
    """Limit of a session on a local date, which may lie before the run, as its template says. [ms]"""
    finish = session.span[1]
    own = Clock(day, clock.timezone, 2)
    over = int(finish == MS_DAY)
    closes = int(own.instant(np.asarray(over), np.asarray(0 if over else finish)))
    return clock.ms(datetime.combine(day, time())) + closes + minutes(session.overrun_minutes)


def _slots(session: Session, opens: int, closes: int) -> list[int]:
    """Appointments of a sitting, one entry a patient. [ms]"""
    assert session.slot_minutes is not None, "asked of sessions with slots"
    length = minutes(session.slot_minutes)
    starts = range(opens, closes - length + 1, length)
    each = [at for at in starts for _ in range(session.patients_a_slot)]
    return [opens] * session.extra_at_start * bool(each) + each
