"""Rounds: weeks of shifts for raised or lowered targets, played in the hospital until its targets just hold.

A station's sample knows nothing of priorities, places and who comes back. So the target on the sample is
moved, group by group, by what the hospital falls short or has to spare, and the week is planned again. Every
week planned is kept with what it did: they are the finalists.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

import numpy as np

from optimization.proof.attempts import ALPHA
from optimization.proof.certificate import per_future
from optimization.proof.estimates import PerFuture, estimate
from optimization.staffing.explain import shortage
from optimization.staffing.house import GroupWeek, plan_of
from optimization.staffing.lives import Lived, in_time_of
from optimization.staffing.planning import Planner
from optimization.staffing.rules import cheapest_shifts
from twin.case import Case
from twin.errors import Infeasible
from twin.plan import Plan, Target
from twin.units import IntArray

#: rounds of moving the targets on the sample, at most (assumed: the fourth seldom moves one by a point)
ROUNDS = 6
#: errors of the mean, on top of the bound that it is proved with, which a plan must have to spare
_TO_SPARE = 1.0
#: as much to spare is not given back [fraction]
_ENOUGH = 0.01
#: plans put together of several rounds, at most
_TOGETHER = 4
#: where a plan must have more to spare, targets on the sample are raised by so many times what it lacks
_FARTHER = 2.0
#: targets on the sample lie between these [fraction]
_LOWEST, _HIGHEST = 0.3, 0.999

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
    on_sample : group -> target on its sample that this came from [fraction]
    """

    people: Mapping[str, Week]
    plan: Plan
    pay: float
    slack: Mapping[str, float]
    on_sample: Mapping[str, float]

    @property
    def safe(self) -> bool:
        """Whether every target is met with something to spare."""
        return all(each >= 0 for each in self.slack.values())


@dataclass
class Rounds:
    """Planning of all groups.

    Attributes
    ----------
    weeks : group -> its week as a question
    targets : those of the groups, then any others
    case, dates, name : whose plan, for which dates, and what it is called
    live : plays plans on the training futures
    seconds : for the search of one group in one round [s]
    kept : group -> (weekday, shift) -> people decided already, who stay: people are only added
    """

    weeks: Mapping[str, GroupWeek]
    targets: Sequence[Target]
    case: Case
    dates: Sequence[date]
    name: str
    live: Live
    seconds: float
    kept: Mapping[str, Week] = field(default_factory=dict)
    finalists: list[Finalist] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.planners = {g: Planner(w.question, {g: w.sample}) for g, w in self.weeks.items()}
        self.on_sample = {g: w.question.target for g, w in self.weeks.items()}
        self.staffed = {g: self._begin(w) for g, w in self.weeks.items()}

    def _begin(self, week: GroupWeek) -> Mapping[tuple[str, str], int] | None:
        """Whom the search begins with: those decided, else shifts that cover the mean load of each block."""
        asked = week.question
        if week.group in self.kept:
            return {(week.group, n): self.kept[week.group].get(at, 0) for n, at in week.names.items()}
        if asked.most or asked.pins:
            return None
        load = np.ceil(week.sample.station.load).astype(np.int64)
        floor = np.asarray(asked.floor[week.group], dtype=np.int64)
        try:
            return cheapest_shifts(asked, {week.group: np.maximum(load, floor)})[0]
        except Infeasible:
            return None

    def run(self, rounds: int = ROUNDS) -> None:
        """Plan, play, move the targets on the sample; until nothing is short and little is to spare."""
        for _ in range(rounds):
            last = self.plan()
            again = any(last.people == other.people for other in self.finalists[:-1])
            if (again and last.safe) or not self.move(last):
                break
        self.put_together()

    def put_together(self) -> None:
        """Of each group the cheapest week that was safe in any round, all together played.

        What one group does moves the others a little; where that makes one fall short, more is asked of it.
        """
        single = list(self.finalists)
        wanted = dict.fromkeys((t.measure for t in self.targets), 0.0)
        for _ in range(_TOGETHER):
            people = {g: self._cheapest(g, single, wanted) for g in self.weeks}
            if any(people == f.people for f in self.finalists):
                return
            (both,) = self.played([people])
            self.finalists.append(both)
            if both.safe:
                return
            wanted = {name: more - min(both.slack.get(name, 0.0), 0.0) for name, more in wanted.items()}

    def _cheapest(self, group: str, finalists: Sequence[Finalist], wanted: Mapping[str, float]) -> Week:
        """The cheapest week of a group that had as much to spare as is wanted; else the one with most."""
        own, measures = in_time_of(group), {in_time_of(g) for g in self.weeks}
        everywhere = max((by for name, by in wanted.items() if name not in measures), default=0.0)
        by = wanted[own] + everywhere
        enough = [f for f in finalists if f.slack.get(own, 0.0) >= by]
        if enough:
            return min(enough, key=lambda f: self._pay_of(group, f.people[group])).people[group]
        return max(finalists, key=lambda f: f.slack.get(own, 0.0)).people[group]

    def plan(self) -> Finalist:
        """The weeks for the targets of the moment, played.

        Raises
        ------
        Infeasible
            The people of a group are too few: when most wait, and the cheapest ways out.
        """
        for group, week in self.weeks.items():
            target = {group: self.on_sample[group]}
            try:
                found = self.planners[group].search(
                    target, seconds=self.seconds, start=self.staffed[group], only_add=group in self.kept
                )
            except Infeasible as error:
                if self.finalists:
                    continue  # what was found before stays; the certificate tells what it reaches
                raise shortage(week.question, {group: week.sample}, target) from error
            self.staffed[group] = found.staffing.people
        people = {
            g: {w.names[name]: n for (_, name), n in (self.staffed[g] or {}).items()}
            for g, w in self.weeks.items()
        }
        (found_now,) = self.played([people])
        self.finalists.append(found_now)
        return found_now

    def played(self, all_people: Sequence[Mapping[str, Week]]) -> list[Finalist]:
        """Weeks of shifts as finalists."""
        plans = [self.plan_for(people) for people in all_people]
        lives = self.live(plans)
        return [
            Finalist(people, plan, self.pay(people), slack_of(self.targets, futures), dict(self.on_sample))
            for people, plan, futures in zip(all_people, plans, lives, strict=True)
        ]

    def plan_for(self, people: Mapping[str, Week]) -> Plan:
        """Weeks of shifts as a plan of dates."""
        note = f"{self.case.hospital.name}: people who work at steps"
        return plan_of(self.case.plan, people, self.dates, self.name, note)

    def days_of(self, people: Week) -> int:
        """Shifts worked over all dates, one a person."""
        return sum(n for day in self.dates for (weekday, _), n in people.items() if weekday == day.weekday())

    def pay(self, people: Mapping[str, Week]) -> float:
        """What weeks of shifts cost over the horizon. [currency]"""
        return sum(self._pay_of(group, people[group]) for group in self.weeks)

    def _pay_of(self, group: str, people: Week) -> float:
        week = self.weeks[group]
        return sum(week.question.pattern(group, n).cost * people[at] for n, at in week.names.items())

    def with_more(self, best: Finalist, short: Mapping[str, float]) -> Finalist | None:
        """The cheapest finalist that has more to spare than this one, planned anew where none is known.

        Parameters
        ----------
        short
            By measure, how much more it takes, above 0. [unit of the measure]
        """
        wanted = {name: best.slack[name] + more for name, more in short.items()}
        self.on_sample, last = dict(best.on_sample), best
        for _ in range(ROUNDS):
            enough = [
                f for f in self.finalists if all(f.slack[n] >= by for n, by in wanted.items()) and f.safe
            ]
            if enough:
                return min(enough, key=lambda f: f.pay)
            lacks = {
                name: _FARTHER * min(last.slack[name] - by, 0.0) if name in short else 0.0
                for name, by in {**last.slack, **wanted}.items()
            }
            if not self.move(replace(last, slack=lacks)):
                return None
            last = self.plan()
        return None

    def move(self, last: Finalist) -> bool:
        """Raise or lower the targets on the sample by what was short or to spare; whether any moved."""
        moved = False
        own = {in_time_of(g) for g in self.weeks}
        others = min((s for name, s in last.slack.items() if name not in own), default=0.0)
        for group in self.weeks:
            slack = last.slack[in_time_of(group)] / 100
            slack = min(slack, others / 100) if others < 0 else slack
            if 0 <= slack <= _ENOUGH or (slack > 0 and self.kept):
                continue
            before = self.on_sample[group]
            self.on_sample[group] = float(np.clip(before - slack, _LOWEST, _HIGHEST))
            moved |= abs(self.on_sample[group] - before) > _ENOUGH / 10
        return moved

    def fewer(self, best: Finalist, most: int) -> list[Mapping[str, Week]]:
        """Weeks with one fewer in one shift of a group, those first that save most a late task."""
        rows = []
        for group, week in self.weeks.items():
            asked, now = week.question, best.people[group]
            late = self.late(group, now)
            for shift in dict.fromkeys(shift for _, shift in now):
                pinned = any((group, name) in asked.pins for name, (_, s) in week.names.items() if s == shift)
                other = {k: n - (k[1] == shift and n > 0) for k, n in now.items()}
                if pinned or other == now or not self.keeps_floor(group, other):
                    continue
                people = {**best.people, group: other}
                saved = best.pay - self.pay(people)
                rows.append(((self.late(group, other) - late + 1) / max(saved, 1e-9), people))
        rows.sort(key=lambda row: row[0])
        return [people for _, people in rows[:most]]

    def levels(self, group: str, people: Week) -> IntArray:
        """Levels of a group by block of the week, shape (block,)."""
        week = self.weeks[group]
        there = np.zeros(week.question.stretches, dtype=np.int64)
        for name, where in week.names.items():
            there[list(week.question.there[group, name])] += people[where]
        return there[week.question.stretch]

    def keeps_floor(self, group: str, people: Week) -> bool:
        """Whether the least is there at all hours."""
        return bool((self.levels(group, people) >= np.asarray(self.weeks[group].question.floor[group])).all())

    def late(self, group: str, people: Week) -> int:
        """Late tasks on the group's sample."""
        return self.planners[group].parts[0].late(group, self.levels(group, people))


def slack_of(targets: Sequence[Target], futures: Sequence[Lived]) -> dict[str, float]:
    """What each target has to spare on futures played: its bound, and one error more, against its level."""
    seen = per_future(targets, futures)
    return {t.measure: _slack(t, seen[t.measure], len(targets)) for t in targets if seen[t.measure].futures}


def _slack(target: Target, seen: PerFuture, targets: int) -> float:
    told = estimate(seen)
    if target.at_least is not None:
        return told.lower(ALPHA / targets) - _TO_SPARE * told.error - target.at_least
    return float(target.at_most or 0.0) - told.upper(ALPHA / targets) - _TO_SPARE * told.error


def cheapest_safe(finalists: Sequence[Finalist]) -> Finalist:
    """The cheapest finalist that is safe; where none is, the one that falls least short."""
    safe = [f for f in finalists if f.safe]
    if safe:
        return min(safe, key=lambda f: f.pay)
    return max(finalists, key=lambda f: (min(f.slack.values()), -f.pay))
