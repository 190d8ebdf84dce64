"""Populations: sources that never run dry, as chains of patients who each come when the one before goes.

Each member of a population is a chain. Its links are keyed by (population, member, number in the
chain), so that a longer run adds links and moves none.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.drawing.coming import People
from twin.drawing.origins import FAR, HOUSE_LEFT, NONE, PLACE_LEFT
from twin.drawing.people import draw_classes
from twin.drawing.steps import walk
from twin.errors import UsageError
from twin.hospital import Hospital
from twin.hospital.duration import draw
from twin.hospital.pathway import Pathway, Population
from twin.streams import UIntArray, mix, name_key, uniform
from twin.units import IntArray

#: patients that one population may send in a run
_MOST = 10_000_000
#: links drawn at once
_AT_ONCE = 1_000_000
#: links drawn at once from which it is clear how many will be needed
_SOON = 1_000
#: gap between a place left and the next in it [ms]
_AT_ONCE_AFTER = 1


@dataclass(frozen=True)
class Heads:
    """The last link of each chain that is there or on its way when the run begins.

    Attributes
    ----------
    number : (member,) its number in the chain; -1 where the chain begins with the run
    patient : (member,) which of those already there it is; -1 where the chain begins with the run
    earliest : (member,) before which it cannot be gone [ms]
    cue : (member,) what of it gives the next of a source without a time ``away`` the cue to come
    """

    number: IntArray
    patient: IntArray
    earliest: IntArray
    cue: IntArray

    @classmethod
    def none(cls, members: int) -> Heads:
        """All chains begin with the run."""
        none = np.full(members, NONE)
        return cls(none, none.copy(), np.zeros(members, np.int64), np.full(members, PLACE_LEFT))


@dataclass(frozen=True)
class Chains:
    """Patients of one population, and who gives whom the cue to come.

    Attributes
    ----------
    people : patients
    before : (patient,) the one whose going is the cue, counted like the population's own; -1 for who comes
        by himself
    gap : (patient,) so long after the cue [ms]
    kind : (patient,) kind of the cue
    member, number : (patient,) whose chain, and which link of it
    """

    people: People
    before: IntArray
    gap: IntArray
    kind: IntArray
    member: IntArray
    number: IntArray


def chain_identity(
    base: np.uint64, population: str, member: IntArray | int, number: IntArray | int
) -> UIntArray:
    """Key of a link's chance."""
    return mix(base, name_key("population"), name_key(population), member, number)


def draw_population(
    hospital: Hospital, name: str, heads: Heads, first_patient: int, end: int, base: np.uint64
) -> Chains:
    """Every link of a population's chains that may come before the end, and the first after it.

    Parameters
    ----------
    first_patient
        Place of its first patient among those of populations and those already there.

    Raises
    ------
    UsageError
        Chains would need more than ten million links: nothing holds a member up for any time.
    """
    population = hospital.populations[name]
    chunks: list[tuple[UIntArray, IntArray, IntArray, IntArray]] = []
    member, number = np.arange(population.members), heads.number + 1
    earliest, new = heads.earliest.copy(), heads.number == NONE
    links, total = 8, 0
    while member.size:
        identity = chain_identity(base, name, member[:, None], number[:, None] + np.arange(links))
        classes = draw_classes(hospital, population.mix, identity)
        gap = _gaps(population, identity)
        if population.away is None:
            gap[new, 0] = 0  # they are there as the run begins
        stays = _least_stays(hospital, population, identity.ravel(), classes.ravel()).reshape(gap.shape)
        gone = earliest[:, None] + np.cumsum(gap + stays, axis=1)
        comes = gone - stays
        needed = np.column_stack([np.ones(member.size, bool), comes[:, :-1] < end])
        own = np.broadcast_to(member[:, None], needed.shape)[needed]
        chunks.append((identity[needed], classes[needed], gap[needed], own))
        total += own.size
        goes_on = comes[:, -1] < end
        reached = max(int(gone[goes_on, -1].mean()), 1) if goes_on.any() else end
        if total * min(links // _SOON + 1, end / reached) > _MOST:
            raise UsageError(_too_many(name), code="E_BUDGET")
        member, number, earliest = member[goes_on], number[goes_on] + links, gone[goes_on, -1]
        new = np.zeros(member.size, bool)
        links = max(1, min(2 * links, _AT_ONCE // max(member.size, 1)))
    return _as_chains(population, heads, first_patient, chunks)


def _as_chains(
    population: Population,
    heads: Heads,
    first_patient: int,
    chunks: list[tuple[UIntArray, IntArray, IntArray, IntArray]],
) -> Chains:
    identity, classes, gap, member = (np.concatenate(column) for column in zip(*chunks, strict=True))
    order = np.argsort(member, kind="stable")
    identity, classes, gap, member = identity[order], classes[order], gap[order], member[order]
    before = np.arange(first_patient - 1, first_patient - 1 + member.size)
    starts = np.flatnonzero(np.append(True, member[1:] != member[:-1])[: member.size])
    before[starts] = heads.patient[member[starts]]
    links = np.diff(np.append(starts, member.size))
    number = heads.number[member] + 1 + np.arange(member.size) - np.repeat(starts, links)
    arrival = np.where(before == NONE, gap, FAR)
    kind = np.full(member.size, PLACE_LEFT if population.away is None else HOUSE_LEFT)
    if population.away is None:
        kind[starts] = heads.cue[member[starts]]
    people = People(identity, arrival, classes.astype(np.int32))
    return Chains(people, before, gap, kind, member, number)


def _gaps(population: Population, identity: UIntArray) -> IntArray:
    """How long after the one before each link comes. Same shape. [ms]"""
    if population.away is None:
        return np.full(identity.shape, _AT_ONCE_AFTER, np.int64)
    return draw(population.away, uniform(mix(identity, name_key("away"))))


def _least_stays(
    hospital: Hospital, population: Population, identity: UIntArray, classes: IntArray
) -> IntArray:
    """How long each link holds up the next at least, however the house fares. [ms]"""
    rows = walk(hospital, identity, classes.astype(np.int32))
    least = np.where(rows["wall"] == NONE, rows["duration"], 0)
    if "patience" in rows:
        least = np.where(rows["patience"] == NONE, least, np.minimum(least, rows["patience"]))
    sure, last_sure = _who_stays(hospital)
    least[~sure[rows["step"]]] = 0
    first = rows["first"]
    if population.away is None:
        return least[first[:-1]]
    goes = np.cumsum(~last_sure[rows["step"]])
    reached = np.where(last_sure[rows["step"]], goes, goes - 1)
    before = np.append(0, goes)[first[:-1]]
    counted = reached == np.repeat(before, np.diff(first))
    return np.add.reduceat(np.where(counted, least, 0), first[:-1])


def _who_stays(hospital: Hospital) -> tuple[IntArray, IntArray]:
    """By number of the step: whether who comes to it waits for it; whether he surely goes on after it."""
    waits, goes_on = [], []
    for entry in hospital.classes.values():
        pathway = hospital.pathways[entry.pathway]
        for index, step in enumerate(pathway.steps):
            scheduled = entry.booking is not None and entry.booking.no_show > 0
            turned_away = step.if_full == "leaves" or _has_waiting_room(hospital, pathway, index) or scheduled
            waits.append(not turned_away and step.if_full == "waits")
            goes_on.append(not turned_away and (step.patience is None or step.out_of_patience == "skips"))
    return np.array(waits), np.array(goes_on)


def _has_waiting_room(hospital: Hospital, pathway: Pathway, index: int) -> bool:
    places = pathway.steps[index].alternatives()
    return bool(places) and hospital.everywhere[places[0].place].waiting_room is not None


def _too_many(name: str) -> str:
    return (
        f"populations.{name}: more than {_MOST:,} patients could come in this run, because nothing holds a "
        'member up before the next comes; let them wait (if_full = "waits", no waiting_room), give the '
        "population a time `away`, or ask for fewer days"
    )
