"""Faults of a snapshot: what it says that the hospital does not know, all told at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from twin.calendar import Clock
from twin.case import InHouse, Snapshot
from twin.errors import ConfigError, Problem, did_you_mean
from twin.hospital import Hospital
from twin.hospital.pathway import Step


def is_booked(patient: InHouse) -> bool:
    """Has an appointment and has not come to the house yet."""
    there = patient.waiting or patient.stopped or patient.place is not None or patient.arrived is not None
    return patient.appointment is not None and not there


def check_snapshot(hospital: Hospital, snapshot: Snapshot, clock: Clock) -> None:
    """Refuse a snapshot that does not fit the hospital.

    Raises
    ------
    ConfigError
        With every fault found in one pass.
    """
    problems = [
        *_patients(hospital, snapshot, clock),
        *_supplies(hospital, snapshot, clock),
        *_cleaning(hospital, snapshot, clock),
    ]
    if problems:
        raise ConfigError("snapshot", problems)


def _unknown(path: str, name: str, known: Iterable[str], what: str) -> Iterator[Problem]:
    names = list(known)
    if name not in names:
        yield Problem(path, name, f"no such {what}", did_you_mean(name, names), "E_UNKNOWN_NAME")


def _patients(hospital: Hospital, snapshot: Snapshot, clock: Clock) -> Iterator[Problem]:
    for encounter, times in Counter(p.encounter for p in snapshot.patients).items():
        if times > 1:
            yield Problem(f"patients.{encounter}", times, "an encounter is there once")
    begins_elsewhere = snapshot.as_of is not None and clock.ms(snapshot.as_of) != 0
    for p in snapshot.patients:
        where = f"patients.{p.encounter}"
        if p.patient_class not in hospital.classes:
            yield from _unknown(f"{where}.patient_class", p.patient_class, hospital.classes, "patient class")
            continue
        steps = hospital.pathways[hospital.classes[p.patient_class].pathway].steps
        found = {step.name: step for step in steps}
        for name in (p.step, *p.visits):
            path = f"{where}.step" if name == p.step else f"{where}.visits"
            yield from _unknown(path, name, found, "step on this patient's pathway")
        yield from _where(hospital, p, where, found.get(p.step), clock)
        yield from _list(hospital, p, where, steps[0].name)
        yield from _instants(hospital, p, where, clock)
        yield from _numbers(hospital, p, where, found.get(p.step))
        if p.remaining_ms is not None and begins_elsewhere:
            rule = f"is known at {snapshot.as_of}; the run begins at {clock.at(0)}"
            yield Problem(
                f"{where}.remaining_ms", p.remaining_ms, rule, "begin the run where it was left off"
            )


def _where(hospital: Hospital, p: InHouse, where: str, step: Step | None, clock: Clock) -> Iterator[Problem]:
    for key, place in (("place", p.place), ("promised", p.promised)):
        if place is not None:
            yield from _unknown(f"{where}.{key}", place, hospital.everywhere, "place")
    outside = p.listed or is_booked(p)
    if outside and p.place is not None:
        yield Problem(
            f"{where}.place", p.place, "who is on a list holds no place", "leave one of the two out"
        )
    comes = p.arrived is not None and clock.ms(p.arrived) >= 0
    elsewhere = p.waiting or p.stopped or outside or comes
    if p.place is None and not elsewhere and step is not None and step.places:
        yield Problem(f"{where}.place", None, "is needed for a patient who is in this step")


def _list(hospital: Hospital, p: InHouse, where: str, first: str) -> Iterator[Problem]:
    scheduled = hospital.classes[p.patient_class].booking is not None
    if (p.listed or is_booked(p)) and not scheduled:
        yield Problem(f"{where}.patient_class", p.patient_class, "no scheduled class (it has no booking)")
    if p.listed and (p.appointment is not None or p.waiting or p.stopped):
        yield Problem(f"{where}.listed", True, "who is on a list is neither booked nor waiting in the house")
    if (p.listed or is_booked(p)) and p.step != first and p.identity is None:
        yield Problem(f"{where}.step", p.step, f'who has not come begins with the first step, "{first}"')
    if p.appointment is not None and p.session is None:
        yield Problem(f"{where}.session", None, "is needed for a patient with an appointment")
    if p.session is not None:
        yield from _unknown(f"{where}.session", p.session, hospital.sessions, "session")
        session = hospital.sessions.get(p.session)
        if session is not None and p.patient_class not in session.classes:
            yield Problem(f"{where}.session", p.session, f"takes no patients of class {p.patient_class}")


def _instants(hospital: Hospital, p: InHouse, where: str, clock: Clock) -> Iterator[Problem]:
    outside = p.listed or is_booked(p)
    if p.asked is not None:
        path = f"{where}.asked"
        if outside or (p.waiting and not p.stopped):
            yield Problem(path, p.asked, "is of one in a step or stopped in it", "`since` says it of others")
        elif clock.ms(p.asked) > clock.ms(p.since):
            yield Problem(path, p.asked, f"a step is asked for before it begins ({p.since})")
    if p.listed_on is not None:
        path = f"{where}.listed_on"
        if hospital.classes[p.patient_class].booking is None:
            yield Problem(path, p.listed_on, "is of a scheduled class (this one has no booking)")
        elif outside:
            rule = "is of one who has come to his appointment"
            yield Problem(path, p.listed_on, rule, "`since` says it of who has not come")


def _numbers(hospital: Hospital, p: InHouse, where: str, step: Step | None) -> Iterator[Problem]:
    for group, people in p.pooled.items():
        path, entry = f"{where}.pooled.{group}", hospital.staff.get(group)
        most = step.staff.get(group, 0) if step is not None else people
        if entry is None:
            yield from _unknown(path, group, hospital.staff, "staff group")
        elif entry.float_pool is None:
            yield Problem(path, people, "this group has no float pool")
        elif not 0 <= people <= most:
            yield Problem(path, people, f"between 0 and the {most} that the step takes")
    for name, times in p.visits.items():
        if times < 0:
            yield Problem(f"{where}.visits.{name}", times, "0 or more times", code="E_RANGE")
    if p.identity is not None and not 0 <= p.identity < 1 << 64:
        yield Problem(f"{where}.identity", p.identity, "a whole number of 64 bits")
    if p.remaining_ms is None:
        return
    if p.remaining_ms < 0:
        yield Problem(f"{where}.remaining_ms", p.remaining_ms, "0 ms or more", code="E_RANGE")
    if p.listed or is_booked(p) or (p.waiting and not p.stopped):
        yield Problem(f"{where}.remaining_ms", p.remaining_ms, "the step has not begun", "leave it out")


def _supplies(hospital: Hospital, snapshot: Snapshot, clock: Clock) -> Iterator[Problem]:
    for item, batches in snapshot.stock.items():
        yield from _unknown(f"stock.{item}", item, hospital.items, "item")
        for i, batch in enumerate(batches):
            if batch.units < 0:
                yield Problem(f"stock.{item}.{i}.units", batch.units, "0 units or more", code="E_RANGE")
            if batch.expires is not None and clock.ms(batch.expires) < 0:
                path = f"stock.{item}.{i}.expires"
                yield Problem(path, batch.expires, "expired before the run begins", "leave the batch out")
    for i, order in enumerate(snapshot.orders):
        yield from _unknown(f"orders.{i}.item", order.item, hospital.items, "item")
        if order.units < 1:
            yield Problem(f"orders.{i}.units", order.units, "1 unit or more", code="E_RANGE")
        if clock.ms(order.due) < 0:
            rule = "due before the run begins"
            yield Problem(f"orders.{i}.due", order.due, rule, "count it in stock, or say when it comes")
    for item, placed in snapshot.orders_placed.items():
        yield from _unknown(f"orders_placed.{item}", item, hospital.items, "item")
        if placed < 0:
            yield Problem(f"orders_placed.{item}", placed, "0 orders or more", code="E_RANGE")


def _cleaning(hospital: Hospital, snapshot: Snapshot, clock: Clock) -> Iterator[Problem]:
    for i, entry in enumerate(snapshot.cleaning):
        yield from _unknown(f"cleaning.{i}.place", entry.place, hospital.everywhere, "place")
        if clock.ms(entry.until) < 0:
            yield Problem(f"cleaning.{i}.until", entry.until, "over before the run begins", "leave it out")
