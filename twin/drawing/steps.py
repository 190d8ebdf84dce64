"""The way through the house: which steps each patient takes, how long each, and what ends the wait."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from twin.drawing.origins import IN_STEP, NONE, Columns
from twin.errors import TwinError
from twin.hospital import Hospital
from twin.hospital.discharge import discharge_wall
from twin.hospital.duration import draw, residual
from twin.hospital.pathway import Delay, Pathway, Step
from twin.hospital.places import Ward
from twin.streams import UIntArray, mix, name_key, uniform
from twin.units import FloatArray, IntArray

#: a patient who makes more steps than this goes round in circles for ever
_MOST_STEPS = 10_000


def walk(hospital: Hospital, columns: Columns) -> Columns:
    """Walk every patient along the pathway: rows of steps in order of patient and visit.

    Parameters
    ----------
    columns
        Patients. ``remaining`` [ms] (patient,), where given, is what is known to be left of the first
        row, else -1; ``visits`` (entry, 3) is how often a patient came to a step before: patient, step
        of the pathway, times.

    Returns
    -------
    Columns
        ``first`` (patient + 1,) and, by row, ``step``, ``duration``, ``wall``; ``patience``, ``delay`` and
        ``reason`` where a step of the hospital has them; ``row_id``, the key of a row's chance, where kits
        have trays.
    """
    wanted = _wanted(hospital)
    chunks: list[Columns] = []
    at = 0
    for number, entry in enumerate(hospital.classes.values()):
        pathway = hospital.pathways[entry.pathway]
        members = np.flatnonzero(columns["patient_class"] == number)
        if members.size:
            for chunk in _walk_class(hospital, pathway, columns, members, wanted):
                chunk["step"] += at
                chunks.append(chunk)
        at += len(pathway.steps)
    n = columns["key"].size
    first = np.zeros(n + 1, np.int64)
    if not chunks:
        return {"first": first, **_no_rows(wanted)}
    who = np.concatenate([chunk.pop("who") for chunk in chunks])
    order = np.argsort(who, kind="stable")
    np.cumsum(np.bincount(who, minlength=n), out=first[1:])
    rows = {name: np.concatenate([chunk.pop(name) for chunk in chunks])[order] for name in list(chunks[0])}
    return {"first": first, **rows}


def _wanted(hospital: Hospital) -> frozenset[str]:
    """Columns of rows that this hospital needs beside the usual ones."""
    steps = [step for pathway in hospital.pathways.values() for step in pathway.steps]
    wanted = set()
    if any(step.patience is not None for step in steps):
        wanted.add("patience")
    if any(step.delays for step in steps):
        wanted |= {"delay", "reason"}
    if any(name in hospital.trays for kit in hospital.kits.values() for name in kit.contents):
        wanted.add("row_id")
    return frozenset(wanted)


def _no_rows(wanted: frozenset[str]) -> Columns:
    kinds = {"step": np.int32, "duration": np.int64, "wall": np.int64}
    more = {"patience": np.int64, "delay": np.int64, "reason": np.int8, "row_id": np.uint64}
    kinds |= {name: kind for name, kind in more.items() if name in wanted}
    return {name: np.zeros(0, kind) for name, kind in kinds.items()}


def _walk_class(
    hospital: Hospital, pathway: Pathway, columns: Columns, members: IntArray, wanted: frozenset[str]
) -> Iterator[Columns]:
    identity: UIntArray = columns["id"]
    seen = _seen_before(columns, members, len(pathway.steps))
    here, at, first_visit = np.arange(members.size), columns["begin"][members], True
    for _ in range(_MOST_STEPS):
        if here.size == 0:
            return
        following = np.full(here.size, NONE, np.int64)
        for s in np.unique(at):
            step, chosen = pathway.steps[s], at == s
            who = here[chosen]
            key = mix(identity[members[who]], name_key(step.name), seen[who, s])
            seen[who, s] += 1
            to = _route(pathway, int(s), uniform(mix(key, name_key("route"))))
            following[chosen] = to
            u = uniform(mix(key, name_key("duration")))
            duration = draw(step.duration, u)
            wall = _wall_of_discharge(hospital, pathway, int(s), to, uniform(mix(key, name_key("discharge"))))
            if first_visit:
                duration, wall = _what_is_left(columns, members[who], step, u, duration, wall)
            yield {
                "who": members[who],
                "step": np.full(who.size, s, np.int32),
                "duration": duration,
                "wall": wall,
                **_more(step, key, duration, wanted),
            }
        goes_on = following != NONE
        here, at, first_visit = here[goes_on], following[goes_on], False
    raise TwinError(f"a patient made {_MOST_STEPS:,} steps on one pathway; look at its routes for a circle")


def _seen_before(columns: Columns, members: IntArray, steps: int) -> IntArray:
    """How often each member came to each step before the run, shape (member, step)."""
    seen = np.zeros((members.size, steps), dtype=np.int64)
    if "visits" in columns:
        visits = columns["visits"][np.isin(columns["visits"][:, 0], members)]
        seen[np.searchsorted(members, visits[:, 0]), visits[:, 1]] = visits[:, 2]
    return seen


def _what_is_left(
    columns: Columns, who: IntArray, step: Step, u: FloatArray, duration: IntArray, wall: IntArray
) -> tuple[IntArray, IntArray]:
    """Duration and hour of discharge of first rows: for those already in it, what is left of it.

    Where it is known exactly, the hour is in it.
    """
    inside = columns["origin"][who] == IN_STEP
    if inside.any():
        elapsed = -columns["since"][who[inside]] / step.duration.ms
        duration[inside] = residual(step.duration, elapsed, u[inside])
    if "remaining" in columns:
        remaining = columns["remaining"][who]
        known = remaining != NONE
        duration[known], wall[known] = remaining[known], NONE
    return duration, wall


def _more(step: Step, key: UIntArray, duration: IntArray, wanted: frozenset[str]) -> Columns:
    """Patience, delay and its reason, and the key of the row's chance, where they are wanted."""
    more: Columns = {}
    if "patience" in wanted:
        more["patience"] = (
            np.full(key.size, NONE, np.int64)
            if step.patience is None
            else draw(step.patience, uniform(mix(key, name_key("patience"))))
        )
    if "reason" in wanted:
        more["delay"], more["reason"] = _delays(step.delays, key, duration)
    if "row_id" in wanted:
        more["row_id"] = key
    return more


def _delays(
    delays: dict[str, Delay], key: UIntArray, duration: IntArray
) -> tuple[IntArray, NDArray[np.int8]]:
    """Last part of the stay after medically fit, never more than the stay [ms]; and its reason."""
    delay = np.zeros(key.size, np.int64)
    reason = np.full(key.size, NONE, np.int8)
    if delays:
        edges = np.cumsum([entry.share for entry in delays.values()])
        drawn = np.searchsorted(edges, uniform(mix(key, name_key("delay reason"))), side="right")
        u = uniform(mix(key, name_key("delay")))
        for number, entry in enumerate(delays.values()):
            chosen = drawn == number
            delay[chosen] = np.minimum(draw(entry.duration, u[chosen]), duration[chosen])
            reason[chosen] = number
    return delay, reason


def _route(pathway: Pathway, index: int, u: FloatArray) -> IntArray:
    routes = pathway.routes(index)
    edges = np.cumsum([share for _, share in routes])[:-1]
    targets = np.array([NONE if to is None else to for to, _ in routes], dtype=np.int64)
    return targets[np.searchsorted(edges, u, side="right")]


def _wall_of_discharge(
    hospital: Hospital, pathway: Pathway, index: int, to: IntArray, u: FloatArray
) -> IntArray:
    wall = np.full(to.size, NONE, np.int64)
    profile = discharge_profile(hospital, pathway, index)
    if profile is not None:
        leaves = to == NONE
        wall[leaves] = discharge_wall(hospital.profiles[profile], u[leaves])
    return wall


def discharge_profile(hospital: Hospital, pathway: Pathway, index: int) -> str | None:
    """Name of the profile that a stay's last hour follows: that of the step's first ward."""
    places = pathway.steps[index].alternatives()
    ward = hospital.wards.get(places[0].place) if places else None
    return ward.discharge_profile if isinstance(ward, Ward) else None
