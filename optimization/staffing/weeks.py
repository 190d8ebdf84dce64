"""Weeks of shifts of several groups: what they cost, the levels they give, and what they do when played."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from optimization.proof.attempts import ALPHA
from optimization.proof.certificate import per_future
from optimization.proof.estimates import PerFuture, estimate
from optimization.staffing.house import GroupWeek, plan_of
from optimization.staffing.lives import Lived, in_time_of
from optimization.staffing.playing import late_by_block
from twin.case import Case
from twin.plan import Plan, Target
from twin.units import IntArray

#: errors of the mean, on top of the bound that it is proved with, which a plan must have to spare
_TO_SPARE = 1.0

#: people by weekday and shift
Week = Mapping[tuple[int, str], int]
Live = Callable[[Sequence[Plan]], Sequence[Sequence[Lived]]]


@dataclass(frozen=True)
class Finalist:
    """A week of shifts for every group, and what it did on the training futures.

    Attributes
    ----------
    people : group -> (weekday, shift) -> people
    plan : the same as a plan of dates
    pay : what it costs [currency]
    slack : measure -> its bound on the training futures less its target, on the safe side; below 0 it is
        not safe to meet it [unit of the measure]
    margin : measure -> its mean less its target, on the safe side [unit of the measure]
    on_sample : group -> target on its sample that this came from [fraction]
    """

    people: Mapping[str, Week]
    plan: Plan
    pay: float
    slack: Mapping[str, float]
    margin: Mapping[str, float]
    on_sample: Mapping[str, float]

    @property
    def safe(self) -> bool:
        """Whether every target is met with something to spare."""
        return all(each >= 0 for each in self.slack.values())


@dataclass(frozen=True)
class Weeks:
    """The groups planned, each a week to fill, over the same dates.

    Attributes
    ----------
    of : group -> its week as a question
    targets : those of the groups, then any others
    case, dates, name : whose plan, for which dates, and what it is called
    live : plays plans on the training futures
    """

    of: Mapping[str, GroupWeek]
    targets: Sequence[Target]
    case: Case
    dates: Sequence[date]
    name: str
    live: Live

    @property
    def own(self) -> frozenset[str]:
        """Measures that are a group's own."""
        return frozenset(in_time_of(group) for group in self.of)

    def played(
        self, all_people: Sequence[Mapping[str, Week]], on_sample: Mapping[str, float]
    ) -> list[Finalist]:
        """Weeks of shifts as finalists."""
        plans = [self.plan(people) for people in all_people]
        lives = self.live(plans)
        found = []
        for people, plan, futures in zip(all_people, plans, lives, strict=True):
            seen = per_future(self.targets, futures)
            told = [t for t in self.targets if seen[t.measure].futures]
            slack = {t.measure: to_spare(t, seen[t.measure], len(self.targets)) for t in told}
            margin = {t.measure: _margin(t, estimate(seen[t.measure]).expected) for t in told}
            found.append(Finalist(people, plan, self.pay(people), slack, margin, dict(on_sample)))
        return found

    def plan(self, people: Mapping[str, Week]) -> Plan:
        """Weeks of shifts as a plan of dates."""
        note = f"{self.case.hospital.name}: people who work at steps"
        return plan_of(self.case.plan, people, self.dates, self.name, note)

    def shifts(self, people: Week) -> int:
        """Shifts worked over all dates, one a person."""
        return sum(n for day in self.dates for (weekday, _), n in people.items() if weekday == day.weekday())

    def pay(self, people: Mapping[str, Week]) -> float:
        """What weeks of shifts cost over the dates. [currency]"""
        return sum(self.pay_of(group, people[group]) for group in self.of)

    def pay_of(self, group: str, people: Week) -> float:
        """What the week of a group costs over the dates. [currency]"""
        week = self.of[group]
        return sum(week.question.pattern(group, n).cost * people[at] for n, at in week.names.items())

    def levels(self, group: str, people: Week) -> IntArray:
        """Levels of a group by block of the week, shape (block,)."""
        week = self.of[group]
        there = np.zeros(week.question.stretches, dtype=np.int64)
        for name, where in week.names.items():
            there[list(week.question.there[group, name])] += people[where]
        return there[week.question.stretch]

    def floor(self, group: str) -> IntArray:
        """The least allowed by block of the week, shape (block,)."""
        return np.asarray(self.of[group].question.floor[group], dtype=np.int64)

    def late(self, group: str, people: Week) -> int:
        """Late tasks on the group's sample."""
        week = self.of[group]
        limit = week.question.limit_minutes
        return int(late_by_block(week.sample, self.levels(group, people), limit_minutes=limit).sum())

    def pinned(self, group: str) -> set[str]:
        """Shifts of a group that are decided beforehand."""
        week = self.of[group]
        return {week.names[name][1] for _, name in week.question.pins}


def _margin(target: Target, level: float) -> float:
    """A level less the target's, on the safe side. [unit of the measure]"""
    return level - target.at_least if target.at_least is not None else float(target.at_most or 0.0) - level


def to_spare(target: Target, seen: PerFuture, targets: int) -> float:
    """What a target has to spare: its bound, and one error more, against its level. [unit of the measure]"""
    told, alpha = estimate(seen), ALPHA / targets
    bound = told.lower(alpha) if target.at_least is not None else told.upper(alpha)
    return _margin(target, bound) - _TO_SPARE * told.error


def cheapest_safe(finalists: Sequence[Finalist], *, among: Collection[str] | None = None) -> Finalist:
    """The cheapest finalist that is safe; where none is, the one that falls least short.

    Parameters
    ----------
    among
        Measures that count; all when omitted.
    """

    def least(each: Finalist) -> float:
        return min((by for name, by in each.slack.items() if among is None or name in among), default=0.0)

    safe = [f for f in finalists if least(f) >= 0]
    if safe:
        return min(safe, key=lambda f: f.pay)
    return max(finalists, key=lambda f: (least(f), -f.pay))
