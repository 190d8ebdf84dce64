"""The common small model in the twin: its kernel or its reference engine, drawing the patients included.

Both engines write their full trace. The measures are those that the other peers note down.
"""

from __future__ import annotations

import argparse
import json
import time
from datetime import date
from importlib.metadata import version
from pathlib import Path

import bare_heap
import numpy as np

from twin.case import Case, Window
from twin.engine import simulate
from twin.hospital import parse_hospital
from twin.trace import UNSET, Trace
from twin.units import days as in_days
from twin.units import minutes
from twin.workload import Workload, draw_workload

START = date(2025, 1, 6)
WARM_UP_DAYS = 20
MODEL = Path(__file__).with_name("small_model.toml")


def measures(trace: Trace, days: int) -> dict[str, float]:
    """Mean waits [minutes] and occupancy of each ward [fraction], of all after the warm-up."""
    begin, end = in_days(WARM_UP_DAYS), in_days(days)
    steps = {(key.patient_class, key.name): number for number, key in enumerate(trace.steps)}
    step = trace.workload.step
    began = (trace.started != UNSET) & (trace.requested >= begin)
    waited = (trace.started - trace.requested) / minutes(1)
    wards = [trace.places[place] for place in range(len(trace.places))]
    wards = [name for name in wards if ("emergency", name) in steps]
    asked = {
        "triage": [("emergency", "triage")],
        "cubicle and doctor": [("emergency", "seen")],
        "ward bed, boarding": [("emergency", ward) for ward in wards],
        "ward bed, planned": [key for key in steps if key[0].startswith("elective")],
        "clinic": [("clinic", "consultation")],
    }
    found = {
        f"wait: {name}": float(waited[began & np.isin(step, [steps[key] for key in keys])].mean())
        for name, keys in asked.items()
    }
    until = np.where(trace.left == UNSET, end, trace.left)
    inside = np.clip(until, begin, end) - np.clip(trace.started, begin, end)
    for ward in wards:
        here = (trace.place == trace.places.index(ward)) & (trace.started != UNSET)
        beds = trace.schedule.levels[ward].values[0]
        found[f"occupancy: {ward}"] = float(inside[here].sum() / (beds * (end - begin)))
    return found


def timed_events(work: Workload, trace: Trace) -> int:
    """Arrivals and ends of steps."""
    return int(work.patients + (trace.ended != UNSET).sum())


def played(engine: str, *, days: int, runs: int, seed: int) -> dict[str, object]:
    """Some runs: processor seconds of drawing and of simulating, patients, and the measures of each run."""
    case = Case(parse_hospital(MODEL.read_text()))
    simulate(case, draw_workload(case, Window(START, days=1), seed=seed), engine=engine)  # compiles
    drawing = simulating = 0.0
    patients, events, found = 0, 0, []
    for number in range(runs):
        began = time.process_time()
        work = draw_workload(case, Window(START, days=days), seed=seed * 1000 + number)
        drawn = time.process_time()
        trace = simulate(case, work, engine=engine)
        simulating += time.process_time() - drawn
        drawing += drawn - began
        patients += work.patients
        events += timed_events(work, trace)
        found.append(measures(trace, days))
    return {
        "seconds": drawing + simulating,
        "drawing": drawing,
        "patients": patients,
        "events": events,
        "measures": found,
    }


if __name__ == "__main__":
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--engine", choices=("kernel", "reference"), default="kernel")
    asked.add_argument("--days", type=int, default=60)
    asked.add_argument("--runs", type=int, default=1)
    asked.add_argument("--seed", type=int, default=1)
    options = asked.parse_args()
    told = {"version": f"twin {version('hospital-twin')}", "heap": bare_heap.nanoseconds()}
    told |= played(options.engine, days=options.days, runs=options.runs, seed=options.seed)
    print(json.dumps(told))
