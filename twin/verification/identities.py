"""Identities: what is true of every run whatsoever, looked for in 1,000 random hospitals.

Little's law on the path, and conservation: nobody is lost, doubled or overtaken. Each check names the
hospital (by its seed) in which it does not hold.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from twin.engine import simulate
from twin.measures.census import count_present, levels_at
from twin.measures.stays import LATER, Stays, departures, overlap, stays, wait_ends
from twin.trace import UNSET, Outcome, Trace
from twin.units import IntArray
from twin.verification.cases import VerificationCase
from twin.verification.random_hospitals import random_case

HOSPITALS, QUICK_HOSPITALS = 1_000, 100
#: relative distance that the two sides of Little's law may have
LITTLE = 1e-9

Row = tuple[str, str, str, str, str, float, float, float, int, bool]


def check_identity(
    case: VerificationCase, *, quick: bool = False, progress: Callable[[int, int], None] | None = None
) -> Iterator[Row]:
    """Every check of an identity, over all random hospitals."""
    checks = LITTLES if case.identity == "little" else CONSERVATION
    hospitals = QUICK_HOSPITALS if quick else HOSPITALS
    for seed in range(hospitals):
        broken_by(seed)
        if progress is not None:
            progress(seed + 1, hospitals)
    for name in checks:
        seeds = [seed for seed in range(hospitals) if name in broken_by(seed)]
        told = "in all" if not seeds else f"not in hospitals {', '.join(map(str, seeds[:10]))}"
        yield case.id, name, "", "in all", told, math.nan, math.nan, math.nan, hospitals, not seeds


@lru_cache(maxsize=HOSPITALS)
def broken_by(seed: int) -> frozenset[str]:
    """Names of the checks that do not hold in one random hospital."""
    trace = simulate(*random_case(seed))
    return frozenset(name for name, holds in {**LITTLES, **CONSERVATION}.items() if not holds(trace))


def little_holds_in_places(trace: Trace) -> bool:
    """The number present in each place over time adds up to the patients' stays there."""
    held = stays(trace)
    return all(
        _same_area(held.begin[held.place == p], held.end[held.place == p], trace.end)
        for p in range(len(trace.places))
    )


def little_holds_in_lines(trace: Trace) -> bool:
    """The number who wait for each step over time adds up to their waits."""
    asked = trace.requested != UNSET
    until = wait_ends(trace)
    return all(
        _same_area(trace.requested[rows], until[rows], trace.end)
        for rows in (asked & (trace.workload.step == s) for s in range(len(trace.steps)))
    )


def little_holds_in_the_house(trace: Trace) -> bool:
    """The number in the house over time adds up to all waits and all steps."""
    came, gone = _in_house(trace)
    waits = _time(trace.requested, wait_ends(trace), trace.requested != UNSET, trace.end)
    ended = np.where(trace.ended == UNSET, LATER, trace.ended)
    steps = _time(trace.started, ended, trace.started != UNSET, trace.end)
    return _near(_area(came, gone, trace.end), waits + steps)


def patients_are_conserved(trace: Trace) -> bool:
    """Of each class: who came is gone, with an outcome, or inside, and then waits or is in a step."""
    came, gone = trace.came != UNSET, departures(trace) != LATER
    finished = ~np.isin(trace.outcome, (Outcome.OPEN, Outcome.NO_SHOW))
    last = np.full(trace.workload.patients, -1, np.int64)
    rows = np.flatnonzero(trace.requested != UNSET)
    last[trace.patient[rows]] = rows
    asked = last >= 0
    busy = np.zeros(came.size, dtype=bool)
    busy[asked] = (wait_ends(trace)[last[asked]] == LATER) | (
        (trace.started[last[asked]] != UNSET) & (trace.ended[last[asked]] == UNSET)
    )
    return bool(
        np.array_equal(gone, finished) and np.array_equal(came & ~gone, busy) and not (gone & ~came).any()
    )


def nobody_starts_in_a_full_place(trace: Trace) -> bool:
    """Whenever somebody takes a place, no more are in it than are open."""
    held = stays(trace)
    taken = ~_goes_on(held, trace.patient[held.row])
    for p, name in enumerate(trace.places):
        mine = held.place == p
        begins = np.unique(held.begin[mine & taken & (held.begin >= 0)])
        present = count_present(held.begin[mine], held.end[mine], begins)
        if (present > levels_at(trace.schedule.levels[name], begins)).any():
            return False
    return True


def nobody_is_in_two_places(trace: Trace) -> bool:
    """A patient's stretches in places follow one another."""
    held = stays(trace)
    who = trace.patient[held.row]
    order = np.lexsort((held.end, held.begin, who))
    follows = who[order][1:] == who[order][:-1]
    return not (follows & (held.begin[order][1:] < held.end[order][:-1])).any()


def first_come_first_served(trace: Trace) -> bool:
    """Nobody is overtaken by a later one of his class who asks for the same step in its only place."""
    if trace.exchanges:
        return True
    until = wait_ends(trace)
    for s in np.flatnonzero(_single_place(trace)):
        rows = np.flatnonzero((trace.workload.step == s) & (trace.requested != UNSET))
        rows = rows[np.lexsort((trace.workload.key[trace.patient[rows]], trace.requested[rows]))]
        earlier = np.maximum.accumulate(until[rows])[:-1]
        started = trace.started[rows][1:]
        if ((started != UNSET) & (started < earlier)).any():
            return False
    return True


LITTLES: dict[str, Callable[[Trace], bool]] = {
    "number in each place = sum of stays": little_holds_in_places,
    "number in each line = sum of waits": little_holds_in_lines,
    "number in the house = waits + steps": little_holds_in_the_house,
}
CONSERVATION: dict[str, Callable[[Trace], bool]] = {
    "came = gone + inside, by patient": patients_are_conserved,
    "nobody starts in a full place": nobody_starts_in_a_full_place,
    "nobody is in two places": nobody_is_in_two_places,
    "first come, first served within a class": first_come_first_served,
}


def _goes_on(held: Stays, who: IntArray) -> NDArray[np.bool_]:
    """Whether a stretch goes on in the place that the patient had just before, shape (stretch,)."""
    order = np.lexsort((held.end, held.begin, held.place, who))
    same = (who[order][1:] == who[order][:-1]) & (held.place[order][1:] == held.place[order][:-1])
    found = np.zeros(held.row.size, dtype=bool)
    found[order[1:][same & (held.begin[order][1:] == held.end[order][:-1])]] = True
    return found


def _single_place(trace: Trace) -> NDArray[np.bool_]:
    """Whether all rows of each step were served in one place, or in none, shape (step,)."""
    low = np.full(len(trace.steps), np.iinfo(np.int64).max)
    high = np.full(len(trace.steps), np.iinfo(np.int64).min)
    served = trace.started != UNSET
    np.minimum.at(low, trace.workload.step[served], trace.place[served])
    np.maximum.at(high, trace.workload.step[served], trace.place[served])
    return low >= high


def _in_house(trace: Trace) -> tuple[IntArray, IntArray]:
    came = trace.came != UNSET
    return trace.came[came], departures(trace)[came]


def _same_area(begin: IntArray, end: IntArray, until: int) -> bool:
    return _near(_area(begin, end, until), float(overlap(begin, end, 0, until).sum()))


def _area(begin: IntArray, end: IntArray, until: int) -> float:
    """Integral of the number present over [0, until), counted from event to event. [patients x ms]"""
    at = np.unique(np.clip(np.concatenate([[0], begin, end, [until]]), 0, until))
    return float(count_present(begin, end, at[:-1]) @ np.diff(at))


def _time(begin: IntArray, end: IntArray, rows: NDArray[np.bool_], until: int) -> float:
    return float(overlap(begin[rows], end[rows], 0, until).sum())


def _near(one: float, other: float) -> bool:
    return abs(one - other) <= LITTLE * max(abs(one), abs(other), 1.0)
