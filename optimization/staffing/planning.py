"""The cheapest staffing that meets its target on the sample, and how far from the cheapest it can be.

Skills that do not stand in for one another are planned apart and their bounds added. Each part begins
with a plan found by search and with tables of late tasks; cuts from the tables are added to the model's
relaxation until they bring no more; then the model is solved, its levels are played in full, and cuts
that tell it of all that is late are added, until the best plan is as near to the bound as asked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from time import perf_counter
from typing import Any

import numpy as np
import pyomo.environ as pyo

from optimization.solving import NoPlan, solve, solver
from optimization.staffing.late import LateCut, LateTables, Table, best_cut
from optimization.staffing.master import Staffing, add_exceed_cut, add_late_cut, staffing_model
from optimization.staffing.playing import late_by_block
from optimization.staffing.question import Question
from optimization.staffing.search import Search, lifted
from optimization.staffing.station import Days
from twin.errors import Infeasible
from twin.units import FloatArray, IntArray

#: a plan this near to the bound is good enough [fraction] (assumed: less than the sample itself can tell)
GAP = 0.01
#: stretches before a task's own whose levels the first tables vary, and those of plans that were played
_BACK, _FAR_BACK = 3, 6
#: the model is solved as near as this; its cuts are what is far from the truth [fraction]
_SOLVED = 2e-3
#: no limit on the cost [money]
_ANY = 1e12
#: neighbours of a plan that are looked at, and those of them played and cut off, each round
_NEIGHBOURS, _OTHERS = 2_000, 2
#: a part whose bound stands still yields to others by this factor a round
_PATIENCE = 0.6
#: what counts as cheaper [money]
_CENT = 1e-6
#: share of the time given to the first search
_SEARCH = 0.12
#: rounds of cuts on the relaxation at most, and the least that a round must bring [fraction]
_ROUNDS, _BRINGS = 40, 2e-4
#: entries of a table at most (assumed: its linear program then takes well under a second)
_ENTRIES = 3_000

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
        self.parts = [_Part(_only(asked, names), {n: days[n] for n in names}) for names in _apart(asked)]

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
            for name, each in part.levels(part.best).items():
                levels[name] = each[part.asked.stretch]
                late[name] = part.late(name, levels[name])
        cost, bound = sum(p.cost for p in self.parts), sum(p.bound for p in self.parts)
        return Found(Staffing(people, serves), levels, cost, min(bound, cost), late, seconds)


class _Part:
    """Skills that stand in for one another, or one alone."""

    def __init__(self, asked: Question, days: Mapping[str, Days]) -> None:
        self.asked, self.days = asked, days
        self.best: Staffing | None = None
        self._before: Staffing | None = None
        self.bound, self.done = 0.0, False
        self.ceiling = {n: _ceiling(asked, n) for n in asked.skills}
        self.tables = {
            n: LateTables(days[n], asked.stretch, self.ceiling[n], asked.limit_minutes) for n in asked.skills
        }
        self.first: dict[str, list[Table]] = {}
        self.allowed = dict.fromkeys(asked.skills, -1)
        self.model: Any = None
        self.told = {n: _Known(asked.stretches, int(self.ceiling[n].max())) for n in asked.skills}
        self.stalled = 0
        self._relaxed = False

    @property
    def cost(self) -> float:
        """Cost of the best plan so far."""
        return float("inf") if self.best is None else self._cost(self.best)

    def _cost(self, plan: Staffing) -> float:
        return sum(self.asked.pattern(*shift).cost * n for shift, n in plan.people.items())

    def aim(self, targets: Mapping[str, float]) -> None:
        """Set the targets on the sample; what is known stays where it is true."""
        allowed = {n: late_allowed(self.days[n], t) for n, t in targets.items()}
        if allowed == self.allowed:
            return
        if any(allowed[n] > self.allowed[n] >= 0 for n in allowed):
            self.bound = 0.0  # a bound holds for higher targets too, not for lower ones
        self.allowed, self.done = allowed, False
        if self.model is not None:
            for n, most in allowed.items():
                self.model.allowed[n] = most
            self.model.exceed.rows.clear()
            self.model.no_dearer = _ANY
        self._relaxed = False
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
            search = Search(self.asked, name, self.days[name], self.allowed[name])
            first = search.least
            if before is not None:
                first = np.array([before[name, p] for p in search.names], dtype=np.int64)
            found = search.added(first) if only_add else search.repaired(first)
            if found is None:
                return
            if not only_add:
                found = search.improved(found, seconds=seconds / len(self.asked.skills))
            people.update(search.by_name(found))
        self._offer(self._own(people), anyhow=only_add)

    def _own(self, people: Mapping[tuple[str, str], int]) -> Staffing:
        serves = {}
        for name in self.asked.skills:
            for g in range(self.asked.stretches):
                serves[name, name, g] = sum(
                    people[shift]
                    for shift, there in self.asked.there.items()
                    if shift[0] == name and g in there
                )
        return Staffing(dict(people), serves)

    def levels(self, plan: Staffing) -> dict[str, IntArray]:
        """Levels by stretch of each skill's station."""
        out = {n: np.zeros(self.asked.stretches, dtype=np.int64) for n in self.asked.skills}
        for (_, station, g), n in plan.serves.items():
            out[station][g] += n
        return out

    def late(self, name: str, levels: IntArray) -> int:
        """Late tasks on the sample, levels by block."""
        return int(late_by_block(self.days[name], levels, limit_minutes=self.asked.limit_minutes).sum())

    def _holds(self, plan: Staffing) -> bool:
        return all(
            self.late(n, each[self.asked.stretch]) <= self.allowed[n] for n, each in self.levels(plan).items()
        )

    def _offer(self, plan: Staffing, *, anyhow: bool = False) -> None:
        if (anyhow or self._cost(plan) < self.cost) and self._holds(plan):
            self.best = plan

    # ---- bounds --------------------------------------------------------------------------------

    def step(self, *, seconds: float) -> None:
        """One round: relaxation to its end the first time, then one solve of the model."""
        if self.model is None:
            self.model = staffing_model(self.asked, self.ceiling, self.allowed)
            self._tabulate()
        if not self._relaxed:
            self._relax(perf_counter() + seconds)
            self._relaxed = True
            return
        self._solve_and_cut(seconds)

    def _tabulate(self) -> None:
        """Tables from the floor to a little above the best plan, for each skill and stretch."""
        near = {n: np.ceil(_by_stretch(self.asked, self.days[n])).astype(np.int64) for n in self.asked.skills}
        if self.best is not None:
            near = {n: np.maximum(near[n], each) for n, each in self.levels(self.best).items()}
        for n in self.asked.skills:
            floor, top = self.asked.floors(n), self.ceiling[n]
            rows = []
            for g in range(self.asked.stretches):
                window = self.tables[n].window(g, _BACK)
                values = [
                    sorted({*range(int(floor[x]), int(min(near[n][x] + 1, top[x])) + 1), int(top[x])})
                    for x in window
                ]
                rows.append(self.tables[n].table(g, window, _fewer(values)))
            self.first[n] = rows

    def _relax(self, until: float) -> None:
        """Cuts on the relaxation until they bring no more: first from short tables, then from long ones."""
        self._rounds(self.first, until)
        if self.best is not None and perf_counter() < until:
            levels = self.levels(self.best)
            far = {
                n: [self._far_table(n, g, levels[n]) for g in range(self.asked.stretches)]
                for n in self.asked.skills
            }
            self._rounds(far, until)

    def _rounds(self, tables: Mapping[str, list[Table]], until: float) -> None:
        before = 0.0
        for round_ in range(_ROUNDS):
            highs = solver(time_limit=max(until - perf_counter(), 1.0))
            highs.config.solver_options["solve_relaxation"] = True
            now = self._bounded(highs)
            self.bound = max(self.bound, now)
            if round_ and not round_ % 3:
                if now - before <= _BRINGS * now:
                    return
                before = now
            added = sum(self._cut_from(n, table) for n, rows in tables.items() for table in rows)
            if not added or perf_counter() > until:
                return

    def _bounded(self, highs: Any) -> float:
        try:
            return solve(self.model, highs, what="staffing").bound
        except NoPlan as error:
            raise NoPlan(self._short()) from error

    def _short(self) -> str:
        return f"no staffing of {' and '.join(self.asked.skills)} meets target and rules"

    def _cut_from(self, name: str, table: Table, least: float = 1e-3) -> bool:
        m = self.model
        point = {step: _between(m.level[(name, *step)]) for step in table.steps}
        cut = best_cut(table, point)
        if cut.value(point) <= pyo.value(m.late[name, cut.stretch]) + least * max(self.allowed[name], 1):
            return False
        self._tell(name, cut)
        return True

    def _tell(self, name: str, cut: LateCut) -> None:
        add_late_cut(self.model, name, cut)
        self.told[name].add(cut)

    def _solve_and_cut(self, seconds: float) -> None:
        self.model.no_dearer = self.cost if np.isfinite(self.cost) else _ANY
        highs = solver(time_limit=max(seconds, 1.0))
        highs.config.rel_gap = _SOLVED
        before = perf_counter()
        try:
            solved = solve(self.model, highs, what="staffing")
        except NoPlan as error:
            raise NoPlan(self._short()) from error
        except Infeasible:
            if perf_counter() - before < 0.9 * seconds:
                raise
            return  # the time is over; what was known stands
        self.stalled = 0 if solved.bound > self.bound * (1 + _BRINGS) else self.stalled + 1
        self.bound = max(self.bound, solved.bound)
        plan = self._read()
        self._offer(plan)
        self._offer_repaired(plan)
        levels = self.levels(plan)
        failing = [
            n for n in self.asked.skills if self.late(n, levels[n][self.asked.stretch]) > self.allowed[n]
        ]
        self.done = not failing and solved.gap <= _SOLVED
        for n in failing:
            if not self._cut_off(n, levels[n]):
                self._exceed(n, levels[n])
        if len(self.asked.skills) == 1:
            self._cut_off_others(plan)

    def _cut_off_others(self, plan: Staffing) -> None:
        """Neighbours of the model's plan that it believes in, cheaper than the best: played, and cut off."""
        (name,) = self.asked.skills
        search = Search(self.asked, name, self.days[name], self.allowed[name])
        people = np.array([plan.people[name, p] for p in search.names], dtype=np.int64)
        dearer = self.cost - self._cost(plan)
        if not np.isfinite(dearer):
            return
        near = list(islice(search.neighbours(people, gain=_CENT - dearer), _NEIGHBOURS))
        tried = 0
        for other in sorted(near, key=lambda each: float(search.cost @ each)):
            levels = search.levels(other)
            if self.told[name].late(levels).sum() > self.allowed[name]:
                continue
            if search.holds(other):
                self._offer(self._own(search.by_name(other)))
            else:
                self._cut_off(name, levels)
            tried += 1
            if tried == _OTHERS:
                return

    def _read(self) -> Staffing:
        m = self.model
        people = {shift: round(pyo.value(m.people[shift])) for shift in m.SHIFTS}
        serves = {(k, j, g): round(pyo.value(m.serves[k, j, g])) for k, j in m.SERVES for g in m.STRETCHES}
        return Staffing(people, serves)

    def _offer_repaired(self, plan: Staffing) -> None:
        """The model's plan with people added until it holds, then thinned."""
        people, serves = dict(plan.people), dict(plan.serves)
        for n in self.asked.skills:
            lent = np.zeros(self.asked.stretches, dtype=np.int64)
            for (k, j, g), x in plan.serves.items():
                lent[g] += x * ((j == n) - (k == n)) if j != k else 0
            search = Search(self.asked, n, self.days[n], self.allowed[n], lent)
            found = search.repaired(np.array([plan.people[n, p] for p in search.names], dtype=np.int64))
            if found is None:
                return
            people.update(search.by_name(found))
            for g, x in enumerate(search.there @ found):
                serves[n, n, g] = int(x) - sum(
                    y for (k, j, h), y in plan.serves.items() if k == n and j != n and h == g
                )
        self._offer(Staffing(people, serves))

    def _cut_off(self, name: str, levels: IntArray) -> int:
        """Tell the model all that is late under levels that it chose; how many cuts it took."""
        played = late_by_block(
            self.days[name], levels[self.asked.stretch], limit_minutes=self.asked.limit_minutes
        )
        added, known = 0, self.told[name].late(levels)
        for g in range(self.asked.stretches):
            true = int(played[self.asked.stretch == g].sum())
            if true <= known[g] + 2e-3 * self.allowed[name]:
                continue
            table = self._far_table(name, g, levels)
            cut = best_cut(table, {(h, n): float(levels[h] >= n) for h, n in table.steps})
            if (
                cut.value({(h, n): float(levels[h] >= n) for h, n in table.steps})
                > known[g] + 5e-4 * self.allowed[name]
            ):
                self._tell(name, cut)
                added += 1
        return added

    def _far_table(self, name: str, g: int, levels: IntArray) -> Table:
        """A table that reaches far back, of levels near those given."""
        top, floor = self.ceiling[name], self.asked.floors(name)
        window = self.tables[name].window(g, min(_FAR_BACK, self.asked.stretches - 3))
        where, values = window.index(g), []
        for i, x in enumerate(window):
            low = int(levels[x])
            some = {low - 1, low, low + 1, low + 2} if abs(i - where) <= 2 else {low, low + 1}
            values.append(sorted({*(v for v in some if floor[x] <= v < top[x]), int(top[x])}))
        return self.tables[name].table(g, window, _fewer(values))

    def _exceed(self, name: str, levels: IntArray) -> None:
        search = Search(self.asked, name, self.days[name], self.allowed[name])
        cost = np.bincount(self.asked.stretch, minlength=self.asked.stretches)
        high = lifted(search, np.minimum(levels, self.ceiling[name]), self.ceiling[name], np.argsort(-cost))
        add_exceed_cut(self.model, name, high, self.ceiling[name])

    def bound_at(self, target: float, *, seconds: float) -> float:
        """The bound for another target, from the late cuts alone."""
        if self.model is None:
            return 0.0
        for n, d in self.days.items():
            self.model.allowed[n] = late_allowed(d, target)
        self.model.exceed.deactivate()
        self.model.no_dearer = _ANY
        highs = solver(time_limit=max(seconds, 1.0))
        highs.config.rel_gap = _SOLVED
        try:
            bound = solve(self.model, highs, what="staffing").bound
        except NoPlan:
            raise
        except Infeasible:
            highs.config.solver_options["solve_relaxation"] = True
            bound = solve(self.model, highs, what="staffing").bound
        for n, most in self.allowed.items():
            self.model.allowed[n] = most
        self.model.exceed.activate()
        return bound


class _Known:
    """The cuts of one station, to ask what the model knows of given levels."""

    def __init__(self, stretches: int, most: int) -> None:
        self.stretches, self.most = stretches, most
        self.base: list[float] = []
        self.stretch: list[int] = []
        self.brings: list[FloatArray] = []
        self._matrix = np.zeros((0, stretches * (most + 1)))

    def add(self, cut: LateCut) -> None:
        """One more cut."""
        row = np.zeros((self.stretches, self.most + 1))
        for (g, n), b in cut.brings.items():
            row[g, n] = b
        self.base.append(cut.base)
        self.stretch.append(cut.stretch)
        self.brings.append(row.ravel())

    def late(self, levels: IntArray) -> FloatArray:
        """Late tasks at least, by stretch, shape (stretch,)."""
        late = np.zeros(self.stretches)
        if len(self._matrix) < len(self.brings):
            self._matrix = np.array(self.brings)
        if self.base:
            taken = (np.arange(self.most + 1)[None, :] <= levels[:, None]).astype(np.float64).ravel()
            np.maximum.at(late, self.stretch, np.array(self.base) - self._matrix @ taken)
        return late


def late_allowed(days: Days, target: float) -> int:
    """Late tasks that a target leaves on the sample."""
    return int(np.floor((1 - target) * int(days.by_block.sum()) + 1e-9))


def _between(variable: Any) -> float:
    return min(max(float(pyo.value(variable)), 0.0), 1.0)


def _by_stretch(asked: Question, days: Days) -> Any:
    load = days.station.load
    return np.array([load[asked.stretch == g].max() for g in range(asked.stretches)])


def _ceiling(asked: Question, name: str) -> IntArray:
    """More people than any sensible plan has at a station: there nearly nobody waits. [people]"""
    peak = (
        asked.station(name).rates.max()
        * asked.station(name).service_minutes
        / asked.station(name).block_minutes
    )
    most = int(np.ceil(peak * (1 + 2 * asked.station(name).rate_cv) + 3 * np.sqrt(peak))) + 2
    return np.maximum(asked.floors(name) + 1, most)


def _fewer(values: list[list[int]]) -> list[list[int]]:
    """Values with so few combinations that a cut is found fast: first the earliest stretches lose some."""
    kept = [list(v) for v in values]
    while np.prod([len(v) for v in kept]) > _ENTRIES:
        i = next(
            i for i, v in enumerate(kept) if len(v) > 2 and len(v) >= max(len(v) for v in kept) - (i == 0)
        )
        kept[i].pop(-2)  # the ceiling stays: it says what is true of any level
    return kept


def _apart(asked: Question) -> list[tuple[str, ...]]:
    """Skills in groups of which none stands in for another group's."""
    groups: list[set[str]] = []
    for name in asked.skills:
        group = {name, *asked.can_serve(name)}
        joined = [g for g in groups if g & group]
        groups = [g for g in groups if not g & group] + [group.union(*joined)]
    return [tuple(n for n in asked.skills if n in g) for g in groups]


def _only(asked: Question, names: tuple[str, ...]) -> Question:
    """The same question of some skills alone; stretches are those of their own shifts."""
    return replace(
        asked,
        stations=tuple(s for s in asked.stations if s.name in names),
        patterns={n: asked.patterns[n] for n in names},
        covers={n: c for n, c in asked.covers.items() if n in names},
        floor={n: f for n, f in asked.floor.items() if n in names},
        most={n: m for n, m in asked.most.items() if n in names},
        pins={s: n for s, n in asked.pins.items() if s[0] in names},
    )
