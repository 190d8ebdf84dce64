"""Deadlock: patients who wait for each other's places in a circle that no rule resolves.

An exchange resolves a circle as soon as the people for all its moves are there at once. Where the
moves together need more people than ever come on duty, or one of them is of a step that takes no part
in exchanges, nobody in the circle moves again, and neither does anybody who waits for its places.
Such a run has no answer. Who will go anyway, because patience or a session ends, frees his place.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import networkx as nx
import numpy as np

from twin.errors import Deadlock
from twin.hospital import Hospital
from twin.hospital.pathway import Step
from twin.trace import UNSET, Kind, Outcome, Trace
from twin.units import IntArray
from twin.workload import ARRIVES, NONE

#: circles looked at before giving up; real houses have a handful [circles]
_MOST_CIRCLES = 1_000


@dataclass(frozen=True)
class _Keeper:
    """One who keeps a place and waits at the end of the run for another; he goes only if he gets one."""

    held: str
    wants: tuple[str, ...]
    promise: str | None  # a further place that must have a free unit
    people: tuple[tuple[str, int], ...]
    swaps: bool  # takes part in exchanges


def refuse_deadlock(trace: Trace, hospital: Hospital) -> None:
    """Refuse a run that ended with a circle that can never be resolved.

    Raises
    ------
    Deadlock
        With the places of the circle, and the people that its moves need at once.
    """
    house = _House(trace, hospital)
    keepers = house.keepers()
    most = {name: int(level.values.max()) for name, level in trace.schedule.levels.items()}
    stuck = _stuck(keepers, house.others(keepers), most)
    circles = _circles(stuck)
    if any(_resolves(circle, most) for circle in circles) or not circles:
        return
    circle = circles[0]
    places = " -> ".join(keeper.held for keeper in circle)
    raise Deadlock(
        f"patients wait for each other's places for ever: {places} -> {circle[0].held}; {_why(circle, most)}"
    )


class _House:
    """Who is where at the end of a run, as its trace and log tell."""

    def __init__(self, trace: Trace, hospital: Hospital) -> None:
        self.trace, self.hospital = trace, hospital
        first = trace.workload.first
        self.inside = np.flatnonzero(trace.outcome == Outcome.OPEN)
        steps = first[self.inside + 1] - first[self.inside]
        before = np.cumsum(steps) - steps
        self.rows = np.arange(steps.sum()) + np.repeat(first[self.inside] - before, steps)
        self.patient = np.repeat(self.inside, steps)  # of each of these rows
        self.moved = _moved(trace)
        self.back_home = set(trace.log.only(Kind.CANCELLED).who.tolist())
        self.holds_promise = self._promises()

    def keepers(self) -> list[_Keeper]:
        """Those who wait, keep a place, hold no promise, and would wait for ever."""
        trace, work = self.trace, self.trace.workload
        asked = self.rows[trace.requested[self.rows] != UNSET]
        patient = self.patient[trace.requested[self.rows] != UNSET]
        last = np.append(patient[1:] != patient[:-1], True)[: asked.size]
        found = []
        for row, who in zip(asked[last].tolist(), patient[last].tolist(), strict=True):
            if trace.started[row] != UNSET or work.patience[row] != NONE:
                continue
            held, step = self._held_before(row, who), self._step(row)
            if held is None or not step.places or who in self.holds_promise:
                continue
            if not self._may_be_cancelled(row, step):
                found.append(self._keeper(row, held, step))
        return found

    def others(self, keepers: Iterable[_Keeper]) -> Counter[str]:
        """Patients in each place who do not wait for another: they will leave by themselves."""
        trace, rows = self.trace, self.rows
        inside = rows[(trace.started[rows] != UNSET) & (trace.left[rows] == UNSET)]
        there = np.array([self.moved.get(row, int(trace.place[row])) for row in inside.tolist()], np.int64)
        there = np.append(there, self._still_where_found())
        numbers, times = np.unique(there[there != NONE], return_counts=True)
        count = Counter({trace.places[p]: n for p, n in zip(numbers, times.tolist(), strict=True)})
        count.subtract(k.held for k in keepers)
        return count

    def _step(self, row: int) -> Step:
        key = self.trace.steps[self.trace.workload.step[row]]
        return self.hospital.pathways[key.pathway].steps[key.index]

    def _held_before(self, row: int, patient: int) -> str | None:
        """Place kept by one who waits for a row's step."""
        trace, work = self.trace, self.trace.workload
        begun = [r for r in range(int(work.first[patient]), row) if trace.started[r] != UNSET]
        if begun:
            kept = (
                NONE
                if trace.left[begun[-1]] != UNSET
                else self.moved.get(begun[-1], int(trace.place[begun[-1]]))
            )
        else:
            kept = NONE if patient in self.back_home else int(work.held[patient])
        return None if kept == NONE else trace.places[kept]

    def _still_where_found(self) -> IntArray:
        """Places of those who were found waiting in one, and have not started a step since."""
        trace, work = self.trace, self.trace.workload
        found = self.inside[(work.origin[self.inside] != ARRIVES) & (work.held[self.inside] != NONE)]
        begun = self.patient[trace.started[self.rows] != UNSET]
        still = found[~np.isin(found, [*begun.tolist(), *self.back_home])]
        return np.asarray(work.held[still], np.int64)

    def _promises(self) -> set[int]:
        """Patients to whom a place was promised at any time: what they wait for may be ready for them."""
        trace, work = self.trace, self.trace.workload
        made = trace.log.only(Kind.PROMISED).who
        patient = np.searchsorted(work.first, made, side="right") - 1
        found = self.inside[work.promised[self.inside] != NONE]
        return {*patient.tolist(), *found.tolist()}

    def _may_be_cancelled(self, row: int, step: Step) -> bool:
        booking = self.hospital.classes[self.trace.steps[self.trace.workload.step[row]].patient_class].booking
        return booking is not None and booking.limit_step == step.name

    def _keeper(self, row: int, held: str, step: Step) -> _Keeper:
        pathway = self.hospital.pathways[self.trace.steps[self.trace.workload.step[row]].pathway]
        later = [s for s in pathway.steps if s.name == step.needs_next and s.places]
        promise = later[0].alternatives()[0].place if later else None
        wants = tuple(a.place for a in step.alternatives())
        open_to_all = not any(self.hospital.everywhere[place].opens_when_full for place in wants)
        swaps = step.kit is None and step.needs_next is None and open_to_all
        return _Keeper(held, wants, promise, tuple(step.staff.items()), swaps)


def _moved(trace: Trace) -> dict[int, int]:
    """Place at the end of each row whose patient lost it or moved on; -1 where he has none."""
    places: dict[int, int] = {}
    lines = trace.log.only(Kind.STOPPED, Kind.RESUMED, Kind.MOVED)
    for kind, row, what, n in zip(
        lines.kind.tolist(), lines.who.tolist(), lines.what.tolist(), lines.n.tolist(), strict=True
    ):
        places[row] = NONE if kind == Kind.STOPPED and n == 0 else what
    return places


def _stuck(keepers: list[_Keeper], others: Counter[str], most: dict[str, int]) -> list[_Keeper]:
    """Keepers all of whose wanted places are held by keepers who cannot move either."""
    holders = Counter(k.held for k in keepers)
    needed = {place for k in keepers for place in (*k.wants, k.promise) if place is not None}
    may_free = {place for place in needed if others[place] > 0 or holders[place] < most[place]}
    stuck = list(keepers)
    while True:
        moving = [
            k
            for k in stuck
            if any(place in may_free for place in k.wants) and (k.promise is None or k.promise in may_free)
        ]
        if not moving:
            return stuck
        stuck = [k for k in stuck if k not in moving]
        may_free |= {k.held for k in moving}


def _circles(stuck: list[_Keeper]) -> list[list[_Keeper]]:
    """Circles of stuck keepers; of several who would make the same move, one who needs the fewest people."""
    graph = nx.DiGraph()
    for keeper in sorted(stuck, key=lambda k: (k.swaps, -sum(n for _, n in k.people))):
        for place in keeper.wants if keeper.promise is None else (*keeper.wants, keeper.promise):
            graph.add_edge(keeper.held, place, keeper=keeper)
    found = []
    for cycle in nx.simple_cycles(graph):
        found.append(
            [graph.edges[a, b]["keeper"] for a, b in zip(cycle, [*cycle[1:], cycle[0]], strict=True)]
        )
        if len(found) == _MOST_CIRCLES:
            break
    return found


def _resolves(circle: list[_Keeper], most: dict[str, int]) -> bool:
    """An exchange resolves the circle, when enough people are there."""
    enough = all(n <= most[g] for g, n in _need(circle).items())
    return len(circle) > 1 and enough and all(k.swaps for k in circle)


def _why(circle: list[_Keeper], most: dict[str, int]) -> str:
    """Why no exchange resolves a circle, and what would."""
    cure = "let one of the steps before give up its place (keeps_place = false)"
    short = [(g, n) for g, n in _need(circle).items() if n > most[g]]
    if len(circle) == 1:
        return f"he waits for the place that he keeps; {cure}"
    if not short:
        return f"steps with a kit, a promise or an escalation place do not swap; {cure}"
    group, n = short[0]
    return (
        f"to swap them all at once takes {n} of {group}, and at most {most[group]} are ever there; {cure} "
        "or put more people on duty"
    )


def _need(circle: list[_Keeper]) -> Counter[str]:
    need: Counter[str] = Counter()
    for keeper in circle:
        need.update(dict(keeper.people))
    return need
