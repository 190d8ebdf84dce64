"""Patients who are there when the run begins, as columns."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray

from twin.calendar import Clock
from twin.case import Case, InHouse, Snapshot
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
from twin.hospital import Hospital
from twin.schedule import limit_of_a_day
from twin.streams import UIntArray, mix, name_key
from twin.units import IntArray

#: between a population, its member and the link in an encounter's name
CHAIN = "/"


def is_booked(patient: InHouse) -> bool:
    """Has an appointment and has not come to the house yet."""
    there = patient.waiting or patient.stopped or patient.place is not None or patient.arrived is not None
    return patient.appointment is not None and not there


def draw_in_house(case: Case, clock: Clock, base: np.uint64) -> tuple[Columns, Columns]:
    """Columns of the patients already there; and those columns that only some hospitals need."""
    hospital, people = case.hospital, case.snapshot.patients
    identity = _identities(people, base)
    since = _integers(people, lambda p: min(clock.ms(p.since), -1))
    origin = np.array([_origin(p, clock) for p in people], np.int8)
    came = _integers(people, lambda p: clock.ms(p.since if p.arrived is None else p.arrived))
    asked = _integers(people, lambda p: min(clock.ms(p.since if p.asked is None else p.asked), -1))
    listed = _integers(people, lambda p: min(clock.ms(p.since if p.listed_on is None else p.listed_on), -1))
    columns: Columns = {
        "id": identity,
        "key": (identity >> np.uint64(1)).astype(np.int64),
        "patient_class": _numbers(hospital.classes, [p.patient_class for p in people]),
        "arrival": np.where(origin == ARRIVES, came, listed),
        "origin": origin,
        "held": _numbers(hospital.everywhere, [p.place for p in people]),
        "since": np.where(origin == ARRIVES, 0, since),
        "begin": _integers(people, lambda p: _step_index(hospital, p)),
    }
    trays = {tray.patient_class: name for name, tray in hospital.trays.items()}
    known: Columns = {
        "came": np.where(origin == ARRIVES, came, np.minimum(came, -1)),
        "appointment": _integers(people, lambda p: _appointment(p, clock)),
        "session": _numbers(hospital.sessions, [p.session for p in people]),
        "asked": np.where(origin == ARRIVES, 0, asked),
        "limit": _integers(people, lambda p: _limit(hospital, p, clock)),
        "promised": _numbers(hospital.everywhere, [p.promised for p in people]),
        "tray": _numbers(hospital.trays, [trays.get(p.patient_class) for p in people]),
        "remaining": _integers(people, lambda p: NONE if p.remaining_ms is None else p.remaining_ms),
    }
    usual = dict.fromkeys(known, NONE) | {"came": columns["arrival"], "asked": columns["since"]}
    return columns, {name: column for name, column in known.items() if (column != usual[name]).any()}


def visits_before(hospital: Hospital, people: tuple[InHouse, ...]) -> IntArray:
    """Times that patients came to steps before: (patient, step of the pathway, times), shape (entry, 3)."""
    rows = [
        (i, _names_of_steps(hospital, p).index(step), times)
        for i, p in enumerate(people)
        for step, times in p.visits.items()
    ]
    return np.array(rows, np.int64).reshape(-1, 3)


def pooled_people(hospital: Hospital, people: tuple[InHouse, ...]) -> IntArray:
    """People of float pools who are with patients: (patient, group, people), shape (entry, 3)."""
    groups = list(hospital.staff)
    rows = [(i, groups.index(group), n) for i, p in enumerate(people) for group, n in p.pooled.items() if n]
    return np.array(sorted(rows), np.int64).reshape(-1, 3)


def places_in_turnaround(hospital: Hospital, snapshot: Snapshot, clock: Clock) -> IntArray:
    """Places in turnaround when the run begins: (place, until [ms]), shape (entry, 2)."""
    places = list(hospital.everywhere)
    rows = [(places.index(entry.place), clock.ms(entry.until)) for entry in snapshot.cleaning]
    return np.array(rows, np.int64).reshape(-1, 2)


def heads_of(hospital: Hospital, name: str, columns: Columns, snapshot: Snapshot) -> Heads:
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
            heads.earliest[member] = max(int(columns["arrival"][i]), 0)
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


def _identities(people: tuple[InHouse, ...], base: np.uint64) -> UIntArray:
    if not people:
        return np.zeros(0, np.uint64)
    names = np.array([name_key(p.encounter) for p in people], dtype=np.uint64)
    drawn = mix(base, name_key("in house"), names)
    known = np.array([p.identity is not None for p in people])
    return np.where(known, np.array([p.identity or 0 for p in people], np.uint64), drawn)


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


def _step_index(hospital: Hospital, patient: InHouse) -> int:
    return _names_of_steps(hospital, patient).index(patient.step)


def _names_of_steps(hospital: Hospital, patient: InHouse) -> list[str]:
    return [step.name for step in hospital.pathways[hospital.classes[patient.patient_class].pathway].steps]
