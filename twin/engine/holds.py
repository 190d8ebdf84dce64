"""Holding the line: while one who waits lacks something, those later in order may not take of it."""

from __future__ import annotations

from twin.engine.compiled import compiled
from twin.engine.lanes import entry_first
from twin.engine.needs import all_there, place_free, promise_free, share_out
from twin.workload import NONE


@compiled
def note_takes(h, number):
    """Write down, by resource, what the first of a lane would take now."""
    lane = h.lane[number]
    if lane.takes_place == 1:
        h.need[lane.place] += 1
    if lane.promise != NONE:
        h.need[lane.promise] += 1
    share_out(h, lane.entry_from, lane.entry_to)
    for e in range(lane.entry_from, lane.entry_to):
        entry = h.entry[e]
        h.need[entry.resource] += entry.own
        if entry.from_pool > 0:
            h.need[entry.pool] += entry.from_pool


@compiled
def clear_takes(h, number):
    """Undo ``note_takes``."""
    lane = h.lane[number]
    if lane.takes_place == 1:
        h.need[lane.place] = 0
    if lane.promise != NONE:
        h.need[lane.promise] = 0
    for e in range(lane.entry_from, lane.entry_to):
        entry = h.entry[e]
        h.need[entry.resource] = 0
        if entry.pool != NONE:
            h.need[entry.pool] = 0


@compiled
def _can_start_nowhere(h, patient):
    """Something is short in every line in which a patient stands."""
    node = h.patient[patient].nodes
    while node != NONE:
        if all_there(h, h.node[node].lane):
            return False
        node = h.node[node].sibling
    return True


@compiled
def _lacks_of_it(h, number):
    """Those in a lane lack something of what was written down."""
    lane = h.lane[number]
    if lane.takes_place == 1 and h.need[lane.place] > 0 and not place_free(h, lane):
        return True
    if lane.promise != NONE and h.need[lane.promise] > 0 and not promise_free(h, lane):
        return True
    share_out(h, lane.entry_from, lane.entry_to)
    for e in range(lane.entry_from, lane.entry_to):
        entry = h.entry[e]
        if entry.own + entry.from_pool < entry.n:
            if h.need[entry.resource] > 0 or (entry.pool != NONE and h.need[entry.pool] > 0):
                return True
    return False


@compiled
def blocked(h, patient, number, now):
    """Somebody earlier in order, who holds the line, lacks something of what was written down."""
    for i in range(h.holding_lanes.size):
        holding = h.holding_lanes[i]
        node = h.lane[holding].head
        while node != NONE:
            other = h.node[node].patient
            if not entry_first(h, other, holding, patient, number, now):
                break
            if other != patient and _can_start_nowhere(h, other):
                if _lacks_of_it(h, holding):
                    return True
                break
            node = h.node[node].following
    return False


@compiled
def held_back(h, patient, number, now):
    """Others who hold the line keep a patient from starting in a lane."""
    note_takes(h, number)
    result = blocked(h, patient, number, now)
    clear_takes(h, number)
    return result
