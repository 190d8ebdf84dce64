"""Identities: what is true of every run whatsoever, looked for in 1,000 random hospitals.

Little's law on the path, and conservation: nobody is lost, doubled or overtaken. What is counted event
by event from the trace's columns is compared with the patients' stories, told again by the hospital's
rules (``story``). Each check names the hospital (by its seed) in which it does not hold.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from twin.engine import simulate
from twin.hospital import Hospital
from twin.measures.census import count_present, levels_at
from twin.measures.stays import LATER, Stays, departures, stays, wait_ends
from twin.trace import UNSET, Kind, Outcome, Trace
from twin.units import FloatArray, IntArray
from twin.verification.cases import VerificationCase
from twin.verification.random_hospitals import random_case
from twin.verification.story import Stretch, retell
from twin.verification.verdict import Verdict
from twin.workload import NONE

HOSPITALS, QUICK_HOSPITALS = 1_000, 100
#: relative distance that the two sides of Little's law may have
LITTLE = 1e-9

Check = Callable[[Trace, Hospital], bool]
#: instants, and the place, step or house of each
Events = tuple[IntArray, IntArray]


def check_identity(
    case: VerificationCase, *, quick: bool = False, progress: Callable[[int, int], None] | None = None
) -> Iterator[Verdict]:
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
        yield Verdict(case.id, name, "", "in all", told, hospitals, not seeds)


@lru_cache(maxsize=HOSPITALS)
def broken_by(seed: int) -> frozenset[str]:
    """Names of the checks that do not hold in one random hospital."""
    case, work = random_case(seed)
    trace = simulate(case, work)
    return frozenset(
        name for name, holds in {**LITTLES, **CONSERVATION}.items() if not holds(trace, case.hospital)
    )


def little_holds_in_places(trace: Trace, hospital: Hospital) -> bool:
    """The number present in each place, event by event, adds up to the stays as patients tell them."""
    told = retell(trace, hospital).stays
    return _all_near(
        _areas(_events_in_places(trace), len(trace.places), trace.end),
        _times(told, len(trace.places), trace.end),
    )


def little_holds_in_lines(trace: Trace, hospital: Hospital) -> bool:
    """The number who wait for each step, event by event, adds up to the waits as patients tell them."""
    asked = trace.requested != UNSET
    number = trace.workload.step[asked]
    enter = (trace.requested[asked], number)
    leave = (wait_ends(trace)[asked], number)
    told = retell(trace, hospital).waits
    return _all_near(
        _areas((enter, leave), len(trace.steps), trace.end), _times(told, len(trace.steps), trace.end)
    )


def little_holds_in_the_house(trace: Trace, hospital: Hospital) -> bool:
    """The number in the house, by when each came and gave up his last place, adds up to waits and steps."""
    came, gone = _in_house(trace)
    house = np.zeros(came.size, np.int64)
    story = retell(trace, hospital)
    inside = [(0, begin, end) for _, begin, end in story.waits + story.steps]
    return _all_near(_areas(((came, house), (gone, house)), 1, trace.end), _times(inside, 1, trace.end))


def patients_are_conserved(trace: Trace, hospital: Hospital) -> bool:
    """Each who came is gone, with an outcome, or inside, and then waits or is in a step."""
    came, gone = trace.came != UNSET, departures(trace) != LATER
    finished = ~np.isin(trace.outcome, (Outcome.OPEN, Outcome.NO_SHOW))
    inside = np.zeros(came.size, dtype=bool)
    for patient, is_inside in retell(trace, hospital).inside.items():
        inside[patient] = is_inside
    return bool(
        np.array_equal(gone, finished) and np.array_equal(came & ~gone, inside) and not (gone & ~came).any()
    )


def classes_are_conserved(trace: Trace, hospital: Hospital) -> bool:
    """Of each class: as many came as the workload brings until the end, and are out or inside."""
    work, classes = trace.workload, len(trace.classes)
    out = np.isin(trace.outcome, (Outcome.DONE, Outcome.LEFT, Outcome.REFUSED, Outcome.BALKED))
    inside = [patient for patient, is_inside in retell(trace, hospital).inside.items() if is_inside]
    brought, came, gone, left = (
        np.bincount(work.patient_class[chosen], minlength=classes)
        for chosen in (work.arrival < trace.end, trace.came != UNSET, out, np.array(inside, np.int64))
    )
    return np.array_equal(brought, came) and np.array_equal(came, gone + left)


def places_are_conserved(trace: Trace, hospital: Hospital) -> bool:
    """Of each place: starts + moves in = lefts + moves out + those whose stories end in it."""
    (_, entered), (_, left) = _events_in_places(trace)
    inside = [place for place, _, until in retell(trace, hospital).stays if until == LATER]
    came, gone, still = (
        np.bincount(np.asarray(number, np.int64), minlength=len(trace.places))
        for number in (entered, left, inside)
    )
    return np.array_equal(came, gone + still)


def nobody_starts_in_a_full_place(trace: Trace, _: Hospital) -> bool:
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


def nobody_is_in_two_places(trace: Trace, _: Hospital) -> bool:
    """A patient's stretches in places follow one another."""
    held = stays(trace)
    who = trace.patient[held.row]
    order = np.lexsort((held.end, held.begin, who))
    follows = who[order][1:] == who[order][:-1]
    return not (follows & (held.begin[order][1:] < held.end[order][:-1])).any()


def first_come_first_served(trace: Trace, _: Hospital) -> bool:
    """Nobody is overtaken by a later one of his class who asks for the same step.

    Where patients swapped places in a circle, one who gave up another place as he started may have been
    in it: he alone may overtake.
    """
    until = wait_ends(trace)
    swapped = (trace.before(trace.left, UNSET) == trace.started) & (trace.exchanges > 0)
    for s in range(len(trace.steps)):
        rows = np.flatnonzero((trace.workload.step == s) & (trace.requested != UNSET))
        rows = rows[np.lexsort((trace.workload.key[trace.patient[rows]], trace.requested[rows]))]
        earlier = np.maximum.accumulate(until[rows])[:-1]
        started = trace.started[rows][1:]
        if ((started != UNSET) & (started < earlier) & ~swapped[rows][1:]).any():
            return False
    return True


LITTLES: dict[str, Check] = {
    "number in each place = sum of stays": little_holds_in_places,
    "number in each line = sum of waits": little_holds_in_lines,
    "number in the house = waits + steps": little_holds_in_the_house,
}
CONSERVATION: dict[str, Check] = {
    "came = gone + inside, by patient": patients_are_conserved,
    "came = gone + inside, by class": classes_are_conserved,
    "starts + moves in = lefts + moves out + inside, by place": places_are_conserved,
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


def _in_house(trace: Trace) -> tuple[IntArray, IntArray]:
    came = trace.came != UNSET
    return trace.came[came], departures(trace)[came]


def _events_in_places(trace: Trace) -> tuple[Events, Events]:
    """Who enters and who leaves each place, straight from the columns and the log: (instants, places).

    The k-th resumption of a row follows its k-th stop; where that one gave the place up, it takes another.
    """
    entered: list[tuple[int, int]] = []
    left: list[tuple[int, int]] = []
    now = trace.place.astype(np.int64)
    rows = np.flatnonzero((trace.started != UNSET) & (now >= 0))
    entered += zip(trace.started[rows].tolist(), now[rows].tolist(), strict=True)
    gave_up: dict[int, list[bool]] = {}
    log = trace.log.only(Kind.STOPPED, Kind.RESUMED, Kind.MOVED)
    lines = zip(*(c.tolist() for c in (log.at, log.kind, log.who, log.what, log.n)), strict=True)
    for at, kind, row, what, n in lines:
        if kind == Kind.STOPPED:
            gave_up.setdefault(row, []).append(n == 0 and what >= 0)
            if n == 0 and what >= 0:
                left.append((at, what))
                now[row] = NONE
        elif kind == Kind.MOVED or gave_up[row].pop(0):
            if kind == Kind.MOVED:
                left.append((at, int(now[row])))
            entered.append((at, what))
            now[row] = what
    rows = np.flatnonzero((trace.left != UNSET) & (now >= 0))
    left += zip(trace.left[rows].tolist(), now[rows].tolist(), strict=True)
    return _columns(entered), _columns(left)


def _columns(events: list[tuple[int, int]]) -> Events:
    table = np.array(events, np.int64).reshape(-1, 2)
    return table[:, 0], table[:, 1]


def _areas(events: tuple[Events, Events], groups: int, until: int) -> FloatArray:
    """Integral of each group's number over [0, until), counted from event to event. [patients x ms]"""
    areas = np.zeros(groups)
    (entered, of_entered), (left, of_left) = events
    for group in range(groups):
        at = np.concatenate([entered[of_entered == group], left[of_left == group]])
        change = np.ones(at.size, np.int64)
        change[int((of_entered == group).sum()) :] = -1
        order = np.argsort(at, kind="stable")
        at = np.clip(np.append(at[order], LATER), 0, until)
        areas[group] = np.cumsum(change[order]) @ np.diff(at)
    return areas


def _times(stretches: list[Stretch], groups: int, until: int) -> FloatArray:
    """Sum of the stretches of each group, patient by patient, over [0, until). [patients x ms]"""
    times = np.zeros(groups)
    for group, begin, end in stretches:
        times[group] += max(min(end, until) - max(begin, 0), 0)
    return times


def _all_near(ones: FloatArray, others: FloatArray) -> bool:
    return bool((np.abs(ones - others) <= LITTLE * np.maximum(np.maximum(ones, others), 1.0)).all())
