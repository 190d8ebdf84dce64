"""Moves: what a patient does: ask, start, go on, finish, go out; and what that takes and frees."""

from __future__ import annotations

from twin.calendar import CLOCKS_CHANGE_BY
from twin.engine.compiled import compiled, small
from twin.engine.heap import alarm, push
from twin.engine.lanes import consider, count_for_circles, join, leave_lanes, touch
from twin.engine.needs import all_there, give_back_people, occupy, take, tray_of
from twin.engine.state import (
    ASKED,
    ASKING,
    DUE,
    ENDS,
    FINISHED,
    HAS_CUES,
    HAS_LISTENERS,
    HAS_MORE,
    HAS_PATIENCE,
    HAS_PREEMPTORS,
    HOLDERS,
    KEPT,
    LOOK_EVERYWHERE,
    LOOK_FOR_CIRCLES,
    OUT,
    PREEMPTORS,
    PROMISED,
    RESUME,
    RUN_END,
    STARTED,
    STARTS,
    TOO_SMALL,
    TURNS,
    WAIT,
    WAITING,
)
from twin.engine.story import cue, log, place_left
from twin.engine.supplies import stock_moved
from twin.trace import Kind, Outcome
from twin.units import MS_DAY
from twin.workload import HELD_LEFT, HOUSE_LEFT, NONE, PLACE_LEFT, STEP_ENDED

_RESUMED, _PROMISED = int(Kind.RESUMED), int(Kind.PROMISED)
_DONE = int(Outcome.DONE)


@small
def note(h, buffer, which, patient):
    """Put a patient into a buffer of this instant."""
    if h.n[which] == buffer.size:
        h.n[TOO_SMALL] = 1
        return
    buffer[h.n[which]] = patient
    h.n[which] += 1


# ---- waiting ---------------------------------------------------------------------------------


@compiled
def count_waiting(h, patient, by):
    """Count one who waits for a step in (1) or out (-1)."""
    who = h.patient[patient]
    step = h.step[h.step_of[who.row]]
    h.n[WAIT] += by
    if step.holds == 1:
        h.n[HOLDERS] += by
        h.n[LOOK_EVERYWHERE] = 1  # when he goes, others may take what he lacked
    h.n[PREEMPTORS] += by * step.preempts
    if who.stopped == 1:
        return
    if who.held != NONE:
        if h.resource[who.held].component != NONE:
            count_for_circles(h, who.held, by, 0)
            h.n[LOOK_FOR_CIRCLES] = 1
    if step.kit == 1:
        for e in range(step.people_to, step.entry_to):
            item = h.resource[h.entry[e].resource].item_number
            if item != NONE:
                h.item[item].wants += by * h.entry[e].n
                stock_moved(h, item)
    if step.room != NONE:
        more = h.more[patient]
        if by == 1:
            outside = who.held == NONE and more.promise_place == NONE
            more.in_room = step.room if outside else NONE
        if more.in_room != NONE:
            h.resource[more.in_room].in_room += by
        if by == -1:
            more.in_room = NONE


@compiled
def line_up(h, patient, lane_from, lane_to, now):
    """Join the line of every place that may be taken now; later ones after their minimum wait."""
    who = h.patient[patient]
    who.lane_from, who.lane_to = lane_from, lane_to
    for lane in range(lane_from, lane_to):
        opens = who.since + h.lane[lane].after
        if opens <= now:
            join(h, patient, lane)
        else:
            alarm(h, opens, patient)


@small
def ring_as_he_ages(h, patient, now):
    """Look again at a patient at the instants at which the priority changes."""
    row = h.patient[patient].row
    step = h.step[h.step_of[row]]
    for i in range(step.ages_from, step.ages_to):
        at = h.requested[row] + h.age[i].after
        if at > now:
            alarm(h, at, patient)


@compiled
def ask(h, patient, since, now):
    """Ask for the present row's step, and stand in its lines."""
    who = h.patient[patient]
    row = who.row
    step = h.step[h.step_of[row]]
    h.requested[row] = since
    who.state = WAITING
    who.since = since
    lane_from, lane_to = step.lane_from, step.lane_to
    if h.n[HAS_MORE] == 1:
        more = h.more[patient]
        if more.promise_place != NONE and not _comes_still(h, who, more.promise_step):
            give_promise_back(h, patient)
        if more.promise_place != NONE:
            if h.step_of[row] == more.promise_step:
                lane_from, lane_to = step.promised_lane, step.promised_lane + 1
            else:
                lane_from, lane_to = step.free_from, step.free_to
    count_waiting(h, patient, 1)
    ring_as_he_ages(h, patient, now)
    if h.n[HAS_LISTENERS] == 1:
        if since == now:
            note(h, h.asked, ASKED, patient)
        if h.n[HAS_PATIENCE] == 1 and h.patience[row] != NONE:
            if since + h.patience[row] <= now:
                note(h, h.due, DUE, patient)
            else:
                alarm(h, since + h.patience[row], patient)
        if step.limited == 1:
            sitting = h.more[patient].sitting
            if sitting != NONE and since > h.sitting[sitting].limit:
                who.lane_from, who.lane_to = 0, 0  # too late: he joins no line and is cancelled
                return
    line_up(h, patient, lane_from, lane_to, now)


@compiled
def _comes_still(h, who, step):
    """A step comes in this row or in a later one."""
    for row in range(who.row, who.last):
        if h.step_of[row] == step:
            return True
    return False


@compiled
def cease_waiting(h, patient):
    """Leave all lines, because the step starts or the patient goes."""
    leave_lanes(h, patient)
    count_waiting(h, patient, -1)


# ---- places ----------------------------------------------------------------------------------


@small
def vacate(h, place, now, cleaned):
    """Give up one unit of a place, after its turnaround."""
    resource = h.resource[place]
    if cleaned or resource.turnaround == 0:
        resource.used -= 1
        touch(h, place)
    else:
        push(h, h.turns, TURNS, now + resource.turnaround, place)


@compiled
def give_up_place(h, patient, now):
    """Give up the place that is kept, if any."""
    who = h.patient[patient]
    if who.held != NONE:
        if who.last_started != NONE:
            place_left(h, who.last_started, now)
        vacate(h, who.held, now, False)
        who.held = NONE
        who.took = 0


@compiled
def give_promise_back(h, patient):
    """The place that was promised is free for others."""
    more = h.more[patient]
    if more.promise_place != NONE:
        h.resource[more.promise_place].used -= 1
        touch(h, more.promise_place)
        more.promise_place = NONE
        more.promise_step = NONE


@small
def stand_in_way(h, patient):
    """One who may be stopped in the place that he took is listed there for pre-emptors."""
    if h.n[HAS_PREEMPTORS] == 1:
        _stand_in_way(h, patient)


@compiled
def _stand_in_way(h, patient):
    who = h.patient[patient]
    if who.took == 0 or h.step[h.step_of[who.row]].can_be_stopped == 0:
        return
    place, more = h.resource[who.held], h.more[patient]
    more.last_in, more.next_in = NONE, place.first_in
    if place.first_in != NONE:
        h.more[place.first_in].last_in = patient
    place.first_in = patient
    _others_may_be_stopped(h, place)


@small
def _others_may_be_stopped(h, place):
    """Who may be stopped in a place has changed: those who wait and may stop others look at it."""
    if h.n[PREEMPTORS] > 0:
        for i in range(place.preempt_from, place.preempt_to):
            consider(h, h.links[i])


@small
def out_of_way(h, patient):
    """Undo ``stand_in_way``, before the place or the row changes."""
    if h.n[HAS_PREEMPTORS] == 1:
        _out_of_way(h, patient)


@compiled
def _out_of_way(h, patient):
    who = h.patient[patient]
    if who.took == 0 or h.step[h.step_of[who.row]].can_be_stopped == 0:
        return
    more = h.more[patient]
    if more.last_in == NONE:
        h.resource[who.held].first_in = more.next_in
    else:
        h.more[more.last_in].next_in = more.next_in
    if more.next_in != NONE:
        h.more[more.next_in].last_in = more.last_in
    _others_may_be_stopped(h, h.resource[who.held])


# ---- transfers: a stay that goes on elsewhere ------------------------------------------------


@compiled
def ask_for_transfers(h, patient, now):
    """Wait for the first place of the step's list, and for the lounge when its time has come."""
    who = h.patient[patient]
    step = h.step[h.step_of[who.row]]
    who.since = h.started[who.row]
    if step.lounge_lane != NONE and who.held == h.lane[step.lounge_lane].place:
        return
    if step.repatriation_lane != NONE and who.held != NONE and who.held != step.first_place:
        join(h, patient, step.repatriation_lane)
    if step.lounge_lane != NONE:
        opens = who.end_at - step.lounge_ms
        if opens <= now:
            join(h, patient, step.lounge_lane)
        else:
            alarm(h, opens, patient)


# ---- starting and ending ---------------------------------------------------------------------


@small
def end_of(h, row, now):
    """When a row's step ends: after its length or, for a discharge, at its hour of that day."""
    end = now + h.duration[row]
    return end if h.wall[row] == NONE else _at_discharge(h, row, end, now)


@compiled
def _at_discharge(h, row, end, now):
    wall = h.wall[row]
    shifted = max(end + h.step[h.step_of[row]].shift, 0)
    days = h.day_starts.size - 1
    day = min(shifted // MS_DAY + 1, days)
    while h.day_starts[day] > shifted:
        day -= 1
    while day < days and h.day_starts[day + 1] <= shifted:
        day += 1
    while day < days:
        length = h.day_starts[day + 1] - h.day_starts[day]
        local = wall + (length - MS_DAY if wall >= CLOCKS_CHANGE_BY else 0)
        hour = h.day_starts[day] + min(max(local, 0), length - 1)
        if hour > now:
            return hour
        day += 1
    return max(end, h.n[RUN_END])


@small
def begin(h, patient, end, now):
    """A step is under way until its end."""
    who = h.patient[patient]
    who.state, who.begun, who.end_at = STARTED, now, end
    push(h, h.ends, ENDS, end, patient)
    stand_in_way(h, patient)
    if h.step[h.step_of[who.row]].transfers == 1:
        ask_for_transfers(h, patient, now)


@compiled
def start(h, patient, number, now, swap):
    """One who waits takes all that the lane needs at once; he gives up the place kept."""
    cease_waiting(h, patient)
    _take_up(h, patient, number, now, swap)


@compiled
def start_or_ask(h, patient, now):
    """The only one for whom anything changed starts at once if all is there; else he stands in line.

    Nobody who waits can start now, so whoever finds all that he needs goes before nobody.
    """
    who = h.patient[patient]
    row = who.row
    step = h.step[h.step_of[row]]
    if step.kit == 0 and (h.n[HAS_MORE] == 0 or _is_free(h, patient, step, now)):
        for number in range(step.lane_from, step.lane_to):
            if h.lane[number].after == 0 and all_there(h, number):
                h.requested[row] = now
                who.lane_from, who.lane_to = step.lane_from, step.lane_to
                ring_as_he_ages(h, patient, now)  # he may be stopped, and wait again
                _take_up(h, patient, number, now, False)
                return
    ask(h, patient, now, now)


@compiled
def _is_free(h, patient, step, now):
    """Holds no promise, and does not come too late for a session."""
    more = h.more[patient]
    if more.promise_place != NONE:
        return False
    return step.limited == 0 or more.sitting == NONE or now <= h.sitting[more.sitting].limit


@compiled
def _take_up(h, patient, number, now, swap):
    who, lane = h.patient[patient], h.lane[number]
    row, step = who.row, h.step[lane.step]
    take(h, patient, lane, now)
    h.n[STARTS] += 1
    if lane.kind == KEPT:
        pass
    elif lane.kind == RESUME:
        occupy(h, lane.place)
        who.held, who.took = lane.place, 1
    else:
        _change_place(h, patient, lane, now, swap)
        if lane.promise != NONE:
            occupy(h, lane.promise)
            h.more[patient].promise_place = lane.promise
            h.more[patient].promise_step = step.promise_step
            log(h, now, _PROMISED, row, lane.promise, 0)
    if who.stopped == 1:
        who.stopped = 0
        log(h, now, _RESUMED, row, who.held, 0)
        begin(h, patient, now + h.more[patient].remaining, now)
    else:
        h.started[row] = now
        h.place[row] = who.held
        who.last_started = row
        begin(h, patient, end_of(h, row, now), now)


@small
def _change_place(h, patient, lane, now, swap):
    """At a first start: into the place of the lane, or on in the one that was kept."""
    who = h.patient[patient]
    in_place = h.step[lane.step].in_place == 1
    if in_place or who.held != NONE:
        if who.last_started != NONE:
            place_left(h, who.last_started, now)
        else:
            cue(h, h.first[patient], HELD_LEFT, now)
    if in_place:
        who.took = 0
        return
    if lane.kind == PROMISED:
        h.more[patient].promise_place = NONE
        h.more[patient].promise_step = NONE
    elif lane.place != NONE:
        occupy(h, lane.place)
    if who.held != NONE:
        vacate(h, who.held, now, swap)
    who.held = lane.place
    who.took = 1 if lane.place != NONE else 0


@compiled
def finish(h, patient, now):
    """Free the people; free the place unless kept; the next step is asked for after all ends."""
    who = h.patient[patient]
    row = who.row
    step = h.step[h.step_of[row]]
    h.ended[row] = now
    out_of_way(h, patient)
    if who.nodes != NONE:
        leave_lanes(h, patient)
    give_back_people(h, patient, step)
    cue(h, row, STEP_ENDED, now)
    goes_on = row + 1 < who.last
    if not (goes_on and step.keeps == 1 and who.held != NONE):
        place_left(h, row, now)
        if who.held != NONE:
            vacate(h, who.held, now, False)
            who.held = NONE
    who.took = 0
    if goes_on:
        who.row = row + 1
        who.state = ASKING
        note(h, h.finished, FINISHED, patient)
    else:
        go_out(h, patient, _DONE, now)


@compiled
def go_out(h, patient, outcome, now):
    """A patient is out of the house, in whatever way."""
    who = h.patient[patient]
    who.state = OUT
    h.outcome[patient] = outcome
    if h.n[HAS_MORE] == 1:
        _leave_nothing_behind(h, patient, now)


@compiled
def _leave_nothing_behind(h, patient, now):
    """Promises, cues and trays of one who goes."""
    give_promise_back(h, patient)
    first, last = h.first[patient], h.first[patient + 1]
    if h.n[HAS_CUES] == 1 and h.cue_from[first] < h.cue_from[last]:
        for row in range(first, last):
            cue(h, row, PLACE_LEFT, now)
            cue(h, row, HOUSE_LEFT, now)
            cue(h, row, HELD_LEFT, now)
    tray = tray_of(h, patient)
    if tray != NONE:
        h.resource[tray].used -= 1
        touch(h, tray)
