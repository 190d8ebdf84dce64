"""Circles: patients who keep full places and wait for each other's swap them at once."""

from __future__ import annotations

from twin.engine.compiled import compiled
from twin.engine.lanes import entry_first
from twin.engine.moves import people_free, start
from twin.engine.state import EXCHANGES, LOOK_FOR_CIRCLES
from twin.workload import NONE


@compiled
def circles_possible(h):
    """Two keepers or more wait within one part of the house, and something about them has changed.

    An attempt that found no circle need not be made again until then.
    """
    if h.n[LOOK_FOR_CIRCLES] == 0:
        return False
    for c in range(h.keepers.size):
        if h.keepers[c] > 1:
            return True
    return False


@compiled
def _edges(p, w, h):
    """Find, for every pair (held place -> wanted place), the first in order who would make that move.

    Leaves the edges in order of service in ``edge_found`` (held x places + wanted), with the patient
    and lane of each in ``edge_who`` and ``edge_via``; returns their number.
    """
    places, count = p.turnaround.size, 0
    for lane in p.circle_lanes:
        place = p.lane_place[lane]
        if h.head[lane] == NONE or not people_free(p, h, p.lane_step[lane]):
            continue
        node = h.head[lane]
        while node != NONE:
            patient = h.node_patient[node]
            held = h.held[patient]
            if held != NONE and held != place and p.component[held] == p.component[place]:
                edge = held * places + place
                if h.edge_who[edge] == NONE:
                    h.edge_found[count] = edge
                    count += 1
                if h.edge_who[edge] == NONE or entry_first(
                    p, w, h, patient, lane, h.edge_who[edge], h.edge_via[edge]
                ):
                    h.edge_who[edge], h.edge_via[edge] = patient, lane
            node = h.node_next[node]
    for i in range(1, count):
        edge, j = h.edge_found[i], i
        while j > 0 and _edge_first(p, w, h, edge, h.edge_found[j - 1]):
            h.edge_found[j] = h.edge_found[j - 1]
            j -= 1
        h.edge_found[j] = edge
    return count


@compiled
def _edge_first(p, w, h, edge, other):
    return entry_first(p, w, h, h.edge_who[edge], h.edge_via[edge], h.edge_who[other], h.edge_via[other])


@compiled
def _shortest_circle(p, h, edges, first):
    """Put the edges from ``first`` back to the place it holds in ``circle``, last first; their number.

    0 if there is no way back.
    """
    places = p.turnaround.size
    h.came_by[:] = NONE
    goal, start = first // places, first % places
    h.came_by[start] = first
    h.queue[0] = start
    read, filled = 0, 1
    while read < filled:
        here = h.queue[read]
        read += 1
        for e in range(edges):
            edge = h.edge_found[e]
            to = edge % places
            if edge // places == here and h.came_by[to] == NONE:
                h.came_by[to] = edge
                h.queue[filled] = to
                filled += 1
        if h.came_by[goal] != NONE:
            length, edge = 0, h.came_by[goal]
            while True:
                h.circle[length] = edge
                length += 1
                if edge == first:
                    return length
                edge = h.came_by[edge // places]
    return 0


@compiled
def _people_free_for(p, h, length):
    """The bundles of all in the circle together are free."""
    h.need[:] = 0
    for i in range(length):
        step = p.lane_step[h.edge_via[h.circle[i]]]
        for e in range(p.bundle_from[step], p.bundle_from[step + 1]):
            h.need[p.bundle_group[e]] += p.bundle_people[e]
    for group in range(h.need.size):
        if h.need[group] > 0 and h.used[group] + h.need[group] > h.level[group]:
            return False
    return True


@compiled
def exchange(p, w, h, story, now, run_end):
    """The first keeper in order who closes a circle moves, with the shortest circle back to him."""
    h.n[LOOK_FOR_CIRCLES] = 0
    edges, moved = _edges(p, w, h), False
    for first in range(edges):
        length = _shortest_circle(p, h, edges, h.edge_found[first])
        if length > 0 and _people_free_for(p, h, length):
            for i in range(length - 1, -1, -1):
                edge = h.circle[i]
                place = p.lane_place[h.edge_via[edge]]
                start(p, w, h, story, h.edge_who[edge], place, now, run_end, True)
            h.n[EXCHANGES] += 1
            moved = True
            break
    for e in range(edges):
        h.edge_who[h.edge_found[e]] = NONE
    return moved
