"""Random states of a house as a run begins: patients of every origin, stock, orders, rooms in turnaround."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from typing import Any

from tests.houses import START
from twin.case import Batch, Cleaning, InHouse, Order, Snapshot
from twin.hospital import Hospital
from twin.hospital.pathway import Step

_MIDNIGHT = datetime(START.year, START.month, START.day)


def random_snapshot(rng: Random, hospital: Hospital) -> Snapshot:
    """A few patients anywhere on their ways, and supplies."""
    people = []
    for i in range(rng.randint(1, 8)):
        name = rng.choice(list(hospital.classes))
        steps = hospital.pathways[hospital.classes[name].pathway].steps
        since = _MIDNIGHT - timedelta(minutes=rng.randint(1, 600))
        if hospital.classes[name].booking is not None and rng.random() < 0.5:
            people.append(_scheduled(rng, hospital, f"e{i}", name, steps[0], since))
        else:
            people.append(_inside(rng, hospital, f"e{i}", name, since))
    return Snapshot(
        _MIDNIGHT,
        tuple(people),
        stock={name: _batches(rng) for name in hospital.items if rng.random() < 0.5},
        orders=tuple(
            Order(name, rng.randint(1, 8), _MIDNIGHT + timedelta(minutes=rng.randint(0, 2_000)))
            for name in hospital.items
            if rng.random() < 0.4
        ),
        orders_placed={name: rng.randint(0, 3) for name in hospital.items if rng.random() < 0.3},
        cleaning=tuple(
            Cleaning(name, _MIDNIGHT + timedelta(minutes=rng.choice((0, 15, 30, 90))))
            for name in hospital.everywhere
            if rng.random() < 0.15
        ),
    )


def _scheduled(
    rng: Random, hospital: Hospital, encounter: str, name: str, step: Step, since: datetime
) -> InHouse:
    """One on a list, or with an appointment."""
    sessions = [key for key, session in hospital.sessions.items() if name in session.classes]
    if not sessions or rng.random() < 0.4:
        return InHouse(encounter, name, step.name, None, since, listed=True)
    appointment = _MIDNIGHT + timedelta(minutes=30 * rng.randint(0, 60))
    return InHouse(
        encounter, name, step.name, None, since, appointment=appointment, session=rng.choice(sessions)
    )


def _inside(rng: Random, hospital: Hospital, encounter: str, name: str, since: datetime) -> InHouse:
    """One in a step, waiting for one, or stopped in one."""
    steps = hospital.pathways[hospital.classes[name].pathway].steps
    i = rng.randrange(len(steps))
    step, kept = steps[i], _kept_before(steps, i)
    options = kept if step.in_place else [a.place for a in step.alternatives()]
    chance, more = rng.random(), _more(rng, hospital, name, step, since)
    if chance < 0.45:
        if step.lounge is not None and rng.random() < 0.3:
            options = [step.lounge.place]
        place = rng.choice(options) if options else None
        left = rng.randint(1, 300) * 60_000 if rng.random() < 0.3 else None
        pooled = {
            group: rng.randint(0, n)
            for group, n in step.staff.items()
            if hospital.staff[group].float_pool is not None
        }
        more |= _asked(rng, since)
        return InHouse(encounter, name, step.name, place, since, remaining_ms=left, pooled=pooled, **more)
    if chance < 0.6:
        place = rng.choice(options) if options and (step.in_place or rng.random() < 0.5) else None
        left = rng.randint(1, 300) * 60_000
        more |= _asked(rng, since)
        return InHouse(
            encounter, name, step.name, place, since, waiting=True, stopped=True, remaining_ms=left, **more
        )
    if step.in_place:
        held = rng.choice(kept) if kept else None
    else:
        others = [p for p in hospital.everywhere if p not in options]
        held = rng.choice([None, *others])
    return InHouse(encounter, name, step.name, held, since, waiting=True, **more)


def _asked(rng: Random, since: datetime) -> dict[str, Any]:
    """When one asked who is in a step or was stopped; or that it is not known."""
    return {"asked": since - timedelta(minutes=rng.randint(0, 300))} if rng.random() < 0.5 else {}


def _kept_before(steps: tuple[Step, ...], i: int) -> list[str]:
    """Places in which a patient may be for a step in place."""
    places = [a.place for step in steps[:i] for a in step.alternatives()]
    return list(dict.fromkeys(places))


def _more(rng: Random, hospital: Hospital, name: str, step: Step, since: datetime) -> dict[str, Any]:
    """What else may be known of one in the house."""
    more: dict[str, Any] = {}
    if rng.random() < 0.5:
        more["arrived"] = since - timedelta(minutes=rng.randint(0, 600))
    steps = {s.name: s for s in hospital.pathways[hospital.classes[name].pathway].steps}
    wanted = [s.needs_next for s in steps.values() if s.needs_next is not None]
    if wanted and rng.random() < 0.5:
        more["promised"] = steps[rng.choice(wanted)].alternatives()[0].place
    sessions = [key for key, session in hospital.sessions.items() if name in session.classes]
    if hospital.classes[name].booking is not None and sessions and rng.random() < 0.6:
        more["session"] = rng.choice(sessions)
        more["appointment"] = _MIDNIGHT + timedelta(minutes=30 * rng.randint(-10, 20))
        more.setdefault("arrived", since)
        if rng.random() < 0.5:
            more["listed_on"] = since - timedelta(minutes=rng.randint(0, 6_000))
    return more


def _batches(rng: Random) -> tuple[Batch, ...]:
    """Stock that expires at different times, or never."""
    return tuple(
        Batch(
            rng.randint(0, 9),
            None if rng.random() < 0.4 else _MIDNIGHT + timedelta(minutes=30 * rng.randint(0, 90)),
        )
        for _ in range(rng.randint(0, 3))
    )
