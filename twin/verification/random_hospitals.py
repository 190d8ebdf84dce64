"""Random hospitals: a few tight places, people and shelves, put together by chance from every kind of rule.

Patients go from place to place in one direction, so that nobody can wait in a circle.
"""

from __future__ import annotations

from datetime import date
from itertools import pairwise
from random import Random
from typing import Any

from twin.case import Case, Window
from twin.hospital import Hospital
from twin.workload import Workload, draw_workload

_WINDOW = Window(date(2025, 1, 6), days=2, tail=0)
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_HOURS, _MINUTES = {"unit": "hours"}, {"unit": "minutes"}

Table = dict[str, Any]


def random_case(seed: int) -> tuple[Case, Workload]:
    """A hospital and two days of its patients, both fixed by the seed."""
    hospital = Hospital.model_validate(_description(Random(seed)))
    case = Case(hospital)
    return case, draw_workload(case, _WINDOW, seed=seed)


def _description(rng: Random) -> Table:
    places = {f"place_{i}": _place(rng) for i in range(rng.randint(3, 6))}
    staff = {f"team_{i}": _team(rng) for i in range(rng.randint(1, 2))}
    pathways = {
        f"way_{i}": {"steps": _steps(rng, list(places), list(staff))} for i in range(rng.randint(1, 3))
    }
    classes = {f"class_{i}": _patient_class(rng, way) for i, way in enumerate(pathways)}
    if rng.random() < 0.4:
        places["place_0"]["waiting_room"] = rng.randint(0, 5)  # where every way begins
    return {
        "name": "random",
        "timezone": rng.choice(("UTC", "Europe/London")),
        "places": places,
        "staff": staff,
        "items": {"gloves": {"title": "Gloves", "stock": rng.randint(2, 20), **_policy(rng)}},
        "kits": {"pack": {"contents": {"gloves": rng.randint(1, 2)}}},
        "arrivals": {
            name: {
                "title": name,
                "daily_mean": rng.choice((5, 15, 30)),
                "dispersion": rng.choice((1, 2)),
                "mix": {name: 1},
                "party_sizes": rng.choice(((1.0,), (0.7, 0.3))),
            }
            for name in classes
        },
        "classes": classes,
        "pathways": pathways,
    }


def _place(rng: Random) -> Table:
    if rng.random() < 0.1:
        return {"title": "Place", "unlimited": True}
    n = rng.randint(1, 3)
    place: Table = {
        "title": "Place",
        "physical": n,
        "staffed": n,
        "turnaround_minutes": rng.choice((0, 0, 20)),
    }
    place["calendar"] = _calendar(rng, "staffed", n)
    place["on_fall"] = rng.choice(("finish", "stop"))
    return place


def _team(rng: Random) -> Table:
    return {"title": "Team", "on_duty": rng.randint(1, 3), "calendar": _calendar(rng, "on_duty", 3)}


def _calendar(rng: Random, key: str, most: int) -> list[Table]:
    rows = []
    for _ in range(rng.randint(0, 2)):
        start = rng.randint(0, 22)
        hours = {"from": f"{start:02d}:00", "to": f"{rng.randint(start + 1, 24):02d}:00"}
        rows.append({"days": rng.sample(_DAYS, rng.randint(1, 7)), **hours, key: rng.randint(0, most)})
    return rows


def _policy(rng: Random) -> Table:
    point = rng.randint(0, 6)
    return {
        "policy": rng.choice(
            (
                {"reorder_point": point, "order_quantity": rng.randint(2, 8)},
                {"reorder_point": point, "order_up_to": point + rng.randint(2, 8), "review_days": 1},
            )
        ),
        "lead_time": {"mean": rng.randint(2, 20), "cv": 0.5, **_HOURS},
    }


def _patient_class(rng: Random, way: str) -> Table:
    ages = ({"priority": 1, "after_hours": rng.choice((1, 6))},) if rng.random() < 0.3 else ()
    table = {"title": "Class", "priority": rng.randint(1, 4), "pathway": way, "ages": ages}
    return {**table, "preempts": rng.random() < 0.3}


def _steps(rng: Random, places: list[str], staff: list[str]) -> list[Table]:
    """One to four steps; each takes places beyond all of those before it."""
    steps: list[Table] = []
    ahead = list(places)
    for i in range(rng.randint(1, 4)):
        step: Table = {"name": f"step_{i}", "duration": _duration(rng), "keeps_place": rng.random() < 0.6}
        if steps and steps[-1]["keeps_place"] and rng.random() < 0.3:
            step["in_place"] = True
        elif ahead:
            taken = ahead[: rng.choice((1, 1, 2))]
            ahead = ahead[len(taken) :]
            step["places"] = [taken[0], *({"place": p, "after_hours": rng.choice((0, 1))} for p in taken[1:])]
        else:
            step["keeps_place"] = False
        if rng.random() < 0.4:
            step["staff"] = {rng.choice(staff): rng.choice((1, 1, 2))}
        step |= _manners(rng)
        steps.append(step)
    steps[-1]["keeps_place"] = False
    for step, following in pairwise(steps):
        if following.get("in_place"):  # nobody skips the step that takes the place
            step |= {key: "leaves" for key in ("if_full", "out_of_patience") if step.get(key) == "skips"}
    return steps


def _manners(rng: Random) -> Table:
    """How one waits, who may interrupt, and what is taken from the shelf."""
    manners: Table = {"can_be_stopped": rng.random() < 0.4, "holds_the_line": rng.random() < 0.1}
    if rng.random() < 0.3:
        manners["patience"] = {"mean": rng.choice((1, 4)), "shape": "exponential", **_HOURS}
        manners["out_of_patience"] = rng.choice(("leaves", "skips"))
    elif rng.random() < 0.2:
        manners["if_full"] = rng.choice(("leaves", "skips"))
    if rng.random() < 0.2:
        manners["kit"] = "pack"
    return manners


def _duration(rng: Random) -> Table:
    if rng.random() < 0.3:
        return {"mean": rng.choice((10, 45)), "shape": "exactly", **_MINUTES}
    return {"mean": rng.choice((0.3, 1, 4)), "cv": rng.choice((0.5, 1.2)), **_HOURS}
