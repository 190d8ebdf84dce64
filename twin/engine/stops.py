"""Stops: work in progress is stopped, because a level fell or one more urgent comes, and goes on later."""

from __future__ import annotations

from twin.engine.compiled import compiled
from twin.engine.heap import remove_end
from twin.engine.holds import blocked, clear_takes, held_back, note_takes
from twin.engine.lanes import head_of, leave_lanes, priority_of, stands_in, touch
from twin.engine.moves import count_waiting, line_up, out_of_way
from twin.engine.needs import all_there, give_back_people, move_people, taken_of
from twin.engine.state import ENDS, HOLDERS, ORDINARY, PLACES, RESUME, WAITING, WHO
from twin.engine.story import log
from twin.trace import Kind
from twin.workload import NONE

_STOPPED = int(Kind.STOPPED)


@compiled
def stop(h, patient, loses_place, now):
    """Give back the people and, if it is lost, the place; wait to go on."""
    who = h.patient[patient]
    step = h.step[h.step_of[who.row]]
    h.more[patient].remaining = who.end_at - now
    remove_end(h, patient)
    out_of_way(h, patient)
    leave_lanes(h, patient)
    give_back_people(h, patient, step)
    place = who.held
    if loses_place:
        h.resource[place].used -= 1
        touch(h, place)
        who.held, who.took = NONE, 0
    log(h, now, _STOPPED, who.row, place, 1 if who.held != NONE else 0)
    wait_to_resume(h, patient, now)


@compiled
def wait_to_resume(h, patient, now):
    """Stand in line since the step was first asked for: in the place kept, or for any of the step's."""
    who = h.patient[patient]
    step = h.step[h.step_of[who.row]]
    who.state, who.stopped, who.since = WAITING, 1, h.requested[who.row]
    count_waiting(h, patient, 1)
    if who.held != NONE or step.resume_from == step.resume_to:
        line_up(h, patient, step.kept_lane, step.kept_lane + 1, now)
    else:
        line_up(h, patient, step.resume_from, step.resume_to, now)


@compiled
def _goes_sooner(h, one, two, now):
    """Whether ``one`` is stopped rather than ``two``: last in order of (priority, started, key)."""
    a, b = priority_of(h, one, now), priority_of(h, two, now)
    if a != b:
        return a > b
    since, other = h.patient[one].begun, h.patient[two].begun
    if since != other:
        return since > other
    return h.key[one] > h.key[two]


@compiled
def _took(h, patient, resource):
    """The present step itself took the place, or people of the group itself."""
    who = h.patient[patient]
    if resource < h.n[PLACES]:
        return who.held == resource and who.took == 1
    step = h.step[h.step_of[who.row]]
    for e in range(step.entry_from, step.people_to):
        if h.entry[e].resource == resource:
            return taken_of(h, patient, e, step) > 0
    return False


@compiled
def stop_those_over(h, resource, now):
    """A level fell under what is used: stop work, the last in order first, until it fits."""
    while h.resource[resource].used > h.resource[resource].level:
        last = NONE
        for i in range(h.n[ENDS]):
            patient = h.ends[i] & WHO
            if _took(h, patient, resource) and (last == NONE or _goes_sooner(h, patient, last, now)):
                last = patient
        if last == NONE:
            return
        stop(h, last, resource < h.n[PLACES], now)


@compiled
def _who_would_be_stopped(h, place, now):
    last = h.resource[place].first_in
    patient = last
    while patient != NONE:
        if _goes_sooner(h, patient, last, now):
            last = patient
        patient = h.more[patient].next_in
    return last


@compiled
def stop_for(h, number, patient, now):
    """Who would be stopped in a lane's place so that the first of it could start, or -1."""
    lane = h.lane[number]
    if lane.takes_place == 0 or (lane.kind != ORDINARY and lane.kind != RESUME):
        return NONE
    step = h.step[lane.step]
    if step.preempts == 0:
        return NONE
    last = _who_would_be_stopped(h, lane.place, now)
    if last == NONE or priority_of(h, last, now) <= priority_of(h, patient, now):
        return NONE
    his = h.step[h.step_of[h.patient[last].row]]
    h.resource[lane.place].used -= 1
    move_people(h, last, his, -1)
    possible = all_there(h, number)
    asks_others = possible and h.n[HOLDERS] > 0
    if asks_others:
        note_takes(h, number)
    h.resource[lane.place].used += 1
    move_people(h, last, his, 1)
    if asks_others:
        if blocked(h, patient, number, now):
            possible = False
        clear_takes(h, number)
    return last if possible else NONE


@compiled
def pre_empt(h, number, now):
    """Where the first of a lane starts, of all on his list: without a stop if that goes, else by one.

    Returns the lane, and the patient who is stopped for it, or -1.
    """
    patient = head_of(h, number)
    who = h.patient[patient]
    for lane in range(who.lane_from, who.lane_to):
        if stands_in(h, patient, lane) and all_there(h, lane):
            if h.n[HOLDERS] == 0 or not held_back(h, patient, lane, now):
                return lane, NONE
    for lane in range(who.lane_from, who.lane_to):
        if stands_in(h, patient, lane):
            last = stop_for(h, lane, patient, now)
            if last != NONE:
                return lane, last
    return number, NONE
