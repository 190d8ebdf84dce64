"""Arriving: who comes, on a cue, to an appointment, at the door; and who is there when the run begins."""

from __future__ import annotations

from twin.engine.compiled import compiled, small
from twin.engine.lanes import consider_all_of, join
from twin.engine.lists import belong_to, does_not_come, expect, put_on_list
from twin.engine.moves import ask, begin, end_of, go_out, note, ring_as_he_ages, start_or_ask
from twin.engine.needs import occupy, tray_of
from twin.engine.state import (
    ABSENT,
    BOOKED,
    CUED,
    DUE,
    HAS_MORE,
    HAS_PATIENCE,
    LOOK_FOR_CIRCLES,
    STARTED,
    STAYS,
    TRAY,
    WAITING,
)
from twin.engine.stops import wait_to_resume
from twin.trace import Outcome
from twin.workload import BOOKED as WAS_BOOKED
from twin.workload import IN_STEP, LISTED, NONE, STOPPED
from twin.workload import WAITING as WAITED

_DONE = int(Outcome.DONE)


@compiled
def come(h, patient, alone, now):
    """Come to the house and ask for the first step; ``alone``: nothing else happens at this instant."""
    who = h.patient[patient]
    h.came[patient], who.row = now, h.first[patient]
    if who.row == who.last:
        go_out(h, patient, _DONE, now)
    elif alone:
        start_or_ask(h, patient, now)
    else:
        ask(h, patient, now, now)


@small
def is_new(h, patient):
    """Nothing has happened yet to a patient."""
    who = h.patient[patient]
    who.since, who.end_at, who.begun = 0, 0, 0
    who.row, who.last = h.first[patient], h.first[patient + 1]
    who.nodes, who.last_started, who.held, who.lane_from, who.lane_to = NONE, NONE, NONE, 0, 0
    who.state, who.took, who.stopped = ABSENT, 0, 0
    if h.n[HAS_MORE] == 1:
        more = h.more[patient]
        more.remaining, more.comes_at, more.listed, more.going = 0, 0, 0, STAYS
        more.promise_place, more.promise_step, more.sitting = NONE, NONE, NONE
        more.next_booked, more.last_booked, more.in_room = NONE, NONE, NONE
        more.next_in, more.last_in = NONE, NONE


@compiled
def arrive(h, patient, alone, now):
    """Arrive in the workload: come at once or, of a scheduled class, join the list."""
    if h.klass[h.patient_class[patient]].booked == 1:
        h.patient[patient].row = h.first[patient]
        put_on_list(h, patient, now)
    else:
        come(h, patient, alone, now)


@compiled
def look_again(h, patient, alone, now):
    """Look again at a patient for whom something may be due now."""
    who = h.patient[patient]
    row = who.row
    if who.state == WAITING:
        for lane in range(who.lane_from, who.lane_to):
            after = h.lane[lane].after
            if after > 0 and who.since + after == now:
                join(h, patient, lane)
        step = h.step[h.step_of[row]]
        if step.ages_from < step.ages_to:
            consider_all_of(h, patient)
            h.n[LOOK_FOR_CIRCLES] = 1
        if h.n[HAS_PATIENCE] == 1 and h.patience[row] != NONE:
            if h.requested[row] + h.patience[row] == now:
                note(h, h.due, DUE, patient)
    elif who.state == STARTED:
        step = h.step[h.step_of[row]]
        if step.lounge_lane != NONE and who.end_at - step.lounge_ms <= now:
            if who.held != h.lane[step.lounge_lane].place:
                join(h, patient, step.lounge_lane)
    elif who.state == CUED:
        if h.more[patient].comes_at == now:
            arrive(h, patient, alone, now)
    elif who.state == BOOKED:
        if h.more[patient].comes_at == now:
            if h.shows[patient] == 1:
                come(h, patient, alone, now)
            else:
                does_not_come(h, patient, now)


@compiled
def find(h, number):
    """A patient is found where he is when the run begins, before anything happens."""
    there = h.there[number]
    patient = there.patient
    who = h.patient[patient]
    who.row = h.first[patient]
    if h.n[HAS_MORE] == 1:
        more = h.more[patient]
        more.listed = h.arrival[patient]
        belong_to(h, patient, there.sitting)
        if there.promise_place != NONE:
            more.promise_place, more.promise_step = there.promise_place, there.promise_step
            occupy(h, there.promise_place)
        if h.origin[patient] == LISTED:
            put_on_list(h, patient, h.arrival[patient])
            return
        if h.origin[patient] == WAS_BOOKED:
            expect(h, patient, there.appointment, 0)
            return
        tray = tray_of(h, patient)
        if tray != NONE:
            h.resource[tray].used += 1
    h.came[patient] = there.came
    if there.held != NONE:
        who.held = there.held
        occupy(h, there.held)
    if who.row == who.last:
        return
    if h.origin[patient] == WAITED:
        ask(h, patient, there.since, 0)
    elif h.origin[patient] == STOPPED or h.origin[patient] == IN_STEP:
        _find_in_step(h, patient, there.asked, there.since)


@compiled
def _find_in_step(h, patient, asked, since):
    who = h.patient[patient]
    row = who.row
    step = h.step[h.step_of[row]]
    h.requested[row], h.started[row] = asked, since
    h.place[row] = who.held
    who.last_started = row
    who.took = 1 if who.held != NONE and step.in_place == 0 else 0
    for e in range(step.people_to, step.entry_to):
        if h.entry[e].kind == TRAY:
            h.resource[h.entry[e].resource].used += h.entry[e].n
    ring_as_he_ages(h, patient, 0)
    if h.origin[patient] == STOPPED:
        h.more[patient].remaining = h.duration[row]
        wait_to_resume(h, patient, 0)
        return
    for e in range(step.entry_from, step.people_to):
        entry = h.entry[e]
        pooled = 0
        if step.pooled == 1:
            pooled = h.pooled[patient, e - step.entry_from]
            if pooled > 0:
                h.resource[entry.pool].used += pooled
        h.resource[entry.resource].used += entry.n - pooled
    begin(h, patient, end_of(h, row, 0), 0)
    who.begun = since
