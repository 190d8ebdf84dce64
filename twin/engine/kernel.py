"""The kernel: the same rules as the reference engine, over tables of whole numbers, compiled.

What makes it fast: arrivals never enter a heap (they are sorted and merged), each class of event
has its own small heap of packed whole numbers, waiting lines are linked lanes whose first patient
speaks for all, and only lanes whose place or people were touched at this instant are looked at.
README.md beside this file tells the order of events.
"""

from __future__ import annotations

import numpy as np

from twin.case import Case, Schedule
from twin.engine.arriving import arrive, find, is_new, look_again
from twin.engine.circles import circles_possible, exchange
from twin.engine.compiled import compiled, small
from twin.engine.going import let_go
from twin.engine.heap import pop, top
from twin.engine.holds import held_back
from twin.engine.house import new_house
from twin.engine.lanes import entry_first, head_of, look_everywhere, touch
from twin.engine.lists import fill
from twin.engine.moves import ask, finish, go_out, start, start_or_ask
from twin.engine.needs import all_there, judge_kit
from twin.engine.program import compile_program
from twin.engine.rules import MORE_STARTS, MOST_STARTS_A_ROW, MOST_WAITING
from twin.engine.state import (
    ALARMS,
    ARRIVALS,
    ASKED,
    BOOKS,
    CANDIDATES,
    CHANGES,
    DELIVERIES,
    DUE,
    ENDS,
    EXCHANGES,
    EXPIRIES,
    FINISHED,
    HAS_MORE,
    HOLDERS,
    LATE,
    LEVEL_FELL,
    LINES,
    LOOK_EVERYWHERE,
    LOOK_FOR_CIRCLES,
    NEVER,
    PLANNED,
    PREEMPTORS,
    REVIEWS,
    RUN_END,
    STARTS,
    STOCK_MOVED,
    TOO_SMALL,
    TRANSFER,
    TURNS,
    WAIT,
    WHO,
    WHO_BITS,
    House,
)
from twin.engine.stops import pre_empt, stop, stop_for, stop_those_over
from twin.engine.story import put_log_in_order
from twin.engine.supplies import deliver, expire, review, review_moved
from twin.engine.transfers import transfer
from twin.errors import UsageError
from twin.trace import Log, Outcome, Trace
from twin.workload import ARRIVES, NONE, Workload

_DONE = int(Outcome.DONE)
#: lines are put in order by moving each up, so long as that is quicker than sorting them
_MOVES_A_LINE = 30


@small
def _can_go(h, lane, now):
    """Whether the first of a lane can start, if need be by stopping another."""
    there = all_there(h, lane)
    if there and h.n[HOLDERS] > 0:
        there = not held_back(h, head_of(h, lane), lane, now)
    if there or h.n[PREEMPTORS] == 0:
        return there
    return stop_for(h, lane, head_of(h, lane), now) != NONE


@small
def _look_where_things_change(h):
    """While one waits who holds the line, more lanes than were touched matter."""
    if h.n[HOLDERS] > 0 or h.n[LOOK_EVERYWHERE] == 1:
        look_everywhere(h)
        h.n[LOOK_FOR_CIRCLES] = 1


@compiled
def _serve(h, now):
    """Start by order until no lane that was touched can start."""
    while True:
        _look_where_things_change(h)
        best, first, i = NONE, NONE, 0
        while i < h.n[CANDIDATES]:
            number = h.candidates[i]
            lane = h.lane[number]
            if lane.head == NONE or not _can_go(h, number, now):
                lane.is_candidate = 0
                h.n[CANDIDATES] -= 1
                h.candidates[i] = h.candidates[h.n[CANDIDATES]]
                continue
            patient = head_of(h, number)
            if best == NONE or entry_first(h, patient, number, first, best, now):
                best, first = number, patient
            i += 1
        if best == NONE:
            return
        _begin(h, first, best, now)


@small
def _begin(h, patient, lane, now):
    if h.lane[lane].kind == TRANSFER:
        transfer(h, patient, lane, now)
        return
    if h.n[PREEMPTORS] > 0 and h.step[h.lane[lane].step].preempts == 1:
        lane, last = pre_empt(h, lane, now)
        if last != NONE:
            stop(h, last, True, now)
    start(h, patient, lane, now, False)


@compiled
def _change_levels(h, now):
    """Levels change; stock is reviewed by the calendar."""
    while h.n[CHANGES] < h.change.size and h.change[h.n[CHANGES]].at == now:
        change = h.change[h.n[CHANGES]]
        resource = h.resource[change.resource]
        if change.level < resource.level and resource.stops == 1:
            resource.fell = 1
            h.n[LEVEL_FELL] = 1
        if change.level < resource.level:
            h.n[LOOK_FOR_CIRCLES] = 1  # the place may be full now
        resource.level = change.level
        touch(h, change.resource)
        h.n[CHANGES] += 1
    while h.n[REVIEWS] < h.reviews.shape[0] and h.reviews[h.n[REVIEWS], 0] == now:
        review(h, h.reviews[h.n[REVIEWS], 1], now, now)
        h.n[REVIEWS] += 1


@compiled
def _stop_those_over(h, now):
    """Where levels fell, work is stopped until it fits."""
    h.n[LEVEL_FELL] = 0
    for resource in range(h.resource.size):
        if h.resource[resource].fell == 1:
            h.resource[resource].fell = 0
            stop_those_over(h, resource, now)


@compiled
def _settle(h, now):
    """Levels change, stock is reviewed, steps and turnarounds end, orders come, work is stopped."""
    if h.n[PLANNED] == now:
        _change_levels(h, now)
    while top(h.ends) == now:
        finish(h, pop(h, h.ends, ENDS), now)
    while top(h.turns) == now:
        place = pop(h, h.turns, TURNS)
        h.resource[place].used -= 1
        touch(h, place)
    while top(h.deliveries) == now:
        deliver(h, pop(h, h.deliveries, DELIVERIES), now)
    while top(h.expiries) == now:
        expire(h, pop(h, h.expiries, EXPIRIES), now)
    if h.n[LEVEL_FELL] == 1:
        _stop_those_over(h, now)


@small
def _nothing_else(h):
    """No lane is to be looked at, and nobody who waits has a say in who starts."""
    return h.n[CANDIDATES] + h.n[HOLDERS] + h.n[LOOK_EVERYWHERE] == 0


@small
def _only_one(h, now):
    """The one patient for whom anything happens at this instant, or -1."""
    if h.n[PLANNED] == now or top(h.alarms) == now or not _nothing_else(h):
        return NONE
    arrivals = h.n[ARRIVALS]
    comes = arrivals < h.arrival.size and h.arrival[arrivals] <= now
    if h.n[FINISHED] == 1 and not comes:
        h.n[FINISHED] = 0
        return h.finished[0]
    if h.n[FINISHED] > 0 or not comes:
        return NONE
    more = arrivals + 1 < h.arrival.size and h.arrival[arrivals + 1] <= now
    if more or h.origin[arrivals] != ARRIVES or h.klass[h.patient_class[arrivals]].booked == 1:
        return NONE
    h.n[ARRIVALS] += 1
    is_new(h, arrivals)
    h.came[arrivals] = now
    if h.patient[arrivals].row == h.patient[arrivals].last:
        go_out(h, arrivals, _DONE, now)
        return NONE
    return arrivals


@compiled
def _arrivals(h, now):
    """Patients come, ask for the next step, wait long enough; then sittings are filled."""
    nobody = h.n[FINISHED] == 0
    for i in range(h.n[FINISHED]):
        ask(h, h.finished[i], now, now)
    h.n[FINISHED] = 0
    arrivals = h.n[ARRIVALS]
    while arrivals < h.arrival.size and h.arrival[arrivals] <= now:
        if h.origin[arrivals] == ARRIVES:
            is_new(h, arrivals)
            arrive(h, arrivals, False, now)
            nobody = False
        arrivals += 1
    h.n[ARRIVALS] = arrivals
    alone = nobody and h.n[PLANNED] != now and _nothing_else(h)
    while top(h.alarms) == now:
        patient = pop(h, h.alarms, ALARMS)
        alone = alone and top(h.alarms) != now
        look_again(h, patient, alone, now)
    while h.n[BOOKS] < h.sitting.size and h.sitting[h.n[BOOKS]].books <= now:
        if h.sitting[h.n[BOOKS]].books == now:
            fill(h, h.n[BOOKS], now)
        h.n[BOOKS] += 1


@compiled
def _serve_all(h, now):
    """Serve; resolve circles; let those go who do not wait; again until nothing moves."""
    judged = 0
    while True:
        while judged < h.n[ASKED]:
            patient = h.asked[judged]
            judge_kit(h, patient, now)
            judged += 1
        _serve(h, now)
        while circles_possible(h) and exchange(h, now):
            _serve(h, now)
        if h.n[HAS_MORE] == 0 or not let_go(h, now):
            break
    h.n[ASKED] = 0
    h.n[DUE] = 0
    while h.n[LATE] < h.limits.size and h.sitting[h.limits[h.n[LATE]]].limit <= now:
        h.n[LATE] += 1


@compiled
def _plan(h):
    """The earliest instant of what is known beforehand: levels, reviews, bookings, limits of sessions."""
    planned = NEVER
    if h.n[CHANGES] < h.change.size:
        planned = min(planned, h.change[h.n[CHANGES]].at)
    if h.n[REVIEWS] < h.reviews.shape[0]:
        planned = min(planned, h.reviews[h.n[REVIEWS], 0])
    if h.n[BOOKS] < h.sitting.size:
        planned = min(planned, max(h.sitting[h.n[BOOKS]].books, 0))
    if h.n[LATE] < h.limits.size:
        planned = min(planned, max(h.sitting[h.limits[h.n[LATE]]].limit, 0))
    h.n[PLANNED] = planned


@small
def _next_instant(h):
    now = min(min(top(h.ends), top(h.turns)), min(top(h.alarms), h.n[PLANNED]))
    if h.n[ARRIVALS] < h.arrival.size:
        now = min(now, max(h.arrival[h.n[ARRIVALS]], 0))
    return min(now, min(top(h.deliveries), top(h.expiries)))


@compiled
def _run(h, most_waiting, most_starts):
    """Play the whole run; the instant at which a guard stopped it, or -1."""
    for i in range(h.others.size):
        is_new(h, h.others[i])
    for i in range(h.there.size):
        find(h, i)
    _plan(h)
    now = 0
    while now < h.n[RUN_END] and h.n[TOO_SMALL] == 0:
        _settle(h, now)
        patient = _only_one(h, now)
        if patient != NONE:
            start_or_ask(h, patient, now)
        else:
            _arrivals(h, now)
        planned = h.n[PLANNED] == now
        if planned or h.n[ASKED] + h.n[DUE] > 0 or circles_possible(h) or not _nothing_else(h):
            _serve_all(h, now)
        if planned:
            _plan(h)
        if h.n[STOCK_MOVED] == 1:
            review_moved(h, now)
        if h.n[WAIT] > most_waiting or h.n[STARTS] > most_starts:
            return now
        now = _next_instant(h)
    return NONE


def simulate_kernel(case: Case, workload: Workload, schedule: Schedule) -> Trace:
    """Play one replication with the compiled kernel.

    Raises
    ------
    UsageError
        More patients or a longer run than a packed event can hold.
    """
    if workload.patients > WHO or workload.end >= 1 << (63 - WHO_BITS):
        raise UsageError(
            f"{workload.patients:,} patients over {workload.end:,} ms do not fit the kernel's packed events "
            f"(at most {WHO:,} patients); ask for fewer days a replication"
        )
    program = compile_program(case, workload, schedule)
    rows, room = workload.step.size, 1
    while True:
        house = new_house(program, case, workload, room)
        stopped = int(_run(house, MOST_WAITING, MOST_STARTS_A_ROW * rows + MORE_STARTS))
        if house.n[TOO_SMALL] == 0:
            break
        room *= 4  # the same run again, with more room for its story
    return Trace(
        workload=workload,
        schedule=schedule,
        places=program.fixed.places,
        steps=program.fixed.keys,
        classes=program.fixed.classes,
        place=house.place,
        requested=house.requested,
        started=house.started,
        ended=house.ended,
        left=house.left,
        came=house.came,
        outcome=house.outcome,
        exchanges=int(house.n[EXCHANGES]),
        engine="kernel",
        stopped_at=None if stopped == NONE else stopped,
        log=_log(house),
    )


def _log(house: House) -> Log:
    lines = house.log[: house.n[LINES]]
    if put_log_in_order(house, _MOVES_A_LINE * len(lines)):
        return Log(*np.ascontiguousarray(lines.T))
    return Log.of(lines)
