"""The kernel: the same rules as the reference engine, over tables of whole numbers, compiled.

What makes it fast: arrivals never enter a heap (they are sorted and merged), each class of event
has its own small heap of packed whole numbers, waiting lines are linked lanes whose first patient
speaks for all, and only lanes whose place or people were touched at this instant are looked at.
README.md beside this file tells the order of events.
"""

from __future__ import annotations

import numpy as np

from twin.case import Case, Schedule
from twin.engine.circles import circles_possible, exchange
from twin.engine.compiled import compiled
from twin.engine.heap import pop, top
from twin.engine.lanes import entry_first, touch
from twin.engine.moves import admit, finish, minimum_wait_over, people_free, start
from twin.engine.program import compile_program
from twin.engine.rules import MOST_WAITING
from twin.engine.state import (
    CANDIDATES,
    ENDS,
    EXCHANGES,
    OPENS,
    TURNS,
    WAIT,
    WHO,
    WHO_BITS,
    Patients,
    Story,
    new_house,
)
from twin.errors import UsageError
from twin.trace import UNSET, Trace
from twin.workload import NONE, Workload, number_steps


@compiled
def _can_start(p, h, lane):
    place = p.lane_place[lane]
    if place != NONE and h.used[place] >= h.level[place]:
        return False
    return people_free(p, h, p.lane_step[lane])


@compiled
def _goes_first(p, w, h, lane, other):
    """Order of service between the heads of two lanes."""
    return entry_first(p, w, h, h.node_patient[h.head[lane]], lane, h.node_patient[h.head[other]], other)


@compiled
def _serve(p, w, h, story, now, run_end):
    """Start by order until no lane that was touched can start."""
    while True:
        best, i = NONE, 0
        while i < h.n[CANDIDATES]:
            lane = h.candidates[i]
            if h.head[lane] == NONE or not _can_start(p, h, lane):
                h.is_candidate[lane] = 0
                h.n[CANDIDATES] -= 1
                h.candidates[i] = h.candidates[h.n[CANDIDATES]]
                continue
            if best == NONE or _goes_first(p, w, h, lane, best):
                best = lane
            i += 1
        if best == NONE:
            return
        patient = h.node_patient[h.head[best]]
        start(p, w, h, story, patient, p.lane_place[best], now, run_end, False)


@compiled
def _next_instant(p, w, h, arrivals, changes):
    now = min(top(h.ends, h.n[ENDS]), min(top(h.turns, h.n[TURNS]), top(h.opens, h.n[OPENS])))
    if arrivals < w.arrival.size:
        now = min(now, max(w.arrival[arrivals], 0))
    if changes < p.change_at.size:
        now = min(now, p.change_at[changes])
    return now


@compiled
def _run(p, w, h, story, run_end, most_waiting):
    """Play the whole run; the instant at which a guard stopped it, or -1."""
    arrivals, changes = 0, 0
    while True:
        now = _next_instant(p, w, h, arrivals, changes)
        if now >= run_end:
            return NONE
        while changes < p.change_at.size and p.change_at[changes] == now:
            what = p.change_what[changes]
            h.level[what] = p.change_level[changes]
            touch(p, h, what)
            changes += 1
        while top(h.ends, h.n[ENDS]) == now:
            finish(p, w, h, story, pop(h.ends, h.n, ENDS) & WHO, now)
        while top(h.turns, h.n[TURNS]) == now:
            place = pop(h.turns, h.n, TURNS) & WHO
            h.used[place] -= 1
            touch(p, h, place)
        while arrivals < w.arrival.size and w.arrival[arrivals] <= now:
            admit(p, w, h, story, arrivals, now, run_end)
            arrivals += 1
        while top(h.opens, h.n[OPENS]) == now:
            minimum_wait_over(p, w, h, pop(h.opens, h.n, OPENS) & WHO, now)
        _serve(p, w, h, story, now, run_end)
        while circles_possible(h) and exchange(p, w, h, story, now, run_end):
            _serve(p, w, h, story, now, run_end)
        if h.n[WAIT] > most_waiting:
            return now


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
    columns = {c: np.asarray(getattr(workload, c), np.int64) for c in Patients._fields[:-1]}
    patients = Patients(**columns, day_starts=np.asarray(workload.clock.day_starts))
    rows = workload.step.size
    story = Story(np.full(rows, NONE, np.int64), *(np.full(rows, UNSET, np.int64) for _ in range(4)))
    house = new_house(program, patients, int(np.diff(program.lane_from).max(initial=1)))
    stopped = int(_run(program, patients, house, story, workload.end, MOST_WAITING))
    return Trace(
        workload=workload,
        schedule=schedule,
        places=tuple(case.hospital.everywhere),
        steps=number_steps(case.hospital),
        classes=tuple(case.hospital.classes),
        place=story.place.astype(np.int32),
        requested=story.requested,
        started=story.started,
        ended=story.ended,
        left=story.left,
        exchanges=int(house.n[EXCHANGES]),
        engine="kernel",
        stopped_at=None if stopped == NONE else stopped,
    )
