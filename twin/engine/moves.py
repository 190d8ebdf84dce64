"""Moves: what a patient does: ask, start, go on, finish, go out; and what that takes and frees."""

from __future__ import annotations

from twin.calendar import CLOCKS_CHANGE_BY
from twin.engine.compiled import compiled
from twin.engine.heap import alarm, push
from twin.engine.lanes import join, leave_lanes, touch
from twin.engine.needs import give_back_people, occupy, take
from twin.engine.state import (
    ASKED,
    ASKING,
    DUE,
    ENDS,
    FINISHED,
    HAS_CUES,
    HAS_LISTENERS,
    HAS_MORE,
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


@compiled
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
    step = h.step[h.row[who.row].step]
    h.n[WAIT] += by
    if step.holds == 1:
        h.n[HOLDERS] += by
        h.n[LOOK_EVERYWHERE] = 1  # when he goes, others may take what he lacked
    h.n[PREEMPTORS] += by * step.preempts
    if who.stopped == 1:
        return
    if who.held != NONE:
        component = h.resource[who.held].component
        if component != NONE:
            h.keepers[component] += by
            h.n[LOOK_FOR_CIRCLES] = 1
    if step.kit == 1:
        for e in range(step.people_to, step.entry_to):
            item = h.resource[h.entry[e].resource].item
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


@compiled
def ring_as_he_ages(h, patient, now):
    """Look again at a patient at the instants at which the priority changes."""
    row = h.row[h.patient[patient].row]
    step = h.step[row.step]
    for i in range(step.ages_from, step.ages_to):
        at = row.requested + h.age[i].after
        if at > now:
            alarm(h, at, patient)


@compiled
def ask(h, patient, since, now):
    """Ask for the present row's step, and stand in its lines."""
    who = h.patient[patient]
    row = h.row[who.row]
    step = h.step[row.step]
    row.requested = since
    who.state = WAITING
    who.since = since
    lane_from, lane_to = step.lane_from, step.lane_to
    if h.n[HAS_MORE] == 1:
        more = h.more[patient]
        if more.promise_place != NONE and not _comes_still(h, who, more.promise_step):
            give_promise_back(h, patient)
        if more.promise_place != NONE:
            if row.step == more.promise_step:
                lane_from, lane_to = step.promised_lane, step.promised_lane + 1
            else:
                lane_from, lane_to = step.free_from, step.free_to
    count_waiting(h, patient, 1)
    ring_as_he_ages(h, patient, now)
    if h.n[HAS_LISTENERS] == 1:
        if since == now:
            note(h, h.asked, ASKED, patient)
        if row.patience != NONE:
            if since + row.patience <= now:
                note(h, h.due, DUE, patient)
            else:
                alarm(h, since + row.patience, patient)
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
        if h.row[row].step == step:
            return True
    return False


@compiled
def cease_waiting(h, patient):
    """Leave all lines, because the step starts or the patient goes."""
    leave_lanes(h, patient)
    count_waiting(h, patient, -1)


# ---- places ----------------------------------------------------------------------------------


@compiled
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


@compiled
def stand_in_way(h, patient):
    """One who may be stopped in the place that he took is listed there for pre-emptors."""
    who = h.patient[patient]
    if h.n[HAS_PREEMPTORS] == 0 or who.took == 0 or h.step[h.row[who.row].step].can_be_stopped == 0:
        return
    place, more = h.resource[who.held], h.more[patient]
    more.last_in, more.next_in = NONE, place.first_in
    if place.first_in != NONE:
        h.more[place.first_in].last_in = patient
    place.first_in = patient


@compiled
def out_of_way(h, patient):
    """Undo ``stand_in_way``, before the place or the row changes."""
    who = h.patient[patient]
    if h.n[HAS_PREEMPTORS] == 0 or who.took == 0 or h.step[h.row[who.row].step].can_be_stopped == 0:
        return
    more = h.more[patient]
    if more.last_in == NONE:
        h.resource[who.held].first_in = more.next_in
    else:
        h.more[more.last_in].next_in = more.next_in
    if more.next_in != NONE:
        h.more[more.next_in].last_in = more.last_in


# ---- transfers: a stay that goes on elsewhere ------------------------------------------------


@compiled
def ask_for_transfers(h, patient, now):
    """Wait for the first place of the step's list, and for the lounge when its time has come."""
    who = h.patient[patient]
    row = h.row[who.row]
    step = h.step[row.step]
    who.since = row.started
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


@compiled
def end_of(h, number, now):
    """When a row's step ends: after its length or, for a discharge, at its hour of that day."""
    row = h.row[number]
    end = now + row.duration
    if row.wall == NONE:
        return end
    shifted = max(end + h.step[row.step].shift, 0)
    days = h.day_starts.size - 1
    day = min(shifted // MS_DAY + 1, days)
    while h.day_starts[day] > shifted:
        day -= 1
    while day < days and h.day_starts[day + 1] <= shifted:
        day += 1
    while day < days:
        length = h.day_starts[day + 1] - h.day_starts[day]
        local = row.wall + (length - MS_DAY if row.wall >= CLOCKS_CHANGE_BY else 0)
        hour = h.day_starts[day] + min(max(local, 0), length - 1)
        if hour > now:
            return hour
        day += 1
    return max(end, h.n[RUN_END])


@compiled
def begin(h, patient, end, now):
    """A step is under way until its end."""
    who = h.patient[patient]
    who.state, who.begun, who.end_at = STARTED, now, end
    push(h, h.ends, ENDS, end, patient)
    stand_in_way(h, patient)
    if h.step[h.row[who.row].step].transfers == 1:
        ask_for_transfers(h, patient, now)


@compiled
def start(h, patient, number, now, swap):
    """Take all that the lane needs at once; give up the place kept."""
    who, lane = h.patient[patient], h.lane[number]
    row, step = h.row[who.row], h.step[lane.step]
    cease_waiting(h, patient)
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
            log(h, now, _PROMISED, who.row, lane.promise, 0)
    if who.stopped == 1:
        who.stopped = 0
        log(h, now, _RESUMED, who.row, who.held, 0)
        begin(h, patient, now + h.more[patient].remaining, now)
    else:
        row.started = now
        row.place = who.held
        who.last_started = who.row
        begin(h, patient, end_of(h, who.row, now), now)


@compiled
def _change_place(h, patient, lane, now, swap):
    """At a first start: into the place of the lane, or on in the one that was kept."""
    who = h.patient[patient]
    in_place = h.step[lane.step].in_place == 1
    if in_place or who.held != NONE:
        if who.last_started != NONE:
            place_left(h, who.last_started, now)
        else:
            cue(h, who.first, HELD_LEFT, now)
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
    row = h.row[who.row]
    step = h.step[row.step]
    row.ended = now
    out_of_way(h, patient)
    if who.nodes != NONE:
        leave_lanes(h, patient)
    give_back_people(h, patient, step)
    cue(h, who.row, STEP_ENDED, now)
    goes_on = who.row + 1 < who.last
    if not (goes_on and step.keeps == 1 and who.held != NONE):
        place_left(h, who.row, now)
        if who.held != NONE:
            vacate(h, who.held, now, False)
            who.held = NONE
    who.took = 0
    if goes_on:
        who.row += 1
        who.state = ASKING
        note(h, h.finished, FINISHED, patient)
    else:
        go_out(h, patient, _DONE, now)


@compiled
def go_out(h, patient, outcome, now):
    """A patient is out of the house, in whatever way."""
    who = h.patient[patient]
    who.state = OUT
    who.outcome = outcome
    if h.n[HAS_MORE] == 0:
        return
    give_promise_back(h, patient)
    if h.n[HAS_CUES] == 1:
        for row in range(who.first, who.last):
            cue(h, row, PLACE_LEFT, now)
            cue(h, row, HOUSE_LEFT, now)
            cue(h, row, HELD_LEFT, now)
    tray = h.more[patient].tray
    if tray != NONE:
        h.resource[tray].used -= 1
        touch(h, tray)
