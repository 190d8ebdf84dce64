"""Patients who are there when the run begins, as columns."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.calendar import Clock
from twin.case import InHouse, Snapshot
from twin.drawing.coming import People
from twin.drawing.origins import (
    ARRIVES,
    BOOKED,
    HELD_LEFT,
    HOUSE_LEFT,
    IN_STEP,
    LISTED,
    NONE,
    PLACE_LEFT,
    STOPPED,
    WAITING,
    Columns,
)
from twin.drawing.populations import Heads
from twin.drawing.snapshot_faults import check_snapshot, is_booked
from twin.drawing.walking import FIRST_ROW, VISIT
from twin.hospital import Hospital
from twin.hospital.base import Duration
from twin.hospital.duration import share_below
from twin.once import Once
from twin.schedule import limit_of_a_day
from twin.streams import UIntArray, mix, name_key
from twin.units import IntArray

#: between a population, its member and the link in an encounter's name
CHAIN = "/"


@dataclass(frozen=True)
class InHouseTable:
    """The patients of a snapshot as columns: all of them but what a replication's chance decides.

    Attributes
    ----------
    named, given : uint64 (patient,) key of the encounter's name; the identity known, else 0
    is_given : bool (patient,) whether the identity is known
    patient_class, arrival, origin, held, since : (patient,) as in a workload
    known : further columns of a workload, those that are not as usual
    first_row, visit : see ``FIRST_ROW`` and ``VISIT``; ``patient`` counts those of the snapshot
    pooled, cleaning : as in a workload; ``pooled`` counts the patients of the snapshot
    """

    named: UIntArray
    given: UIntArray
    is_given: NDArray[np.bool_]
    patient_class: NDArray[np.int32]
    arrival: IntArray
    origin: NDArray[np.int8]
    held: NDArray[np.int32]
    since: IntArray
    known: Columns
    first_row: NDArray[np.void]
    visit: NDArray[np.void]
    pooled: IntArray
    cleaning: IntArray

    def people(self, base: np.uint64) -> People:
        """Who they are in one replication."""
        drawn = mix(base, name_key("in house"), self.named)
        return People(np.where(self.is_given, self.given, drawn), self.arrival, self.patient_class)

    def first_rows(self, place: IntArray) -> tuple[NDArray[np.void], NDArray[np.void]]:
        """``first_row`` and ``visit`` in order of patient, of those who are in these rows now."""
        return _moved(self.first_row, place), _moved(self.visit, place)


def _moved(table: NDArray[np.void], place: IntArray) -> NDArray[np.void]:
    moved = table.copy()
    moved["patient"] = place[table["patient"]]
    return moved[np.argsort(moved["patient"], kind="stable")]


_TABLES: Once[InHouseTable] = Once()


def in_house(hospital: Hospital, snapshot: Snapshot, clock: Clock) -> InHouseTable:
    """The patients already there, worked out when they are first asked for.

    Raises
    ------
    ConfigError
        The snapshot does not fit the hospital; with every fault found in one pass.
    """
    return _TABLES.get(lambda: _table(hospital, snapshot, clock), hospital, snapshot, also=clock)


def _table(hospital: Hospital, snapshot: Snapshot, clock: Clock) -> InHouseTable:
    check_snapshot(hospital, snapshot, clock)
    people = snapshot.patients
    since = _integers(people, lambda p: min(clock.ms(p.since), -1))
    origin = np.array([_origin(p, clock) for p in people], np.int8)
    came = _integers(people, lambda p: clock.ms(p.since if p.arrived is None else p.arrived))
    listed = _integers(people, lambda p: min(clock.ms(p.since if p.listed_on is None else p.listed_on), -1))
    arrival = np.where(origin == ARRIVES, came, listed)
    since = np.where(origin == ARRIVES, 0, since)
    return InHouseTable(
        named=np.array([name_key(p.encounter) for p in people], np.uint64),
        given=np.array([p.identity or 0 for p in people], np.uint64),
        is_given=np.array([p.identity is not None for p in people], np.bool_),
        patient_class=_numbers(hospital.classes, [p.patient_class for p in people]),
        arrival=arrival,
        origin=origin,
        held=_numbers(hospital.everywhere, [p.place for p in people]),
        since=since,
        known=_known(hospital, people, clock, came, arrival, origin, since),
        first_row=_first_rows(hospital, people, origin, since),
        visit=_visits_before(hospital, people),
        pooled=_pooled_people(hospital, people),
        cleaning=_places_in_turnaround(hospital, snapshot, clock),
    )


def _known(
    hospital: Hospital,
    people: tuple[InHouse, ...],
    clock: Clock,
    came: IntArray,
    arrival: IntArray,
    origin: NDArray[np.int8],
    since: IntArray,
) -> Columns:
    """Those of the columns that only some hospitals need in which somebody is not as usual."""
    asked = _integers(people, lambda p: min(clock.ms(p.since if p.asked is None else p.asked), -1))
    trays = {tray.patient_class: name for name, tray in hospital.trays.items()}
    known: Columns = {
        "came": np.where(origin == ARRIVES, came, np.minimum(came, -1)),
        "appointment": _integers(people, lambda p: _appointment(p, clock)),
        "session": _numbers(hospital.sessions, [p.session for p in people]),
        "asked": np.where(origin == ARRIVES, 0, asked),
        "limit": _integers(people, lambda p: _limit(hospital, p, clock)),
        "promised": _numbers(hospital.everywhere, [p.promised for p in people]),
        "tray": _numbers(hospital.trays, [trays.get(p.patient_class) for p in people]),
    }
    usual = dict.fromkeys(known, NONE) | {"came": arrival, "asked": since}
    return {name: column for name, column in known.items() if (column != usual[name]).any()}


def _first_rows(
    hospital: Hospital, people: tuple[InHouse, ...], origin: NDArray[np.int8], since: IntArray
) -> NDArray[np.void]:
    """Where each begins, and what of that step is left or behind him; see ``FIRST_ROW``."""
    table = np.zeros(len(people), FIRST_ROW)
    table["patient"] = np.arange(len(people))
    alike: dict[Duration, list[int]] = {}
    for i, p in enumerate(people):
        table["begin"][i] = _names_of_steps(hospital, p).index(p.step)
        table["left"][i] = NONE if p.remaining_ms is None else p.remaining_ms
        steps = hospital.pathways[hospital.classes[p.patient_class].pathway].steps
        alike.setdefault(steps[table["begin"][i]].duration, []).append(i)
    table["inside"] = origin == IN_STEP
    for duration, who in alike.items():
        elapsed = np.maximum(-since[who], 0) / duration.ms
        table["elapsed"][who] = elapsed
        table["reached"][who] = share_below(duration, elapsed)
    return table


def _visits_before(hospital: Hospital, people: tuple[InHouse, ...]) -> NDArray[np.void]:
    """Times that patients came to steps before; see ``VISIT``."""
    rows = [
        (i, _names_of_steps(hospital, p).index(step), times)
        for i, p in enumerate(people)
        for step, times in p.visits.items()
    ]
    return np.array(rows, VISIT)


def _pooled_people(hospital: Hospital, people: tuple[InHouse, ...]) -> IntArray:
    """People of float pools who are with patients: (patient, group, people), shape (entry, 3)."""
    groups = list(hospital.staff)
    rows = [(i, groups.index(group), n) for i, p in enumerate(people) for group, n in p.pooled.items() if n]
    return np.array(sorted(rows), np.int64).reshape(-1, 3)


def _places_in_turnaround(hospital: Hospital, snapshot: Snapshot, clock: Clock) -> IntArray:
    """Places in turnaround when the run begins: (place, until [ms]), shape (entry, 2)."""
    places = list(hospital.everywhere)
    rows = [(places.index(entry.place), clock.ms(entry.until)) for entry in snapshot.cleaning]
    return np.array(rows, np.int64).reshape(-1, 2)


def heads_of(hospital: Hospital, name: str, arrival: IntArray, snapshot: Snapshot) -> Heads:
    """Who of the patients already there is the last of a chain of a population.

    A link is known by its encounter, "population/member/number", after a run of the twin.
    """
    heads = Heads.none(hospital.populations[name].members)
    for i, patient in enumerate(snapshot.patients):
        link = _link(patient.encounter, name)
        if patient.identity is None or link is None or link[0] >= heads.number.size:
            continue
        member, number = link
        if number > heads.number[member]:
            heads.number[member], heads.patient[member] = number, i
            heads.earliest[member] = max(int(arrival[i]), 0)
            heads.cue[member] = _cue(patient)
    return heads


def _cue(patient: InHouse) -> int:
    """What of the last link gives the next the cue, when the place of its first step was not left yet.

    He is in that step or asks for it; or keeps its place and waits for the next; or never was in it.
    """
    if not sum(patient.visits.values()):
        return PLACE_LEFT
    keeps = patient.waiting and not patient.stopped and patient.place is not None
    return HELD_LEFT if keeps else HOUSE_LEFT


def _link(encounter: str, population: str) -> tuple[int, int] | None:
    parts = encounter.split(CHAIN)
    if len(parts) != 3 or parts[0] != population or not (parts[1] + parts[2]).isdecimal():
        return None
    return int(parts[1]), int(parts[2])


def _origin(patient: InHouse, clock: Clock) -> int:
    if patient.listed:
        return LISTED
    if is_booked(patient):
        return BOOKED
    if patient.stopped:
        return STOPPED
    if patient.waiting:
        return WAITING
    on_the_way = patient.place is None and patient.arrived is not None and clock.ms(patient.arrived) >= 0
    return ARRIVES if on_the_way else IN_STEP


def _appointment(patient: InHouse, clock: Clock) -> int:
    """Instant of the appointment, before the run a negative one; -1 where there is none. [ms]"""
    if patient.appointment is None:
        return NONE
    at = clock.ms(patient.appointment)
    return at if at != NONE else NONE - 1


def _limit(hospital: Hospital, patient: InHouse, clock: Clock) -> int:
    """Limit of the session on the day of the appointment by its template; -1 for none. [ms]"""
    if patient.session is None or patient.appointment is None:
        return NONE
    at = limit_of_a_day(hospital.sessions[patient.session], clock, patient.appointment.date())
    return at if at != NONE else NONE - 1


def _integers(people: tuple[InHouse, ...], of: Callable[[InHouse], int]) -> IntArray:
    return np.array([of(p) for p in people], np.int64)


def _numbers(known: Iterable[str], names: list[str | None]) -> NDArray[np.int32]:
    """Places of names in a table; -1 for none."""
    numbers = {name: i for i, name in enumerate(known)}
    return np.array([NONE if name is None else numbers[name] for name in names], np.int32)


def _names_of_steps(hospital: Hospital, patient: InHouse) -> list[str]:
    return [step.name for step in hospital.pathways[hospital.classes[patient.patient_class].pathway].steps]
