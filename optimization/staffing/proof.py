"""A staffing proved on fresh days, and the plan whose proof holds.

The sample flatters the plan that was made from it, so its level there is never told. A plan is rehearsed
on even days that it has not seen; by what it falls short there the target on the sample is raised, and it
is planned again on the cuts already found. Then it is certified on odd days, with the chance of error
shared by the skills and spent over the attempts. All of it is true in simulation, if demand is as forecast.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from time import perf_counter

import numpy as np

from optimization.proof.attempts import Attempt, Attempts
from optimization.proof.estimates import Estimate, PerFuture, estimate
from optimization.staffing.planning import GAP, Found, Planner, Told
from optimization.staffing.playing import in_time
from optimization.staffing.question import Question
from optimization.staffing.station import Days, draw_days
from twin.units import IntArray

#: training days; more follow the truth more closely and take longer (assumed: at 100 the raised target
#: lies 1 to 2 points above the true one)
TRAIN = 100
#: days of a rehearsal and of a certificate (assumed: the bound then lies about half a point below the level)
REHEARSE, CERTIFY = 4_000, 4_000
#: rounds of raising the target, and attempts to certify
_ROUNDS, _ATTEMPTS = 6, 3
#: how many errors of the certificate a rehearsed level must lie above the target: the bound's own 2.1 and
#: one more, so that a plan is certified at the first attempt more often than four times in five
_ERRORS = 3.2


@dataclass(frozen=True)
class SkillProof:
    """One skill on fresh days: expected share in time, and its lower bound [fraction]."""

    skill: str
    expected: float
    lower: float
    target: float

    @property
    def holds(self) -> bool:
        """The lower bound reaches the target."""
        return self.lower >= self.target


@dataclass(frozen=True)
class Certified:
    """A plan with its proof.

    Attributes
    ----------
    found : the plan as planned, with its bound on the sample at the raised target
    target : what was asked [fraction]
    raised : skill -> the target on the sample that it was planned for [fraction]
    proofs : the attempt that counts, by skill
    attempt : its number, its part of the chance of error, its days
    true_bound : no plan that meets the asked target on the sample costs less [money]
    recounted : cost counted again from the shifts, without the model [money]
    seconds : all together
    """

    found: Found
    target: float
    raised: Mapping[str, float]
    proofs: tuple[SkillProof, ...]
    attempt: Attempt
    true_bound: float
    recounted: float
    seconds: float

    @property
    def holds(self) -> bool:
        """Every skill's bound reaches the target."""
        return all(p.holds for p in self.proofs)

    @property
    def true_gap(self) -> float:
        """(cost - bound at the asked target) / cost [fraction]."""
        return (self.found.cost - self.true_bound) / self.found.cost if self.found.cost > 0 else 0.0


def level_of(days: Days, levels: IntArray, limit_minutes: float) -> Estimate:
    """The share in time on drawn days, each a cluster."""
    return estimate(
        PerFuture(
            in_time(days, levels, limit_minutes=limit_minutes).astype(float), days.counted.astype(float)
        )
    )


def certify(
    asked: Question,
    levels: Mapping[str, IntArray],
    attempt: Attempt,
    *,
    seed: int,
    drawn: Mapping[str, Days] | None = None,
) -> tuple[SkillProof, ...]:
    """Each skill's share in time on the attempt's odd days; one-sided bounds, Bonferroni over skills.

    Parameters
    ----------
    drawn
        The attempt's days (``certifying_days``), if they are drawn already: plans are compared on them.
    """
    alpha = attempt.alpha / len(asked.skills)
    days = certifying_days(asked, attempt, seed=seed) if drawn is None else drawn
    proofs = []
    for name in asked.skills:
        told = level_of(days[name], levels[name], asked.limit_minutes)
        proofs.append(SkillProof(name, told.expected, told.lower(alpha), asked.target))
    return tuple(proofs)


def certifying_days(asked: Question, attempt: Attempt, *, seed: int) -> dict[str, Days]:
    """An attempt's odd days, skill by skill."""
    return {s.name: draw_days(s, seed=seed, replications=attempt.paths.replications) for s in asked.stations}


def plan_certified(
    asked: Question,
    *,
    seed: int = 1,
    train: int = TRAIN,
    days: int = CERTIFY,
    gap: float = GAP,
    time_limit: float = 180.0,
    told: Told | None = None,
) -> Certified:
    """The cheapest staffing found whose proof holds.

    Raises
    ------
    Infeasible
        No staffing meets target and rules; what is short is told.
    """
    began = perf_counter()
    until = began + time_limit
    sample = {s.name: draw_days(s, seed=seed, replications=range(0, 2 * train, 2)) for s in asked.stations}
    fresh = {
        s.name: draw_days(s, seed=seed, replications=range(2 * train, 2 * (train + REHEARSE), 2))
        for s in asked.stations
    }
    planner = Planner(asked, sample)
    raised = dict.fromkeys(asked.skills, asked.target)
    attempts, attempt = Attempts(), Attempts().next(days)
    proofs: tuple[SkillProof, ...] = ()
    found = planner.search(raised, seconds=0.04 * time_limit)
    for _ in range(_ROUNDS):  # cheap: by search alone, without a bound
        short = _shortfalls(asked, found, fresh, days)
        if max(short.values()) <= 0:
            break
        raised = {n: min(raised[n] + max(x, 0.0), 0.999) for n, x in short.items()}
        found = planner.search(raised, seconds=0.02 * time_limit)
    for _ in range(_ATTEMPTS):
        for _ in range(_ROUNDS):
            found = planner.plan(
                raised, gap=gap, time_limit=max(0.9 * (until - perf_counter()), 1.0), told=told
            )
            short = _shortfalls(asked, found, fresh, days)
            if max(short.values()) <= 0:
                break
            raised = {n: min(raised[n] + max(x, 0.0), 0.999) for n, x in short.items()}
        attempt = attempts.next(days)
        attempts = attempts.with_(attempt)
        proofs = certify(asked, found.levels, attempt, seed=seed)
        if all(p.holds for p in proofs):
            break
        raised = {p.skill: min(raised[p.skill] + max(p.target - p.lower, 0.0), 0.999) for p in proofs}
    true_bound = planner.bound_at(asked.target, time_limit=max(until - perf_counter(), 5.0))
    recounted = sum(asked.pattern(*shift).cost * n for shift, n in found.staffing.people.items())
    return Certified(
        found,
        asked.target,
        raised,
        proofs,
        attempt,
        min(true_bound, found.cost),
        recounted,
        perf_counter() - began,
    )


def _shortfalls(
    asked: Question, found: Found, fresh: Mapping[str, Days], certifying: int
) -> dict[str, float]:
    """By how much each skill's rehearsed level misses what it takes to be certified [fraction]."""
    out = {}
    for name in asked.skills:
        told = level_of(fresh[name], found.levels[name], asked.limit_minutes)
        error = told.error * np.sqrt(told.futures / certifying)
        out[name] = float(asked.target + _ERRORS * error - told.expected)
    return out
