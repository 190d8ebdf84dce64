"""Components: the places in which patients who keep one may wait for each other in a circle."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import networkx as nx
import numpy as np

from twin.hospital import Hospital
from twin.hospital.pathway import Step
from twin.units import IntArray
from twin.workload import NONE


def components(hospital: Hospital, found: Iterable[tuple[int, int]], places: Mapping[str, int]) -> IntArray:
    """Number of each place's strongly connected part, shape (place,); -1 where no circle can go through it.

    Parameters
    ----------
    found
        (class, place) of patients who are there when the run begins.
    places
        Number of each place.
    """
    graph = nx.DiGraph()
    graph.add_nodes_from(range(len(hospital.everywhere)))
    for pathway in hospital.pathways.values():
        if any(_may_keep_another(step) for step in pathway.steps):
            graph.add_edges_from(
                (places[held], places[a.place])
                for held in _everywhere_of(pathway.steps)
                for step in pathway.steps
                for a in step.alternatives()
            )
        for i in range(len(pathway.steps)):
            for held in _held_after(pathway, i):
                for to, share in pathway.routes(i):
                    if to is not None and share > 0:
                        wanted = (a.place for a in pathway.steps[to].alternatives())
                        graph.add_edges_from((places[held], places[place]) for place in wanted)
    pathways = [entry.pathway for entry in hospital.classes.values()]
    for number, held_now in found:
        for step in hospital.pathways[pathways[number]].steps:
            graph.add_edges_from((held_now, places[a.place]) for a in step.alternatives())
    component = np.full(len(hospital.everywhere), NONE, np.int64)
    parts = sorted(sorted(part) for part in nx.strongly_connected_components(graph) if len(part) > 1)
    for number, part in enumerate(parts):
        component[part] = number
    return component


def _may_keep_another(step: Step) -> bool:
    """A place may be kept longer, or another one kept, than the order of steps says."""
    skips = step.if_full == "skips" or step.out_of_patience == "skips"
    return skips or step.repatriates or step.lounge is not None


def _everywhere_of(steps: Sequence[Step]) -> set[str]:
    """All places in which a patient of a pathway may be."""
    listed = {a.place for step in steps for a in step.alternatives()}
    return listed | {step.lounge.place for step in steps if step.lounge is not None}


def _held_after(pathway, index: int, seen: frozenset[int] = frozenset()) -> set[str]:  # type: ignore[no-untyped-def]
    """Places that a patient may keep after a step."""
    step = pathway.steps[index]
    if not step.keeps_place:
        return set()
    if not step.in_place:
        return {a.place for a in step.alternatives()}
    before = [
        i
        for i in range(len(pathway.steps))
        if i not in seen and any(to == index and share > 0 for to, share in pathway.routes(i))
    ]
    return set().union(*(_held_after(pathway, i, seen | {index}) for i in before)) if before else set()
