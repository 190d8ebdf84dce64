"""Places in turnaround at an instant of a run: left a short while before, and not ready yet."""

from __future__ import annotations

from collections import Counter, defaultdict

import networkx as nx
import numpy as np

from twin.case import Cleaning
from twin.checkpoint.view import Line, View, stay_of
from twin.hospital.pathway import Step
from twin.trace import UNSET, Kind
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
                began = min(int(view.trace.started[row]), at) if view.trace.started[row] != UNSET else at
                left.append((_place_after(lines[:n], began, int(view.trace.place[row])), at))
    return [entry for entry in left if entry[0] != NONE]


def _place_after(lines: list[Line], began: int, place: int) -> int:
    """Place held after the lines about a row since it began."""
    for at, kind, what, kept in reversed(lines):
        if at >= began:
            return what if kind != Kind.STOPPED or kept else NONE
    return place


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
    columns = (log.at.tolist(), log.who.tolist(), log.what.tolist(), log.n.tolist())
    for at, row, what, began in zip(*columns, strict=True):
        if view.at - longest < at < view.at and (int(work.first[view.trace.patient[row]]), at) not in begun:
            lines = [line for line in view.moves.get(row, []) if line[0] <= at]
            left.append((_place_after(lines, began, what), at))
    return [entry for entry in left if entry[0] != NONE]


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
