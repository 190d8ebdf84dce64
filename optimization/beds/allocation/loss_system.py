"""Refused patients of every number of beds at once, on one drawing of the patients.

Let each patient take the free bed with the lowest number. Then the first c beds live exactly what they
would live if there were no others, because only overflow goes beyond them: who takes a bed above c is who
a specialty of c beds refuses. So one pass over the patients counts the refusals of every c; and whom more
beds refuse, fewer refuse too, patient by patient. This is a theorem only where nobody waits and no bed is
shared: that is what ``as_loss_system`` checks.

References
----------
Ordered hunting and overflow: Cooper (1981), Introduction to Queueing Theory, 2nd ed., section 4.2.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np

from twin.case import Case, Window
from twin.compiling import compiler
from twin.errors import UsageError
from twin.hospital import Hospital
from twin.hospital.pathway import Step
from twin.units import IntArray, minutes
from twin.workload import Workload, draw_workload

compiled = compiler("allocation", [Path(__file__)])


def refusals(case: Case, window: Window, *, seed: int, replications: Sequence[int], most: int) -> IntArray:
    """Patients refused on the measured days with 0, 1, ... ``most`` beds, int (replication, ward, beds).

    The house begins empty; the warm-up fills it.

    Raises
    ------
    UsageError
        The case is no separable loss system, with the rule that makes it something else.
    """
    as_loss_system(case)
    count = partial(_refusals_of, hospital=case.hospital, window=window, most=most)
    return np.stack(
        [count(draw_workload(case, window, seed=seed, replication=number)) for number in replications]
    )


def _refusals_of(workload: Workload, *, hospital: Hospital, window: Window, most: int) -> IntArray:
    """Refused patients of one drawing, int (ward, beds)."""
    wards = list(hospital.wards)
    classes = list(hospital.classes.values())
    ward_of = np.array([wards.index(_ward(hospital, member.pathway)) for member in classes])
    priority = np.array([c.priority for c in classes])
    turnaround = np.array([minutes(ward.turnaround_minutes) for ward in hospital.wards.values()])

    of, ward = workload.patient_class, ward_of[workload.patient_class]
    order = np.lexsort((workload.key, priority[of], workload.arrival))
    came = workload.arrival[order]
    ready = came + workload.duration[workload.first[:-1]][order] + turnaround[ward[order]]
    starts = workload.clock.day_starts
    first, last = starts[window.warm_up], starts[window.warm_up + window.days]
    counted = ((came >= first) & (came < last)).astype(np.int64)

    refused = np.zeros((len(wards), most + 1), np.int64)
    for i in range(len(wards)):
        rows = ward[order] == i
        free_from = np.full(most, np.iinfo(np.int64).min)
        took = np.zeros(most + 1, np.int64)  # patients who took bed 1, 2, ..., and those who found none
        _take_lowest(came[rows], ready[rows], counted[rows], free_from, took)
        refused[i] = took[::-1].cumsum()[::-1]
    return refused


@compiled
def _take_lowest(came, ready, counted, free_from, took):
    """Give each patient the free bed with the lowest number and count who took which."""
    for i in range(came.size):
        bed = 0
        while bed < free_from.size and free_from[bed] > came[i]:
            bed += 1
        if bed < free_from.size:
            free_from[bed] = ready[i]
        took[bed] += counted[i]


def as_loss_system(case: Case) -> None:
    """Refuse a case in which refusals depend on more than the beds of one's own ward.

    Raises
    ------
    UsageError
        With every rule that makes it something else than a separable loss system.
    """
    hospital, rules = case.hospital, []
    for name, member in hospital.classes.items():
        steps = hospital.pathways[member.pathway].steps
        if len(steps) != 1:
            rules.append(f"{name} goes through {len(steps)} steps")
        elif (why := _not_lost(steps[0], hospital)) is not None:
            rules.append(f"{name} {why}")
        if member.booking is not None or member.ages or member.preempts or member.of != "patient":
            rules.append(f"{name} is booked, ages, stops others or is no patient")
    for name, ward in hospital.wards.items():
        if ward.calendar or ward.nursing is not None or ward.discharge_profile is not None:
            rules.append(f"{name} has a calendar, nurses or a discharge profile")
        if ward.opens_when_full or ward.waiting_room is not None:
            rules.append(f"{name} opens when others are full, or has a waiting room")
    if case.snapshot.patients or case.snapshot.cleaning or hospital.populations:
        rules.append("the house does not begin empty, or patients come again")
    if rules:
        raise UsageError(f"no separable loss system: {'; '.join(rules)}")


def _not_lost(step: Step, hospital: Hospital) -> str | None:
    """What makes a step more than a stay in one ward that is refused when the ward is full."""
    if len(step.places) != 1 or step.alternatives()[0].place not in hospital.wards:
        return "does not lie in exactly one ward"
    if step.if_full != "leaves":
        return "waits for a bed"
    if step.staff or step.kit or step.needs_next or step.lounge or step.can_be_stopped:
        return "needs more than a bed"
    return None


def _ward(hospital: Hospital, pathway: str) -> str:
    return hospital.pathways[pathway].steps[0].alternatives()[0].place
