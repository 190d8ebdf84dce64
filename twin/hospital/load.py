"""Offered load: the patients, beds and people that the arrivals ask for on average.

The arithmetic that must close before anything is simulated: arrivals a day x mean length of stay
against the beds that are open. [beds] Patients of a population are not in it, for how often they come
depends on the house; promises, kits, lounges and the keeping of places while waiting neither.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import networkx as nx

from twin.errors import Overload
from twin.hospital.duration import mean_ms
from twin.hospital.flows import Flow, Served, class_rates, flows, left_out, visits
from twin.hospital.hospital import Hospital
from twin.hospital.lists import growing_lists, waiting_lists
from twin.hospital.pathway import Pathway
from twin.hospital.places import StaffGroup
from twin.hospital.week import usual_mean
from twin.units import MS_DAY, MS_IN

__all__ = [
    "Load",
    "Pool",
    "class_rates",
    "growing_lists",
    "growth_a_day",
    "hasty_in_words",
    "just_full",
    "left_out",
    "offered_load",
    "overloaded",
    "pools",
    "refuse_nowhere_to_go",
    "refuse_steady_overload",
    "visits",
]

#: of each step of a pathway: the steps before it, and how often a patient comes from there
Ways = list[list[tuple[int, float]]]
#: an offered load this near to 1 is 1: the sums behind it are rounded
_EXACTLY = 1e-9
#: what is told with one digit is told from here on [beds, places or people]
_WORTH_TELLING = 0.05
#: rounds in which the shares that are served settle (assumed: each halves what is left, or better)
_ROUNDS = 50


def _ratio(offered: float, there: float) -> float:
    if offered == 0:
        return 0.0
    return offered / there if there > 0 else float("inf")


@dataclass(frozen=True)
class Load:
    """What is asked of one place or group, and what is there.

    Attributes
    ----------
    kind : "ward", "place" or "staff"
    offered : mean number needed at once [beds, places or people]
    open : mean level over the usual week, breaks and expected absences included; infinite where unlimited
    lasting : what is offered by patients who wait for as long as it takes; the others leave or skip
    """

    name: str
    kind: str
    offered: float
    open: float
    lasting: float

    @property
    def ratio(self) -> float:
        """Offered / open; infinite where nothing is open and something is asked. [fraction]"""
        return _ratio(self.offered, self.open)


@dataclass(frozen=True)
class Pool:
    """Wards or places that stand in for each other, taken together; or staff groups that share a pool."""

    members: tuple[str, ...]
    offered: float  # mean number needed at once [beds, places or people]
    open: float  # mean level over the usual week
    lasting: float  # of what is offered, by patients who wait for as long as it takes

    @property
    def ratio(self) -> float:
        """Offered / open. [fraction]"""
        return _ratio(self.offered, self.open)

    @property
    def lasting_ratio(self) -> float:
        """Offered by patients who do not give up / open: at 1 and above, the queue has no end. [fraction]"""
        return _ratio(self.lasting, self.open)

    @property
    def in_words(self) -> str:
        """What is asked by those who wait as long as it takes, by the others, and what is open."""
        more = hasty_in_words(self.offered - self.lasting)
        return f"{self.lasting:.1f} needed on average{more}, {self.open:.1f} open"


def hasty_in_words(hasty: float) -> str:
    """What is asked beside the rest by patients who leave or skip, in brackets; empty where it is nothing."""
    return f" (and {hasty:.1f} more by those who give up)" if hasty >= _WORTH_TELLING else ""


def offered_load(hospital: Hospital) -> tuple[Load, ...]:
    """Every ward, place and group with what is asked of it; a place's first choice bears the load."""
    return _loads(hospital, settled_flows(hospital))


def settled_flows(hospital: Hospital) -> tuple[Flow, ...]:
    """Flows in which those who give up before a full place or group ask for nothing more.

    Of a class with a list come no more than can be booked: where the list grows, the house does not see it.
    """
    served: Served = {}
    booked = {name: each.share_booked for each in waiting_lists(hospital) for name in each.classes}
    found = flows(hospital, served, booked)
    for _ in range(_ROUNDS):
        before, served = served, _served(hospital, found)
        if all(abs(share - before.get(key, 1.0)) <= _EXACTLY for key, share in served.items()):
            break
        found = flows(hospital, served, booked)
    return found


def _served(hospital: Hospital, found: Sequence[Flow]) -> Served:
    """Share served of those who may give up: what their places and people can do of what is asked."""
    if not any(flow.gives_up for flow in found):
        return {}
    share = {
        name: min(1.0, 1 / pool.ratio) if pool.ratio > 0 else 1.0
        for pool in _pooled(hospital, _loads(hospital, found))
        for name in pool.members
    }
    return {
        (flow.patient_class, flow.index): min(
            [share[name] for name in (*[a.place for a in flow.step.alternatives()[:1]], *flow.step.staff)],
            default=1.0,
        )
        for flow in found
        if flow.gives_up
    }


def _loads(hospital: Hospital, found: Sequence[Flow]) -> tuple[Load, ...]:
    need = dict.fromkeys([*hospital.everywhere, *hospital.staff], 0.0)
    lasting = dict(need)

    def ask(name: str, load: float, flow: Flow) -> None:
        need[name] += load
        lasting[name] += 0.0 if flow.gives_up else load

    ways = {name: _ways_to(pathway) for name, pathway in hospital.pathways.items()}
    for flow in found:
        name = hospital.classes[flow.patient_class].pathway
        load = flow.asked * mean_ms(flow.step.duration) / MS_DAY
        for place, share in _places_of(hospital.pathways[name], flow.index, ways[name]):
            clean = _turnaround_days(hospital, place, flow.step.in_place)
            ask(place, share * (load + flow.asked * clean), flow)
        for group, people in flow.step.staff.items():
            ask(group, load * people, flow)
    rows = []
    for kind, section in (("ward", hospital.wards), ("place", hospital.places), ("staff", hospital.staff)):
        for key, entry in section.items():
            rows.append(Load(key, kind, need[key], usual_mean(entry, hospital.staff), lasting[key]))
    return tuple(rows)


def pools(hospital: Hospital) -> tuple[Pool, ...]:
    """Loads taken together where a patient of one place may be put in the other, or people float."""
    return _pooled(hospital, offered_load(hospital))


def _pooled(hospital: Hospital, rows: Sequence[Load]) -> tuple[Pool, ...]:
    loads = {load.name: load for load in rows}
    graph = nx.Graph()
    graph.add_nodes_from(loads)
    for pathway in hospital.pathways.values():
        for step in pathway.steps:
            graph.add_edges_from(pairwise(a.place for a in step.alternatives()))
    for name, group in hospital.staff.items():
        if group.float_pool is not None:
            graph.add_edge(name, group.float_pool)
    order = list(loads).index
    parts = [
        [loads[n] for n in sorted(part, key=order)]  # in the order of the description
        for part in nx.connected_components(graph)
    ]
    return tuple(
        Pool(
            tuple(load.name for load in part),
            sum(load.offered for load in part),
            sum(load.open for load in part),
            sum(load.lasting for load in part),
        )
        for part in parts
    )


def overloaded(hospital: Hospital) -> tuple[Pool, ...]:
    """Pools that have no steady state: those who wait for as long as it takes ask for all that is open.

    Where patients leave or skip (patience, ``if_full``, a waiting room), no queue grows without end.
    """
    return tuple(pool for pool in pools(hospital) if pool.lasting > 0 and pool.lasting_ratio >= 1 - _EXACTLY)


def just_full(pool: Pool) -> bool:
    """Whether what is asked is exactly what is open: the queue drifts, with no mean growth."""
    return abs(pool.lasting_ratio - 1) <= _EXACTLY


def growth_a_day(hospital: Hospital, pool: Pool) -> float:
    """How much a queue before an overloaded pool grows. [patients a day]

    What comes in beyond what the pool can finish: (offered - open) / mean time at the pool.
    """
    comes = 0.0
    for flow in settled_flows(hospital):
        wanted = [a.place for a in flow.step.alternatives()[:1]] + list(flow.step.staff)
        if not flow.gives_up and any(member in wanted for member in pool.members):
            comes += flow.asked
    return comes * max(1 - 1 / pool.lasting_ratio, 0.0) if pool.lasting_ratio > 0 else 0.0


def refuse_nowhere_to_go(hospital: Hospital) -> None:
    """Refuse a hospital in which patients ask for places or people that are never there.

    Raises
    ------
    Overload
        With every such place or group, and the demand for it.
    """
    nowhere = [
        pool
        for pool in pools(hospital)
        if pool.lasting > 0 and pool.open == 0 and not any(_opens_by_date(hospital, n) for n in pool.members)
    ]
    if nowhere:
        lines = [
            f"  {_names(hospital, pool)}: {pool.lasting:.1f} needed on average and never one open; "
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
        With every pool of which those who do not give up ask for all that is open.
    """
    over = overloaded(hospital)
    if not all(just_full(pool) for pool in over):
        lines = [
            f"  {_names(hospital, pool)}: {pool.in_words} "
            f"(offered load {pool.lasting_ratio:.2f}); "
            f"the queue grows by {growth_a_day(hospital, pool):.1f} a day"
            for pool in over
        ]
        raise Overload(
            f"there is no steady state (UNSTABLE rho={max(pool.lasting_ratio for pool in over):.4g}): "
            "queues would grow without end\n"
            + "\n".join(lines)
            + "\nopen more, or ask for a finite run from the day it begins (--warm-up 0)"
        )


def _opens_by_date(hospital: Hospital, name: str) -> bool:
    """Whether rows for dates or holidays open a place that is closed in the usual week."""
    entry = {**hospital.everywhere, **hospital.staff}[name]
    shifts = entry.shifts.values() if isinstance(entry, StaffGroup) else ()
    rows = [*entry.exceptions(), *((shift, shift.on_duty) for shift in shifts)]
    return any(row.is_exception and level > 0 for row, level in rows)


def _names(hospital: Hospital, pool: Pool) -> str:
    everything = {**hospital.everywhere, **hospital.staff}
    return " + ".join(f"{everything[name].title} ({name})" for name in pool.members)


def _turnaround_days(hospital: Hospital, place: str, in_place: bool) -> float:
    return 0.0 if in_place else hospital.everywhere[place].turnaround_minutes * MS_IN["minutes"] / MS_DAY


def _ways_to(pathway: Pathway) -> Ways:
    """By which ways a patient comes to each step; left out where no step is in place."""
    ways: Ways = [[] for _ in pathway.steps]
    if any(step.in_place for step in pathway.steps):
        for i, times in enumerate(visits(pathway)):
            routes = pathway.routes(i)
            for index in dict.fromkeys(to for to, _ in routes if to is not None):
                share = sum(s for to, s in routes if to == index)
                if share > 0:
                    ways[index].append((i, float(times * share)))
    return ways


def _places_of(
    pathway: Pathway, index: int, ways: Ways, seen: frozenset[int] = frozenset()
) -> list[tuple[str, float]]:
    """First choices that bear a step's time, with their share (steps in place look back)."""
    step = pathway.steps[index]
    if not step.in_place:
        return [(step.alternatives()[0].place, 1.0)] if step.places else []
    flows: dict[str, float] = {}
    for before, comes in ways[index]:
        if before not in seen:
            for place, part in _places_of(pathway, before, ways, seen | {index}):
                flows[place] = flows.get(place, 0.0) + comes * part
    total = sum(flows.values())
    return [(place, flow / total) for place, flow in flows.items()]
