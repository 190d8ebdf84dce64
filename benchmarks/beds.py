"""Bed plans: time and quality on a hospital, and on 24 drawn specialties with 569 beds.

    python benchmarks/beds.py [--size small] [--replications 40]

Says how long the model takes and what it saves against shares in proportion to need (on drawn needs,
counted on futures the plan has not seen), then plans the whole hospital with simulation.
"""

import argparse
from datetime import date, timedelta
from time import perf_counter

import numpy as np

from optimization.beds.counting import short_and_open
from optimization.beds.limits import BedLimits, BedPrices
from optimization.beds.model import bed_model, solve_beds
from optimization.beds.needs import WardNeeds
from optimization.beds.parameters import bed_parameters
from optimization.beds.planning import plan_beds
from optimization.solving import solver
from twin.case import Case, Window
from twin.hospital import parse_hospital, shipped
from twin.units import HOURS_DAY

WARDS, BEDS, DAYS, FUTURES = 24, 569, 28, 20
START = date(2025, 1, 6)


def drawn_needs(draw: np.random.Generator, mean: np.ndarray, spread: np.ndarray) -> WardNeeds:
    """Needs with a spread of their own in each ward; they last all day."""
    size = (FUTURES, WARDS, DAYS)
    beds = (
        np.rint(draw.normal(mean[:, None], (spread * np.sqrt(mean))[:, None], size)).clip(0).astype(np.int64)
    )
    return WardNeeds(
        wards=tuple(f"ward_{i:02d}" for i in range(WARDS)),
        days=tuple(START + timedelta(d) for d in range(DAYS)),
        day=np.repeat(np.arange(DAYS), HOURS_DAY),
        morning=np.arange(DAYS) * HOURS_DAY + 8,
        beds=np.repeat(beds, HOURS_DAY, axis=2),
    )


def shares(mean: np.ndarray) -> np.ndarray:
    """569 beds in proportion to mean need, largest remainders first."""
    exact = mean / mean.sum() * BEDS
    level = np.floor(exact).astype(np.int64)
    level[np.argsort(level - exact)[: BEDS - level.sum()]] += 1
    return level


def drawn_instances(count: int, share_needed: float) -> None:
    """Model seconds, and patient-days short against proportional shares on fresh futures."""
    seconds, saved = [], []
    for seed in range(count):
        draw = np.random.default_rng(seed)
        mean = draw.gamma(2.5, 1, WARDS)
        mean *= share_needed * BEDS / mean.sum()
        spread = draw.uniform(0.5, 2.5, WARDS)
        train, fresh = drawn_needs(draw, mean, spread), drawn_needs(draw, mean, spread)
        limits = BedLimits(BEDS, dict.fromkeys(train.wards, int(mean.max() * 2)))
        given = bed_parameters(train, limits, BedPrices(1.0, 0.0), dict.fromkeys(train.wards, 0))
        model, highs = bed_model(given), solver(time_limit=20)
        began = perf_counter()
        levels, solved = solve_beds(model, highs)
        seconds.append(perf_counter() - began)
        assert solved.optimal
        plan = np.array([levels.open[w, 0] for w in train.wards])
        ours, thumb = (
            short_and_open(fresh, np.repeat(level[:, None], DAYS, axis=1))[0]
            for level in (plan, shares(mean))
        )
        saved.append(1 - ours / thumb)
    print(f"{count} drawn instances of {WARDS} wards, {BEDS} beds, {share_needed:.0%} needed; all exact:")
    print(f"  model solved in {np.median(seconds):.3f} s (median), {max(seconds):.3f} s (slowest)")
    print(f"  fewer patient-days short than shares in proportion: {np.median(saved):.0%} (median), "
          f"{min(saved):.0%} (least)")  # fmt: skip


def whole_hospital(size: str, replications: int) -> None:
    """The plan with its simulations."""
    case = Case(parse_hospital(shipped(size)))
    began = perf_counter()
    answer = plan_beds(case, Window(START, days=28, warm_up=28), replications=replications)
    print(f"{size} hospital, {replications} replications of 28 + 28 days: {perf_counter() - began:.1f} s")
    print("  " + answer.explanation.headline)
    for sentence in answer.explanation.sentences:
        print("  " + sentence)


if __name__ == "__main__":
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--size", default="small", choices=("small", "reference"))
    asked.add_argument("--replications", type=int, default=40)
    asked.add_argument("--instances", type=int, default=10)
    given = asked.parse_args()
    for share in (0.80, 0.88, 0.95):
        drawn_instances(given.instances, share)
    whole_hospital(given.size, given.replications)
