"""Offered load: the patients, beds and people that the arrivals ask for on average.

The arithmetic that must close before anything is simulated: arrivals a day x mean length of stay
against the beds that are open. [beds]
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import networkx as nx
import numpy as np

from twin.errors import Overload
from twin.hospital.duration import mean_ms
from twin.hospital.hospital import Hospital
from twin.hospital.pathway import Pathway
from twin.units import DAYS_WEEK, MS_DAY, MS_IN, FloatArray, clock_ms


@dataclass(frozen=True)
class Load:
    """What is asked of one place or group, and what is there."""

    name: str
    kind: str  # "ward", "place" or "staff"
    offered: float  # mean number needed at once [beds, places or people]
    open: float  # mean level over the week; infinite where unlimited

    @property
    def ratio(self) -> float:
        """Offered / open; infinite where nothing is open and something is asked. [fraction]"""
        if self.offered == 0:
            return 0.0
        return self.offered / self.open if self.open > 0 else float("inf")


def visits(pathway: Pathway) -> FloatArray:
    """Mean number of times a patient comes to each step, shape (step,). [visits a patient]"""
    n = len(pathway.steps)
    route = np.zeros((n, n))
    for i in range(n):
        for to, share in pathway.routes(i):
            if to is not None:
                route[i, to] += share
    first = np.zeros(n)
    first[0] = 1
    return np.asarray(np.linalg.solve((np.eye(n) - route).T, first), dtype=np.float64)


def class_rates(hospital: Hospital) -> dict[str, float]:
    """Mean arrivals of each class. [patients a day]"""
    rates = dict.fromkeys(hospital.classes, 0.0)
    for stream in hospital.arrivals.values():
        mean = stream.daily_mean * stream.factor * sum(stream.weekday_factors) / DAYS_WEEK
        for name, share in stream.mix.items():
            rates[name] += mean * share
    return rates


def mean_level(entry) -> float:  # type: ignore[no-untyped-def]
    """Mean level over a week, the calendar's exceptions included. [beds, places or people]"""
    if getattr(entry, "unlimited", False):
        return float("inf")
    week = np.full((DAYS_WEEK, MS_DAY // MS_IN["minutes"]), float(entry.usual))
    names = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    for row, level in entry.exceptions():
        start, end = (clock_ms(text) // MS_IN["minutes"] for text in (row.start, row.end))
        for day in row.days:
            week[names.index(day), start:end] = level
    return float(week.mean())


def offered_load(hospital: Hospital) -> tuple[Load, ...]:
    """Every ward, place and group with what is asked of it; a place's first choice bears the load.

    The time that a patient keeps a place while waiting for the next is not counted: it depends on
    the state of the house.
    """
    need = dict.fromkeys([*hospital.everywhere, *hospital.staff], 0.0)
    rates = class_rates(hospital)
    for name, patient_class in hospital.classes.items():
        pathway = hospital.pathways[patient_class.pathway]
        for i, times in enumerate(visits(pathway)):
            step = pathway.steps[i]
            load = rates[name] * times * mean_ms(step.duration) / MS_DAY
            for place in _places_of(pathway, i):
                need[place[0]] += load * place[1]
                need[place[0]] += (
                    rates[name] * times * place[1] * _turnaround_days(hospital, place[0], step.in_place)
                )
            for group, people in step.staff.items():
                need[group] += load * people
    rows = []
    for kind, section in (("ward", hospital.wards), ("place", hospital.places), ("staff", hospital.staff)):
        rows += [Load(key, kind, need[key], mean_level(entry)) for key, entry in section.items()]
    return tuple(rows)


@dataclass(frozen=True)
class Pool:
    """Wards or places that stand in for each other, taken together; or one staff group."""

    members: tuple[str, ...]
    offered: float  # mean number needed at once [beds, places or people]
    open: float  # mean level over the week

    @property
    def ratio(self) -> float:
        """Offered / open. [fraction]"""
        return Load("", "", self.offered, self.open).ratio


def pools(hospital: Hospital) -> tuple[Pool, ...]:
    """Loads taken together where a patient of one place may be put in the other."""
    loads = {load.name: load for load in offered_load(hospital)}
    graph = nx.Graph()
    graph.add_nodes_from(loads)
    for pathway in hospital.pathways.values():
        for step in pathway.steps:
            names = [a.place for a in step.alternatives()]
            graph.add_edges_from(pairwise(names))
    groups = [tuple(sorted(part, key=list(loads).index)) for part in nx.connected_components(graph)]
    return tuple(
        Pool(group, sum(loads[n].offered for n in group), sum(loads[n].open for n in group))
        for group in groups
    )


#: an offered load this near to 1 is 1: the sums behind it are rounded
_EXACTLY = 1e-9


def overloaded(hospital: Hospital) -> tuple[Pool, ...]:
    """Pools that have no steady state: offered load of 1 or more."""
    return tuple(pool for pool in pools(hospital) if pool.offered > 0 and pool.ratio >= 1 - _EXACTLY)


def just_full(pool: Pool) -> bool:
    """Whether what is asked is exactly what is open: the queue drifts, with no mean growth."""
    return abs(pool.ratio - 1) <= _EXACTLY


def growth_a_day(hospital: Hospital, pool: Pool) -> float:
    """How much a queue before an overloaded pool grows. [patients a day]

    What comes in beyond what the pool can finish: (offered - open) / mean time at the pool.
    """
    comes = 0.0
    rates = class_rates(hospital)
    for name, patient_class in hospital.classes.items():
        pathway = hospital.pathways[patient_class.pathway]
        for i, times in enumerate(visits(pathway)):
            step = pathway.steps[i]
            wanted = [a.place for a in step.alternatives()[:1]] + list(step.staff)
            if any(member in wanted for member in pool.members):
                comes += rates[name] * float(times)
    return comes * max(1 - 1 / pool.ratio, 0.0) if pool.ratio > 0 else 0.0


def refuse_nowhere_to_go(hospital: Hospital) -> None:
    """Refuse a hospital in which patients ask for places or people that are never there.

    Raises
    ------
    Overload
        With every such place or group, and the demand for it.
    """
    nowhere = [pool for pool in pools(hospital) if pool.offered > 0 and pool.open == 0]
    if nowhere:
        lines = [
            f"  {_names(hospital, pool)}: {pool.offered:.1f} needed on average and never one open; "
            "open some, or send the patients elsewhere"
            for pool in nowhere
        ]
        raise Overload("patients would wait for ever\n" + "\n".join(lines), code="E_CAPACITY")


def refuse_steady_overload(hospital: Hospital) -> None:
    """Refuse a run that is asked for its steady state where queues grow without end.

    Where what is asked is exactly what is open, nothing grows on average: such a run is played and labelled.

    Raises
    ------
    Overload
        With every pool whose offered load is at or above what is open.
    """
    over = overloaded(hospital)
    if not all(just_full(pool) for pool in over):
        lines = [
            f"  {_names(hospital, pool)}: {pool.offered:.1f} needed on average, {pool.open:.1f} open "
            f"(offered load {pool.ratio:.2f}); the queue grows by {growth_a_day(hospital, pool):.1f} a day"
            for pool in over
        ]
        raise Overload(
            f"there is no steady state (UNSTABLE rho={max(pool.ratio for pool in over):.4g}): "
            "queues would grow without end\n"
            + "\n".join(lines)
            + "\nopen more, or ask for a finite run from the day it begins (--warm-up 0)"
        )


def _names(hospital: Hospital, pool: Pool) -> str:
    everything = {**hospital.everywhere, **hospital.staff}
    return " + ".join(f"{everything[name].title} ({name})" for name in pool.members)


def _turnaround_days(hospital: Hospital, place: str, in_place: bool) -> float:
    return 0.0 if in_place else hospital.everywhere[place].turnaround_minutes * MS_IN["minutes"] / MS_DAY


def _places_of(pathway: Pathway, index: int, seen: frozenset[int] = frozenset()) -> list[tuple[str, float]]:
    """First choices that bear a step's time, with their share (steps in place look back)."""
    step = pathway.steps[index]
    if not step.in_place:
        return [(step.alternatives()[0].place, 1.0)] if step.places else []
    times = visits(pathway)
    flows: dict[str, float] = {}
    for i in range(len(pathway.steps)):
        share = sum(s for to, s in pathway.routes(i) if to == index)
        if share > 0 and i not in seen:
            for place, part in _places_of(pathway, i, seen | {index}):
                flows[place] = flows.get(place, 0.0) + times[i] * share * part
    total = sum(flows.values())
    return [(place, flow / total) for place, flow in flows.items()]
