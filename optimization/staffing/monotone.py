"""Where in a hospital a bound can be proved: staff groups that are plain stations.

Raising a level delays nobody only where the theorem of ``playing`` holds: one line, first come first
served, one person a task, nobody leaves the line, work is finished when the level falls, and nothing that
comes to the group depends on the group. Elsewhere one more person can make some day worse, cuts are a
search and no proof, and a certificate says so, with the rules that stand against it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from twin.errors import NotFound, did_you_mean
from twin.hospital import Hospital
from twin.hospital.pathway import Pathway, PatientClass, Step


@dataclass(frozen=True)
class Uses:
    """A step that takes people of the group."""

    patient_class: str
    at: int
    step: Step


def rules_against(hospital: Hospital, group: str) -> tuple[str, ...]:
    """The rules under which one more of this group may delay somebody; none for a plain station.

    Raises
    ------
    NotFound
        The hospital has no such staff group.
    """
    if group not in hospital.staff:
        raise NotFound(
            f"the hospital has no staff group {group!r}{_hint(did_you_mean(group, list(hospital.staff)))}"
        )
    return tuple(dict.fromkeys(_rules(hospital, group)))


def bound_note(hospital: Hospital, group: str) -> str:
    """What a certificate says of the bound for this group."""
    rules = rules_against(hospital, group)
    if rules:
        return f"none (rules: {'; '.join(rules)})"
    return "proved on the sample: one line, first come first served, so that more people delay nobody"


def plain_stations(hospital: Hospital) -> tuple[str, ...]:
    """Staff groups for which a bound can be proved."""
    return tuple(g for g in hospital.staff if not rules_against(hospital, g))


def _hint(cure: str | None) -> str:
    return f"; {cure}" if cure else ""


def _rules(hospital: Hospital, group: str) -> Iterator[str]:
    uses = _uses(hospital, group)
    if not uses:
        yield "no task takes this group's people"
        return
    yield from _of_the_group(hospital, group)
    for use in uses:
        yield from _of_the_step(hospital, use)
        yield from _of_the_class(hospital, hospital.classes[use.patient_class], use.patient_class)
    if len({_priority(hospital, use) for use in uses}) > 1:
        yield "priorities"
    if any(hospital.classes[use.patient_class].ages for use in uses):
        yield "priorities that age"
    if any(_depends(hospital, group, use) for use in uses):
        yield "patients who come back, or who wait before for what others use after"


def _of_the_group(hospital: Hospital, group: str) -> Iterator[str]:
    staff = hospital.staff[group]
    if staff.float_pool or any(other.float_pool == group for other in hospital.staff.values()):
        yield "float pool"
    if staff.on_fall == "stop":
        yield "work stopped when the level falls"
    if any(w.nursing is not None and w.nursing.group == group for w in hospital.wards.values()):
        yield "beds that close without nurses"


def _of_the_step(hospital: Hospital, use: Uses) -> Iterator[str]:
    step = use.step
    if len(step.staff) > 1 or max(step.staff.values()) > 1:
        yield "bundles"
    if step.in_place or any(p in _limited(hospital) for p in _places(step)):
        yield "places that patients hold while they wait, or must find free"
    if step.patience is not None or step.if_full != "waits":
        yield "patients who do not wait"
    if step.needs_next:
        yield "promised places"
    if step.kit:
        yield "kits"
    if step.holds_the_line:
        yield "holding the line"
    if step.can_be_stopped:
        yield "pre-emption"


def _of_the_class(hospital: Hospital, patient_class: PatientClass, name: str) -> Iterator[str]:
    if patient_class.booking is not None:
        yield "sessions"
    if patient_class.preempts:
        yield "pre-emption"
    if any(name in population.mix for population in hospital.populations.values()):
        yield "patients of a population, who come again when they are done"


def _priority(hospital: Hospital, use: Uses) -> int:
    own = use.step.priority
    return hospital.classes[use.patient_class].priority if own is None else own


def _depends(hospital: Hospital, group: str, use: Uses) -> bool:
    """Whether what happens before a task can depend on the group's own level."""
    touched = _touched(hospital, group)
    pathway = hospital.pathways[hospital.classes[use.patient_class].pathway]
    before = (step for i, step in enumerate(pathway.steps) if use.at in _after(pathway, i))
    return any(_resources(hospital, step) & touched for step in before)


def _touched(hospital: Hospital, group: str) -> set[str]:
    """The group, and all places, groups and supplies whose use can depend on its level."""
    touched, before = {f"staff {group}"}, set[str]()
    while touched != before:
        before = set(touched)
        for pathway in hospital.pathways.values():
            for i, step in enumerate(pathway.steps):
                if not _resources(hospital, step) & touched:
                    continue
                then = {i, *_after(pathway, i)}
                kept = {
                    j
                    for j, each in enumerate(pathway.steps)
                    if each.keeps_place and _after(pathway, j) & then
                }
                for j in then | kept:
                    touched |= _resources(hospital, pathway.steps[j])
    return touched


def _after(pathway: Pathway, at: int) -> set[int]:
    """Steps that may come after one, by number; it may be among them itself."""
    found: set[int] = set()
    left = [at]
    while left:
        for to, share in pathway.routes(left.pop()):
            if to is not None and share > 0 and to not in found:
                found.add(to)
                left.append(to)
    return found


def _resources(hospital: Hospital, step: Step) -> set[str]:
    """What a step competes for, or whose state decides about it."""
    places = [*_places(step), *([step.lounge.place] if step.lounge else [])]
    places += [gate for p in places for gate in hospital.everywhere[p].opens_when_full]
    pools = {f"staff {pool}" for g in step.staff if (pool := hospital.staff[g].float_pool)}
    nurses = {f"staff {n.group}" for p in places if p in hospital.wards and (n := hospital.wards[p].nursing)}
    limited = _limited(hospital)
    return (
        {f"staff {g}" for g in step.staff}
        | pools
        | nurses
        | {f"place {p}" for p in places if p in limited}
        | ({"supplies"} if step.kit else set())
    )


def _places(step: Step) -> list[str]:
    return [each.place for each in step.alternatives()]


def _limited(hospital: Hospital) -> set[str]:
    return {*hospital.wards, *(name for name, place in hospital.places.items() if not place.unlimited)}


def _uses(hospital: Hospital, group: str) -> list[Uses]:
    return [
        Uses(name, i, step)
        for name, patient_class in hospital.classes.items()
        for i, step in enumerate(hospital.pathways[patient_class.pathway].steps)
        if group in step.staff
    ]
