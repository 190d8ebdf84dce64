"""Deadlock: patients who wait for each other's places in a circle that no rule resolves.

An exchange resolves a circle as soon as the people for all its moves are there at once. Where the
moves together need more people than ever come on duty, nobody in the circle moves again, and neither
does anybody who waits for its places. Such a run has no answer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import networkx as nx
import numpy as np

from twin.errors import Deadlock
from twin.hospital import Hospital
from twin.trace import UNSET, Trace
from twin.workload import NONE

#: circles looked at before giving up; real houses have a handful [circles]
_MOST_CIRCLES = 1_000


@dataclass(frozen=True)
class _Keeper:
    """One who keeps a place and waits at the end of the run."""

    held: str
    wants: tuple[str, ...]
    people: tuple[tuple[str, int], ...]


def refuse_deadlock(trace: Trace, hospital: Hospital) -> None:
    """Refuse a run that ended with a circle that can never be resolved.

    Raises
    ------
    Deadlock
        With the places of the circle, and the people that its moves need at once.
    """
    keepers = _keepers(trace, hospital)
    most = {name: int(level.values.max()) for name, level in trace.schedule.levels.items()}
    stuck = _stuck(keepers, _others(trace, keepers), most)
    circles = _circles(stuck)
    if not circles:
        return
    needs = [_need(circle) for circle in circles]
    short = [[g for g, n in need.items() if n > most[g]] for need in needs]
    if all(short):
        places = " -> ".join(keeper.held for keeper in circles[0])
        group = short[0][0]
        raise Deadlock(
            f"patients wait for each other's places for ever: {places} -> {circles[0][0].held}; to swap them "
            f"all at once takes {needs[0][group]} of {group}, and at most {most[group]} are ever there; let "
            "one of these steps give up its place (keeps_place = false) or put more people on duty"
        )


def _keepers(trace: Trace, hospital: Hospital) -> list[_Keeper]:
    work, found = trace.workload, []
    for row in np.flatnonzero((trace.requested != UNSET) & (trace.started == UNSET)):
        patient = int(trace.patient[row])
        first = row == work.first[patient]
        held = int(work.held[patient]) if first else int(trace.place[row - 1])
        kept = held != NONE and (first or trace.left[row - 1] == UNSET)
        if kept:
            key = trace.steps[work.step[row]]
            step = hospital.pathways[key.pathway].steps[key.index]
            if step.places:
                wants = tuple(a.place for a in step.alternatives())
                found.append(_Keeper(trace.places[held], wants, tuple(step.staff.items())))
    return found


def _others(trace: Trace, keepers: Iterable[_Keeper]) -> Counter[str]:
    """Patients in each place at the end who do not wait for another: they will leave by themselves."""
    inside = (trace.started != UNSET) & (trace.left == UNSET) & (trace.place != NONE)
    count = Counter(trace.places[p] for p in trace.place[inside])
    count.subtract(k.held for k in keepers)
    return count


def _stuck(keepers: list[_Keeper], others: Counter[str], most: dict[str, int]) -> list[_Keeper]:
    """Keepers all of whose wanted places are held by keepers who cannot move either."""
    holders = Counter(k.held for k in keepers)
    may_free = {
        place for k in keepers for place in k.wants if others[place] > 0 or holders[place] < most[place]
    }
    stuck = list(keepers)
    while True:
        moving = [k for k in stuck if any(place in may_free for place in k.wants)]
        if not moving:
            return stuck
        stuck = [k for k in stuck if k not in moving]
        may_free |= {k.held for k in moving}


def _circles(stuck: list[_Keeper]) -> list[list[_Keeper]]:
    """Circles of stuck keepers; of several who would make the same move, one who needs the fewest people."""
    graph = nx.DiGraph()
    for keeper in sorted(stuck, key=lambda k: -sum(n for _, n in k.people)):
        for place in keeper.wants:
            graph.add_edge(keeper.held, place, keeper=keeper)
    found = []
    for cycle in nx.simple_cycles(graph):
        found.append(
            [graph.edges[a, b]["keeper"] for a, b in zip(cycle, [*cycle[1:], cycle[0]], strict=True)]
        )
        if len(found) == _MOST_CIRCLES:
            break
    return found


def _need(circle: list[_Keeper]) -> Counter[str]:
    need: Counter[str] = Counter()
    for keeper in circle:
        need.update(dict(keeper.people))
    return need
