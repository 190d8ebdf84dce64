"""Beds nearly as good as the best, in a second: flex beds by day take long to prove best.

Where beds of a ward are opened one by one, with staffed beds below those of the day, the relaxation of the
model is nearly whole: some wards stand between two levels, all others are decided. Those few are then
decided in whole teams, with the others held where they are. No plan costs less than the relaxation, so the
distance from the best is proved; where it is more than ``NEAR``, all wards are let go again.
"""

from __future__ import annotations

from time import perf_counter
from typing import Any

import numpy as np
import pyomo.environ as pyo
from pyomo.repn import generate_standard_repn

from optimization.arrays import Answer, Arrays, run, set_bounds, set_costs, set_rows
from optimization.beds.model import PRICED, WHOLE, BedLevels
from optimization.beds.parameters import BedParameters
from optimization.solving import NoPlan, Solved
from twin.errors import TwinError
from twin.units import FloatArray

#: a plan this near to its bound is near enough while a slider moves [fraction]
NEAR = 1e-3
#: how far the few wards are decided, so that the whole stays below ``NEAR`` [fraction]
_FEW_WARDS = NEAR / 10


class NearBest:
    """A bed model as HiGHS holds it: what a slider moves is moved, and nothing else is made anew.

    Parameters
    ----------
    model
        As ``bed_model`` makes it. Its total, floors, pins and prices may be moved afterwards.
    given
        What it was made of.
    """

    def __init__(self, model: Any, given: BedParameters) -> None:
        self._model, self._given = model, given
        self._arrays = arrays = Arrays.of(model)
        self._relaxed, self._whole = arrays.highs(whole=False), arrays.highs(whole=True)
        place = {name: i for i, name in enumerate(arrays.names)}
        self._staff = np.array([place[model.staff[i].name] for i in model.STAFF], np.int64)
        self._opened = np.array([place[model.opened[i].name] for i in model.OF_DAY], np.int64)
        rows = {name: i for i, name in enumerate(arrays.rows)}
        self._moving = [
            (rows[rule.name], rule)
            for rules in (model.within_total, model.at_least, model.at_most)
            for rule in rules.values()
        ]
        self._nurses, self._constant = self._weights(model.nurses, place)
        self._amounts = [(model.component(price), *self._weights(model.component(amount), place))
                         for price, amount in PRICED]  # fmt: skip

    def solve(self, time_limit: float) -> tuple[BedLevels, Solved]:
        """Levels at most ``NEAR`` from the best possible, unless the limit [s] comes first.

        Raises
        ------
        NoPlan
            No plan meets the rules.
        TwinError
            The limit came before any plan.
        """
        began = perf_counter()
        self._move()
        relaxed = run(self._relaxed, time_limit=time_limit, what="bed plan")
        found = self._held(relaxed.x, time_limit)
        bound = relaxed.value
        if found is None or found.value - bound > NEAR * abs(found.value):
            self._let_go()
            left = max(time_limit - (perf_counter() - began), 0.1)
            start = None if found is None else found.x
            found = run(self._whole, gap=NEAR, time_limit=left, start=start, what="bed plan")
            bound = max(bound, found.bound)
        x = self._corner(found)
        gap = max(found.value - bound, 0.0) / abs(found.value) if found.value else 0.0
        return self._levels(x), Solved(found.value, min(bound, found.value), gap, perf_counter() - began)

    def _weights(self, amount: Any, place: dict[str, int]) -> tuple[FloatArray, float]:
        """How much of an amount each column makes, shape (column,), and what is there anyway."""
        terms, weights = generate_standard_repn(amount.expr), np.zeros(len(place))
        for weight, variable in zip(terms.linear_coefs, terms.linear_vars, strict=True):
            weights[place[variable.name]] += weight
        return weights, float(terms.constant)

    def _move(self) -> None:
        """Prices and right-hand sides as the model has them now."""
        arrays = self._arrays
        cost, constant = self._nurses.copy(), self._constant
        for price, weights, anyway in self._amounts:
            cost += pyo.value(price) * weights
            constant += pyo.value(price) * anyway
        for row, rule in self._moving:
            low, high = pyo.value(rule.lower), pyo.value(rule.upper)
            arrays.low[row] = -np.inf if low is None else low
            arrays.high[row] = np.inf if high is None else high
        arrays.cost, arrays.constant = cost, constant
        for h in (self._relaxed, self._whole):
            set_costs(h, np.arange(cost.size), cost)
            h.changeObjectiveOffset(constant)
            set_rows(h, np.arange(arrays.low.size), arrays.low, arrays.high)

    def _held(self, x: FloatArray, time_limit: float) -> Answer | None:
        """The best with all that the relaxation left whole held; None where that cannot be."""
        staff = x[self._staff]
        whole = np.rint(staff)
        loose = np.abs(staff - whole) > WHOLE
        set_bounds(self._whole, self._staff, np.where(loose, 0.0, whole), np.where(loose, 1.0, whole))
        try:
            return run(self._whole, gap=_FEW_WARDS, time_limit=time_limit, what="bed plan")
        except (NoPlan, TwinError):
            return None  # what is held may leave no plan: all is let go then, and the limit is told there

    def _let_go(self) -> None:
        least, most = self._arrays.least[self._staff], self._arrays.most[self._staff]
        set_bounds(self._whole, self._staff, least, most)

    def _corner(self, found: Answer) -> FloatArray:
        """The same cost with the beds of each day whole: a corner of what the staffed beds leave free.

        What is open within staffed beds, wards, pools and the total is a network, whose corners are whole;
        a solver may stop between two that cost the same.
        """
        if (np.abs(found.x[self._opened] - np.rint(found.x[self._opened])) <= WHOLE).all():
            return found.x
        staff = np.rint(found.x[self._staff])
        set_bounds(self._relaxed, self._staff, staff, staff)
        try:
            return run(self._relaxed, what="bed plan").x
        finally:
            least, most = self._arrays.least[self._staff], self._arrays.most[self._staff]
            set_bounds(self._relaxed, self._staff, least, most)

    def _levels(self, x: FloatArray) -> BedLevels:
        model = self._model
        staff, opened = _counted(model.STAFF, x[self._staff]), _counted(model.OF_DAY, x[self._opened])
        of_day = {(w, p) for w in model.FLEX for p in model.PERIODS}
        blocks = self._given.blocks
        staffed = {(w, p): staff.get((w, blocks[p]), 0) for w in model.WARDS for p in model.PERIODS}
        levels = {key: opened.get(key, 0) if key in of_day else n for key, n in staffed.items()}
        return BedLevels(levels, {key: levels[key] - staffed[key] for key in of_day})


def _counted(index: Any, values: FloatArray) -> dict[tuple[str, int], int]:
    """Beds by ward and block or period. [beds]"""
    beds: dict[tuple[str, int], float] = {}
    for (ward, when, _), value in zip(index, values.tolist(), strict=True):
        beds[ward, when] = beds.get((ward, when), 0.0) + value
    return {key: round(n) for key, n in beds.items()}
