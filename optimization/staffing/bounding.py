"""The bound of a part: its model, and the cuts of late tasks with which simulation tightens it.

Tables of late tasks (``late``) give the cuts: first short ones of all levels that a plan may have, then long
ones of levels near those of a plan. Where a plan of the model fails and no cut tells it so, its levels are
lifted and it is told that some stretch must exceed them.
"""

from __future__ import annotations

from collections.abc import Mapping
from time import perf_counter
from typing import Any

import numpy as np
import pyomo.environ as pyo

from optimization.solving import NoPlan, solve, solver
from optimization.staffing.known import Known
from optimization.staffing.late import LateCut, LateTables, Table, best_cut
from optimization.staffing.master import (
    Staffing,
    add_exceed_cut,
    add_late_cut,
    read_staffing,
    staffing_model,
)
from optimization.staffing.playing import late_by_block
from optimization.staffing.question import Question
from optimization.staffing.search import Search, lifted
from optimization.staffing.station import Days
from twin.errors import Infeasible
from twin.units import IntArray

#: stretches before a task's own whose levels the first tables vary, and those of plans that were played
_BACK, _FAR_BACK = 3, 6
#: the model is solved as near as this; its cuts are what is far from the truth [fraction]
_SOLVED = 2e-3
#: no limit on the cost [money]
_ANY = 1e12
#: rounds of cuts on the relaxation at most, and the least that a round must bring [fraction]
_ROUNDS, _BRINGS = 40, 2e-4
#: what a cut must bring more than is known, of the late tasks allowed: on the relaxation, of levels that
#: were played; and how far from the truth those must be to look for one [fraction]
_LEAST, _LEAST_PLAYED, _FAR = 1e-3, 5e-4, 2e-3
#: entries of a table at most (assumed: its linear program then takes well under a second)
_ENTRIES = 3_000


class Bounding:
    """The model of a part with its cuts; ``bound`` holds for the targets of the moment."""

    def __init__(self, asked: Question, days: Mapping[str, Days]) -> None:
        self.asked, self.days = asked, days
        self.bound, self.stalled = 0.0, 0
        self.allowed: Mapping[str, int] = {}
        self.ceiling = {n: _ceiling(asked, n) for n in asked.skills}
        self.told = {n: Known(asked.stretches, int(self.ceiling[n].max())) for n in asked.skills}
        limit = asked.limit_minutes
        self._tables = {n: LateTables(days[n], asked.stretch, self.ceiling[n], limit) for n in asked.skills}
        self._first: dict[str, list[Table]] = {}
        self._model: Any = None

    def aim(self, allowed: Mapping[str, int], before: Mapping[str, int]) -> None:
        """Set the late tasks allowed; late cuts stay true, and a bound for higher targets than before."""
        if any(allowed[n] > before[n] >= 0 for n in allowed):
            self.bound = 0.0
        self.allowed = allowed
        if self._model is not None:
            for n, most in allowed.items():
                self._model.allowed[n] = most
            self._model.exceed.rows.clear()
            self._model.no_dearer = _ANY

    def relax(self, best: Mapping[str, IntArray] | None, allowed: Mapping[str, int], until: float) -> None:
        """Cuts on the relaxation until they bring no more: first from short tables, then from long ones.

        Parameters
        ----------
        best
            Levels by stretch of the best plan, where there is one.
        """
        if self._model is None:
            self._model = staffing_model(self.asked, self.ceiling, allowed)
            self._tabulate(best)
        self._rounds(self._first, until)
        if best is not None and perf_counter() < until:
            self.relax_near(best, until)

    def relax_near(self, levels: Mapping[str, IntArray], until: float) -> None:
        """Cuts on the relaxation from long tables of levels near these, by stretch."""
        stretches = range(self.asked.stretches)
        far = {n: [self._far_table(n, g, levels[n]) for g in stretches] for n in self.asked.skills}
        self._rounds(far, until)

    def solve(self, no_dearer: float, seconds: float) -> tuple[Staffing, bool] | None:
        """The model's plan, and whether it is solved as near as asked; None where the time was over.

        Raises
        ------
        NoPlan
            No plan meets targets and rules.
        """
        self._model.no_dearer = no_dearer if np.isfinite(no_dearer) else _ANY
        highs = solver(time_limit=max(seconds, 1.0))
        highs.config.rel_gap = _SOLVED
        before = perf_counter()
        try:
            solved = solve(self._model, highs, what="staffing")
        except NoPlan as error:
            raise NoPlan(self._short()) from error
        except Infeasible:
            if perf_counter() - before < 0.9 * seconds:
                raise
            return None
        self.stalled = 0 if solved.bound > self.bound * (1 + _BRINGS) else self.stalled + 1
        self.bound = max(self.bound, solved.bound)
        return read_staffing(self._model), solved.gap <= _SOLVED

    def bound_at(self, allowed: Mapping[str, int], seconds: float) -> float:
        """The bound for other targets, from the late cuts alone."""
        if self._model is None:
            return 0.0
        for n, most in allowed.items():
            self._model.allowed[n] = most
        self._model.exceed.deactivate()
        self._model.no_dearer = _ANY
        highs = solver(time_limit=max(seconds, 1.0))
        highs.config.rel_gap = _SOLVED
        try:
            bound = solve(self._model, highs, what="staffing").bound
        except NoPlan:
            raise
        except Infeasible:
            highs.config.solver_options["solve_relaxation"] = True
            bound = solve(self._model, highs, what="staffing").bound
        for n, most in self.allowed.items():
            self._model.allowed[n] = most
        self._model.exceed.activate()
        return bound

    def cut_off(self, name: str, levels: IntArray) -> int:
        """Tell the model all that is late under these levels by stretch; how many cuts it took."""
        by_block = levels[self.asked.stretch]
        played = late_by_block(self.days[name], by_block, limit_minutes=self.asked.limit_minutes)
        added, known, allowed = 0, self.told[name].late(levels), self.allowed[name]
        for g in range(self.asked.stretches):
            if played[self.asked.stretch == g].sum() <= known[g] + _FAR * allowed:
                continue
            table = self._far_table(name, g, levels)
            point = {(h, n): float(levels[h] >= n) for h, n in table.steps}
            cut = best_cut(table, point)
            if cut.value(point) > known[g] + _LEAST_PLAYED * allowed:
                self._tell(name, cut)
                added += 1
        return added

    def exceed(self, name: str, levels: IntArray, search: Search) -> None:
        """Tell the model that some stretch must exceed these failing levels, lifted."""
        longest = np.argsort(-np.bincount(self.asked.stretch, minlength=self.asked.stretches))
        high = lifted(search, np.minimum(levels, self.ceiling[name]), self.ceiling[name], longest)
        add_exceed_cut(self._model, name, high, self.ceiling[name])

    def _tell(self, name: str, cut: LateCut) -> None:
        add_late_cut(self._model, name, cut)
        self.told[name].add(cut)

    def _tabulate(self, best: Mapping[str, IntArray] | None) -> None:
        """Tables from the floor to a little above the best plan, for each skill and stretch."""
        for n in self.asked.skills:
            near = np.ceil(_by_stretch(self.asked, self.days[n])).astype(np.int64)
            near = near if best is None else np.maximum(near, best[n])
            floor, top, rows = self.asked.floors(n), self.ceiling[n], []
            for g in range(self.asked.stretches):
                window = self._tables[n].window(g, _BACK)
                values = [
                    sorted({*range(int(floor[x]), int(min(near[x] + 1, top[x])) + 1), int(top[x])})
                    for x in window
                ]
                rows.append(self._tables[n].table(g, window, _fewer(values)))
            self._first[n] = rows

    def _rounds(self, tables: Mapping[str, list[Table]], until: float) -> None:
        before = 0.0
        for round_ in range(_ROUNDS):
            highs = solver(time_limit=max(until - perf_counter(), 1.0))
            highs.config.solver_options["solve_relaxation"] = True
            try:
                now = solve(self._model, highs, what="staffing").bound
            except NoPlan as error:
                raise NoPlan(self._short()) from error
            self.bound = max(self.bound, now)
            if round_ and not round_ % 3:
                if now - before <= _BRINGS * now:
                    return
                before = now
            added = sum(self._cut_from(n, table) for n, rows in tables.items() for table in rows)
            if not added or perf_counter() > until:
                return

    def _short(self) -> str:
        return f"no staffing of {' and '.join(self.asked.skills)} meets target and rules"

    def _cut_from(self, name: str, table: Table) -> bool:
        """The cut that lies highest at the relaxation's point, if it brings enough."""
        m = self._model
        point = {step: _between(m.level[(name, *step)]) for step in table.steps}
        cut = best_cut(table, point)
        if cut.value(point) <= pyo.value(m.late[name, cut.stretch]) + _LEAST * max(self.allowed[name], 1):
            return False
        self._tell(name, cut)
        return True

    def _far_table(self, name: str, g: int, levels: IntArray) -> Table:
        """A table that reaches far back, of levels near those given."""
        top, floor = self.ceiling[name], self.asked.floors(name)
        window = self._tables[name].window(g, min(_FAR_BACK, self.asked.stretches - 3))
        where, values = window.index(g), []
        for i, x in enumerate(window):
            low = int(levels[x])
            some = {low - 1, low, low + 1, low + 2} if abs(i - where) <= 2 else {low, low + 1}
            values.append(sorted({*(v for v in some if floor[x] <= v < top[x]), int(top[x])}))
        return self._tables[name].table(g, window, _fewer(values))


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
