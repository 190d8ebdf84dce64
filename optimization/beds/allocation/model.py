"""The model of record: each specialty has one number of beds, all together keep to the total.

For every specialty one of its levels is chosen. Nothing is asked of the costs: where they are convex the
linear relaxation is already whole, where they are simulated it is not, and HiGHS closes the gap.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyomo.environ as pyo

from optimization.beds.allocation.costs import RefusalCosts
from optimization.solving import Solved, solve
from twin.units import IntArray


def allocation_model(costs: RefusalCosts, total: int) -> Any:
    """The model: sets, parameters, decisions, rules, objective."""
    m = pyo.ConcreteModel("beds of specialties")

    m.SPECIALTIES = pyo.Set(initialize=costs.names, ordered=True)
    of = {name: i for i, name in enumerate(costs.names)}
    m.LEVELS = pyo.Set(
        initialize=[(s, k) for s in m.SPECIALTIES for k in _worth_choosing(costs, of[s])], dimen=2
    )
    levels = {s: [k for t, k in m.LEVELS if t == s] for s in m.SPECIALTIES}

    m.total = pyo.Param(initialize=total, mutable=True)

    m.chosen = pyo.Var(m.LEVELS, domain=pyo.Binary, doc="the specialty has so many beds")

    @m.Constraint(m.SPECIALTIES, doc="a specialty has one number of beds")
    def one_level(m, s):  # type: ignore[no-untyped-def]
        return sum(m.chosen[s, k] for k in levels[s]) == 1

    m.beds = pyo.Expression(m.SPECIALTIES, rule=lambda m, s: sum(k * m.chosen[s, k] for k in levels[s] if k))
    m.within_total = pyo.Constraint(expr=sum(m.beds[s] for s in m.SPECIALTIES) <= m.total)

    m.cost = pyo.Objective(
        expr=sum(float(costs.weighted[of[s], k]) * m.chosen[s, k] for s, k in m.LEVELS),
        doc="weighted refusals a day",
    )
    return m


def _worth_choosing(costs: RefusalCosts, i: int) -> list[int]:
    """Levels of a specialty that cost less than every lower one; the others are never needed."""
    first, last = int(costs.least[i]), int(costs.most[i])
    cost = costs.weighted[i, first : last + 1]
    before = np.concatenate([[np.inf], np.minimum.accumulate(cost)[:-1]])
    return (first + np.flatnonzero(cost < before)).tolist()


def solve_allocation(model: Any, highs: Any) -> tuple[IntArray, Solved]:
    """The cheapest allocation of a model, int (specialty,), and how good it is."""
    solved = solve(model, highs, what="allocation of beds")
    return np.array([round(pyo.value(model.beds[s])) for s in model.SPECIALTIES], dtype=np.int64), solved
