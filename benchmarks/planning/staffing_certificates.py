"""How often a staffing is certified that misses its target, and one that passes it by two points.

    python benchmarks/optimization.py staffing_certificates [--seeds 1000] [--days 1200] [--truth 100000]
        [--rate-cv 0.1]

A short day of 12 half-hour blocks, one skill, fixed levels. The truth is its share in time over many days
of another seed. For each seed the plan is certified as plans are, on fresh odd days, and tried again on
others when it fails (the chance of error is spent over both attempts). With the target a hair above the
truth every certificate is false; with the target two points below, a certificate ought to be given.
"""

import argparse

import numpy as np
from scipy import stats

from optimization.proof.attempts import Attempts
from optimization.proof.estimates import PerFuture, estimate
from optimization.staffing.playing import in_time
from optimization.staffing.station import Days, Station, draw_days

#: expected tasks by half hour (assumed: a morning's peak), the levels tried, and the limit [minutes]
RATES = (1.0, 1.5, 2.5, 4.0, 5.5, 6.0, 5.5, 5.0, 4.0, 3.0, 2.0, 1.5)
LEVELS = {"lean": (1, 1, 2, 3, 4, 5, 5, 4, 4, 3, 2, 2), "ample": (2, 2, 3, 4, 5, 5, 5, 5, 4, 3, 2, 2)}
LIMIT = 30.0
ATTEMPTS = 2
#: points by which a plan passes its target in the second question [fraction]
MARGIN = 0.02
HAIR = 1e-6
#: days drawn at once
PART = 10_000


def truths(where: Station, levels: dict[str, np.ndarray], days: int) -> dict[str, tuple[float, float]]:
    """Share in time of each staffing over many days of another seed, and its error, in parts that fit."""
    parts: dict[str, list[PerFuture]] = {name: [] for name in levels}
    for first in range(0, days, PART):
        drawn = draw_days(where, seed=10**6, replications=range(first, min(first + PART, days)))
        for name, each in levels.items():
            parts[name].append(seen(drawn, each))
    out = {}
    for name, rows in parts.items():
        whole = PerFuture(np.concatenate([r.total for r in rows]), np.concatenate([r.count for r in rows]))
        out[name] = estimate(whole).expected, estimate(whole).error
    return out


def seen(drawn: Days, levels: np.ndarray) -> PerFuture:
    """Tasks in time and tasks, by day."""
    return PerFuture(in_time(drawn, levels, limit_minutes=LIMIT).astype(float), drawn.counted.astype(float))


def run(words: list[str]) -> None:
    """Count certificates over seeds."""
    options = argparse.ArgumentParser(prog="staffing_certificates", description=__doc__)
    options.add_argument("--seeds", type=int, default=1000)
    options.add_argument("--days", type=int, default=1200)
    options.add_argument("--truth", type=int, default=100_000)
    options.add_argument("--rate-cv", type=float, default=0.1)
    given = options.parse_args(words)
    where = Station("nurse", np.array(RATES), 25.0, service_cv=0.9, rate_cv=given.rate_cv)
    levels = {name: np.array(people) for name, people in LEVELS.items()}
    truth = truths(where, levels, given.truth)
    targets = {(n, m): truth[n][0] + m for n in levels for m in (HAIR, -MARGIN)}
    passed = dict.fromkeys(targets, 0)
    for seed in range(given.seeds):
        left, attempts = set(targets), Attempts()
        for _ in range(ATTEMPTS):
            attempt = attempts.next(given.days)
            attempts = attempts.with_(attempt)
            drawn = draw_days(where, seed=seed, replications=attempt.paths.replications)
            lower = {n: estimate(seen(drawn, each)).lower(attempt.alpha) for n, each in levels.items()}
            now = {key for key in left if lower[key[0]] >= targets[key]}
            left -= now
            for key in now:
                passed[key] += 1
    print(f"{given.seeds} seeds, rate CV {given.rate_cv}, {given.days} days an attempt, {ATTEMPTS} attempts")
    for name, (expected, error) in truth.items():
        false, right = passed[name, HAIR], passed[name, -MARGIN]
        upper = stats.beta.ppf(0.95, false + 1, given.seeds - false)
        print(f"  {name}: truth {expected:.4f} +- {error:.4f} over {given.truth} days")
        print(f"    target at the truth: {false / given.seeds:.1%} certified, upper {upper:.1%} (must: 6 %)")
        print(f"    target {MARGIN:.0%} below: {right / given.seeds:.1%} certified (must: 80 %)")
