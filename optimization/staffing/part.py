"""One part of a staffing: skills that stand in for one another, or one alone; its best plan and its bound.

It begins with a plan found by search. Cuts are added to the model's relaxation until they bring no more; then
the model is solved, its levels are played in full, and cuts that tell it of all that is late are added.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from time import perf_counter

import numpy as np

from optimization.staffing.bounding import Bounding
from optimization.staffing.master import Staffing
from optimization.staffing.playing import late_by_block
from optimization.staffing.question import Question
from optimization.staffing.search import Search
from optimization.staffing.station import Days, late_allowed
from twin.units import IntArray

#: neighbours of a plan that are looked at, and those of them played and cut off, each round
_NEIGHBOURS, _OTHERS = 2_000, 2
#: what counts as cheaper [money]
_CENT = 1e-6


class Part:
    """Skills that stand in for one another, or one alone."""

    def __init__(self, asked: Question, days: Mapping[str, Days]) -> None:
        self.asked, self.days = asked, days
        self.best: Staffing | None = None
        self._before: Staffing | None = None
        self.done = False
        self.allowed = dict.fromkeys(asked.skills, -1)
        self.model = Bounding(asked, days)
        self._relaxed = False

    @property
    def cost(self) -> float:
        """Cost of the best plan so far."""
        return float("inf") if self.best is None else self.best.cost(self.asked)

    @property
    def bound(self) -> float:
        """No plan for the targets of the moment costs less."""
        return self.model.bound

    @property
    def stalled(self) -> int:
        """Rounds in which the bound stood still."""
        return self.model.stalled

    def aim(self, targets: Mapping[str, float]) -> None:
        """Set the targets on the sample; what is known stays where it is true."""
        allowed = {n: late_allowed(self.days[n], t) for n, t in targets.items()}
        if allowed == self.allowed:
            return
        self.model.aim(allowed, self.allowed)
        self.allowed, self.done, self._relaxed = allowed, False, False
        if self.best is not None:
            self._before = self.best
            self.best = self.best if self._holds(self.best) else None

    def begin(
        self,
        *,
        seconds: float,
        start: Mapping[tuple[str, str], int] | None = None,
        only_add: bool = False,
    ) -> None:
        """A plan by search, each skill with its own people; from the plan before, where there is one."""
        people: dict[tuple[str, str], int] = {}
        before = start if start is not None or self._before is None else self._before.people
        for name in self.asked.skills:
            search = self._search(name)
            first = search.least
            if before is not None:
                first = np.array([before[name, p] for p in search.names], dtype=np.int64)
            found = search.added(first) if only_add else search.repaired(first)
            if found is None:
                return
            if not only_add:
                found = search.improved(found, seconds=seconds / len(self.asked.skills))
            people.update(search.by_name(found))
        self._offer(Staffing.own(self.asked, people), anyhow=only_add)

    def step(self, *, seconds: float) -> None:
        """One round: relaxation to its end the first time, then one solve of the model."""
        until = perf_counter() + seconds
        if not self._relaxed:
            best = None if self.best is None else self.best.levels(self.asked)
            self.model.relax(best, self.allowed, until)
            self._relaxed = True
            return
        solved = self.model.solve(self.cost, seconds)
        if solved is None:
            return  # the time is over; what was known stands
        plan, exactly = solved
        self._offer(plan)
        self._offer_repaired(plan)
        levels = plan.levels(self.asked)
        failing = [n for n in self.asked.skills if self.late(n, self._by_block(levels[n])) > self.allowed[n]]
        self.done = not failing and exactly
        for n in failing:
            if not self.model.cut_off(n, levels[n]):
                self.model.exceed(n, levels[n], self._search(n))
        if len(self.asked.skills) == 1:
            self._cut_off_others(plan)
        if self.stalled and failing:
            self.model.relax_near(levels, until)

    def bound_at(self, target: float, *, seconds: float) -> float:
        """The bound for another target, from the late cuts alone."""
        return self.model.bound_at({n: late_allowed(d, target) for n, d in self.days.items()}, seconds)

    def late(self, name: str, levels: IntArray) -> int:
        """Late tasks on the sample, levels by block."""
        return int(late_by_block(self.days[name], levels, limit_minutes=self.asked.limit_minutes).sum())

    def _by_block(self, levels: IntArray) -> IntArray:
        by_block: IntArray = levels[self.asked.stretch]
        return by_block

    def _search(self, name: str, lent: IntArray | None = None) -> Search:
        return Search(self.asked, name, self.days[name], self.allowed[name], lent)

    def _holds(self, plan: Staffing) -> bool:
        levels = plan.levels(self.asked)
        return all(self.late(n, self._by_block(each)) <= self.allowed[n] for n, each in levels.items())

    def _offer(self, plan: Staffing, *, anyhow: bool = False) -> None:
        if (anyhow or plan.cost(self.asked) < self.cost) and self._holds(plan):
            self.best = plan

    def _offer_repaired(self, plan: Staffing) -> None:
        """The model's plan with people added until it holds, then thinned."""
        people, serves = dict(plan.people), dict(plan.serves)
        for n in self.asked.skills:
            lent = np.zeros(self.asked.stretches, dtype=np.int64)
            for (k, j, g), x in plan.serves.items():
                lent[g] += x * ((j == n) - (k == n)) if j != k else 0
            search = self._search(n, lent)
            found = search.repaired(np.array([plan.people[n, p] for p in search.names], dtype=np.int64))
            if found is None:
                return
            people.update(search.by_name(found))
            for g, x in enumerate(search.there @ found):
                serves[n, n, g] = int(x) - sum(
                    y for (k, j, h), y in plan.serves.items() if k == n and j != n and h == g
                )
        self._offer(Staffing(people, serves))

    def _cut_off_others(self, plan: Staffing) -> None:
        """Neighbours of the model's plan that it believes in, cheaper than the best: played, and cut off."""
        (name,) = self.asked.skills
        search, dearer = self._search(name), self.cost - plan.cost(self.asked)
        if not np.isfinite(dearer):
            return
        people = np.array([plan.people[name, p] for p in search.names], dtype=np.int64)
        near = list(islice(search.neighbours(people, gain=_CENT - dearer), _NEIGHBOURS))
        tried = 0
        for other in sorted(near, key=lambda each: float(search.cost @ each)):
            levels = search.levels(other)
            if self.model.told[name].late(levels).sum() > self.allowed[name]:
                continue
            if search.holds(other):
                self._offer(Staffing.own(self.asked, search.by_name(other)))
            else:
                self.model.cut_off(name, levels)
            tried += 1
            if tried == _OTHERS:
                return
