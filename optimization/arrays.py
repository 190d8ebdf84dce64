"""Arrays: a model as HiGHS holds it, kept from one question to the next.

The Pyomo page is compiled once; afterwards only prices, bounds and right-hand sides move, and HiGHS
begins from where it ended. Two copies are kept: the linear relaxation, which is solved again and again
at other prices, and the model in whole numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import highspy
import numpy as np
from pyomo.repn.plugins.standard_form import LinearStandardFormCompiler
from scipy import sparse

from optimization.solving import THREADS, NoPlan
from twin.errors import INFEASIBLE, TwinError
from twin.units import FloatArray, IntArray

_UNLIMITED = highspy.kHighsInf


@dataclass(frozen=True)
class Answer:
    """What HiGHS found: a solution, its value, and the bound that no solution goes below."""

    value: float
    bound: float
    x: FloatArray


@dataclass
class Arrays:
    """A linear model in whole numbers: least ``cost @ x + constant`` with ``low <= matrix @ x <= high``.

    Attributes
    ----------
    names, rows : name of each column and row as in the model of record, "lent[pool,3,1,0]"
    """

    cost: FloatArray
    constant: float
    matrix: sparse.csc_matrix
    low: FloatArray
    high: FloatArray
    least: FloatArray
    most: FloatArray
    whole: IntArray
    names: list[str]
    rows: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, model: Any) -> Arrays:
        """Compile a Pyomo model."""
        form = LinearStandardFormCompiler().write(model, mixed_form=True)
        low, high = np.full(len(form.rows), -_UNLIMITED), np.full(len(form.rows), _UNLIMITED)
        for i, row in enumerate(form.rows):
            if row.bound_type >= 0:
                high[i] = form.rhs[i]
            if row.bound_type <= 0:
                low[i] = form.rhs[i]
        ends = [var.bounds for var in form.columns]
        return cls(
            cost=form.c.toarray().ravel(),
            constant=float(form.c_offset[0]),
            matrix=sparse.csc_matrix(form.A),
            low=low,
            high=high,
            least=np.array([0.0 if a is None else a for a, _ in ends]),
            most=np.array([_UNLIMITED if b is None else b for _, b in ends], dtype=np.float64),
            whole=np.array([var.is_integer() or var.is_binary() for var in form.columns], np.int64),
            names=[var.name for var in form.columns],
            rows=[row.constraint.name for row in form.rows],
        )

    def columns(self, name: str) -> IntArray:
        """Places of the columns of a variable, in the order of its index."""
        return np.array([i for i, n in enumerate(self.names) if n.startswith(f"{name}[")], np.int64)

    def places(self, name: str) -> dict[tuple[int, ...], int]:
        """Index of each row of a constraint -> its place; the index is of whole numbers."""
        head = f"{name}["
        return {
            tuple(int(i) for i in row[len(head) : -1].split(",")): place
            for place, row in enumerate(self.rows)
            if row.startswith(head)
        }

    def highs(self, *, whole: bool) -> Any:
        """HiGHS with this model."""
        h = highspy.Highs()
        for option, value in (("output_flag", False), ("threads", THREADS), ("random_seed", 1)):
            h.setOptionValue(option, value)
        lp = highspy.HighsLp()
        lp.num_row_, lp.num_col_ = self.matrix.shape
        lp.col_cost_, lp.offset_ = self.cost, self.constant
        lp.col_lower_, lp.col_upper_ = self.least, self.most
        lp.row_lower_, lp.row_upper_ = self.low, self.high
        lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        lp.a_matrix_.start_, lp.a_matrix_.index_ = self.matrix.indptr, self.matrix.indices
        lp.a_matrix_.value_ = self.matrix.data
        if whole:
            kinds = (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger)
            lp.integrality_ = [kinds[i] for i in self.whole]
        h.passModel(lp)
        return h


def set_costs(h: Any, columns: IntArray, costs: FloatArray) -> None:
    """Give columns another price."""
    if columns.size:
        h.changeColsCost(columns.size, columns.astype(np.int32), np.ascontiguousarray(costs, np.float64))


def set_bounds(h: Any, columns: IntArray, least: FloatArray, most: FloatArray) -> None:
    """Give columns other bounds."""
    if columns.size:
        h.changeColsBounds(
            columns.size,
            columns.astype(np.int32),
            np.ascontiguousarray(least, np.float64),
            np.ascontiguousarray(most, np.float64),
        )


def set_rows(h: Any, rows: IntArray, low: FloatArray, high: FloatArray) -> None:
    """Give rows other bounds."""
    if rows.size:
        h.changeRowsBounds(
            rows.size,
            rows.astype(np.int32),
            np.ascontiguousarray(low, np.float64),
            np.ascontiguousarray(high, np.float64),
        )


def run(
    h: Any,
    *,
    gap: float = 0.0,
    time_limit: float = _UNLIMITED,
    start: FloatArray | None = None,
    what: str = "plan",
) -> Answer:
    """Solve what HiGHS holds.

    Raises
    ------
    NoPlan
        No solution meets the rules.
    TwinError
        It found nothing in the time allowed, or failed.
    """
    h.setOptionValue("mip_rel_gap", gap)
    h.setOptionValue(
        "time_limit", float(h.getRunTime() + time_limit) if time_limit < _UNLIMITED else _UNLIMITED
    )
    if start is not None:
        solution = highspy.HighsSolution()
        solution.col_value = start.tolist()
        h.setSolution(solution)
    h.run()
    info, status = h.getInfo(), h.getModelStatus()
    if status == highspy.HighsModelStatus.kInfeasible:
        raise NoPlan(f"no {what} meets all rules")
    is_mip = bool(len(h.getLp().integrality_))
    found = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
    if not found or not (is_mip or status == highspy.HighsModelStatus.kOptimal):
        ended = h.modelStatusToString(status)
        raise TwinError(f"HiGHS stopped before it found a {what} ({ended})", exit_code=INFEASIBLE)
    value = float(info.objective_function_value)
    bound = float(info.mip_dual_bound) if is_mip else value
    return Answer(value, min(bound, value), np.asarray(h.getSolution().col_value))


def joined(parts: Sequence[Arrays]) -> Arrays:
    """Models side by side, without any rule between them."""
    return Arrays(
        cost=np.concatenate([p.cost for p in parts]),
        constant=sum(p.constant for p in parts),
        matrix=sparse.csc_matrix(sparse.block_diag([p.matrix for p in parts])),
        low=np.concatenate([p.low for p in parts]),
        high=np.concatenate([p.high for p in parts]),
        least=np.concatenate([p.least for p in parts]),
        most=np.concatenate([p.most for p in parts]),
        whole=np.concatenate([p.whole for p in parts]),
        names=[f"{i}.{n}" for i, p in enumerate(parts) for n in p.names],
    )
