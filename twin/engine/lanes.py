"""Lanes: the waiting lines, linked, each in the order of service; the first of each speaks for all."""

from __future__ import annotations

from twin.engine.compiled import compiled
from twin.engine.state import CANDIDATES, FREE_NODE, LOOK_FOR_CIRCLES
from twin.workload import NONE


@compiled
def touch(p, h, resource):
    """A resource was freed: the lanes that need it are looked at in this round."""
    if p.closes_circles[resource] == 1:
        h.n[LOOK_FOR_CIRCLES] = 1  # people are back: a circle that lacked them may now close
    for e in range(p.waits_from[resource], p.waits_from[resource + 1]):
        consider(h, p.waits_lane[e])


@compiled
def consider(h, lane):
    """Look at a lane in this round, if anybody waits in it."""
    if h.is_candidate[lane] == 0 and h.head[lane] != NONE:
        h.is_candidate[lane] = 1
        h.candidates[h.n[CANDIDATES]] = lane
        h.n[CANDIDATES] += 1


@compiled
def before(w, h, a, b):
    """Whether patient ``a`` waits before ``b`` in a lane: since, then key."""
    if h.since[a] != h.since[b]:
        return h.since[a] < h.since[b]
    return w.key[a] < w.key[b]


@compiled
def entry_first(p, w, h, one, lane, two, other):
    """Order of service between two entries of the lines."""
    a, b = p.priority[p.lane_step[lane]], p.priority[p.lane_step[other]]
    if a != b:
        return a < b
    a, b = p.lane_number[lane] > 0, p.lane_number[other] > 0
    if a != b:
        return b
    if one != two:
        return before(w, h, one, two)
    return p.lane_number[lane] < p.lane_number[other]


@compiled
def join(p, w, h, patient, lane):
    """Stand in a lane in the order of service; in nearly all cases that is its end."""
    mine = h.nodes[patient]
    while mine != NONE:
        if h.node_lane[mine] == lane:
            return
        mine = h.node_sibling[mine]
    node = h.n[FREE_NODE]
    h.n[FREE_NODE] = h.node_sibling[node]
    h.node_patient[node] = patient
    h.node_lane[node] = lane
    h.node_sibling[node] = h.nodes[patient]
    h.nodes[patient] = node
    after = h.tail[lane]
    while after != NONE and before(w, h, patient, h.node_patient[after]):
        after = h.node_before[after]
    following = h.head[lane] if after == NONE else h.node_next[after]
    h.node_before[node], h.node_next[node] = after, following
    if after == NONE:
        h.head[lane] = node
    else:
        h.node_next[after] = node
    if following == NONE:
        h.tail[lane] = node
    else:
        h.node_before[following] = node
    consider(h, lane)
    held = h.held[patient]
    if held != NONE and p.component[held] != NONE:
        h.n[LOOK_FOR_CIRCLES] = 1


@compiled
def leave_lanes(h, patient):
    """Take a patient out of every lane."""
    node = h.nodes[patient]
    while node != NONE:
        lane, before, following = h.node_lane[node], h.node_before[node], h.node_next[node]
        if before == NONE:
            h.head[lane] = following
        else:
            h.node_next[before] = following
        if following == NONE:
            h.tail[lane] = before
        else:
            h.node_before[following] = before
        sibling = h.node_sibling[node]
        h.node_sibling[node] = h.n[FREE_NODE]
        h.n[FREE_NODE] = node
        node = sibling
    h.nodes[patient] = NONE
