"""Supplies: kits taken and missed, stock over time, and patients moved, as the log tells."""

from __future__ import annotations

from twin.measures.counting.columns import (
    ABANDONED,
    CANCELLED,
    DELIVERED,
    EXPIRED,
    MISSED,
    MOVED,
    ORDERED,
    RESERVE,
    SUBSTITUTED,
    TAKEN,
)
from twin.measures.counting.compiled import compiled, small
from twin.measures.counting.rows import patient_of
from twin.measures.counting.told import Kits, Moves
from twin.trace import UNSET
from twin.workload import NONE


@small
def _in_days(run, at):
    return at >= run.start and at < run.end


@compiled
def count_moves(run, layout):
    """Patients moved during a stay."""
    home, lounge = 0, 0
    for i in range(run.kind.size):
        if run.kind[i] == MOVED and _in_days(run, run.at[i]):
            if run.what[i] == layout.first_place[run.step[run.who[i]]]:
                home += 1
            else:
                lounge += 1
    return Moves(home, lounge)


@compiled
def count_kits(run, layout, last_missed, last_cancelled):
    """Kits that patients took and missed; the last two are room for an instant a patient."""
    taken, missed, reserve, substituted, who, at = 0, 0, 0, 0, NONE, UNSET
    for row in range(run.step.size):
        taken += layout.with_kit[run.step[row]] and _in_days(run, run.started[row])
    for i in range(run.kind.size):
        kind = run.kind[i]
        if kind == ABANDONED:
            taken += layout.with_kit[run.step[run.who[i]]] and _in_days(run, run.n[i])
        elif not _in_days(run, run.at[i]):
            continue
        elif kind == MISSED and layout.of_patient[run.step[run.who[i]]]:
            missed += run.who[i] != who or run.at[i] != at  # one line an item: the same kit
            who, at = run.who[i], run.at[i]
        elif kind == RESERVE:
            reserve += run.n[i]
        elif kind == SUBSTITUTED:
            substituted += run.n[i]
    postponed = _postponed(run, last_missed, last_cancelled)
    return Kits(taken, missed, reserve, substituted, postponed)


@compiled
def _postponed(run, last_missed, last_cancelled):
    """Cases cancelled in the measured days whose kit was not in full in the same visit."""
    last_missed[:] = UNSET
    last_cancelled[:] = UNSET
    count, missed = 0, 0
    for i in range(run.kind.size):
        if run.kind[i] != CANCELLED:
            continue
        at, who = run.at[i], run.who[i]
        while missed < run.kind.size and run.at[missed] <= at:
            if run.kind[missed] == MISSED:
                last_missed[patient_of(run, run.who[missed])] = run.at[missed]
            missed += 1
        count += _in_days(run, at) and last_missed[who] > last_cancelled[who]
        last_cancelled[who] = at
    return count


@compiled
def count_stock(run, layout, orders, expired, used, gained):
    """Orders, units expired and used in the measured days, and time-weighted gain, by item.

    ``gained`` is units x time from when they came, or since they went, to the end of the days. [ms]
    """
    items = orders.size
    for i in range(run.kind.size):
        kind, what, n, at = run.kind[i], run.what[i], run.n[i], run.at[i]
        if kind < SUBSTITUTED or what < 0 or what >= items:
            continue
        if kind == ORDERED:
            orders[what] += _in_days(run, at)
            continue
        if kind == SUBSTITUTED:
            what = layout.substitute[what]
        elif kind != TAKEN and kind != DELIVERED and kind != EXPIRED:
            continue
        if _in_days(run, at):
            if kind == EXPIRED:
                expired[what] += n
            elif kind != DELIVERED:
                used[what] += n
        time = max(run.end - max(at, run.start), 0)
        gained[what] += float(n if kind == DELIVERED else -n) * time
