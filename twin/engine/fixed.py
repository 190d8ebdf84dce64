"""Fixed: what a hospital gives the kernel, whatever its levels and its patients.

Resources are numbered: places, then staff groups, then items, then trays; of each a level and what is
used. A *lane* is one waiting line: all requests of one kind, of one step, for one of its places. They
need the same, so if the first of a lane cannot start, none of it can.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from twin.engine.components import components
from twin.engine.rules import expected_lengths, stay_shifts
from twin.engine.state import (
    AGE,
    CLASS,
    ENTRY,
    KEPT,
    LANE,
    LEAVES,
    LIST,
    ORDINARY,
    PEOPLE,
    PROMISED,
    REFUSED,
    RESOURCE,
    RESUME,
    SKIPS,
    STAYS,
    STEP,
    SUPPLY,
    TRANSFER,
    TRAY,
    Records,
    Row,
    records,
)
from twin.hospital import Hospital
from twin.hospital.pathway import PatientClass, Step
from twin.hospital.places import Place, Ward
from twin.once import Once
from twin.units import IntArray, hours, minutes
from twin.workload import NONE, StepKey, number_steps

_IF_FULL = {"waits": STAYS, "leaves": REFUSED, "skips": SKIPS}
_OUT_OF_PATIENCE = {"leaves": LEAVES, "skips": SKIPS}


class Found(NamedTuple):
    """What the patients already there bring that the description does not say."""

    stopped: bool  # somebody was stopped in a step
    patience: bool  # somebody loses patience
    unusual: bool  # somebody has a promise, a session or a cue, or is a tray
    cues: bool
    held: frozenset[tuple[int, int]]  # (class, place)


@dataclass(frozen=True)
class Fixed:
    """What a hospital gives, whatever its levels and patients; ``resource`` has no levels yet."""

    places: tuple[str, ...]
    groups: tuple[str, ...]
    classes: tuple[str, ...]
    keys: tuple[StepKey, ...]
    tables: dict[str, Records]  # step, entry, lane, resource, klass, age, links and lists of lanes
    sessions: IntArray  # (session, 2) where its classes stand in ``links``
    facts: dict[str, bool]  # has_preemptors, has_listeners, has_more


_compiled: Once[Fixed] = Once()


def fixed_of(hospital: Hospital, found: Found) -> Fixed:
    """A hospital's tables, compiled when they are first asked for; a description is never changed."""
    return _compiled.get(lambda: _compile(hospital, found), hospital, also=found)


@dataclass
class _Tables:
    """Tables while they grow."""

    hospital: Hospital
    keys: tuple[StepKey, ...]
    steps: list[Step]
    classes: list[PatientClass]  # of each step
    numbers: dict[str, dict[str, int]]  # resource by kind and name
    by_name: dict[tuple[str, str], int]  # step by class and name
    promised: set[int]  # steps that another of the pathway needs next
    everywhere: list[Ward | Place]
    may_stop: bool
    ages: list[Row] = field(default_factory=list)
    entries: list[Row] = field(default_factory=list)
    lanes: list[Row] = field(default_factory=list)
    links: list[int] = field(default_factory=list)

    def link(self, numbers: Iterable[int], name: str) -> Row:
        """Put a list down and say where it is."""
        begin = len(self.links)
        self.links += numbers
        return {f"{name}_from": begin, f"{name}_to": len(self.links)}


def _compile(hospital: Hospital, found: Found) -> Fixed:
    t = _begin(hospital, found)
    classes = _classes(t)
    shifts = stay_shifts(hospital, t.keys)
    steps = [_step(t, number, classes, shifts[number]) for number in range(len(t.steps))]
    for number, patient_class in enumerate(hospital.classes.values()):
        if patient_class.booking is not None:
            classes[number]["list_lane"] = _lane(t, NONE, LIST)
    component = components(hospital, found.held, t.numbers["place"])
    for lane in t.lanes:
        lane["circles"] = _may_swap(t, lane, component)
        lane.update(t.link(sorted(_needed(t, lane)), "need"))
    resources = _resources(t, component)
    numbers = {name: i for i, name in enumerate(hospital.classes)}
    sessions = [
        list(t.link((numbers[name] for name in session.classes), "class").values())
        for session in hospital.sessions.values()
    ]
    preempts = any(c.preempts for c in hospital.classes.values())
    lists = {
        "circle_lanes": _ints(i for i, lane in enumerate(t.lanes) if lane["circles"]),
        "holding_lanes": _ints(i for i, lane in enumerate(t.lanes) if _holds(t, lane)),
        "rooms": np.flatnonzero([place.waiting_room is not None for place in t.everywhere]),
        "links": _ints(t.links),
    }
    tables = {"step": steps, "entry": t.entries, "lane": t.lanes, "resource": resources}
    tables |= {"klass": classes, "age": t.ages}
    kinds = {"step": STEP, "entry": ENTRY, "lane": LANE, "resource": RESOURCE, "klass": CLASS, "age": AGE}
    return Fixed(
        tuple(hospital.everywhere),
        tuple(hospital.staff),
        tuple(hospital.classes),
        t.keys,
        {name: records(kinds[name], rows) for name, rows in tables.items()} | lists,
        np.array(sessions, np.int64).reshape(-1, 2),
        {
            "has_preemptors": preempts,
            "has_listeners": _listens(t, found),
            "has_more": _has_more(t, found, preempts),
        },
    )


def _begin(hospital: Hospital, found: Found) -> _Tables:
    keys = number_steps(hospital)
    places, groups = len(hospital.everywhere), len(hospital.staff)
    fixed = [*hospital.everywhere.values(), *hospital.staff.values()]
    steps = [hospital.pathways[k.pathway].steps[k.index] for k in keys]
    by_name = {(k.patient_class, k.name): number for number, k in enumerate(keys)}
    wanted = ((k.patient_class, s.needs_next) for k, s in zip(keys, steps, strict=True) if s.needs_next)
    return _Tables(
        hospital,
        keys,
        steps,
        [hospital.classes[k.patient_class] for k in keys],
        {
            "place": {name: i for i, name in enumerate(hospital.everywhere)},
            "group": {name: places + i for i, name in enumerate(hospital.staff)},
            "supply": {name: places + groups + i for i, name in enumerate(hospital.supplies)},
        },
        by_name,
        {by_name[entry] for entry in wanted if entry in by_name},
        list(hospital.everywhere.values()),
        may_stop=any(entry.on_fall == "stop" for entry in fixed)
        or any(c.preempts for c in hospital.classes.values())
        or found.stopped,
    )


def _classes(t: _Tables) -> list[Row]:
    rows = []
    lengths = expected_lengths(t.hospital)
    for c, length in zip(t.hospital.classes.values(), lengths, strict=True):
        begin = len(t.ages)
        t.ages += [{"after": hours(a.after_hours), "priority": a.priority} for a in c.ages]
        rows.append(
            {
                "priority": c.priority,
                "ages_from": begin,
                "ages_to": len(t.ages),
                "booked": c.booking is not None,
                "early": minutes(c.booking.come_early_minutes) if c.booking else 0,
                "expected": length,
                "list_lane": NONE,
                "cursor": NONE,
            }
        )
    return rows


# ---- steps, what they take, and their lanes --------------------------------------------------


def _step(t: _Tables, number: int, classes: list[Row], shift: int) -> Row:
    step, patient_class, key = t.steps[number], t.classes[number], t.keys[number]
    klass = list(t.hospital.classes).index(key.patient_class)
    places = t.numbers["place"]
    ages = (0, 0) if step.priority else (classes[klass]["ages_from"], classes[klass]["ages_to"])
    first = places[step.alternatives()[0].place] if step.places else NONE
    room = NONE
    if first != NONE and t.hospital.everywhere[step.alternatives()[0].place].waiting_room is not None:
        room = first
    promise_step, promise_place = _promise(t, number)
    booking = patient_class.booking
    row = {
        "priority": step.priority or patient_class.priority,
        "in_place": step.in_place,
        "keeps": step.keeps_place,
        "shift": shift,
        "first_place": first,
        "ages_from": ages[0],
        "ages_to": ages[1],
        **_entries(t, step, patient_class),
        "lounge_ms": hours(step.lounge.hours) if step.lounge else 0,
        "transfers": step.lounge is not None or step.repatriates,
        "promise_place": promise_place,
        "promise_step": promise_step,
        "if_full": _IF_FULL[step.if_full],
        "out_of_patience": _OUT_OF_PATIENCE[step.out_of_patience],
        "room": room,
        "limited": booking is not None and booking.limit_step == step.name,
        "holds": step.holds_the_line,
        "preempts": patient_class.preempts,
        "can_be_stopped": step.can_be_stopped,
    }
    return {**row, **_lanes_of(t, number, row)}


def _promise(t: _Tables, number: int) -> tuple[int, int]:
    """Step that ``needs_next`` names, and its first place; -1 if there is none."""
    wanted = t.steps[number].needs_next
    other = t.by_name.get((t.keys[number].patient_class, wanted)) if wanted else None
    if other is None or not t.steps[other].places:
        return NONE, NONE
    return other, t.numbers["place"][t.steps[other].alternatives()[0].place]


def _entries(t: _Tables, step: Step, patient_class: PatientClass) -> Row:
    groups, supplies = t.numbers["group"], t.numbers["supply"]
    begin = len(t.entries)
    for group, n in step.staff.items():
        pool = t.hospital.staff[group].float_pool
        t.entries.append(
            {
                "resource": groups[group],
                "n": n,
                "pool": NONE if pool is None else groups[pool],
                "kind": PEOPLE,
            }
        )
    people = len(t.entries)
    takes_reserve = patient_class.takes_reserve
    for name, n in (t.hospital.kits[step.kit].contents if step.kit else {}).items():
        item = t.hospital.items.get(name)
        substitute = item.substitute if item is not None and takes_reserve else None
        reserve = t.hospital.supplies[name].reserve
        t.entries.append(
            {
                "resource": supplies[name],
                "n": n,
                "pool": NONE if substitute is None else supplies[substitute],
                "spare": 0 if takes_reserve else reserve,
                "reserve": reserve if takes_reserve else 0,
                "kind": SUPPLY if item is not None else TRAY,
            }
        )
    pooled = any(e["pool"] != NONE for e in t.entries[begin:people])
    return {
        "entry_from": begin,
        "people_to": people,
        "entry_to": len(t.entries),
        "plain": not pooled and people == len(t.entries),
        "pooled": pooled,
        "kit": people < len(t.entries),
    }


def _lane(t: _Tables, step: int, kind: int, place: int = NONE, **more: int) -> int:
    row = {"step": step, "place": place, "kind": kind, "promise": NONE, "head": NONE, "tail": NONE, **more}
    row["takes_place"] = place != NONE and kind in (ORDINARY, RESUME, TRANSFER)
    row["rank"] = row.get("number", 0) > 0 and kind != TRANSFER
    gated = place != NONE and t.everywhere[place].opens_when_full
    taken = t.entries[row.get("entry_from", 0) : row.get("entry_to", 0)]
    plain = all(e["kind"] == PEOPLE and e["pool"] == NONE for e in taken)
    row["plain"] = plain and not gated and row["promise"] == NONE
    t.lanes.append(row)
    return len(t.lanes) - 1


def _lanes_of(t: _Tables, number: int, row: Row) -> Row:
    """Lanes of one step: those of its places, and further ones where its table needs them."""
    step, places = t.steps[number], t.numbers["place"]
    everything = {"entry_from": row["entry_from"], "entry_to": row["entry_to"]}
    people = {"entry_from": row["entry_from"], "entry_to": row["people_to"]}
    wanted = [
        {"place": places[a.place], "after": hours(a.after_hours), "number": i}
        for i, a in enumerate(step.alternatives())
    ]
    promise, found = row["promise_place"], {}

    def lanes(name: str, kind: int, wanted: Sequence[Row], **more: int) -> None:
        found[f"{name}_from"] = len(t.lanes)
        for lane in wanted:
            _lane(t, number, kind, **lane, **more)
        found[f"{name}_to"] = len(t.lanes)

    lanes("lane", ORDINARY, wanted or [{}], **everything, promise=promise)
    found.update(free_from=found["lane_from"], free_to=found["lane_to"])
    if promise != NONE:  # who holds another promise already needs no second
        lanes("free", ORDINARY, wanted or [{}], **everything)
    found["promised_lane"] = NONE
    if number in t.promised and step.places:
        place = row["first_place"]
        found["promised_lane"] = _lane(t, number, PROMISED, place, **everything, promise=promise)
    found.update(kept_lane=NONE, resume_from=0, resume_to=0)
    if t.may_stop:
        found["kept_lane"] = _lane(t, number, KEPT, **people)
        lanes("resume", RESUME, wanted, **people)
    found.update(repatriation_lane=NONE, lounge_lane=NONE)
    if step.repatriates and step.places:
        found["repatriation_lane"] = _lane(t, number, TRANSFER, row["first_place"])
    if step.lounge is not None:
        found["lounge_lane"] = _lane(t, number, TRANSFER, places[step.lounge.place], number=1)
    return found


def _may_swap(t: _Tables, lane: Row, component: IntArray) -> bool:
    """Keepers in this lane may move in a circle."""
    if lane["kind"] != ORDINARY or lane["place"] == NONE or component[lane["place"]] == NONE:
        return False
    step, place = t.steps[lane["step"]], t.everywhere[lane["place"]]
    return step.kit is None and step.needs_next is None and not place.opens_when_full


def _holds(t: _Tables, lane: Row) -> bool:
    return lane["kind"] not in (TRANSFER, LIST) and t.steps[lane["step"]].holds_the_line


def _preempts(t: _Tables, lane: Row) -> bool:
    takes = lane["kind"] in (ORDINARY, RESUME) and lane["place"] != NONE
    return takes and t.classes[lane["step"]].preempts


# ---- resources -------------------------------------------------------------------------------


def _resources(t: _Tables, component: IntArray) -> list[Row]:
    hospital = t.hospital
    places = t.numbers["place"]
    waits = _who_waits(t)
    swapping = {e["resource"] for lane in t.lanes if lane["circles"] for e in _people_of(t, lane)}
    gates = {name for entry in hospital.everywhere.values() for name in entry.opens_when_full}
    rows: list[Row] = []
    usual = {"component": NONE, "room": NONE, "first_in": NONE, "item_number": NONE}
    for name, place in hospital.everywhere.items():
        rows.append(
            {
                **usual,
                "turnaround": minutes(place.turnaround_minutes),
                "component": int(component[places[name]]),
                "stops": place.on_fall == "stop",
                "opens_others": name in gates,
                "room": NONE if place.waiting_room is None else place.waiting_room,
                **t.link((places[other] for other in place.opens_when_full), "gate"),
            }
        )
    rows += [{**usual, "stops": group.on_fall == "stop"} for group in hospital.staff.values()]
    rows += [{**usual, "item_number": i} for i in range(len(hospital.items))]
    rows += [{**usual, "level": tray.owned} for tray in hospital.trays.values()]
    preempting = [i for i, lane in enumerate(t.lanes) if _preempts(t, lane)]
    for number, row in enumerate(rows):
        row.update(t.link(waits[number], "waits"), closes_circles=number in swapping)
        row.update(t.link((i for i in preempting if t.lanes[i]["place"] == number), "preempt"))
    return rows


def _people_of(t: _Tables, lane: Row) -> list[Row]:
    return [e for e in t.entries[lane["entry_from"] : lane["entry_to"]] if e["kind"] == PEOPLE]


def _who_waits(t: _Tables) -> list[list[int]]:
    """Lanes that may go on when a resource is freed or, where it is a gate, is full."""
    waits: list[list[int]] = [[] for names in t.numbers.values() for _ in names]
    for number, lane in enumerate(t.lanes):
        for resource in sorted(_needed(t, lane)):
            waits[resource].append(number)
    return waits


def _needed(t: _Tables, lane: Row) -> set[int]:
    """Resources that the patients of a lane wait for."""
    needed = {lane["promise"]}
    if lane["takes_place"]:
        gates = t.everywhere[lane["place"]].opens_when_full
        needed |= {lane["place"], *(t.numbers["place"][gate] for gate in gates)}
    for e in t.entries[lane.get("entry_from", 0) : lane.get("entry_to", 0)]:
        needed |= {e["resource"], e["pool"]}
    return needed - {NONE}


# ---- what this hospital has ------------------------------------------------------------------


def _listens(t: _Tables, found: Found) -> bool:
    """Whether anything follows from having asked at this instant, or from patience."""
    return (
        any(s.kit is not None or s.if_full != "waits" for s in t.steps)
        or any(e.waiting_room is not None for e in t.hospital.everywhere.values())
        or any(c.booking is not None for c in t.hospital.classes.values())
        or found.patience
    )


def _has_more(t: _Tables, found: Found, preempts: bool) -> bool:
    """Whether any rule needs to know more of patients than where they are."""
    return (
        _listens(t, found)
        or preempts
        or t.may_stop
        or bool(t.hospital.items)
        or any(s.needs_next is not None for s in t.steps)
        or found.unusual
        or found.cues
    )


def _ints(values: Iterable[int]) -> IntArray:
    return np.fromiter((int(v) for v in values), dtype=np.int64)
