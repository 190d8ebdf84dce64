"""Program: the hospital compiled into the kernel's tables of whole numbers.

A *lane* is one waiting line: all requests of one step for one of its places. They need the same
place and the same people, so if the first of a lane cannot start, none of it can.
"""

from __future__ import annotations

from typing import NamedTuple

import networkx as nx
import numpy as np

from twin.case import Case, Schedule
from twin.engine.rules import stay_shifts
from twin.units import IntArray, hours, minutes
from twin.workload import ARRIVES, NONE, Workload, number_steps


class Program(NamedTuple):
    """Tables of one hospital; "from i to i + 1" tables have one entry more than their rows."""

    priority: IntArray  # (step,) 1 = first
    in_place: IntArray  # (step,) 0 or 1
    keeps: IntArray  # (step,) 0 or 1
    shift: IntArray  # (step,) [ms]
    bundle_from: IntArray  # (step + 1,) rows of the two tables below
    bundle_group: IntArray  # (entry,) staff group as a resource number
    bundle_people: IntArray  # (entry,) [people]
    lane_from: IntArray  # (step + 1,) lanes of each step
    lane_step: IntArray  # (lane,)
    lane_place: IntArray  # (lane,) -1: no place of its own
    lane_after: IntArray  # (lane,) minimum wait [ms]
    lane_number: IntArray  # (lane,) place in the step's list
    waits_from: IntArray  # (resource + 1,) lanes that need a resource
    waits_lane: IntArray  # (entry,)
    turnaround: IntArray  # (place,) [ms]
    component: IntArray  # (place,) places that patients can block in a circle share a number; else -1
    circle_lanes: IntArray  # lanes of those places
    closes_circles: IntArray  # (resource,) 1 for staff groups that those lanes need
    change_at: IntArray  # (change,) [ms]
    change_what: IntArray  # (change,) resource
    change_level: IntArray  # (change,) level from then on
    level: IntArray  # (resource,) at the start


def compile_program(case: Case, workload: Workload, schedule: Schedule) -> Program:
    """Compile a case; resources are places in the order of the description, then staff groups."""
    hospital = case.hospital
    keys = number_steps(hospital)
    steps = [hospital.pathways[k.pathway].steps[k.index] for k in keys]
    resources = {name: i for i, name in enumerate([*hospital.everywhere, *hospital.staff])}
    bundles = [[(resources[g], n) for g, n in step.staff.items()] for step in steps]
    lanes = [
        (s, resources[a.place], hours(a.after_hours), i)
        for s, step in enumerate(steps)
        for i, a in enumerate(step.alternatives())
    ] + [(s, NONE, 0, 0) for s, step in enumerate(steps) if not step.places]
    lanes.sort(key=lambda lane: (lane[0], lane[3]))
    waits: list[list[int]] = [[] for _ in resources]
    for number, (s, place, _, _) in enumerate(lanes):
        for resource in ([place] if place != NONE else []) + [g for g, _ in bundles[s]]:
            waits[resource].append(number)
    component = _components(case, workload, resources)
    circle_lanes = [i for i, lane in enumerate(lanes) if lane[1] != NONE and component[lane[1]] != NONE]
    circle_groups = {group for i in circle_lanes for group, _ in bundles[lanes[i][0]]}
    changes = sorted(
        (int(t), resources[name], int(v))
        for name, level in schedule.levels.items()
        for t, v in zip(level.times, level.values, strict=True)
        if t > 0
    )
    return Program(
        priority=_ints(
            step.priority or hospital.classes[key.patient_class].priority
            for key, step in zip(keys, steps, strict=True)
        ),
        in_place=_ints(step.in_place for step in steps),
        keeps=_ints(step.keeps_place for step in steps),
        shift=_ints(stay_shifts(hospital, keys)),
        bundle_from=_offsets(len(b) for b in bundles),
        bundle_group=_ints(g for b in bundles for g, _ in b),
        bundle_people=_ints(n for b in bundles for _, n in b),
        lane_from=_offsets(max(len(step.places), 1) for step in steps),
        lane_step=_ints(lane[0] for lane in lanes),
        lane_place=_ints(lane[1] for lane in lanes),
        lane_after=_ints(lane[2] for lane in lanes),
        lane_number=_ints(lane[3] for lane in lanes),
        waits_from=_offsets(len(w) for w in waits),
        waits_lane=_ints(lane for w in waits for lane in w),
        turnaround=_ints(minutes(e.turnaround_minutes) for e in hospital.everywhere.values()),
        component=component,
        circle_lanes=_ints(circle_lanes),
        closes_circles=_ints(r in circle_groups for r in resources.values()),
        change_at=_ints(t for t, _, _ in changes),
        change_what=_ints(r for _, r, _ in changes),
        change_level=_ints(v for _, _, v in changes),
        level=_ints(schedule.levels[name].values[0] for name in resources),
    )


def _components(case: Case, workload: Workload, resources: dict[str, int]) -> IntArray:
    """Places in which keepers may wait for each other in a circle, by strongly connected part."""
    hospital = case.hospital
    graph = nx.DiGraph()
    graph.add_nodes_from(range(len(hospital.everywhere)))
    for pathway in hospital.pathways.values():
        for i in range(len(pathway.steps)):
            for held in _held_after(pathway, i):
                for to, share in pathway.routes(i):
                    if to is not None and share > 0:
                        wanted = (a.place for a in pathway.steps[to].alternatives())
                        graph.add_edges_from((resources[held], resources[place]) for place in wanted)
    for i in (int(j) for j in np.flatnonzero((workload.origin != ARRIVES) & (workload.held != NONE))):
        name = list(hospital.classes)[int(workload.patient_class[i])]
        for step in hospital.pathways[hospital.classes[name].pathway].steps:
            graph.add_edges_from((int(workload.held[i]), resources[a.place]) for a in step.alternatives())
    component = np.full(len(hospital.everywhere), NONE, np.int64)
    parts = sorted(sorted(part) for part in nx.strongly_connected_components(graph) if len(part) > 1)
    for number, part in enumerate(parts):
        component[part] = number
    return component


def _held_after(pathway, index: int, seen: frozenset[int] = frozenset()) -> set[str]:  # type: ignore[no-untyped-def]
    """Places that a patient may keep after a step."""
    step = pathway.steps[index]
    if not step.keeps_place:
        return set()
    if not step.in_place:
        return {a.place for a in step.alternatives()}
    before = [
        i
        for i in range(len(pathway.steps))
        if i not in seen and any(to == index and share > 0 for to, share in pathway.routes(i))
    ]
    return set().union(*(_held_after(pathway, i, seen | {index}) for i in before)) if before else set()


def _ints(values) -> IntArray:  # type: ignore[no-untyped-def]
    return np.fromiter((int(v) for v in values), dtype=np.int64)


def _offsets(lengths) -> IntArray:  # type: ignore[no-untyped-def]
    return np.concatenate([[0], np.cumsum(_ints(lengths))]).astype(np.int64)
