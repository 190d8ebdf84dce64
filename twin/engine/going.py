"""Going: who does not wait: out of patience, nobody free, no room to wait, too late for the session."""

from __future__ import annotations

from twin.engine.compiled import compiled
from twin.engine.lists import cancel
from twin.engine.moves import ask, cease_waiting, give_up_place, go_out, note
from twin.engine.state import (
    ASKED,
    BALKS,
    DUE,
    GOING,
    IS_CANCELLED,
    LATE,
    REFUSED,
    SKIPS,
    STAYS,
    WAITING,
)
from twin.trace import Outcome
from twin.workload import NONE

_DONE, _LEFT, _REFUSED, _BALKED = (
    int(outcome) for outcome in (Outcome.DONE, Outcome.LEFT, Outcome.REFUSED, Outcome.BALKED)
)


@compiled
def _waits(h, patient):
    """Whether one waits for the first start of a step, and has not been told to go."""
    who = h.patient[patient]
    return who.state == WAITING and who.stopped == 0 and h.more[patient].going == STAYS


@compiled
def _goes(h, patient, how):
    h.more[patient].going = how
    note(h, h.going, GOING, patient)


@compiled
def _out_of_patience(h, now):
    for i in range(h.n[DUE]):
        patient = h.due[i]
        row = h.patient[patient].row
        longest = h.patience[row]
        if _waits(h, patient) and longest != NONE and h.requested[row] + longest <= now:
            _goes(h, patient, h.step[h.step_of[row]].out_of_patience)


@compiled
def _nobody_free(h, now):
    for i in range(h.n[ASKED]):
        patient = h.asked[i]
        row = h.patient[patient].row
        if_full = h.step[h.step_of[row]].if_full
        if _waits(h, patient) and h.requested[row] == now and if_full != STAYS:
            _goes(h, patient, if_full)


@compiled
def _no_room(h, now):
    for place in h.rooms:
        resource = h.resource[place]
        if resource.in_room <= resource.room:
            continue
        waiting = resource.in_room
        for i in range(h.n[GOING]):
            waiting -= h.more[h.going[i]].in_room == place
        while waiting > resource.room:
            last = NONE
            for i in range(h.n[ASKED]):
                patient = h.asked[i]
                who = h.patient[patient]
                if not _waits(h, patient) or h.more[patient].in_room != place:
                    continue
                if h.requested[who.row] == now and (last == NONE or h.key[patient] > h.key[last]):
                    last = patient
            if last == NONE:
                break
            _goes(h, last, BALKS)
            waiting -= 1


@compiled
def _too_late(h, patient, now):
    who = h.patient[patient]
    sitting = h.more[patient].sitting
    return (
        sitting != NONE
        and _waits(h, patient)
        and h.step[h.step_of[who.row]].limited == 1
        and h.sitting[sitting].limit <= now
    )


@compiled
def _session_over(h, now):
    for i in range(h.n[ASKED]):
        if _too_late(h, h.asked[i], now):
            _goes(h, h.asked[i], IS_CANCELLED)
    i = h.n[LATE]
    while i < h.limits.size and h.sitting[h.limits[i]].limit <= now:
        patient = h.sitting[h.limits[i]].first
        while patient != NONE:
            if _too_late(h, patient, now):
                _goes(h, patient, IS_CANCELLED)
            patient = h.more[patient].next_booked
        i += 1


@compiled
def let_go(h, now):
    """Let those go who do not wait: all are chosen before any goes. Whether anybody went."""
    h.n[GOING] = 0
    _out_of_patience(h, now)
    if h.n[ASKED] > 0:
        _nobody_free(h, now)
        _no_room(h, now)
    _session_over(h, now)
    for i in range(h.n[GOING]):
        _go(h, h.going[i], now)
    return h.n[GOING] > 0


@compiled
def _go(h, patient, now):
    who, more = h.patient[patient], h.more[patient]
    how, more.going = more.going, STAYS
    cease_waiting(h, patient)
    if how == IS_CANCELLED:
        cancel(h, patient, now)
    elif how == SKIPS and who.row + 1 < who.last:
        who.row += 1
        ask(h, patient, now, now)
    else:
        give_up_place(h, patient, now)
        outcome = _LEFT
        if how == SKIPS:
            outcome = _DONE
        elif how == REFUSED:
            outcome = _REFUSED
        elif how == BALKS:
            outcome = _BALKED
        go_out(h, patient, outcome, now)
