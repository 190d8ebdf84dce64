"""What a solver's end means, in words."""

import numpy as np
import pyomo.environ as pyo
import pytest

from optimization.solving import Solved, solve, solver
from twin.errors import Infeasible, TwinError


def hard_model(items=60, rows=30):
    """A many-constrained knapsack that no solver closes in a moment."""
    weights = np.random.default_rng(3).integers(20, 100, (rows, items))
    m = pyo.ConcreteModel()
    m.x = pyo.Var(range(items), domain=pyo.Binary)
    m.rows = pyo.Constraint(
        range(rows), rule=lambda m, r: sum(int(weights[r, i]) * m.x[i] for i in m.x) <= 1400
    )
    m.cost = pyo.Objective(expr=-sum(int(weights[:, i].mean()) * m.x[i] for i in m.x))
    return m


def test_a_time_limit_gives_the_best_plan_so_far_with_its_gap():
    solved = solve(hard_model(), solver(time_limit=0.5))

    assert solved.bound < solved.objective
    assert 0 < solved.gap < 1
    assert "from the best possible" in solved.words


def test_a_time_limit_before_any_plan_says_so():
    with pytest.raises(Infeasible, match="allow more time") as told:
        solve(hard_model(80, 40), solver(time_limit=1e-9))

    assert told.value.exit_code == 4


def test_a_cost_without_a_floor_is_named():
    m = pyo.ConcreteModel()
    m.x = pyo.Var(domain=pyo.NonNegativeReals)
    m.cost = pyo.Objective(expr=-m.x)

    with pytest.raises(TwinError):
        solve(m, solver(time_limit=5))


@pytest.mark.parametrize("limit", [0, -1, float("nan")])
def test_a_time_limit_is_a_positive_number(limit):
    with pytest.raises(TwinError, match="above 0"):
        solver(time_limit=limit)


def test_an_optimum_is_called_one_only_with_its_bound():
    assert Solved(10, 10, 0, 1).optimal
    assert not Solved(10, 9.9, 0.01, 1).optimal
