"""Arriving: who comes, on a cue, to an appointment, at the door; and who is there when the run begins."""

from __future__ import annotations

from twin.engine.compiled import compiled
from twin.engine.lanes import consider_all_of, join
from twin.engine.lists import belong_to, does_not_come, expect, put_on_list
from twin.engine.moves import ask, begin, end_of, go_out, note, ring_as_he_ages
from twin.engine.needs import occupy
from twin.engine.state import (
    BOOKED,
    CUED,
    DUE,
    HAS_MORE,
    LOOK_FOR_CIRCLES,
    STARTED,
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
def come(h, patient, now):
    """Come to the house and ask for the first step."""
    who = h.patient[patient]
    who.came, who.row = now, who.first
    if who.first == who.last:
        go_out(h, patient, _DONE, now)
    else:
        ask(h, patient, now, now)


@compiled
def arrive(h, patient, now):
    """Arrive in the workload: come at once or, of a scheduled class, join the list."""
    who = h.patient[patient]
    if h.klass[who.klass].booked == 1:
        who.row = who.first
        put_on_list(h, patient, now)
    else:
        come(h, patient, now)


@compiled
def look_again(h, patient, now):
    """Look again at a patient for whom something may be due now."""
    who = h.patient[patient]
    if who.state == WAITING:
        row = h.row[who.row]
        for lane in range(who.lane_from, who.lane_to):
            after = h.lane[lane].after
            if after > 0 and who.since + after == now:
                join(h, patient, lane)
        step = h.step[row.step]
        if step.ages_from < step.ages_to:
            consider_all_of(h, patient)
            h.n[LOOK_FOR_CIRCLES] = 1
        if row.patience != NONE and row.requested + row.patience == now:
            note(h, h.due, DUE, patient)
    elif who.state == STARTED:
        step = h.step[h.row[who.row].step]
        if step.lounge_lane != NONE and who.end_at - step.lounge_ms <= now:
            if who.held != h.lane[step.lounge_lane].place:
                join(h, patient, step.lounge_lane)
    elif who.state == CUED:
        if h.more[patient].comes_at == now:
            arrive(h, patient, now)
    elif who.state == BOOKED:
        if h.more[patient].comes_at == now:
            if h.more[patient].shows == 1:
                come(h, patient, now)
            else:
                does_not_come(h, patient, now)


@compiled
def find(h, number):
    """A patient is found where he is when the run begins, before anything happens."""
    there = h.there[number]
    patient = there.patient
    who = h.patient[patient]
    who.row = who.first
    if h.n[HAS_MORE] == 1:
        more = h.more[patient]
        more.listed = who.arrival
        belong_to(h, patient, there.sitting)
        if there.promise_place != NONE:
            more.promise_place, more.promise_step = there.promise_place, there.promise_step
            occupy(h, there.promise_place)
        if who.origin == LISTED:
            put_on_list(h, patient, who.arrival)
            return
        if who.origin == WAS_BOOKED:
            expect(h, patient, there.appointment, 0)
            return
        if more.tray != NONE:
            h.resource[more.tray].used += 1
    who.came = there.came
    if there.held != NONE:
        who.held = there.held
        occupy(h, there.held)
    if who.first == who.last:
        return
    if who.origin == WAITED:
        ask(h, patient, there.since, 0)
    elif who.origin == STOPPED or who.origin == IN_STEP:
        _find_in_step(h, patient, there.asked, there.since)


@compiled
def _find_in_step(h, patient, asked, since):
    who = h.patient[patient]
    row = h.row[who.row]
    step = h.step[row.step]
    row.requested, row.started = asked, since
    row.place = who.held
    who.last_started = who.row
    who.took = 1 if who.held != NONE and step.in_place == 0 else 0
    for e in range(step.people_to, step.entry_to):
        if h.entry[e].kind == TRAY:
            h.resource[h.entry[e].resource].used += h.entry[e].n
    ring_as_he_ages(h, patient, 0)
    if who.origin == STOPPED:
        h.more[patient].remaining = row.duration
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
    begin(h, patient, end_of(h, who.row, 0), 0)
    who.begun = since
