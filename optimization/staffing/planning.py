"""The cheapest staffing that meets its target on the sample, and how far from the cheapest it can be.

Skills that do not stand in for one another are planned apart (``part``) and their bounds added; time goes to
the part whose plan is farthest from its bound, until the best plan is as near to the bound as asked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import perf_counter

from optimization.staffing.master import Staffing
from optimization.staffing.part import Part
from optimization.staffing.question import Question
from optimization.staffing.station import Days
from twin.errors import Infeasible
from twin.units import IntArray

#: a plan this near to the bound is good enough [fraction] (assumed: less than the sample itself can tell)
GAP = 0.01
#: a part whose bound stands still yields to others by this factor a round
_PATIENCE = 0.6
#: share of the time given to the first search
_SEARCH = 0.12

Told = Callable[[str], None]


@dataclass(frozen=True)
class Found:
    """A plan for the sample.

    Attributes
    ----------
    staffing : people by shift, and who serves where
    levels : skill -> people at its station by block, shape (block,) [people]
    cost : of all shifts worked [money]
    bound : no plan that meets the target on the sample costs less [money]
    late : skill -> late tasks on the sample [tasks]
    seconds : time it took
    """

    staffing: Staffing
    levels: Mapping[str, IntArray]
    cost: float
    bound: float
    late: Mapping[str, int]
    seconds: float

    @property
    def gap(self) -> float:
        """(cost - bound) / cost [fraction]."""
        return (self.cost - self.bound) / self.cost if self.cost > 0 else 0.0


class Planner:
    """Plans a question on its sample; keeps model, tables and cuts between targets."""

    def __init__(self, asked: Question, days: Mapping[str, Days]) -> None:
        self.asked = asked
        self.parts = [Part(asked.only(names), {n: days[n] for n in names}) for names in _apart(asked)]

    def search(
        self,
        targets: Mapping[str, float],
        *,
        seconds: float,
        start: Mapping[tuple[str, str], int] | None = None,
        only_add: bool = False,
    ) -> Found:
        """A good plan by search alone, for these targets on the sample; nothing is proved.

        Parameters
        ----------
        start
            People by shift from whom to search; those of the plan before, or nobody, when omitted.
        only_add
            Nobody of them is taken away or exchanged.
        """
        began = perf_counter()
        self._aim(targets)
        for part in self.parts:
            part.begin(seconds=seconds / len(self.parts), start=start, only_add=only_add)
        return self._found(perf_counter() - began)

    def plan(
        self,
        targets: Mapping[str, float] | None = None,
        *,
        gap: float = GAP,
        time_limit: float = 180.0,
        told: Told | None = None,
    ) -> Found:
        """The best plan within the time, for these targets on the sample (those asked when omitted).

        Raises
        ------
        Infeasible
            No plan meets targets and rules.
        """
        began = perf_counter()
        until = began + time_limit
        self._aim(dict.fromkeys(self.asked.skills, self.asked.target) if targets is None else targets)
        for part in self.parts:
            part.begin(seconds=_SEARCH * time_limit / len(self.parts))
        while perf_counter() < until:
            open_parts = [p for p in self.parts if not p.done]
            cost, bound = sum(p.cost for p in self.parts), sum(p.bound for p in self.parts)
            if not open_parts or cost - bound <= gap * cost:
                break
            part = max(open_parts, key=lambda p: (p.cost - p.bound) * _PATIENCE**p.stalled)
            part.step(seconds=until - perf_counter())
            if told is not None:
                told(f"{' + '.join(part.asked.skills)}: cost {part.cost:.1f}, bound {part.bound:.1f}")
        return self._found(perf_counter() - began)

    def bound_at(self, target: float, *, time_limit: float = 20.0) -> float:
        """Least cost of any plan for another target, from the cuts that are there."""
        return sum(p.bound_at(target, seconds=time_limit / len(self.parts)) for p in self.parts)

    def _aim(self, targets: Mapping[str, float]) -> None:
        for part in self.parts:
            part.aim({n: targets[n] for n in part.asked.skills})

    def _found(self, seconds: float) -> Found:
        missing = [name for p in self.parts if p.best is None for name in p.asked.skills]
        if missing:
            raise Infeasible(f"no staffing found in time for: {', '.join(missing)}; allow more time")
        people: dict[tuple[str, str], int] = {}
        serves: dict[tuple[str, str, int], int] = {}
        levels, late = {}, {}
        for part in self.parts:
            assert part.best is not None
            people.update(part.best.people)
            serves.update(part.best.serves)
            for name, each in part.best.levels(part.asked).items():
                levels[name] = each[part.asked.stretch]
                late[name] = part.late(name, levels[name])
        cost, bound = sum(p.cost for p in self.parts), sum(p.bound for p in self.parts)
        return Found(Staffing(people, serves), levels, cost, min(bound, cost), late, seconds)


def _apart(asked: Question) -> list[tuple[str, ...]]:
    """Skills in groups of which none stands in for another group's."""
    groups: list[set[str]] = []
    for name in asked.skills:
        group = {name, *asked.can_serve(name)}
        joined = [g for g in groups if g & group]
        groups = [g for g in groups if not g & group] + [group.union(*joined)]
    return [tuple(n for n in asked.skills if n in g) for g in groups]
