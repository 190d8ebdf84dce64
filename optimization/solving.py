"""Solving: the solver's limits, and what it found, in words.

A solver stops with an optimum, with the best plan so far and how far it may be from the optimum,
or with nothing. A bare solver status never reaches a planner.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from time import perf_counter
from typing import Any

import pyomo.environ as pyo
from pyomo.contrib.solver.common.factory import SolverFactory
from pyomo.contrib.solver.common.results import SolutionStatus, TerminationCondition
from pyomo.repn import generate_standard_repn

from twin.errors import INFEASIBLE, Infeasible, TwinError

#: a plan this near to the proved bound counts as optimal [fraction]
OPTIMAL_GAP = 1e-9
#: HiGHS shares one pool of threads in a process and refuses a second size; the plan's models close on one
THREADS = 1


class NoPlan(Infeasible):
    """The rules contradict each other: the solver proved that no plan meets them."""


@dataclass(frozen=True)
class Solved:
    """What the solver found.

    Attributes
    ----------
    objective : cost of the plan found, in the model's own unit
    bound : no plan costs less than this
    gap : (objective - bound) / |objective| [fraction]
    seconds : time it took
    """

    objective: float
    bound: float
    gap: float
    seconds: float

    @property
    def optimal(self) -> bool:
        """No plan of the model is better."""
        return self.gap <= OPTIMAL_GAP

    @property
    def words(self) -> str:
        """How good the plan is, for a planner."""
        if self.optimal:
            return "no plan of the model costs less (proved by HiGHS)"
        return f"the best plan found in {self.seconds:.0f} s; at most {self.gap:.1%} from the best possible"


def solver(*, time_limit: float) -> Any:
    """HiGHS, holding the model between solves.

    Parameters
    ----------
    time_limit
        [s]

    Raises
    ------
    TwinError
        HiGHS is not installed, or the limit is not a positive number of seconds.
    """
    if not (isfinite(time_limit) and time_limit > 0):
        raise TwinError(
            f"the solver's time limit is a number of seconds above 0; got {time_limit}", exit_code=2
        )
    highs = SolverFactory("highs")
    if not highs.available():
        raise TwinError(
            "the solver HiGHS is not there: install the package highspy (`make run` does)", code="E_SOLVER"
        )
    highs.config.time_limit = time_limit
    highs.config.threads = THREADS
    highs.config.rel_gap = 0.0
    highs.config.load_solutions = False
    highs.config.raise_exception_on_nonoptimal_result = False
    return highs


def solve(model: Any, highs: Any, *, what: str = "plan") -> Solved:
    """Solve a model and leave the best solution found in its variables.

    Raises
    ------
    NoPlan
        No solution meets the rules.
    Infeasible
        The time limit came before any solution.
    TwinError
        The model has no lower bound, or the solver failed.
    """
    began = perf_counter()
    results = highs.solve(model)
    seconds = perf_counter() - began
    ended = results.termination_condition
    if ended == TerminationCondition.unbounded or (
        ended == TerminationCondition.infeasibleOrUnbounded and _can_be_kept(model, highs)
    ):
        raise TwinError(
            f"the {what} has no least cost: {_pays_without_end(model)} pays without end",
            exit_code=INFEASIBLE,
            code="E_UNBOUNDED",
        )
    if results.solution_status in (SolutionStatus.optimal, SolutionStatus.feasible):
        results.solution_loader.load_vars()
        objective = float(results.incumbent_objective)
        proved = results.objective_bound
        bound = min(float(proved), objective) if proved is not None else float("-inf")
        gap = (objective - bound) / abs(objective) if objective else float(objective != bound)
        return Solved(objective, bound, gap, seconds)
    if ended in (TerminationCondition.provenInfeasible, TerminationCondition.infeasibleOrUnbounded):
        raise NoPlan(f"no {what} meets all rules")
    if ended == TerminationCondition.maxTimeLimit:
        rule = f"no {what} found within {highs.config.time_limit:g} s; allow more time"
        raise Infeasible(rule, code="E_LIMIT")
    raise TwinError(
        f"HiGHS stopped before it found a {what} ({ended.name})", exit_code=INFEASIBLE, code="E_SOLVER"
    )


def _can_be_kept(model: Any, highs: Any) -> bool:
    """Whether some solution meets the rules, whatever it costs."""
    (cost,) = model.component_data_objects(pyo.Objective, active=True)
    cost.deactivate()
    model.no_matter_what = pyo.Objective(expr=0)
    try:
        status = highs.solve(model).solution_status
    finally:
        model.del_component(model.no_matter_what)
        cost.activate()
    return status in (SolutionStatus.optimal, SolutionStatus.feasible)


def _pays_without_end(model: Any) -> str:
    """Names of the decisions that lower the cost and that no bound of their own stops."""
    (cost,) = model.component_data_objects(pyo.Objective, active=True)
    sign = 1 if cost.sense == pyo.minimize else -1
    terms = generate_standard_repn(cost.expr)
    pays = [
        variable.name
        for weight, variable in zip(terms.linear_coefs, terms.linear_vars, strict=True)
        if (variable.ub is None and sign * weight < 0) or (variable.lb is None and sign * weight > 0)
    ]
    return " or ".join(pays) if pays else "some decision"
