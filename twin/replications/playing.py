"""Playing: one replication of one case, drawn and played no further than its guard lets it.

A run that its guard stops needs no patient who comes later. So where the offered load says that the
guard will act, only as many days are drawn as that takes, and memory does not grow with the days asked for.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from twin.case import Case, Schedule, Window
from twin.engine import Engine, simulate
from twin.engine.rules import MOST_WAITING
from twin.hospital.load import growth_a_day, overloaded
from twin.trace import UNSET, Kind, Outcome, Trace
from twin.units import DAYS_WEEK
from twin.workload import STOPPED, Workload, draw_workload

#: by so much a queue is given longer to outgrow the run than its mean growth says
_MARGIN = 1.2


def play(
    case: Case,
    window: Window,
    *,
    seed: int,
    replication: int,
    engine: Engine = "kernel",
    schedule: Schedule | None = None,
    days: int | None = None,
    workload: Workload | None = None,
    check: Callable[[], None] | None = None,
) -> Trace:
    """Draw and play one replication; where a queue is sure to outgrow the run, no further than that.

    So many days are drawn as the guard should take to act, and twice as many until it has acted: the
    patients drawn are the same, and so is what happens to them.

    Parameters
    ----------
    schedule
        Levels of all replications; None where each has its own.
    days
        What ``days_until_too_many`` says, where it is known already.
    workload
        The patients, where they are drawn already for all days of the window.
    check
        Called before the engine starts; it raises to stop.
    """
    days = days_until_too_many(case, window) if days is None else days
    while True:
        part = window if days >= window.total else Window(window.start, days=days, tail=0)
        if part is not window or workload is None:
            workload = draw_workload(case, part, seed=seed, replication=replication)
        if check is not None:
            check()
        trace = simulate(case, workload, engine=engine, schedule=schedule)
        if part is window:
            return trace
        if trace.stopped_at is not None and waiting_at_stop(trace) > MOST_WAITING:
            asked = replace(workload, window=window, clock=window.clock(case.hospital))
            return replace(trace, workload=asked)
        days *= 2


def days_until_too_many(case: Case, window: Window) -> int:
    """Days after which more patients should wait than a run may hold; those of the window if never. [days]"""
    if case.demand is not None:
        return window.total
    growth = max((growth_a_day(case.hospital, pool) for pool in overloaded(case.hospital)), default=0.0)
    if growth * window.total <= MOST_WAITING:
        return window.total
    return min(window.total, math.ceil(_MARGIN * MOST_WAITING / growth) + DAYS_WEEK)


def waiting_at_stop(trace: Trace) -> int:
    """Patients who waited for a step when the run ended, those stopped in one too. [patients]"""
    waits = (trace.requested != UNSET) & (trace.started == UNSET)
    waits |= _stopped(trace)
    waits &= (trace.outcome == Outcome.OPEN)[trace.patient]
    return int(np.unique(trace.patient[waits]).size)


def _stopped(trace: Trace) -> NDArray[np.bool_]:
    """Whether each row was stopped when the run ended and not gone on with since, shape (row,)."""
    work, rows = trace.workload, trace.workload.step.size
    given_up = trace.log.only(Kind.ABANDONED)
    begins = np.full(rows, UNSET)  # of the visit that counts: an abandoned one counts no longer
    np.maximum.at(begins, given_up.who, given_up.at)
    balance = np.zeros(rows, np.int64)
    balance[work.first[:-1][(work.origin == STOPPED) & (np.diff(work.first) > 0)]] = 1
    balance[given_up.who] = 0
    for kind, one in ((Kind.STOPPED, 1), (Kind.RESUMED, -1)):
        told = trace.log.only(kind)
        counts = told.at > begins[told.who]
        np.add.at(balance, told.who[counts], one)
    return balance > 0
