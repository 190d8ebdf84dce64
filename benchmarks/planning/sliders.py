"""Sliders: a bed plan of 24 wards and 569 beds over four weeks, solved again after one slider has moved."""

import argparse
from datetime import date, timedelta
from time import perf_counter, process_time

import numpy as np

from optimization.beds.kept import KeptBedPlan
from optimization.beds.limits import BedLimits, BedPrices
from optimization.beds.model import bed_model, solve_beds
from optimization.beds.needs import WardNeeds
from optimization.beds.parameters import bed_parameters
from optimization.solving import solver
from twin.hospital import parse_hospital, shipped
from twin.units import HOURS_DAY

WARDS, BEDS, DAYS, FUTURES = 24, 569, 28, 20
START = date(2025, 1, 6)
#: beds needed by all wards together, of the beds (assumed: a house that is nearly always full)
NEEDED = 0.92


def draw_needs(seed):
    """Needs with a spread of their own in each ward and a week of their own together; they last all day."""
    draw = np.random.default_rng(seed)
    mean = draw.gamma(2.5, 1, WARDS)
    mean *= NEEDED * BEDS / mean.sum()
    spread = draw.uniform(0.5, 2.0, WARDS) * np.sqrt(mean)
    week = 2 * np.sin(np.arange(DAYS) * 2 * np.pi / 7)
    beds = draw.normal(mean[:, None], spread[:, None], (FUTURES, WARDS, DAYS)) + week
    needs = WardNeeds(
        wards=tuple(f"ward_{i:02d}" for i in range(WARDS)),
        days=tuple(START + timedelta(d) for d in range(DAYS)),
        day=np.repeat(np.arange(DAYS), HOURS_DAY),
        morning=np.arange(DAYS) * HOURS_DAY + 8,
        beds=np.repeat(np.rint(beds).clip(0).astype(np.int64), HOURS_DAY, axis=2),
    )
    return needs, {w: int(mean[i]) for i, w in enumerate(needs.wards)}


def kinds(wards):
    """Plans from the plainest on: rules, and days after which staffed beds may change."""
    pools = tuple(wards[i : i + 4] for i in range(0, WARDS, 4))
    teams = {"teams": dict.fromkeys(wards, 4), "most_moves": 40}
    return {
        "one level all along": ({}, None),
        "by the week, teams of 4, 40 moves": (teams, 7),
        "and pools of four wards": ({**teams, "pools": pools}, 7),
        "and 3 flex beds a ward and day": ({**teams, "pools": pools, "flex": dict.fromkeys(wards, 3)}, 7),
    }


def run(words):
    asked = argparse.ArgumentParser(prog="optimization.py sliders", description=__doc__)
    asked.add_argument("--instances", type=int, default=3)
    asked.add_argument("--flex", action="store_true", help="also the plan with flex beds: a minute a slider")
    asked.add_argument("--time-limit", type=float, default=60.0)
    given = asked.parse_args(words)
    print(f"{WARDS} wards, {BEDS} beds, {DAYS} days, {FUTURES} futures (must: <= 2 s a slider)")
    for i, name in enumerate(kinds(draw_needs(0)[0].wards)):
        if i < 3 or given.flex:
            rows = [seconds(seed, name, given.time_limit) for seed in range(given.instances)]
            told(name, rows)


def seconds(seed, name, time_limit):
    """Seconds of the first answer and of each slider; the gaps; whether a new model says the same."""
    needs, today = draw_needs(seed)
    rules, period_days = kinds(needs.wards)[name]
    ceiling = {w: int(1.3 * n) + 3 for w, n in today.items()}
    limits = BedLimits(BEDS, ceiling, **rules)
    given = bed_parameters(needs, limits, BedPrices(10, 1, 7), today, period_days=period_days)
    in_force = {(w, p): today[w] for w, p in given.floor}
    house = parse_hospital(shipped("small"))
    began = perf_counter()
    kept = KeptBedPlan(given, needs, house, in_force=in_force, time_limit=time_limit)
    kept.now()
    row = {"first": perf_counter() - began}
    ward = needs.wards[3]
    for slider, move in {
        "total": lambda: kept.with_total(BEDS - 12),
        "price": lambda: kept.with_price(short_patient_day=14.0),
        "pin": lambda: kept.with_pin(ward, today[ward] - 4),
    }.items():
        began, worked = perf_counter(), process_time()
        answer = move()
        row[slider], row[f"{slider} cpu"] = perf_counter() - began, process_time() - worked
        row[f"{slider} gap"] = answer.solved.gap
    _, solved = solve_beds(bed_model(kept.given), solver(time_limit=time_limit))
    row["dearer"] = answer.solved.objective / solved.objective - 1
    began = perf_counter()
    kept.nearest()
    row["nearest"] = perf_counter() - began
    return row


def told(name, rows):
    """One plan's medians."""
    of = {key: [row[key] for row in rows] for key in rows[0]}
    moved = ", ".join(f"{key} {np.median(of[key]):.2f} s" for key in ("total", "price", "pin", "nearest"))
    sliders = ("total", "price", "pin")
    slowest, worked, gap = (max(max(of[key + what]) for key in sliders) for what in ("", " cpu", " gap"))
    print(f"  {name}: first answer {np.median(of['first']):.2f} s; {moved}")
    print(f"    slowest slider {slowest:.2f} s, {worked:.2f} s of processor; gap {gap:.1e}; dearer than "
          f"the best, which a new model finds, by {max(of['dearer']):.1e}")  # fmt: skip
