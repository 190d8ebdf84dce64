"""Needs: whether all that a step takes is there, and taking it: a place, people, a kit, a promise.

People of a group and its float pool, an item and its substitute, trays: each is an entry, a resource
and where the rest may come from. What one entry takes is not there for the next.
"""

from __future__ import annotations

from twin.engine.compiled import compiled, small
from twin.engine.lanes import touch
from twin.engine.state import GROUPS, PEOPLE, PLACES
from twin.engine.story import log
from twin.engine.supplies import consume
from twin.trace import Kind
from twin.workload import NONE

_FLOATED, _MISSED, _RESERVE, _SUBSTITUTED, _TAKEN = (
    int(kind) for kind in (Kind.FLOATED, Kind.MISSED, Kind.RESERVE, Kind.SUBSTITUTED, Kind.TAKEN)
)


@compiled
def free_of(h, number):
    """What is free of a resource, never less than 0."""
    resource = h.resource[number]
    return max(resource.level - resource.used, 0)


@compiled
def _left_by(h, first, e, number):
    """What the entries from ``first`` up to ``e`` leave of a resource."""
    left = free_of(h, number)
    for d in range(first, e):
        earlier = h.entry[d]
        if earlier.resource == number:
            left -= earlier.own
        if earlier.pool == number:
            left -= earlier.from_pool
    return left


@compiled
def share_out(h, first, last):
    """What each entry would take now of its own and of its pool; whether all of them are there."""
    complete = True
    for e in range(first, last):
        entry = h.entry[e]
        entry.own = min(entry.n, max(_left_by(h, first, e, entry.resource) - entry.spare, 0))
        entry.from_pool = 0
        if entry.own < entry.n:
            if entry.pool != NONE:
                entry.from_pool = min(entry.n - entry.own, _left_by(h, first, e, entry.pool))
            if entry.own + entry.from_pool < entry.n:
                complete = False
    return complete


@small
def _own_free(h, first, last):
    """What each of some entries takes is free of its own resource, without float pools."""
    for e in range(first, last):
        entry = h.entry[e]
        resource = h.resource[entry.resource]
        if resource.used + entry.n > resource.level:
            return False
    return True


@compiled
def people_free(h, number):
    """The whole bundle of a step is free, without float pools."""
    step = h.step[number]
    return _own_free(h, step.entry_from, step.people_to)


@compiled
def gate_open(h, place):
    """All places that must be full before this one opens are."""
    resource = h.resource[place]
    for i in range(resource.gate_from, resource.gate_to):
        other = h.resource[h.links[i]]
        if other.used < other.level:
            return False
    return True


@compiled
def place_free(h, lane):
    """A lane's place has a free unit and is open, or none is needed."""
    if lane.takes_place == 0:
        return True
    resource = h.resource[lane.place]
    return resource.used < resource.level and gate_open(h, lane.place)


@compiled
def promise_free(h, lane):
    """The place that the step would be promised has a free unit (a second one, if it is its place too)."""
    if lane.promise == NONE:
        return True
    own = 1 if lane.takes_place == 1 and lane.place == lane.promise else 0
    resource = h.resource[lane.promise]
    return resource.used + own < resource.level


@small
def all_there(h, number):
    """All that the patients of a lane need is there, whoever else waits for it."""
    lane = h.lane[number]
    if lane.plain == 0:
        return _others_there(h, lane)
    if lane.takes_place == 1:
        resource = h.resource[lane.place]
        if resource.used >= resource.level:
            return False
    return _own_free(h, lane.entry_from, lane.entry_to)


@compiled
def _others_there(h, lane):
    if not place_free(h, lane) or not promise_free(h, lane):
        return False
    return share_out(h, lane.entry_from, lane.entry_to)


@small
def occupy(h, place):
    """Take one unit of a place; if it is full now, places that open then are looked at."""
    resource = h.resource[place]
    resource.used += 1
    if resource.opens_others == 1 and resource.used >= resource.level:
        touch(h, place)


@small
def take(h, patient, lane, now):
    """Take people and kit for the first patient of a lane."""
    step = h.step[lane.step]
    if step.plain == 1:
        for e in range(lane.entry_from, lane.entry_to):
            h.resource[h.entry[e].resource].used += h.entry[e].n
    else:
        _take_more(h, patient, lane, step, now)


@compiled
def _take_more(h, patient, lane, step, now):
    share_out(h, lane.entry_from, lane.entry_to)
    row = h.patient[patient].row
    for e in range(lane.entry_from, lane.entry_to):
        entry = h.entry[e]
        if entry.kind == PEOPLE:
            h.resource[entry.resource].used += entry.own
            if entry.from_pool > 0:
                h.resource[entry.pool].used += entry.from_pool
                log(h, now, _FLOATED, row, entry.resource - h.n[PLACES], entry.from_pool)
            if step.pooled == 1:
                h.pooled[patient, e - step.entry_from] = entry.from_pool
        else:
            _take_supplies(h, row, entry, now)


@compiled
def _take_supplies(h, row, entry, now):
    what = entry.resource - h.n[PLACES] - h.n[GROUPS]
    if entry.own > 0:
        log(h, now, _TAKEN, row, what, entry.own)
        resource = h.resource[entry.resource]
        of_reserve = min(entry.own, entry.reserve - (resource.level - resource.used - entry.own))
        if of_reserve > 0:
            log(h, now, _RESERVE, row, what, of_reserve)
        resource.used += entry.own
        if resource.item_number != NONE:
            consume(h, resource.item_number, entry.own)
    if entry.from_pool > 0:
        log(h, now, _SUBSTITUTED, row, what, entry.from_pool)
        h.resource[entry.pool].used += entry.from_pool
        consume(h, h.resource[entry.pool].item_number, entry.from_pool)


@small
def taken_of(h, patient, e, step):
    """People of an entry who are of the group itself."""
    if step.pooled == 0:
        return h.entry[e].n
    return h.entry[e].n - h.pooled[patient, e - step.entry_from]


@compiled
def move_people(h, patient, step, by):
    """Take (1) or give back (-1) the people who are with a patient, without a look at the lanes."""
    for e in range(step.entry_from, step.people_to):
        entry = h.entry[e]
        own = taken_of(h, patient, e, step)
        h.resource[entry.resource].used += by * own
        if own < entry.n:
            h.resource[entry.pool].used += by * (entry.n - own)


@small
def give_back_people(h, patient, step):
    """People go back to their group and their pool, and are free for others."""
    if step.entry_from == step.people_to:
        return
    move_people(h, patient, step, -1)
    for e in range(step.entry_from, step.people_to):
        entry = h.entry[e]
        touch(h, entry.resource)
        if entry.pool != NONE:
            touch(h, entry.pool)


@small
def tray_of(h, patient):
    """The tray that goes through SPD, as a resource; -1 for a patient."""
    number = h.tray[patient]
    return NONE if number == NONE else h.n[PLACES] + h.n[GROUPS] + h.item.size + number


@compiled
def judge_kit(h, patient, now):
    """Write down what is missing of the kit that a patient asks for."""
    row = h.patient[patient].row
    step = h.step[h.step_of[row]]
    for e in range(step.people_to, step.entry_to):
        entry = h.entry[e]
        short = entry.n - free_of(h, entry.resource)
        if short > 0:
            log(h, now, _MISSED, row, entry.resource - h.n[PLACES] - h.n[GROUPS], short)
