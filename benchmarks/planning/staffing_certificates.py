"""How often a staffing is certified that misses its target, and one that passes it by two points.

    python benchmarks/optimization.py staffing_certificates [--seeds 1000] [--days 1200] [--truth 60000]
        [--plans 3] [--skill doctor]

Plans are those that the planner makes for one skill of the department's day (12 blocks of two hours) from
different training days and targets. Each is played on many days of another seed, which are all the days there
are here: its share in time over them is the truth, to the last digit. For each seed an attempt's days are
drawn from them, with return, and the plan is certified as plans are, and tried again on other days when it
fails (the chance of error is spent over the attempts). With the target a hair above the truth every
certificate is false; with the target two points below, a certificate ought to be given.
"""

import argparse
import resource
from collections.abc import Sequence

import numpy as np
from scipy import stats

from benchmarks.planning.staffing import instance
from optimization.proof.attempts import Attempt, Attempts
from optimization.proof.estimates import PerFuture, estimate
from optimization.staffing.planning import Planner
from optimization.staffing.playing import in_time
from optimization.staffing.station import Station, draw_days

#: targets of the plans made, in turn
TARGETS = (0.80, 0.85, 0.75)
ATTEMPTS = 2
#: training days of a plan, and seconds for its search
TRAIN, SECONDS = 60, 3.0
#: points by which a plan passes its target in the second question [fraction]
MARGIN = 0.02
HAIR = 1e-6
#: days drawn at once
PART = 10_000


def plans_made(skill: str, plans: int) -> tuple[Station, float, list[np.ndarray]]:
    """A station, its limit [min], and the levels of so many plans for it."""
    asked = instance(1, blocks=12).only((skill,))
    levels = []
    for number in range(plans):
        days = draw_days(asked.station(skill), seed=100 + number, replications=range(0, 2 * TRAIN, 2))
        planner = Planner(asked, {skill: days})
        found = planner.plan({skill: TARGETS[number % len(TARGETS)]}, time_limit=SECONDS)
        levels.append(found.levels[skill])
    return asked.station(skill), asked.limit_minutes, levels


def all_days(where: Station, levels: list[np.ndarray], limit: float, days: int) -> list[PerFuture]:
    """Of each plan the tasks in time and the tasks, by day."""
    parts: list[list[np.ndarray]] = [[] for _ in levels]
    counts = []
    for first in range(0, days, PART):
        drawn = draw_days(where, seed=10**6, replications=range(first, min(first + PART, days)))
        counts.append(drawn.counted.astype(float))
        for rows, each in zip(parts, levels, strict=True):
            rows.append(in_time(drawn, each, limit_minutes=limit).astype(float))
    tasks = np.concatenate(counts)
    return [PerFuture(np.concatenate(rows), tasks) for rows in parts]


def bounds_of(days: list[PerFuture], attempts: list[Attempt], seed: int) -> list[list[float]]:
    """Bound of each plan at each attempt, on days drawn for this seed."""
    draw = np.random.default_rng(seed)
    rows: list[list[float]] = [[] for _ in days]
    for attempt in attempts:
        which = draw.integers(days[0].count.size, size=len(attempt.paths.replications))
        for row, each in zip(rows, days, strict=True):
            row.append(estimate(PerFuture(each.total[which], each.count[which])).lower(attempt.alpha))
    return rows


def certified_by(bounds: Sequence[Sequence[float]], target: float, attempts: int) -> int:
    """Seeds for which a plan is certified in so many attempts; ``bounds`` by seed and attempt."""
    return sum(max(row[:attempts]) >= target for row in bounds)


def attempts_made(days: int) -> list[Attempt]:
    """The attempts, each on fresh days."""
    made = Attempts()
    for _ in range(ATTEMPTS):
        made = made.with_(made.next(days))
    return list(made.made)


def run(words: list[str]) -> None:
    """Count certificates over seeds."""
    options = argparse.ArgumentParser(prog="staffing_certificates", description=__doc__)
    options.add_argument("--seeds", type=int, default=1000)
    options.add_argument("--days", type=int, default=1_200)
    options.add_argument("--truth", type=int, default=60_000)
    options.add_argument("--plans", type=int, default=3)
    options.add_argument("--skill", default="doctor", choices=("triage", "nurse", "doctor"))
    given = options.parse_args(words)
    where, limit, levels = plans_made(given.skill, given.plans)
    days = all_days(where, levels, limit, given.truth)
    attempts = attempts_made(given.days)
    bounds = list(zip(*(bounds_of(days, attempts, seed) for seed in range(given.seeds)), strict=True))
    print(f"{given.skill}: {given.seeds} seeds, {given.days} days an attempt, {ATTEMPTS} attempts")
    false = 0
    for number, (each, played) in enumerate(zip(levels, days, strict=True)):
        expected = float(played.total.sum() / played.count.sum())
        wrong = certified_by(bounds[number], expected + HAIR, ATTEMPTS)
        first, right = (certified_by(bounds[number], expected - MARGIN, n) for n in (1, ATTEMPTS))
        false += wrong
        upper = stats.beta.ppf(0.95, wrong + 1, given.seeds - wrong)
        print(f"  plan {number + 1}, levels {each.tolist()}: truth {expected:.4f}")
        print(f"    target at the truth: {wrong / given.seeds:.1%} certified, upper {upper:.1%} (must: 6 %)")
        print(f"    target two points below: {first / given.seeds:.1%} certified at the first attempt, "
              f"{right / given.seeds:.1%} in {ATTEMPTS} (must: 80 %)")  # fmt: skip
    print(f"  all plans: {false / (given.seeds * len(levels)):.1%} false")
    print(f"  {resource.getrusage(resource.RUSAGE_SELF).ru_utime:.0f} s of processor")
