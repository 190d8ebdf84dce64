"""Workload: one drawn list of patients, with everything about them that chance decides.

All the chance there is: who comes when, which way they go, how long each step takes, at what hour
a discharge falls. The plan plays no part, so two plans meet the same patients.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from twin.calendar import Clock, holidays
from twin.case import Case, InHouse, Window
from twin.errors import ConfigError, Problem, TwinError, UsageError
from twin.hospital import Hospital
from twin.hospital.base import Duration
from twin.hospital.discharge import discharge_wall
from twin.hospital.duration import draw, residual
from twin.hospital.pathway import Arrivals, Pathway
from twin.hospital.places import Ward
from twin.streams import UIntArray, mix, name_key, root, uniform
from twin.units import MS_DAY, FloatArray, IntArray

#: columns of patients or of steps by name, all of one length
Columns = dict[str, NDArray[Any]]

#: ways in which a patient is there when the run begins: not yet; in a step; waits for one; on a list;
#: booked; was stopped in a step and waits to go on. ``ON_CUE``: comes when another patient's row says so
ARRIVES, IN_STEP, WAITING, LISTED, BOOKED, STOPPED, ON_CUE = range(7)
#: what gives a patient the cue to come: that a row's place is given up; that its patient is out of the
#: house; that the row ends
PLACE_LEFT, HOUSE_LEFT, STEP_ENDED = range(3)
#: arrival of a patient who comes on a cue: after every run [ms]
FAR = 1 << 62
#: no such value
NONE = -1
#: a column that was not given; it then says that nothing of the kind happens
_USUAL: Any = None
#: a patient who makes more steps than this goes round in circles for ever
_MOST_STEPS = 10_000


@dataclass(frozen=True)
class StepKey:
    """A step as the engines number it: one row a class and step of its pathway."""

    patient_class: str
    pathway: str
    index: int
    name: str


def number_steps(hospital: Hospital) -> tuple[StepKey, ...]:
    """All steps of all classes in the order of the description; a row's place is the step's number."""
    return tuple(
        StepKey(name, patient_class.pathway, i, step.name)
        for name, patient_class in hospital.classes.items()
        for i, step in enumerate(hospital.pathways[patient_class.pathway].steps)
    )


@dataclass(frozen=True)
class Workload:
    """Patients as columns, in order of arrival and then key; their steps as rows behind them.

    Attributes
    ----------
    key : int64 (patient,) 63-bit identity; pairs across runs are made by it, never by row
    patient_class : int32 (patient,) place in ``hospital.classes``
    arrival : int64 (patient,) [ms]; before 0 for patients already there; of a scheduled class: when
        listed; ``FAR`` for one who comes on a cue
    first : int64 (patient + 1,) first row of each patient in the step columns
    origin : int8 (patient,) one of ``ARRIVES`` to ``ON_CUE``
    held : int32 (patient,) place held at the start by those already there, else -1
    since : int64 (patient,) start of the step they are in, or of their wait [ms]
    step : int32 (row,) number of the step
    duration : int64 (row,) [ms]; what is left of it for one already in the step
    wall : int64 (row,) time of day of the discharge that ends the step, else -1 [ms after midnight]
    came : int64 (patient,) when those already there came; equal to ``arrival`` unless known better [ms]
    shows : int8 (patient,) 0 for one who will not come to the appointment
    late : int64 (patient,) comes so long after the appointment; negative: before it [ms]
    appointment : int64 (patient,) of those booked when the run begins, else -1 [ms]
    session : int32 (patient,) session of those booked before the run, place in ``hospital.sessions``, else -1
    promised : int32 (patient,) place promised to those already there, else -1
    tray : int32 (patient,) the tray, place in ``hospital.trays``, that goes through SPD; -1 for a patient
    patience : int64 (row,) longest wait for the step, else -1 [ms]
    delay : int64 (row,) last part of the stay, after the patient is medically fit [ms]
    reason : int8 (row,) reason of the delay, place in the step's ``delays``, else -1
    cue_row, cue_kind, cue_patient, cue_gap : int64 (cue,) in order of ``cue_row``
        ``cue_patient`` comes ``cue_gap`` ms (1 or more) after what ``cue_kind`` says of ``cue_row``
    absent : int64 (absence, 4) staff group (place in ``hospital.staff``), from, until [ms], people away
    pooled : int64 (entry, 3) patient, group, people of its float pool with those already there
    lead_from, lead : int64 (item + 1,), (order,) lead times of each item's orders in turn [ms]
    cleaning : int64 (entry, 2) place, until [ms]: in turnaround when the run begins
    """

    seed: int
    replication: int
    window: Window
    clock: Clock = field(repr=False)
    key: IntArray = field(repr=False)
    patient_class: IntArray = field(repr=False)
    arrival: IntArray = field(repr=False)
    first: IntArray = field(repr=False)
    origin: IntArray = field(repr=False)
    held: IntArray = field(repr=False)
    since: IntArray = field(repr=False)
    step: IntArray = field(repr=False)
    duration: IntArray = field(repr=False)
    wall: IntArray = field(repr=False)
    came: IntArray = field(repr=False, default=_USUAL)
    shows: IntArray = field(repr=False, default=_USUAL)
    late: IntArray = field(repr=False, default=_USUAL)
    appointment: IntArray = field(repr=False, default=_USUAL)
    session: IntArray = field(repr=False, default=_USUAL)
    promised: IntArray = field(repr=False, default=_USUAL)
    tray: IntArray = field(repr=False, default=_USUAL)
    patience: IntArray = field(repr=False, default=_USUAL)
    delay: IntArray = field(repr=False, default=_USUAL)
    reason: IntArray = field(repr=False, default=_USUAL)
    cue_row: IntArray = field(repr=False, default=_USUAL)
    cue_kind: IntArray = field(repr=False, default=_USUAL)
    cue_patient: IntArray = field(repr=False, default=_USUAL)
    cue_gap: IntArray = field(repr=False, default=_USUAL)
    absent: IntArray = field(repr=False, default=_USUAL)
    pooled: IntArray = field(repr=False, default=_USUAL)
    lead_from: IntArray = field(repr=False, default=_USUAL)
    lead: IntArray = field(repr=False, default=_USUAL)
    cleaning: IntArray = field(repr=False, default=_USUAL)

    def __post_init__(self) -> None:
        """Columns that were not given say that nothing of the kind happens."""
        n, rows = self.key.size, self.step.size
        usual: dict[str, NDArray[Any]] = {
            "came": self.arrival,
            "shows": np.ones(n, np.int8),
            "late": np.zeros(n, np.int64),
            **{name: np.full(n, NONE, np.int64) for name in ("appointment",)},
            **{name: np.full(n, NONE, np.int32) for name in ("session", "promised", "tray")},
            "patience": np.full(rows, NONE, np.int64),
            "delay": np.zeros(rows, np.int64),
            "reason": np.full(rows, NONE, np.int8),
            **{f"cue_{name}": np.zeros(0, np.int64) for name in ("row", "kind", "patient", "gap")},
            "absent": np.zeros((0, 4), np.int64),
            "pooled": np.zeros((0, 3), np.int64),
            "lead_from": np.zeros(1, np.int64),
            "lead": np.zeros(0, np.int64),
            "cleaning": np.zeros((0, 2), np.int64),
        }
        for name, column in usual.items():
            if getattr(self, name) is None:
                column.setflags(write=False)
                object.__setattr__(self, name, column)

    @property
    def patients(self) -> int:
        """Number of patients."""
        return int(self.key.size)

    @property
    def end(self) -> int:
        """End of the run. [ms]"""
        return int(self.clock.day_starts[self.window.total])


def draw_workload(case: Case, window: Window, *, seed: int, replication: int = 0) -> Workload:
    """Draw every patient of one replication.

    Parameters
    ----------
    case
        The plan is not read. With a demand forecast, the streams it names follow the path of this
        replication; the others follow the hospital's own model of a day's count.
    window
        A forecast must cover all its days.
    seed, replication
        Keys of all chance.

    Raises
    ------
    UsageError
        The forecast does not cover the window, or names a stream that the hospital does not have.
    """
    _check_demand(case, window)
    clock = window.clock(case.hospital)
    base = root(seed, replication)
    parts = [_in_house(case, clock, base)]
    for name, stream in case.hospital.arrivals.items():
        counts = _counts(case, window, clock, name, stream, replication, base)
        parts.append(_arrivals(case.hospital, clock, name, stream, counts, base))
    columns = {k: np.concatenate([p[k] for p in parts]) for k in parts[0]}
    order = np.lexsort((columns["key"], columns["arrival"]))
    columns = {k: v[order] for k, v in columns.items()}
    steps = _walk(case.hospital, columns)
    for column in (*columns.values(), *steps.values()):
        column.setflags(write=False)
    columns = {k: v for k, v in columns.items() if k not in ("id", "begin")}
    return Workload(seed, replication, window, clock, **columns, **steps)


def _check_demand(case: Case, window: Window) -> None:
    demand = case.demand
    if demand is None:
        return
    unknown = [s for s in demand.series if s not in case.hospital.arrivals]
    if unknown:
        known = ", ".join(case.hospital.arrivals)
        raise UsageError(
            f"the forecast names streams that the hospital does not have: {unknown}; it has {known}"
        )
    last = window.start + timedelta(days=window.total)
    if window.start < demand.start or last > demand.start + timedelta(days=demand.days):
        raise UsageError(
            f"the forecast covers {demand.days} days from {demand.start}; the run needs {window.total} days "
            f"from {window.start}"
        )


def _counts(
    case: Case, window: Window, clock: Clock, name: str, stream: Arrivals, replication: int, base: np.uint64
) -> IntArray:
    """Patients on each day of the run, shape (day,)."""
    demand = case.demand
    if demand is not None and name in demand.series:
        offset = (window.start - demand.start).days
        row = demand.path(replication)[demand.series.index(name)]
        return row[offset : offset + window.total]
    days = np.arange(window.total)
    ordinals = days + window.start.toordinal()
    mean = stream.daily_mean * np.asarray(stream.weekday_factors)[clock.weekdays[: window.total]]
    off = holidays(case.hospital.country, window.start.year, clock.date_of(window.total).year)
    mean = mean * np.array([stream.holiday_factor if clock.date_of(int(d)) in off else 1.0 for d in days])
    u = uniform(mix(base, name_key("count"), name_key(name), ordinals))
    return _count_quantile(u, mean, stream.dispersion)


def _count_quantile(u: FloatArray, mean: FloatArray, dispersion: float) -> IntArray:
    if dispersion == 1:
        return stats.poisson.ppf(u, mean).astype(np.int64)
    size = np.where(mean > 0, mean / (dispersion - 1), 1.0)
    drawn = stats.nbinom.ppf(u, size, 1 / dispersion)
    return np.where(mean > 0, drawn, 0).astype(np.int64)


def _arrivals(
    hospital: Hospital, clock: Clock, name: str, stream: Arrivals, counts: IntArray, base: np.uint64
) -> Columns:
    days = np.arange(counts.size)
    ordinals = days + clock.start.toordinal()
    factor = stream.factor
    wanted = counts
    if factor > 1:
        u = uniform(mix(base, name_key("extra patients"), name_key(name), ordinals))
        wanted = counts + np.floor(counts * (factor - 1) + u).astype(np.int64)
    day = np.repeat(days, wanted)
    index = np.arange(day.size) - np.repeat(np.cumsum(wanted) - wanted, wanted)
    identity = mix(base, name_key("patient"), name_key(name), day + clock.start.toordinal(), index)
    if factor < 1:
        kept = uniform(mix(identity, name_key("kept"))) < factor
        day, identity = day[kept], identity[kept]
    wall = _wall_of_arrival(hospital, stream, uniform(mix(identity, name_key("hour"))))
    members = list(hospital.classes)
    shares = np.cumsum(list(stream.mix.values()))
    drawn = np.searchsorted(shares[:-1], uniform(mix(identity, name_key("class"))), side="right")
    numbers = np.array([members.index(member) for member in stream.mix])
    n = day.size
    return {
        "id": identity,
        "key": (identity >> np.uint64(1)).astype(np.int64),
        "patient_class": numbers[drawn].astype(np.int32),
        "arrival": clock.instant(day, wall),
        "origin": np.zeros(n, np.int8),
        "held": np.full(n, NONE, np.int32),
        "since": np.zeros(n, np.int64),
        "begin": np.zeros(n, np.int64),
    }


def _wall_of_arrival(hospital: Hospital, stream: Arrivals, u: FloatArray) -> IntArray:
    if stream.hour_profile is None:
        return np.minimum((u * MS_DAY).astype(np.int64), MS_DAY - 1)
    return discharge_wall(hospital.profiles[stream.hour_profile], u)


def _in_house(case: Case, clock: Clock, base: np.uint64) -> Columns:
    """Columns of the patients already there."""
    hospital, snapshot = case.hospital, case.snapshot
    classes, places = list(hospital.classes), list(hospital.everywhere)
    _check_snapshot(hospital, snapshot.patients)
    people = snapshot.patients
    names = np.array([name_key(p.encounter) for p in people], dtype=np.uint64)
    identity = mix(base, name_key("in house"), names) if people else np.zeros(0, np.uint64)
    since = np.array([_before_start(clock, p.since) for p in people], dtype=np.int64)
    return {
        "id": identity,
        "key": (identity >> np.uint64(1)).astype(np.int64),
        "patient_class": np.array([classes.index(p.patient_class) for p in people], dtype=np.int32),
        "arrival": since,
        "origin": np.array([WAITING if p.waiting else IN_STEP for p in people], dtype=np.int8),
        "held": np.array(
            [NONE if p.place is None else places.index(p.place) for p in people], dtype=np.int32
        ),
        "since": since,
        "begin": np.array([_step_index(hospital, p) for p in people], dtype=np.int64),
    }


def _step_index(hospital: Hospital, patient: InHouse) -> int:
    steps = hospital.pathways[hospital.classes[patient.patient_class].pathway].steps
    return [step.name for step in steps].index(patient.step)


def _before_start(clock: Clock, since: datetime) -> int:
    return min(clock.ms(since), -1)


def _check_snapshot(hospital: Hospital, people: tuple[InHouse, ...]) -> None:
    problems = []
    for p in people:
        where = f"patients.{p.encounter}"
        if p.patient_class not in hospital.classes:
            problems.append(Problem(f"{where}.patient_class", p.patient_class, "no such patient class"))
            continue
        steps = hospital.pathways[hospital.classes[p.patient_class].pathway].steps
        if p.step not in [s.name for s in steps]:
            problems.append(Problem(f"{where}.step", p.step, "no such step on this patient's pathway"))
        elif p.place is None and not p.waiting and next(s for s in steps if s.name == p.step).places:
            problems.append(Problem(f"{where}.place", None, "is needed for a patient who is in this step"))
        if p.place is not None and p.place not in hospital.everywhere:
            problems.append(Problem(f"{where}.place", p.place, "no such place"))
    if problems:
        raise ConfigError("snapshot", problems)


def _walk(hospital: Hospital, columns: Columns) -> Columns:
    """Walk every patient along the pathway: rows of steps in order of patient and visit."""
    first_number, at = {}, 0
    for number, name in enumerate(hospital.classes):
        first_number[number] = at
        at += len(hospital.pathways[hospital.classes[name].pathway].steps)
    rows: list[tuple[IntArray, IntArray, IntArray, IntArray]] = []
    for number, name in enumerate(hospital.classes):
        members = np.flatnonzero(columns["patient_class"] == number)
        if members.size:
            pathway = hospital.pathways[hospital.classes[name].pathway]
            for who, step, duration, wall in _walk_class(hospital, pathway, columns, members):
                rows.append((who, step + first_number[number], duration, wall))
    n = columns["key"].size
    if not rows:
        empty = np.zeros(0, np.int64)
        return {
            "first": np.zeros(n + 1, np.int64),
            "step": empty.astype(np.int32),
            "duration": empty,
            "wall": empty,
        }
    who, step, duration, wall = (np.concatenate(column) for column in zip(*rows, strict=True))
    order = np.argsort(who, kind="stable")
    first = np.zeros(n + 1, np.int64)
    np.cumsum(np.bincount(who, minlength=n), out=first[1:])
    return {
        "first": first,
        "step": step[order].astype(np.int32),
        "duration": duration[order],
        "wall": wall[order],
    }


def _walk_class(
    hospital: Hospital, pathway: Pathway, columns: Columns, members: IntArray
) -> Iterator[tuple[IntArray, IntArray, IntArray, IntArray]]:
    identity: UIntArray = columns["id"]
    seen = np.zeros((members.size, len(pathway.steps)), dtype=np.int64)
    here, at, first_visit = np.arange(members.size), columns["begin"][members], True
    for _ in range(_MOST_STEPS):
        if here.size == 0:
            return
        following = np.full(here.size, NONE, np.int64)
        for s in np.unique(at):
            step, chosen = pathway.steps[s], at == s
            who = here[chosen]
            key = mix(identity[members[who]], name_key(step.name), seen[who, s])
            seen[who, s] += 1
            to = _route(pathway, int(s), uniform(mix(key, name_key("route"))))
            u = uniform(mix(key, name_key("duration")))
            duration = draw(step.duration, u)
            if first_visit:
                duration = _what_is_left(columns, members[who], step.duration, u, duration)
            wall = _wall_of_discharge(hospital, pathway, int(s), to, uniform(mix(key, name_key("discharge"))))
            following[chosen] = to
            yield members[who], np.full(who.size, s), duration, wall
        goes_on = following != NONE
        here, at, first_visit = here[goes_on], following[goes_on], False
    raise TwinError(f"a patient made {_MOST_STEPS:,} steps on one pathway; look at its routes for a circle")


def _what_is_left(
    columns: Columns, who: IntArray, duration: Duration, u: FloatArray, drawn: IntArray
) -> IntArray:
    """Residual time of those who are in the step already; the drawn one for all others. [ms]"""
    inside = columns["origin"][who] == IN_STEP
    if not inside.any():
        return drawn
    elapsed = -columns["since"][who[inside]] / duration.ms
    drawn[inside] = residual(duration, elapsed, u[inside])
    return drawn


def _route(pathway: Pathway, index: int, u: FloatArray) -> IntArray:
    routes = pathway.routes(index)
    edges = np.cumsum([share for _, share in routes])[:-1]
    targets = np.array([NONE if to is None else to for to, _ in routes], dtype=np.int64)
    return targets[np.searchsorted(edges, u, side="right")]


def _wall_of_discharge(
    hospital: Hospital, pathway: Pathway, index: int, to: IntArray, u: FloatArray
) -> IntArray:
    wall = np.full(to.size, NONE, np.int64)
    profile = discharge_profile(hospital, pathway, index)
    if profile is not None:
        leaves = to == NONE
        wall[leaves] = discharge_wall(hospital.profiles[profile], u[leaves])
    return wall


def discharge_profile(hospital: Hospital, pathway: Pathway, index: int) -> str | None:
    """Name of the profile that a stay's last hour follows: that of the step's first ward."""
    places = pathway.steps[index].alternatives()
    ward = hospital.wards.get(places[0].place) if places else None
    return ward.discharge_profile if isinstance(ward, Ward) else None
