"""Workload: one drawn list of patients, with everything about them that chance decides.

All the chance there is: who comes when, which way they go, how long each step takes, at what hour
a discharge falls. The plan plays no part, so two plans meet the same patients.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from twin.calendar import Clock
from twin.case import Case, Window
from twin.drawing.absences import absences_under, draw_absences
from twin.drawing.assembly import Crowd, chain_cues, joined_people, with_trays
from twin.drawing.in_house import InHouseTable, heads_of, in_house
from twin.drawing.lead_times import draw_lead_times
from twin.drawing.origins import (
    ARRIVES,
    BOOKED,
    FAR,
    HELD_LEFT,
    HOUSE_LEFT,
    IN_STEP,
    LISTED,
    NONE,
    ON_CUE,
    PLACE_LEFT,
    STEP_ENDED,
    STOPPED,
    WAITING,
    Columns,
)
from twin.drawing.people import check_demand, draw_attendance, draw_people
from twin.drawing.populations import draw_population
from twin.drawing.sameness import same_patients
from twin.drawing.steps import walk
from twin.drawing.tables import discharge_profile
from twin.hospital import Hospital
from twin.streams import UIntArray, root
from twin.units import IntArray

__all__ = [
    "ARRIVES",
    "BOOKED",
    "FAR",
    "HELD_LEFT",
    "HOUSE_LEFT",
    "IN_STEP",
    "LISTED",
    "NONE",
    "ON_CUE",
    "PLACE_LEFT",
    "STEP_ENDED",
    "STOPPED",
    "WAITING",
    "StepKey",
    "Workload",
    "absences_under",
    "discharge_profile",
    "draw_workload",
    "number_steps",
    "same_patients",
]

#: a column that was not given; it then says that nothing of the kind happens
_USUAL: Any = None
#: columns that are equal to another where nothing better is known
_AS_ANOTHER = {"came": "arrival", "asked": "since"}


def _usual_of_patients(patients: int) -> Columns:
    """Columns of patients to whom nothing unusual happens: one number each, however many they are."""
    usual = {
        "shows": (1, np.int8),
        **dict.fromkeys(("since", "late"), (0, np.int64)),
        **dict.fromkeys(("appointment", "limit"), (NONE, np.int64)),
        **dict.fromkeys(("held", "session", "promised", "tray"), (NONE, np.int32)),
    }
    return {name: np.broadcast_to(np.array(v, kind), patients) for name, (v, kind) in usual.items()}


def _usual_of_rows(rows: int) -> Columns:
    """Columns of rows of which nothing unusual is to be said: one number each, however many they are."""
    usual = {"patience": (NONE, np.int64), "delay": (0, np.int64), "reason": (NONE, np.int8)}
    return {name: np.broadcast_to(np.array(v, kind), rows) for name, (v, kind) in usual.items()}


def _no_tables() -> Columns:
    """Tables in which nothing stands."""
    shapes = {
        **{f"cue_{name}": (0,) for name in ("row", "kind", "patient", "gap")},
        "absent": (0, 4),
        "pooled": (0, 3),
        "lead_from": (1,),
        "lead": (0,),
        "cleaning": (0, 2),
    }
    tables = {name: np.zeros(shape, np.int64) for name, shape in shapes.items()}
    for table in tables.values():
        table.setflags(write=False)
    return tables


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

    Of a drawn workload ``key``, ``patient_class``, ``arrival``, ``first``, ``origin``, ``step``,
    ``duration`` and ``wall`` are contiguous. Every other column may be one number that is read for all
    (stride 0), where nothing unusual is to be said; ``is_usual`` tells which are. No column can be
    written to.

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
    asked : int64 (patient,) when those in a step or stopped asked for it; equal to ``since`` unless known
        better [ms]
    step : int32 (row,) number of the step
    duration : int64 (row,) [ms]; what is left of it for one already in the step
    wall : int64 (row,) time of day of the discharge that ends the step, else -1 [ms after midnight]
    came : int64 (patient,) when those already there came; equal to ``arrival`` unless known better [ms]
    shows : int8 (patient,) 0 for one who will not come to the appointment
    late : int64 (patient,) comes so long after the appointment; negative: before it [ms]
    appointment : int64 (patient,) of those booked when the run begins, else -1 [ms]
    session : int32 (patient,) session of those booked before the run, place in ``hospital.sessions``, else -1
    limit : int64 (patient,) limit of that session on the day of the appointment, as its template says, for
        those whose sitting is not in the schedule; else -1 [ms]
    promised : int32 (patient,) place promised to those already there, else -1
    tray : int32 (patient,) the tray, place in ``hospital.trays``, that goes through SPD; -1 for a patient
    patience : int64 (row,) longest wait for the step, else -1 [ms]
    delay : int64 (row,) last part of the stay, after the patient is medically fit [ms]
    reason : int8 (row,) reason of the delay, place in the step's ``delays``, else -1
    cue_row, cue_kind, cue_patient, cue_gap : int64 (cue,) in order of ``cue_row``
        ``cue_patient`` comes ``cue_gap`` ms (1 or more) after what ``cue_kind`` says of ``cue_row``
    absent : int64 (absence, 4) staff group (place in ``hospital.staff``), from, until [ms], people away of
        those whom the hospital's own shifts name; ``absences_under`` tells how many of those whom a plan asks
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
    asked: IntArray = field(repr=False, default=_USUAL)
    limit: IntArray = field(repr=False, default=_USUAL)
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
        usual = _usual_of_patients(self.key.size) | _usual_of_rows(self.step.size) | _no_tables()
        for name, column in usual.items():
            if getattr(self, name) is None:
                object.__setattr__(self, name, column)
        for name, other in _AS_ANOTHER.items():
            if getattr(self, name) is None:
                object.__setattr__(self, name, getattr(self, other))

    def is_usual(self, column: str) -> bool:
        """Whether a column of patients or rows was left out, so that it says the same of all of them."""
        return 0 in getattr(self, column).strides

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
    return draw_known(case, window, seed=seed, replication=replication).workload


@dataclass(frozen=True)
class Drawn:
    """A workload, and under which names its patients were drawn.

    Attributes
    ----------
    identity : uint64 (patient,) the key of a patient's chance; ``Workload.key`` is all of it but one bit
    people : (patient of the snapshot,) row of each in the workload
    links : for each population (name, rows of its patients, member, number in the member's chain)
    """

    workload: Workload
    identity: UIntArray
    people: IntArray
    links: tuple[tuple[str, IntArray, IntArray, IntArray], ...]


def draw_known(case: Case, window: Window, *, seed: int, replication: int) -> Drawn:
    """What ``draw_workload`` draws, with the names behind it."""
    check_demand(case, window)
    hospital, clock = case.hospital, window.clock(case.hospital)
    base, end = root(seed, replication), int(clock.day_starts[window.total])
    there = in_house(hospital, case.snapshot, clock)
    parts, chains = [there.people(base)], []
    for name in hospital.populations:
        begins = sum(part.identity.size for part in parts)
        heads = heads_of(hospital, name, there.arrival, case.snapshot)
        chains.append((begins, draw_population(hospital, name, heads, begins, end, base)))
        parts.append(chains[-1][1].people)
    people, place = draw_people(case, window, clock, replication, base, joined_people(parts))
    rows = walk(hospital, people.identity, people.patient_class, *there.first_rows(place))
    crowd = Crowd(people, rows, chain_cues(chains, place, rows["first"]), place)
    if "row_id" in rows:
        crowd = with_trays(hospital, crowd)
        del crowd.rows["row_id"]
    columns = _columns(hospital, there, crowd) | _tables(case, clock, there, crowd, window, base)
    for column in columns.values():
        column.setflags(write=False)
    links = [
        (name, crowd.place[begins + np.arange(chain.number.size)], chain.member, chain.number)
        for name, (begins, chain) in zip(hospital.populations, chains, strict=True)
    ]
    workload = Workload(seed, replication, window, clock, **columns)
    return Drawn(workload, crowd.people.identity, crowd.place[: there.arrival.size], tuple(links))


def _columns(hospital: Hospital, there: InHouseTable, crowd: Crowd) -> Columns:
    """Columns of patients and rows; of those that only some hospitals need, the ones that say something."""
    people, place = crowd.people, crowd.place[: there.arrival.size]
    n = people.identity.size
    origin = np.zeros(n, np.int8)  # ARRIVES
    origin[np.searchsorted(people.arrival, FAR) :] = ON_CUE
    origin[place] = there.origin
    columns: Columns = {
        "key": (people.identity >> np.uint64(1)).view(np.int64),
        "patient_class": people.patient_class,
        "arrival": people.arrival,
        "origin": origin,
        **draw_attendance(hospital, people),
        **crowd.rows,
    }
    if crowd.tray is not None:
        columns["tray"] = crowd.tray
    usual = _usual_of_patients(n)
    of_some: Columns = {"held": there.held, "since": there.since, **there.known}
    for name, known in of_some.items():
        if name in _AS_ANOTHER:
            columns[name] = columns[_AS_ANOTHER[name]].copy()
        elif name not in columns:
            columns[name] = usual[name] if not known.size else usual[name].copy()
        if known.size:
            columns[name][place] = known
    return columns


def _tables(
    case: Case, clock: Clock, there: InHouseTable, crowd: Crowd, window: Window, base: np.uint64
) -> Columns:
    """What a workload says beside patients and rows: cues, absences, lead times, pools and cleaning."""
    hospital = case.hospital
    end = int(clock.day_starts[window.total])
    pooled = there.pooled.copy()
    pooled[:, 0] = crowd.place[pooled[:, 0]]
    tables = {
        **crowd.cues.columns(),
        "absent": draw_absences(hospital, clock, end, base),
        "pooled": pooled[np.lexsort((pooled[:, 1], pooled[:, 0]))],
        "cleaning": there.cleaning.copy(),
    }
    if hospital.items:
        step = crowd.rows["step"]
        lead_from, lead = draw_lead_times(hospital, case.snapshot, step, window.total, end, base)
        tables |= {"lead_from": lead_from, "lead": lead}
    return tables
