"""Random small hospitals and workloads that use every rule, for tests of equality and conservation."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from random import Random
from typing import Any

import numpy as np

from tests.houses import START
from twin.case import Case, InHouse, Snapshot, Window
from twin.hospital import Hospital
from twin.hospital.check import check_references
from twin.units import MS_MINUTE
from twin.workload import NONE, Workload, draw_workload

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def random_case(rng: Random) -> Case:
    """A hospital of a few wards and places, tight enough that patients block each other."""
    while True:
        raw = _description(rng)
        if not check_references(raw):
            break
    hospital = Hospital.model_validate(raw)
    return Case(hospital, snapshot=_snapshot(rng, hospital) if rng.random() < 0.4 else Snapshot.empty())


def random_workload(rng: Random, case: Case, *, whole_minutes: bool) -> Workload:
    """A few days of patients; on a clock of whole minutes many things happen at once."""
    window = Window(START, days=rng.randint(1, 4), warm_up=rng.randint(0, 1), tail=rng.randint(0, 1))
    work = draw_workload(case, window, seed=rng.randint(0, 10**9), replication=rng.randint(0, 5))
    if not whole_minutes:
        return work
    grain = rng.choice((1, 5, 30)) * MS_MINUTE

    def coarse(values: Any, least: int) -> Any:
        return np.maximum((np.asarray(values) // grain) * grain, least)

    arrival = np.where(work.arrival < 0, work.arrival, coarse(work.arrival, 0))
    order = np.lexsort((work.key, arrival))
    assert np.array_equal(arrival[order], np.sort(arrival))
    coarse_work = replace(
        work,
        arrival=arrival,
        duration=coarse(work.duration, grain),
        wall=np.where(work.wall == NONE, NONE, coarse(work.wall, 0)),
    )
    return _in_order(coarse_work, order)


def _in_order(work: Workload, order: Any) -> Workload:
    lengths = np.diff(work.first)[order]
    first = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    rows = np.concatenate(
        [np.arange(work.first[i], work.first[i + 1]) for i in order] or [np.zeros(0)]
    ).astype(np.int64)
    people = {
        c: getattr(work, c)[order] for c in ("key", "patient_class", "arrival", "origin", "held", "since")
    }
    steps = {c: getattr(work, c)[rows] for c in ("step", "duration", "wall")}
    return replace(work, first=first, **people, **steps)


def _description(rng: Random) -> dict[str, Any]:
    wards = {f"ward_{i}": _ward(rng) for i in range(rng.randint(1, 3))}
    places = {f"room_{i}": _place(rng) for i in range(rng.randint(1, 3))}
    staff = {f"team_{i}": _team(rng) for i in range(rng.randint(1, 2))}
    if rng.random() < 0.4:
        wards["ward_0"]["nursing"] = {"group": "team_0", "patients_per_nurse": rng.choice((1, 2, 3))}
    names = [*wards, *places]
    pathways = {f"path_{i}": _pathway(rng, names, list(staff)) for i in range(rng.randint(1, 3))}
    classes = {
        f"class_{i}": {"title": "c", "priority": rng.randint(1, 3), "pathway": p}
        for i, p in enumerate(pathways)
    }
    shares = _shares(rng, len(classes))
    hours = [0.0] * 24
    for h, share in zip(rng.sample(range(24), 4), _shares(rng, 4), strict=True):
        hours[h] = share
    return {
        "name": "random",
        "timezone": rng.choice(("UTC", "Europe/London")),
        "profiles": {"out": {"hours": hours}},
        "wards": wards,
        "places": places,
        "staff": staff,
        "arrivals": {
            "door": {
                "title": "door",
                "daily_mean": rng.choice((5, 15, 40)),
                "dispersion": rng.choice((1, 2)),
                "mix": dict(zip(classes, shares, strict=True)),
                "factor": rng.choice((0.7, 1, 1.3)),
            }
        },
        "classes": classes,
        "pathways": pathways,
    }


def _calendar(rng: Random, key: str, most: int) -> list[dict[str, Any]]:
    rows = []
    for _ in range(rng.randint(0, 2)):
        start = rng.randint(0, 22)
        row = {
            "days": rng.sample(_DAYS, rng.randint(1, 7)),
            "from": f"{start:02d}:00",
            key: rng.randint(0, most),
        }
        rows.append({**row, "to": f"{rng.randint(start + 1, 24):02d}:00"})
    return rows


def _ward(rng: Random) -> dict[str, Any]:
    beds = rng.randint(1, 3)
    ward = {
        "title": "w",
        "physical_beds": beds,
        "staffed_beds": beds,
        "turnaround_minutes": rng.choice((0, 0, 30)),
    }
    ward["calendar"] = _calendar(rng, "staffed_beds", beds)
    if rng.random() < 0.5:
        ward["discharge_profile"] = "out"
    return ward


def _place(rng: Random) -> dict[str, Any]:
    if rng.random() < 0.1:
        return {"title": "p", "unlimited": True}
    n = rng.randint(1, 3)
    place = {"title": "p", "physical": n, "staffed": n, "turnaround_minutes": rng.choice((0, 0, 10))}
    return {**place, "calendar": _calendar(rng, "staffed", n)}


def _team(rng: Random) -> dict[str, Any]:
    return {"title": "t", "on_duty": rng.randint(1, 3), "calendar": _calendar(rng, "on_duty", 3)}


def _pathway(rng: Random, places: list[str], staff: list[str]) -> dict[str, Any]:
    steps: list[dict[str, Any]] = []
    n = rng.randint(1, 4)
    for i in range(n):
        step: dict[str, Any] = {"name": f"step_{i}", "duration": _duration(rng)}
        if i and steps[-1]["keeps_place"] and rng.random() < 0.4:
            step["in_place"] = True
        elif rng.random() < 0.9:
            chosen = rng.sample(places, min(len(places), rng.choice((1, 1, 2, 3))))
            step["places"] = [
                chosen[0],
                *({"place": p, "after_hours": rng.choice((0, 0.5, 3))} for p in chosen[1:]),
            ]
        if rng.random() < 0.5:
            step["staff"] = dict.fromkeys(rng.sample(staff, rng.randint(1, len(staff))), 1)
        if rng.random() < 0.2:
            step["priority"] = rng.randint(1, 3)
        step["keeps_place"] = rng.random() < 0.6
        if i + 1 < n and rng.random() < 0.3 and i > 0 and rng.random() < 0.5:
            step["next"] = {f"step_{i + 1}": 0.5, "home": 0.3, "step_0": 0.2}
        elif i + 1 < n and rng.random() < 0.4:
            step["next"] = {f"step_{i + 1}": 0.7, "home": 0.3}
        steps.append(step)
    return {"steps": steps}


def _duration(rng: Random) -> dict[str, Any]:
    kind = rng.choice(("lognormal", "gamma", "exponential", "exactly", "table"))
    if kind == "table":
        return {"unit": "hours", "quantiles": [[0, 0.1], [0.5, 2], [1, rng.choice((4, 9))]]}
    mean = rng.choice((0.25, 1, 3, 12))
    cv = {} if kind in ("exponential", "exactly") else {"cv": rng.choice((0.5, 1.2))}
    return {"unit": "hours", "mean": mean, "shape": kind, **cv}


def _shares(rng: Random, n: int) -> list[float]:
    weights = [rng.randint(1, 9) for _ in range(n)]
    return [w / sum(weights) for w in weights]


def _snapshot(rng: Random, hospital: Hospital) -> Snapshot:
    start = datetime(START.year, START.month, START.day)
    people = []
    for i in range(rng.randint(1, 6)):
        name = rng.choice(list(hospital.classes))
        steps = hospital.pathways[hospital.classes[name].pathway].steps
        step = rng.choice(steps)
        since = start - timedelta(minutes=rng.randint(1, 600))
        options = [a.place for a in step.alternatives()]
        if rng.random() < 0.5 and options:
            people.append(InHouse(f"e{i}", name, step.name, rng.choice(options), since))
        elif not step.in_place:
            others = [p for p in hospital.everywhere if p not in options]
            held = rng.choice([None, *others])
            people.append(InHouse(f"e{i}", name, step.name, held, since, waiting=True))
    return Snapshot(start, tuple(people))
