"""Lanes: the waiting lines, linked, each in the order of service; the first of each speaks for all."""

from __future__ import annotations

from twin.engine.compiled import compiled, small
from twin.engine.rules import TRANSFER as AFTER_ALL
from twin.engine.state import (
    BOTH,
    CANDIDATES,
    FREE_NODE,
    LIST,
    LOOK_EVERYWHERE,
    LOOK_FOR_CIRCLES,
    NODES,
    STARTED,
    TRANSFER,
)
from twin.workload import NONE


@small
def touch(h, number):
    """A resource was freed: the lanes that need it are looked at in this round."""
    resource = h.resource[number]
    if resource.closes_circles == 1:
        h.n[LOOK_FOR_CIRCLES] = 1  # people are back: a circle that lacked them may now close
    if resource.lined > 0:
        _consider_who_waits_for(h, resource)


@compiled
def _consider_who_waits_for(h, resource):
    for e in range(resource.waits_from, resource.waits_to):
        consider(h, h.links[e])


@small
def consider(h, number):
    """Look at a lane in this round, if anybody waits in it."""
    lane = h.lane[number]
    if lane.is_candidate == 0 and lane.head != NONE:
        lane.is_candidate = 1
        h.candidates[h.n[CANDIDATES]] = number
        h.n[CANDIDATES] += 1


@compiled
def consider_all_of(h, patient):
    """Look at all lanes in which a patient stands."""
    node = h.patient[patient].nodes
    while node != NONE:
        consider(h, h.node[node].lane)
        node = h.node[node].sibling


@small
def before(h, a, b):
    """Whether patient ``a`` waits before ``b`` in a lane: since, then key."""
    one, two = h.patient[a].since, h.patient[b].since
    if one != two:
        return one < two
    return h.key[a] < h.key[b]


@compiled
def priority_of(h, patient, now):
    """Priority of a patient's present step: its own, else that of the class, which may age."""
    row = h.patient[patient].row
    step = h.step[h.step_of[row]]
    best = step.priority
    for i in range(step.ages_from, step.ages_to):
        if now - h.requested[row] >= h.age[i].after:
            best = min(best, h.age[i].priority)
    return best


@small
def _priority_in(h, patient, lane, now):
    if lane.kind == TRANSFER:
        return AFTER_ALL
    step = h.step[lane.step]
    if step.ages_from == step.ages_to:
        return step.priority
    return priority_of(h, patient, now)


@small
def entry_first(h, one, lane, two, other, now):
    """Order of service between two entries of the lines."""
    mine, theirs = h.lane[lane], h.lane[other]
    a, b = _priority_in(h, one, mine, now), _priority_in(h, two, theirs, now)
    if a != b:
        return a < b
    if mine.rank != theirs.rank:
        return mine.rank < theirs.rank
    if one != two:
        return before(h, one, two)
    return mine.number < theirs.number


@small
def head_of(h, lane):
    """The first patient of a lane in which somebody stands."""
    return h.node[h.lane[lane].head].patient


@compiled
def count_for_circles(h, place, keepers, wanted):
    """Count patients who wait and keep a place, and how often those who keep one stand in line for it."""
    resource = h.resource[place]
    if resource.keepers > 0 and resource.wanted > 0:
        h.n[BOTH] -= 1
    resource.keepers += keepers
    resource.wanted += wanted
    if resource.keepers > 0 and resource.wanted > 0:
        h.n[BOTH] += 1


@small
def stands_in(h, patient, lane):
    """Whether a patient stands in a lane."""
    node = h.patient[patient].nodes
    while node != NONE:
        if h.node[node].lane == lane:
            return True
        node = h.node[node].sibling
    return False


@compiled
def stand(h, patient, number):
    """Stand in a lane in the order of service; in nearly all cases that is its end."""
    who, lane = h.patient[patient], h.lane[number]
    free = h.n[FREE_NODE]
    if free == NONE:
        free = h.n[NODES]
        h.n[NODES] += 1
        node = h.node[free]
    else:
        node = h.node[free]
        h.n[FREE_NODE] = node.sibling
    node.patient, node.lane, node.sibling = patient, number, who.nodes
    who.nodes = free
    after = lane.tail
    while after != NONE and before(h, patient, h.node[after].patient):
        after = h.node[after].before
    following = lane.head if after == NONE else h.node[after].following
    node.before, node.following = after, following
    if after == NONE:
        lane.head = free
    else:
        h.node[after].following = free
    if following == NONE:
        lane.tail = free
    else:
        h.node[following].before = free
    for i in range(lane.need_from, lane.need_to):
        h.resource[h.links[i]].lined += 1
    if lane.circles == 1 and who.held != NONE:
        count_for_circles(h, lane.place, 0, 1)


@compiled
def join(h, patient, lane):
    """Stand in a lane, unless he does, and have it looked at."""
    if stands_in(h, patient, lane):
        return
    stand(h, patient, lane)
    consider(h, lane)
    who = h.patient[patient]
    if who.held != NONE and who.state != STARTED and h.resource[who.held].component != NONE:
        h.n[LOOK_FOR_CIRCLES] = 1


@small
def _step_out(h, number):
    """Take a node out of its lane and give it back; the patient's next one."""
    node = h.node[number]
    lane, sibling = h.lane[node.lane], node.sibling
    if node.before == NONE:
        lane.head = node.following
    else:
        h.node[node.before].following = node.following
    if node.following == NONE:
        lane.tail = node.before
    else:
        h.node[node.following].before = node.before
    for i in range(lane.need_from, lane.need_to):
        h.resource[h.links[i]].lined -= 1
    if lane.circles == 1 and h.patient[node.patient].held != NONE:
        count_for_circles(h, lane.place, 0, -1)
    node.sibling = h.n[FREE_NODE]
    h.n[FREE_NODE] = number
    return sibling


@compiled
def leave_lanes(h, patient):
    """Take a patient out of every lane."""
    who = h.patient[patient]
    node = who.nodes
    while node != NONE:
        node = _step_out(h, node)
    who.nodes = NONE


@compiled
def look_everywhere(h):
    """Look at every lane in which somebody waits for service."""
    h.n[LOOK_EVERYWHERE] = 0
    for lane in range(h.lane.size):
        if h.lane[lane].kind != LIST:
            consider(h, lane)
