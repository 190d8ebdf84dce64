"""Places in turnaround at an instant of a run: left a short while before, and not ready yet."""

from __future__ import annotations

from collections import Counter, defaultdict

import networkx as nx
import numpy as np

from twin.case import Cleaning
from twin.checkpoint.view import View, stay_of
from twin.hospital.pathway import Step
from twin.trace import Kind
from twin.units import IntArray, minutes
from twin.workload import NONE


def places_in_turnaround(view: View) -> tuple[Cleaning, ...]:
    """Every unit of a place that is in turnaround at the instant."""
    work, hospital = view.trace.workload, view.case.hospital
    length = np.array([minutes(entry.turnaround_minutes) for entry in hospital.everywhere.values()], np.int64)
    found = [(int(place), int(until)) for place, until in work.cleaning]
    if length.any():
        left = Counter(_left(view, int(length.max())))
        left.subtract(_exchanged(view, int(length.max())))
        for (place, at), units in left.items():
            found += [(place, at + int(length[place]))] * max(units, 0)
    clock, names = work.clock, view.trace.places
    return tuple(Cleaning(names[place], clock.at(until)) for place, until in sorted(found) if until > view.at)


def _left(view: View, longest: int) -> list[tuple[int, int]]:
    """Places given up not long before, each with when."""
    trace = view.trace
    recent = view.happened(trace.left) & (trace.left > view.at - longest)
    left = []
    for row in np.flatnonzero(recent).tolist():
        place = stay_of(view, row).place
        if place != NONE and not _passes_on(view, row):
            left.append((place, int(trace.left[row])))
    left += _moved_out(view, longest)
    return left + _abandoned(view, longest)


def _next_started(view: View, row: int) -> int:
    """The patient's next row that had started, -1 for none."""
    last = int(view.trace.workload.first[view.trace.patient[row] + 1])
    started = np.flatnonzero(view.happened(view.trace.started[row + 1 : last]))
    return row + 1 + int(started[0]) if started.size else NONE


def _passes_on(view: View, row: int) -> bool:
    """The place was not given up: the patient's next step happens in it."""
    following = _next_started(view, row)
    return following != NONE and view.steps[view.trace.workload.step[following]].in_place


def _moved_out(view: View, longest: int) -> list[tuple[int, int]]:
    """Places that were left for another during the stay."""
    left = []
    for row, lines in view.moves.items():
        for n, (at, kind, _, _) in enumerate(lines):
            if kind == Kind.MOVED and at > view.at - longest:
                left.append((_place_before(view, row, n), at))
    return [entry for entry in left if entry[0] != NONE]


def _place_before(view: View, row: int, n: int) -> int:
    """Place held before the n-th line about a row."""
    for _, kind, what, kept in reversed(view.moves[row][:n]):
        if kind != Kind.STOPPED or kept:
            return what
    return int(view.trace.place[row])


def _abandoned(view: View, longest: int) -> list[tuple[int, int]]:
    """Places of cancelled visits, but those that passed on to a step in the same place."""
    work = view.trace.workload
    log = view.trace.log.only(Kind.ABANDONED)
    begun = {
        (int(work.first[view.trace.patient[who]]), int(n))
        for who, n in zip(log.who, log.n, strict=True)
        if view.steps[work.step[who]].in_place
    }
    left = []
    for at, who, what in zip(log.at.tolist(), log.who.tolist(), log.what.tolist(), strict=True):
        recent = view.at - longest < at < view.at
        if recent and what != NONE and (int(work.first[view.trace.patient[who]]), at) not in begun:
            left.append((what, at))
    return left


def _exchanged(view: View, longest: int) -> list[tuple[int, int]]:
    """Places left in an exchange, each with when: nobody makes them ready."""
    trace, work = view.trace, view.trace.workload
    if not trace.exchanges:
        return []
    takes_part = np.array([_takes_part(view, step) for step in view.steps])[work.step]
    recent = view.happened(trace.started) & (trace.started > view.at - longest) & takes_part
    movers: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for row in np.flatnonzero(recent).tolist():
        before = _last_started_before(view, row)
        at = int(trace.started[row])
        if before != NONE and trace.left[before] == at and trace.place[row] != NONE:
            movers[at].append((stay_of(view, before).place, int(trace.place[row])))
    return [(place, at) for at, edges in movers.items() for place in _on_circles(edges)]


def _takes_part(view: View, step: Step) -> bool:
    """Whether starts of a step may be part of an exchange."""
    everywhere = view.case.hospital.everywhere
    gates = any(everywhere[a.place].opens_when_full for a in step.alternatives())
    return not (step.kit or step.needs_next or step.in_place or gates)


def _last_started_before(view: View, row: int) -> int:
    first = int(view.trace.workload.first[view.trace.patient[row]])
    started: IntArray = np.flatnonzero(view.happened(view.trace.started[first:row]))
    return first + int(started[-1]) if started.size else NONE


def _on_circles(edges: list[tuple[int, int]]) -> list[int]:
    """Places that patients left on circles, each as often as one did."""
    graph = nx.MultiDiGraph(edge for edge in edges if NONE not in edge)
    left: list[int] = []
    while True:
        try:
            circle = nx.find_cycle(graph)
        except nx.NetworkXNoCycle:
            return left
        left += [int(edge[0]) for edge in circle]
        graph.remove_edges_from(circle)
