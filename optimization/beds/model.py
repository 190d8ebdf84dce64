"""Open beds per ward under one total: the model of record.

Each ward opens its first bed, its second, and so on. The k-th bed of a ward is worth the days on
which the ward needs k beds or more, in the training futures; a bed that is open costs its bed-days
whether or not anybody lies in it, and a bed opened or closed against today's level costs its move.
The plan is the cheapest choice that keeps to the total and to the beds that stand there.

The worth of a further bed never grows, so the model is a separable convex allocation, and opening
beds in order of worth ("marginal analysis": Fox 1966, Oper. Res. 14(2), 210-216,
doi:10.1287/opre.14.2.210) finds the same optimum; a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyomo.environ as pyo

from optimization.beds.limits import BedLimits, BedPrices
from optimization.beds.needs import WardNeeds
from optimization.solving import Solved, solve
from twin.units import FloatArray

#: open beds by ward and period
Levels = Mapping[tuple[str, int], int]


@dataclass(frozen=True)
class BedParameters:
    """The numbers of the model.

    Attributes
    ----------
    wards : the wards
    periods : for each period the days in it, as places in ``WardNeeds.days``
    needed : (ward, period) -> expected days on which 1, 2, ... beds or more are needed, shape (bed,) [days]
    floor : (ward, period) -> beds that must be open [beds]
    today : ward -> beds open today, from which moves are counted [beds]
    limits, prices : the rules
    """

    wards: tuple[str, ...]
    periods: tuple[range, ...]
    needed: Mapping[tuple[str, int], FloatArray]
    floor: Mapping[tuple[str, int], int]
    today: Mapping[str, int]
    limits: BedLimits
    prices: BedPrices


def bed_parameters(
    needs: WardNeeds,
    limits: BedLimits,
    prices: BedPrices,
    today: Mapping[str, int],
    *,
    period_days: int | None = None,
) -> BedParameters:
    """Read the model's numbers from the needs; one period unless asked for shorter ones."""
    days = len(needs.days)
    step = days if period_days is None else period_days
    periods = tuple(range(i, min(i + step, days)) for i in range(0, days, step))
    most = 1 + max(
        int(needs.beds.max(initial=0)), *limits.ceiling.values()
    )  # one more bed can be asked about
    keys = [(ward, p) for ward in needs.wards for p in range(len(periods))]
    needed = {(w, p): needs.days_needed(w, periods[p], most) for w, p in keys}
    floor = {(w, p): _floor(needs, limits, w, periods[p]) for w, p in keys}
    return BedParameters(needs.wards, periods, needed, floor, dict(today), limits, prices)


def _floor(needs: WardNeeds, limits: BedLimits, ward: str, days: range) -> int:
    if ward in limits.pins:
        return limits.pins[ward]
    if limits.cover is None:
        return 0
    mornings = needs.mornings()[:, needs.wards.index(ward), days]
    return int(np.quantile(mornings, limits.cover, method="higher"))


def bed_model(given: BedParameters) -> Any:
    """The model: sets, parameters, decisions, rules, objective."""
    limits, prices = given.limits, given.prices
    m = pyo.ConcreteModel("open beds")

    m.WARDS = pyo.Set(initialize=given.wards, ordered=True)
    m.PERIODS = pyo.Set(initialize=range(len(given.periods)), ordered=True)
    m.BEDS = pyo.Set(
        initialize=[(w, p, k) for w in m.WARDS for p in m.PERIODS for k in range(1, limits.ceiling[w] + 1)],
        dimen=3,
    )

    m.total = pyo.Param(initialize=limits.total, mutable=True)
    m.floor = pyo.Param(m.WARDS, m.PERIODS, initialize=lambda m, w, p: given.floor[w, p], mutable=True)
    days = {p: len(given.periods[p]) for p in m.PERIODS}
    worth = {(w, p, k): float(given.needed[w, p][k - 1]) for w, p, k in m.BEDS}
    all_needed = sum(float(days_needed.sum()) for days_needed in given.needed.values())

    m.opened = pyo.Var(m.BEDS, domain=pyo.Binary, doc="the k-th bed of the ward is open")
    m.below_floor = pyo.Var(
        m.WARDS, m.PERIODS, domain=pyo.NonNegativeReals, doc="0, unless a way out is asked for"
    )
    m.below_floor.fix(0)

    m.level = pyo.Expression(
        m.WARDS,
        m.PERIODS,
        rule=lambda m, w, p: sum(m.opened[w, p, k] for k in range(1, limits.ceiling[w] + 1)),
    )

    @m.Constraint(m.BEDS, doc="beds are opened in order")
    def in_order(m, w, p, k):  # type: ignore[no-untyped-def]
        return pyo.Constraint.Skip if k == 1 else m.opened[w, p, k] <= m.opened[w, p, k - 1]

    @m.Constraint(m.PERIODS, doc="all wards together keep to the total")
    def within_total(m, p):  # type: ignore[no-untyped-def]
        return sum(m.level[w, p] for w in m.WARDS) <= m.total

    @m.Constraint(m.WARDS, m.PERIODS, doc="what must be open is open")
    def at_least(m, w, p):  # type: ignore[no-untyped-def]
        if limits.ceiling[w] == 0:
            return pyo.Constraint.Skip
        return m.level[w, p] + m.below_floor[w, p] >= m.floor[w, p]

    @m.Constraint(
        [w for w in limits.pins if limits.ceiling[w]], m.PERIODS, doc="what is pinned is not exceeded"
    )
    def as_pinned(m, w, p):  # type: ignore[no-untyped-def]
        return m.level[w, p] <= limits.pins[w]

    m.short_days = pyo.Expression(
        expr=all_needed - sum(worth[bed] * m.opened[bed] for bed in m.BEDS),
        doc="expected patient-days beyond the open beds",
    )
    m.bed_days = pyo.Expression(expr=sum(days[p] * m.opened[w, p, k] for w, p, k in m.BEDS))
    m.moves = pyo.Expression(
        expr=sum(m.opened[w, p, k] if k > given.today[w] else 1 - m.opened[w, p, k] for w, p, k in m.BEDS)
    )
    m.cost = pyo.Objective(
        expr=prices.short_patient_day * m.short_days
        + prices.open_bed_day * m.bed_days
        + prices.move * m.moves
    )
    return m


def solve_beds(model: Any, highs: Any) -> tuple[Levels, Solved]:
    """The cheapest levels of a model, and how good they are."""
    if not len(model.BEDS):  # no bed stands anywhere: the trivial plan, without a solver
        cost = float(pyo.value(model.cost))
        return {(w, p): 0 for w in model.WARDS for p in model.PERIODS}, Solved(cost, cost, 0.0, 0.0)
    solved = solve(model, highs, what="bed plan")
    return {(w, p): round(pyo.value(model.level[w, p])) for w in model.WARDS for p in model.PERIODS}, solved


def cost_of(model: Any, levels: Levels) -> float:
    """What the model says that levels cost, whoever chose them."""
    for w, p, k in model.BEDS:
        model.opened[w, p, k].set_value(int(k <= levels[w, p]))
    return float(pyo.value(model.cost))


def keeps_the_rules(given: BedParameters, levels: Levels) -> bool:
    """Whether levels meet every rule of the model."""
    limits = given.limits
    return all(
        sum(levels[w, p] for w in given.wards) <= limits.total
        and all(
            given.floor[w, p] <= levels[w, p] <= limits.pins.get(w, limits.ceiling[w]) for w in given.wards
        )
        for p in range(len(given.periods))
    )
