"""The common small model as every peer reads it: the numbers of small_model.toml, and what a run notes down.

Time is in minutes here. Each peer draws with its own random numbers; rates, distributions and levels are the
same.
"""

from __future__ import annotations

import argparse
import json
import math
import time
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

MINUTES = {"minutes": 1, "days": 24 * 60}
DAY = 24 * 60
#: days after which a house that began empty is as full as it will be
WARM_UP_DAYS = 20


class Lognormal(NamedTuple):
    """A length of time by the mean and standard deviation of its logarithm. [minutes]"""

    mu: float
    sigma: float


class Gap(NamedTuple):
    """Time between two arrivals of a class, exponential. [minutes]"""

    patient_class: str
    mean: float


with (Path(__file__).parent / "small_model.toml").open("rb") as file:
    _told = tomllib.load(file)

_steps = {
    name: {step["name"]: step for step in pathway["steps"]} for name, pathway in _told["pathways"].items()
}


def _lognormal(duration: dict) -> Lognormal:
    variance = math.log(1 + duration["cv"] ** 2)
    mean = duration["mean"] * MINUTES[duration["unit"]]
    return Lognormal(math.log(mean) - variance / 2, math.sqrt(variance))


TRIAGE_NURSES: int = _told["staff"]["triage_nurses"]["on_duty"]
DOCTORS: int = _told["staff"]["doctors"]["on_duty"]
CUBICLES: int = _told["places"]["cubicles"]["staffed"]
ROOMS: int = _told["places"]["rooms"]["staffed"]
WARDS: list[str] = list(_told["wards"])
BEDS: list[int] = [ward["staffed_beds"] for ward in _told["wards"].values()]

TRIAGE = _lognormal(_steps["emergency"]["triage"]["duration"])
SEEN = _lognormal(_steps["emergency"]["seen"]["duration"])
CONSULTATION = _lognormal(_steps["clinic"]["consultation"]["duration"])
STAYS = [_lognormal(_steps["emergency"][ward]["duration"]) for ward in WARDS]

#: share of the emergencies who go to each ward; the rest go home
TO_WARD: list[float] = [_steps["emergency"]["seen"]["next"][ward] for ward in WARDS]
HOME: float = _steps["emergency"]["seen"]["next"]["home"]

GAPS = [
    Gap(name, DAY / (source["daily_mean"] * share))
    for source in _told["arrivals"].values()
    for name, share in source["mix"].items()
]
#: the ward of each planned class
PLANNED = {
    name: WARDS.index(name.removeprefix("elective_")) for name in _steps if name.startswith("elective_")
}


class Notes:
    """What a run notes down: (asked, waited) of each wait, (ward, from, to) of each bed taken. [minutes]"""

    def __init__(self) -> None:
        self.patients = 0
        self.triage: list[tuple[float, float]] = []
        self.cubicle: list[tuple[float, float]] = []
        self.boarding: list[tuple[float, float]] = []
        self.planned: list[tuple[float, float]] = []
        self.clinic: list[tuple[float, float]] = []
        self.beds: list[tuple[int, float, float]] = []

    def measures(self, days: int) -> dict[str, float]:
        """Mean waits [minutes] and occupancy of each ward [fraction], of all after the warm-up."""
        begin, end = WARM_UP_DAYS * DAY, days * DAY
        found = {
            f"wait: {name}": float(np.mean([waited for asked, waited in waits if asked >= begin]))
            for name, waits in (
                ("triage", self.triage),
                ("cubicle and doctor", self.cubicle),
                ("ward bed, boarding", self.boarding),
                ("ward bed, planned", self.planned),
                ("clinic", self.clinic),
            )
        }
        ward, since, until = (np.array(column) for column in zip(*self.beds, strict=True))
        inside = np.clip(until, begin, end) - np.clip(since, begin, end)
        for number, name in enumerate(WARDS):
            found[f"occupancy: {name}"] = float(inside[ward == number].sum() / (BEDS[number] * (end - begin)))
        return found


def played(run: Callable[[int, int], Notes], *, days: int, runs: int, seed: int) -> dict[str, object]:
    """Play some runs: processor seconds of the simulation alone, patients, and the measures of each run."""
    seconds, patients, measures = 0.0, 0, []
    for number in range(runs):
        began = time.process_time()
        notes = run(days, seed * 1000 + number)
        seconds += time.process_time() - began
        patients += notes.patients
        measures.append(notes.measures(days))
    return {"seconds": seconds, "patients": patients, "measures": measures}


def main(run: Callable[[int, int], Notes], version: str) -> None:
    """The command of a peer: play the runs asked for, and print what was found as JSON."""
    asked = options().parse_args()
    found = played(run, days=asked.days, runs=asked.runs, seed=asked.seed)
    print(json.dumps({"version": version, **found}))


def options() -> argparse.ArgumentParser:
    """What every peer can be asked for."""
    asked = argparse.ArgumentParser()
    asked.add_argument("--days", type=int, default=60)
    asked.add_argument("--runs", type=int, default=1)
    asked.add_argument("--seed", type=int, default=1)
    return asked
