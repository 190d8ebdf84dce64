"""Circles: patients who keep full places and wait for each other's swap them at once."""

from __future__ import annotations

from twin.engine.compiled import compiled, small
from twin.engine.lanes import entry_first
from twin.engine.moves import start
from twin.engine.needs import people_free
from twin.engine.state import BOTH, EXCHANGES, LOOK_FOR_CIRCLES, PLACES
from twin.workload import NONE


@small
def circles_possible(h):
    """Two places are kept and wanted by patients who wait, and something about them has changed.

    An attempt that found no circle need not be made again until then.
    """
    if h.n[BOTH] < 2:
        h.n[LOOK_FOR_CIRCLES] = 0
    return h.n[LOOK_FOR_CIRCLES] == 1


@compiled
def _edges(h, now):
    """Find, for every pair (held place -> wanted place), the first in order who would make that move.

    Leaves the edges in order of service in ``edge.found`` (held x places + wanted), with the patient
    and lane of each in ``edge.who`` and ``edge.via``; returns their number.
    """
    places, count = h.n[PLACES], 0
    for lane in h.circle_lanes:
        place = h.lane[lane].place
        component = h.resource[place].component
        full = h.resource[place].used >= h.resource[place].level
        if h.lane[lane].head == NONE or not full or not people_free(h, h.lane[lane].step):
            continue
        node = h.lane[lane].head
        while node != NONE:
            patient = h.node[node].patient
            held = h.patient[patient].held
            if held != NONE and held != place and h.resource[held].component == component:
                number = held * places + place
                edge = h.edge[number]
                if edge.who == NONE:
                    h.edge[count].found = number
                    count += 1
                if edge.who == NONE or entry_first(h, patient, lane, edge.who, edge.via, now):
                    edge.who, edge.via = patient, lane
            node = h.node[node].following
    for i in range(1, count):
        number, j = h.edge[i].found, i
        while j > 0 and _edge_first(h, number, h.edge[j - 1].found, now):
            h.edge[j].found = h.edge[j - 1].found
            j -= 1
        h.edge[j].found = number
    return count


@compiled
def _edge_first(h, number, other, now):
    one, two = h.edge[number], h.edge[other]
    return entry_first(h, one.who, one.via, two.who, two.via, now)


@compiled
def _shortest_circle(h, edges, first):
    """Put the edges from ``first`` back to the place it holds in ``way.circle``, last first; their number.

    0 if there is no way back.
    """
    places = h.n[PLACES]
    for place in range(places):
        h.way[place].came_by = NONE
    goal, begin = first // places, first % places
    h.way[begin].came_by = first
    h.way[0].queue = begin
    read, filled = 0, 1
    while read < filled:
        here = h.way[read].queue
        read += 1
        for e in range(edges):
            edge = h.edge[e].found
            to = edge % places
            if edge // places == here and h.way[to].came_by == NONE:
                h.way[to].came_by = edge
                h.way[filled].queue = to
                filled += 1
        if h.way[goal].came_by != NONE:
            length, edge = 0, h.way[goal].came_by
            while True:
                h.way[length].circle = edge
                length += 1
                if edge == first:
                    return length
                edge = h.way[edge // places].came_by
    return 0


@compiled
def _people_free_for(h, length):
    """The bundles of all in the circle together are free."""
    h.need[:] = 0
    for i in range(length):
        step = h.step[h.lane[h.edge[h.way[i].circle].via].step]
        for e in range(step.entry_from, step.people_to):
            h.need[h.entry[e].resource] += h.entry[e].n
    enough = True
    for group in range(h.need.size):
        if h.need[group] > 0 and h.resource[group].used + h.need[group] > h.resource[group].level:
            enough = False
    h.need[:] = 0
    return enough


@compiled
def exchange(h, now):
    """The first keeper in order who closes a circle moves, with the shortest circle back to him."""
    h.n[LOOK_FOR_CIRCLES] = 0
    edges, moved = _edges(h, now), False
    for first in range(edges):
        length = _shortest_circle(h, edges, h.edge[first].found)
        if length > 0 and _people_free_for(h, length):
            for i in range(length - 1, -1, -1):
                edge = h.edge[h.way[i].circle]
                start(h, edge.who, edge.via, now, True)
            h.n[EXCHANGES] += 1
            moved = True
            break
    for e in range(edges):
        h.edge[h.edge[e].found].who = NONE
    return moved
