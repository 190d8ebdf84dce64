"""Rounds: weeks of shifts for raised or lowered targets, played in the hospital until its targets just hold.

A station's sample knows nothing of priorities, places and who comes back. So the target on the sample is
moved, group by group, by what the hospital falls short or has to spare, and the week is planned again. Every
week planned is kept with what it did: they are the finalists.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from optimization.staffing.house import GroupWeek
from optimization.staffing.lives import in_time_of
from optimization.staffing.planning import Planner
from optimization.staffing.rules import cheapest_shifts
from optimization.staffing.shortage import shortage
from optimization.staffing.weeks import Finalist, Week, Weeks
from twin.errors import Infeasible

#: rounds of moving the targets on the sample, at most (assumed: the fourth seldom moves one by a point)
ROUNDS = 6
#: as much to spare is not given back [fraction]
_ENOUGH = 0.01
#: plans put together of several rounds, at most
_TOGETHER = 4
#: where a plan must have more to spare, targets on the sample are raised by so many times what it lacks
_FARTHER = 2.0
#: targets on the sample lie between these [fraction]
_LOWEST, _HIGHEST = 0.3, 0.999


@dataclass
class Rounds:
    """Planning of all groups.

    Attributes
    ----------
    weeks : the groups, and how they are played
    seconds : for the search of one group in one round [s]
    kept : group -> (weekday, shift) -> people decided already, who stay: people are only added
    """

    weeks: Weeks
    seconds: float
    kept: Mapping[str, Week] = field(default_factory=dict)
    finalists: list[Finalist] = field(default_factory=list)

    def __post_init__(self) -> None:
        each = self.weeks.of
        self.planners = {g: Planner(w.question, {g: w.sample}) for g, w in each.items()}
        self.on_sample = {g: w.question.target for g, w in each.items()}
        self.staffed = {g: self._begin(w) for g, w in each.items()}

    def _begin(self, week: GroupWeek) -> Mapping[tuple[str, str], int] | None:
        """Whom the search begins with: those decided, else shifts that cover the mean load of each block."""
        asked = week.question
        if week.group in self.kept:
            return {(week.group, n): self.kept[week.group].get(at, 0) for n, at in week.names.items()}
        if asked.most or asked.pins:
            return None
        load = np.ceil(week.sample.station.load).astype(np.int64)
        try:
            return cheapest_shifts(asked, {week.group: np.maximum(load, self.weeks.floor(week.group))})[0]
        except Infeasible:
            return None

    def run(self) -> None:
        """Plan, play, move the targets on the sample; until nothing is short and little is to spare."""
        for _ in range(ROUNDS):
            last = self.plan()
            again = any(last.people == other.people for other in self.finalists[:-1])
            if (again and last.safe) or not self.move(last):
                break
        self._put_together()

    def _put_together(self) -> None:
        """Of each group the cheapest week that was safe in any round, all together played.

        What one group does moves the others a little; where that makes one fall short, more is asked of it.
        """
        single = list(self.finalists)
        wanted = dict.fromkeys(self.weeks.own, 0.0)
        for _ in range(_TOGETHER):
            people = {g: self._cheapest(g, single, wanted[in_time_of(g)]) for g in self.weeks.of}
            if any(people == f.people for f in self.finalists):
                return
            (both,) = self.add([people])
            short = {name: min(both.slack.get(name, 0.0), 0.0) for name in wanted}
            if not any(short.values()):
                return
            wanted = {name: more - short[name] for name, more in wanted.items()}

    def _cheapest(self, group: str, finalists: Sequence[Finalist], wanted: float) -> Week:
        """The cheapest week of a group that had as much to spare as is wanted; else the one with most."""
        own = in_time_of(group)
        enough = [f for f in finalists if f.slack.get(own, 0.0) >= wanted]
        if enough:
            return min(enough, key=lambda f: self.weeks.pay_of(group, f.people[group])).people[group]
        return max(finalists, key=lambda f: f.slack.get(own, 0.0)).people[group]

    def add(self, all_people: Sequence[Mapping[str, Week]]) -> list[Finalist]:
        """Weeks of shifts played, and kept as finalists."""
        found = self.weeks.played(all_people, self.on_sample)
        self.finalists += found
        return found

    def plan(self) -> Finalist:
        """The weeks for the targets of the moment, played.

        Raises
        ------
        Infeasible
            The people of a group are too few: when most wait, and the cheapest ways out.
        """
        for group, week in self.weeks.of.items():
            target = {group: self.on_sample[group]}
            try:
                found = self.planners[group].search(
                    target, seconds=self.seconds, start=self.staffed[group], only_add=group in self.kept
                )
            except Infeasible as error:
                if self.finalists:
                    continue  # what was found before stays; the certificate tells what it reaches
                over = f"over {len(self.weeks.dates)} days"
                raise shortage(week.question, {group: week.sample}, target, over=over) from error
            self.staffed[group] = found.staffing.people
        people = {
            g: {w.names[name]: n for (_, name), n in (self.staffed[g] or {}).items()}
            for g, w in self.weeks.of.items()
        }
        return self.add([people])[0]

    def with_more(self, best: Finalist, short: Mapping[str, float]) -> Finalist | None:
        """The cheapest finalist that has more to spare than this one, planned anew where none is known.

        Parameters
        ----------
        short
            By measure of a group, how much more it takes, above 0. [unit of the measure]
        """
        wanted = {name: best.slack[name] + more for name, more in short.items()}
        self.on_sample, last = dict(best.on_sample), best
        for _ in range(ROUNDS):
            enough = [
                f for f in self.finalists if f.safe and all(f.slack[n] >= by for n, by in wanted.items())
            ]
            if enough:
                return min(enough, key=lambda f: f.pay)
            lacks = {name: _FARTHER * min(last.slack[name] - by, 0.0) for name, by in wanted.items()}
            if not self.move(replace(last, slack={**dict.fromkeys(last.slack, 0.0), **lacks})):
                return None
            last = self.plan()
        return None

    def move(self, last: Finalist) -> bool:
        """Raise or lower the targets on the sample by what was short or to spare; whether any moved."""
        moved = False
        for group in self.weeks.of:
            slack = last.slack.get(in_time_of(group), 0.0) / 100
            if 0 <= slack <= _ENOUGH or (slack > 0 and self.kept):
                continue
            before = self.on_sample[group]
            self.on_sample[group] = float(np.clip(before - slack, _LOWEST, _HIGHEST))
            moved |= abs(self.on_sample[group] - before) > _ENOUGH / 10
        return moved
