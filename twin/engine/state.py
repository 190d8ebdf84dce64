"""State: what the kernel knows of the house while it plays, as columns of whole numbers.

A packed event is time x 2^24 + who: 16.7 million patients, 2^39 ms or 6,300 days.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from twin.engine.program import Program
from twin.units import IntArray
from twin.workload import NONE

WHO_BITS = 24
WHO = (1 << WHO_BITS) - 1
NEVER = np.iinfo(np.int64).max
WAITING, STARTED = 1, 2

# entries of ``House.n``
ENDS, TURNS, OPENS, CANDIDATES, WAIT, LOOK_FOR_CIRCLES, EXCHANGES, FREE_NODE = range(8)


class Patients(NamedTuple):
    """The workload's columns."""

    key: IntArray
    arrival: IntArray
    first: IntArray
    origin: IntArray
    held: IntArray
    since: IntArray
    step: IntArray
    duration: IntArray
    wall: IntArray
    day_starts: IntArray


class House(NamedTuple):
    """The state of the house; one-entry facts live in ``n``."""

    n: IntArray
    level: IntArray  # (resource,)
    used: IntArray  # (resource,)
    ends: IntArray  # heap of packed (time, patient)
    turns: IntArray  # heap of packed (time, place)
    opens: IntArray  # heap of packed (time, patient): a minimum wait is over
    row: IntArray  # (patient,) row of the present step
    state: IntArray  # (patient,)
    held: IntArray  # (patient,) place held or -1
    since: IntArray  # (patient,) waiting since [ms]
    nodes: IntArray  # (patient,) first of the patient's nodes, or -1
    node_patient: IntArray
    node_lane: IntArray
    node_next: IntArray  # in the lane
    node_before: IntArray  # in the lane
    node_sibling: IntArray  # of the same patient; free nodes are chained by it
    head: IntArray  # (lane,)
    tail: IntArray  # (lane,)
    is_candidate: IntArray  # (lane,)
    candidates: IntArray  # (lane,)
    keepers: IntArray  # (component,) waiting patients who hold one of its places
    edge_who: IntArray  # (place x place,) work space of the search for circles, -1 between searches
    edge_via: IntArray
    edge_found: IntArray
    came_by: IntArray  # (place,)
    queue: IntArray  # (place,)
    circle: IntArray  # (place,)
    need: IntArray  # (resource,)


class Story(NamedTuple):
    """The trace's columns while they are written."""

    place: IntArray
    requested: IntArray
    started: IntArray
    ended: IntArray
    left: IntArray


def new_house(p: Program, w: Patients, most_places: int) -> House:
    """An empty house, with room for every patient of the workload."""
    n, lanes, nodes = w.key.size, p.lane_place.size, w.key.size * most_places + 1
    counts = np.zeros(8, np.int64)
    chain = np.arange(1, nodes + 1, dtype=np.int64)

    def none(size: int) -> IntArray:
        return np.full(size, NONE, np.int64)

    return House(
        n=counts,
        level=p.level.copy(),
        used=np.zeros_like(p.level),
        ends=np.empty(n + 1, np.int64),
        turns=np.empty(w.step.size + n + 1, np.int64),
        opens=np.empty(w.step.size * most_places + 1, np.int64),
        row=np.zeros(n, np.int64),
        state=np.zeros(n, np.int64),
        held=none(n),
        since=np.zeros(n, np.int64),
        nodes=none(n),
        node_patient=np.empty(nodes, np.int64),
        node_lane=np.empty(nodes, np.int64),
        node_next=np.empty(nodes, np.int64),
        node_before=np.empty(nodes, np.int64),
        node_sibling=chain,
        head=none(lanes),
        tail=none(lanes),
        is_candidate=np.zeros(lanes, np.int64),
        candidates=np.empty(lanes + 1, np.int64),
        keepers=np.zeros(max(int(p.component.max(initial=NONE)) + 1, 1), np.int64),
        edge_who=none(p.turnaround.size**2),
        edge_via=none(p.turnaround.size**2),
        edge_found=none(p.turnaround.size**2),
        came_by=none(p.turnaround.size),
        queue=none(p.turnaround.size),
        circle=none(p.turnaround.size),
        need=np.zeros_like(p.level),
    )
