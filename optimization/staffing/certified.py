"""The staffing whose proof holds: planned, rehearsed, planned again for a raised target, and certified.

A plan falls short of its level on the sample when it meets fresh days. It is rehearsed on even days that it
was not made from; by what it falls short there its target on the sample is raised, and it is planned again
on the cuts already found. Then it is certified on odd days, with the chance of error spent over attempts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from time import perf_counter

import numpy as np

from optimization.proof.attempts import Attempt, Attempts
from optimization.proof.certificate import certificate
from optimization.staffing.explain import explain
from optimization.staffing.planning import GAP, Found, Planner, Told
from optimization.staffing.proof import PERCENT, certify, level_of, off_forecast
from optimization.staffing.question import Question
from optimization.staffing.shortage import shortage
from optimization.staffing.station import Days, draw_days
from twin.errors import Infeasible
from twin.plan import Certificate, Explanation, TargetResult

#: training days; more follow the truth more closely and take longer (assumed: at 100 the raised target
#: lies 1 to 2 points above the true one)
TRAIN = 100
#: days of a rehearsal and of a certificate (assumed: the bound then lies about half a point below the level)
REHEARSE, CERTIFY = 4_000, 4_000
#: days on which each change of demand is looked at
OFF_DAYS = 400
#: rounds of raising the target, and attempts to certify
_ROUNDS, _ATTEMPTS = 6, 3
#: how many errors of the certificate a rehearsed level must lie above the target: the bound's own 2.3 and
#: one more, so that a plan is certified at the first attempt more often than four times in five
_ERRORS = 3.2
#: a target on the sample is raised no further than this [fraction]
_HIGHEST = 0.999
#: shares of the time for the first search, and for each search after raising
_FIRST, _AGAIN = 0.04, 0.015
#: targets that move less are left [fraction]; costs that differ less are the same [money]
_NEAR, _CENT = 0.002, 1e-6
#: so that what holds exactly holds by the arithmetic too [fraction]
_HAIR = 1e-9


@dataclass(frozen=True)
class Certified:
    """A plan with its proof and its reasons.

    Attributes
    ----------
    found : the plan, with its bound on the sample at the raised targets
    raised : skill -> the target on the sample that it was planned for [fraction]
    certificate : cost counted again, bound and gap at the raised targets, each skill on fresh days
    true_bound : no plan that meets the asked target on the sample costs less [money]
    explanation : where it is tight, and what one more person brings
    seconds : all together
    """

    found: Found
    raised: Mapping[str, float]
    certificate: Certificate
    true_bound: float
    explanation: Explanation
    seconds: float

    @property
    def holds(self) -> bool:
        """Every skill's bound reaches the target."""
        return self.certificate.holds

    @property
    def true_gap(self) -> float:
        """(cost - bound at the asked target) / cost [fraction]."""
        return (self.found.cost - self.true_bound) / self.found.cost if self.found.cost > 0 else 0.0


def plan_certified(
    asked: Question,
    *,
    seed: int = 1,
    train: int = TRAIN,
    days: int = CERTIFY,
    gap: float = GAP,
    time_limit: float = 180.0,
    command: str = "",
    told: Told | None = None,
) -> Certified:
    """The cheapest staffing found whose proof holds; the last one tried where none does.

    Parameters
    ----------
    train, days
        Even days that it is planned on, odd days of a certificate.
    gap
        Good enough a distance from the bound, at the raised targets [fraction].
    time_limit
        For planning; drawing and playing days come on top [s].

    Raises
    ------
    Infeasible
        No staffing was found that meets target and rules: what is short, when, and the cheapest ways out.
    """
    began = perf_counter()
    campaign = _Campaign(asked, seed=seed, train=train, days=days, gap=gap, time_limit=time_limit, told=told)
    campaign.rehearse_by_search()
    attempts, proofs = Attempts(), None
    for _ in range(_ATTEMPTS):
        campaign.rehearse()
        attempt = attempts.next(days)
        attempts = attempts.with_(attempt)
        proofs = certify(asked, campaign.found.levels, attempt, seed=seed)
        if all(p.holds for p in proofs):
            break
        campaign.raise_by({p.target.measure: asked.target - p.bound95 / PERCENT for p in proofs})
    assert proofs is not None
    true_bound = campaign.true_bound()  # it holds for higher targets too
    found = replace(campaign.found, bound=max(campaign.found.bound, true_bound))
    return Certified(
        found,
        campaign.raised,
        _certificate(asked, found, proofs, attempt, seed=seed, train=train, command=command),
        true_bound,
        explain(asked, found, campaign.fresh),
        perf_counter() - began,
    )


def _certificate(
    asked: Question,
    found: Found,
    proofs: tuple[TargetResult, ...],
    attempt: Attempt,
    *,
    seed: int,
    train: int,
    command: str,
) -> Certificate:
    cost = sum(asked.pattern(*shift).cost * n for shift, n in found.staffing.people.items())
    return certificate(
        cost=cost,
        objective=found.cost,
        bound=found.bound,
        bound_note="no staffing that meets the raised targets on the training days costs less: in one line, "
        "first come first served, more people delay nobody",
        targets=proofs,
        train_paths=train,
        attempt=attempt,
        seed=seed,
        command=command,
        off_forecast=off_forecast(asked, found.levels, cost, seed=seed, days=OFF_DAYS),
    )


@dataclass(frozen=True)
class _Passing:
    """People of a skill who would pass: their cost, and the share in time that they reach on the sample."""

    cost: float
    target: float
    people: Mapping[tuple[str, str], int]


class _Campaign:
    """Planning and rehearsing until a plan is likely to pass."""

    def __init__(
        self,
        asked: Question,
        *,
        seed: int,
        train: int,
        days: int,
        gap: float,
        time_limit: float,
        told: Told | None,
    ) -> None:
        self.asked, self.days, self.gap, self.time_limit, self.told = asked, days, gap, time_limit, told
        self.until = perf_counter() + time_limit
        even, last = range(0, 2 * train, 2), 2 * (train + REHEARSE)
        self.sample = {s.name: draw_days(s, seed=seed, replications=even) for s in asked.stations}
        later = range(2 * train, last, 2)
        self.fresh: dict[str, Days] = {
            s.name: draw_days(s, seed=seed, replications=later) for s in asked.stations
        }
        self.planner = Planner(asked, self.sample)
        self.raised = dict.fromkeys(asked.skills, asked.target)
        self.found = self._first()

    @property
    def left(self) -> float:
        """Time that is left, at least a second. [s]"""
        return max(self.until - perf_counter(), 1.0)

    def _first(self) -> Found:
        try:
            return self.planner.search(self.raised, seconds=_FIRST * self.time_limit)
        except Infeasible:  # by its own people; perhaps others can stand in
            return self._planned(self.left / 2)

    def _planned(self, seconds: float) -> Found:
        try:
            return self.planner.plan(self.raised, gap=self.gap, time_limit=seconds, told=self.told)
        except Infeasible as error:
            raise shortage(self.asked, self.sample, self.raised) from error

    def rehearse_by_search(self) -> None:
        """Move the targets by what plans of a quick search fall short or have to spare, without bounds.

        Of each skill the cheapest people that would pass stay, and what they reach there is the target.
        """
        passing: dict[str, _Passing] = {}
        for left in reversed(range(_ROUNDS + 1)):
            short = self.shortfalls()
            for skill in (name for name, by in short.items() if by <= 0):
                people = {k: n for k, n in self.found.staffing.people.items() if k[0] == skill}
                cost = sum(self.asked.pattern(*k).cost * n for k, n in people.items())
                if skill not in passing or cost < passing[skill].cost - _CENT:
                    passing[skill] = _Passing(cost, self._share_on_sample(skill), people)
            before, by = self.raised, {n: max(x, _NEAR) if x > 0 else x for n, x in short.items()}
            moved = {n: float(np.clip(t + by[n], self.asked.target, _HIGHEST)) for n, t in before.items()}
            if not left or all(abs(moved[n] - t) < _NEAR / 2 for n, t in before.items()):
                break
            try:
                self.found = self.planner.search(moved, seconds=_AGAIN * self.time_limit)
            except Infeasible:
                break
            self.raised = moved
        self._go_back(passing)

    def _share_on_sample(self, skill: str) -> float:
        """The share in time that the plan reaches on the sample, which it then is planned for. [fraction]"""
        tasks = int(self.sample[skill].by_block.sum())
        return max(self.raised[skill], 1 - self.found.late[skill] / max(tasks, 1) - _HAIR)

    def _go_back(self, passing: Mapping[str, _Passing]) -> None:
        """To the cheapest people that would pass, where every skill's people are its own and have some."""
        if self.asked.covers or len(passing) < len(self.asked.skills):
            return
        self.raised = {n: own.target for n, own in passing.items()}
        people = {k: n for own in passing.values() for k, n in own.people.items()}
        self.found = self.planner.search(self.raised, seconds=0.0, start=people, only_add=True)

    def rehearse(self) -> None:
        """Plan with a bound, and again for raised targets as long as the plan falls short."""
        for _ in range(_ROUNDS):
            self.found = self._planned(self.left)
            if not self.raise_by(self.shortfalls()):
                return

    def shortfalls(self) -> dict[str, float]:
        """By how much each skill's rehearsed level misses what it takes to be certified [fraction]."""
        out = {}
        for name in self.asked.skills:
            level = level_of(self.fresh[name], self.found.levels[name], self.asked.limit_minutes)
            error = level.error * np.sqrt(level.futures / self.days)
            out[name] = float(self.asked.target - (level.expected - _ERRORS * error) / PERCENT)
        return out

    def raise_by(self, short: Mapping[str, float]) -> bool:
        """Raise the targets of those that fall short; whether any does."""
        self.raised = {n: min(t + max(short[n], 0.0), _HIGHEST) for n, t in self.raised.items()}
        return max(short.values()) > 0

    def true_bound(self) -> float:
        """The bound at the asked target."""
        bound = self.planner.bound_at(self.asked.target, time_limit=max(self.left, 5.0))
        return min(bound, self.found.cost)
