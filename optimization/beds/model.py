"""Open beds per ward and period under one total: the model of record.

Each ward opens its first bed, its second, and so on. The k-th bed of a ward is worth the days on
which the ward needs k beds or more, in the training futures; a bed that is open costs its bed-days
whether or not anybody lies in it, and a bed opened or closed costs its move. Staffed beds open and close
in nurse teams and stay for a block of periods; flex beds come on top for a day. The wards of a pool take
each other's patients: only who finds no bed in the whole pool is short, the others lie as outliers.
The plan is the cheapest choice that keeps to the total and to the beds that stand there.

The worth of a further bed never grows, so for single beds and one period the model is a separable convex
allocation, and opening beds in order of worth ("marginal analysis": Fox 1966, Oper. Res. 14(2), 210-216,
doi:10.1287/opre.14.2.210) finds the same optimum; a test holds the two together.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pyomo.environ as pyo

from optimization.beds.parameters import BedParameters, Levels
from optimization.solving import Solved, solve


@dataclass(frozen=True)
class BedLevels:
    """Open beds by ward and period, flex beds among them.

    Attributes
    ----------
    open : (ward, period) -> all open beds [beds]
    flex : (ward, period) -> those of them that are opened for the day, where there are any [beds]
    """

    open: Levels
    flex: Levels = field(default_factory=dict)

    def staffed(self, ward: str, period: int) -> int:
        """Beds opened by whole teams. [beds]"""
        return self.open[ward, period] - self.flex.get((ward, period), 0)


def bed_model(given: BedParameters) -> Any:
    """The model: sets, parameters, decisions, rules, objective."""
    m = pyo.ConcreteModel("open beds")
    _sets_and_parameters(m, given)
    _decisions(m, given)
    _rules(m, given)
    _teams_and_moves(m, given)
    _amounts(m, given)
    m.cost = pyo.Objective(
        expr=m.short_price * m.short_days
        + m.outlier_price * m.outlier_days
        + m.open_price * m.bed_days
        + m.flex_price * m.flex_days
        + m.move_price * m.moves
    )
    return m


def _sets_and_parameters(m: Any, given: BedParameters) -> None:
    limits, prices = given.limits, given.prices
    m.WARDS = pyo.Set(initialize=given.wards, ordered=True)
    m.PERIODS = pyo.Set(initialize=range(len(given.periods)), ordered=True)
    levels = [(w, p, k) for w in m.WARDS for p in m.PERIODS for k in range(1, given.most(w, p) + 1)]
    m.BEDS = pyo.Set(initialize=levels, dimen=3)
    m.FROZEN = pyo.Set(initialize=list(given.frozen), dimen=2)
    m.FLEX = pyo.Set(initialize=[w for w in m.WARDS if limits.flex.get(w, 0)])
    m.TEAMS = pyo.Set(initialize=[w for w in m.WARDS if limits.teams.get(w, 1) > 1])
    m.POOLS = pyo.Set(initialize=range(len(limits.pools)))

    m.total = pyo.Param(initialize=limits.total, mutable=True)
    m.floor = pyo.Param(m.WARDS, m.PERIODS, initialize=dict(given.floor), mutable=True)
    highest = {(w, p): limits.pins.get(w, limits.ceiling[w]) for w in m.WARDS for p in m.PERIODS}
    m.highest = pyo.Param(m.WARDS, m.PERIODS, initialize=highest, mutable=True)
    m.short_price = pyo.Param(initialize=prices.short_patient_day, mutable=True)
    m.outlier_price = pyo.Param(initialize=prices.outlier_day, mutable=True)
    m.open_price = pyo.Param(initialize=prices.open_bed_day, mutable=True)
    m.flex_price = pyo.Param(initialize=prices.flex_bed_day - prices.open_bed_day, mutable=True)
    m.move_price = pyo.Param(initialize=prices.move, mutable=True)


def _decisions(m: Any, given: BedParameters) -> None:
    limits = given.limits
    m.opened = pyo.Var(m.BEDS, domain=pyo.Binary, doc="the k-th bed of the ward is open")
    m.below_floor = pyo.Var(
        m.WARDS, m.PERIODS, domain=pyo.NonNegativeReals, doc="0, unless a way out is asked for"
    )
    m.below_floor.fix(0)
    m.flex = pyo.Var(
        m.FLEX,
        m.PERIODS,
        domain=pyo.NonNegativeIntegers,
        bounds=lambda m, w, p: (0, limits.flex[w]),
        doc="beds opened for the day, on top of those staffed by teams",
    )
    m.level = pyo.Expression(
        m.WARDS,
        m.PERIODS,
        rule=lambda m, w, p: sum(m.opened[w, p, k] for k in range(1, given.most(w, p) + 1)),
    )
    m.staffed = pyo.Expression(
        m.WARDS,
        m.PERIODS,
        rule=lambda m, w, p: m.level[w, p] - (m.flex[w, p] if w in m.FLEX else 0),
    )


def _rules(m: Any, given: BedParameters) -> None:
    limits = given.limits

    @m.Constraint(m.BEDS, doc="beds are opened in order")
    def in_order(m, w, p, k):  # type: ignore[no-untyped-def]
        return pyo.Constraint.Skip if k == 1 else m.opened[w, p, k] <= m.opened[w, p, k - 1]

    m.over_total = pyo.Param(
        m.PERIODS,
        initialize=lambda m, p: max(0, sum(given.frozen.get((w, p), 0) for w in m.WARDS) - limits.total),
        doc="what is already decided within the notice beyond the total",
    )

    @m.Constraint(m.PERIODS, doc="all wards together keep to the total")
    def within_total(m, p):  # type: ignore[no-untyped-def]
        return sum(m.level[w, p] for w in m.WARDS) <= m.total + m.over_total[p]

    @m.Constraint(m.WARDS, m.PERIODS, doc="what must be open is open")
    def at_least(m, w, p):  # type: ignore[no-untyped-def]
        if limits.ceiling[w] == 0 or (w, p) in m.FROZEN:
            return pyo.Constraint.Skip
        return m.level[w, p] + m.below_floor[w, p] >= m.floor[w, p]

    @m.Constraint(m.WARDS, m.PERIODS, doc="what is pinned is not exceeded")
    def at_most(m, w, p):  # type: ignore[no-untyped-def]
        if limits.ceiling[w] == 0 or (w, p) in m.FROZEN:
            return pyo.Constraint.Skip
        return m.level[w, p] <= m.highest[w, p]

    @m.Constraint(m.FROZEN, doc="within the notice staffed beds stay as they are decided")
    def as_decided(m, w, p):  # type: ignore[no-untyped-def]
        return pyo.Constraint.Skip if given.most(w, p) == 0 else m.staffed[w, p] == given.frozen[w, p]


def _teams_and_moves(m: Any, given: BedParameters) -> None:
    limits, blocks = given.limits, given.blocks
    free = [(w, p) for w in m.WARDS for p in m.PERIODS if (w, p) not in given.frozen and given.most(w, p)]

    m.teams = pyo.Var(m.TEAMS, m.PERIODS, domain=pyo.NonNegativeIntegers, doc="whole teams at work")
    m.rest = pyo.Var(m.TEAMS, m.PERIODS, domain=pyo.Binary, doc="today's beds beyond whole teams are open")

    @m.Constraint([(w, p) for w, p in free if w in m.TEAMS], doc="beds open and close in nurse teams")
    def whole_teams(m, w, p):  # type: ignore[no-untyped-def]
        size, rest = limits.teams[w], given.today[w] % limits.teams[w]
        return m.staffed[w, p] == size * m.teams[w, p] + rest * m.rest[w, p]

    @m.Constraint([(w, p) for w, p in free if w in m.TEAMS], doc="only a closed ward is without them")
    def rest_first(m, w, p):  # type: ignore[no-untyped-def]
        return limits.teams[w] * m.teams[w, p] <= given.most(w, p) * m.rest[w, p]

    @m.Constraint([(w, p) for w, p in free if p and blocks[p] == blocks[p - 1]], doc="for a whole block")
    def stays(m, w, p):  # type: ignore[no-untyped-def]
        return m.staffed[w, p] == m.staffed[w, p - 1]

    changes = [(w, p) for w, p in free if p == 0 or blocks[p] != blocks[p - 1]]
    m.CHANGES = pyo.Set(initialize=changes, dimen=2)
    m.more = pyo.Var(m.CHANGES, domain=pyo.NonNegativeReals, doc="beds opened")
    m.fewer = pyo.Var(m.CHANGES, domain=pyo.NonNegativeReals, doc="beds closed")

    @m.Constraint(m.CHANGES, doc="a change is an opening or a closing")
    def change(m, w, p):  # type: ignore[no-untyped-def]
        before = given.today[w] if p == 0 else m.staffed[w, p - 1]
        return m.staffed[w, p] - before == m.more[w, p] - m.fewer[w, p]

    m.most_moves = pyo.Param(initialize=0 if limits.most_moves is None else limits.most_moves, mutable=True)
    limited = [] if limits.most_moves is None else sorted({p for _, p in changes})

    @m.Constraint(limited, doc="so many beds are opened and closed at a time, at most")
    def few_moves(m, p):  # type: ignore[no-untyped-def]
        return sum(m.more[w, q] + m.fewer[w, q] for w, q in m.CHANGES if q == p) <= m.most_moves


def _amounts(m: Any, given: BedParameters) -> None:
    pools = given.limits.pools
    pooled = {w for pool in pools for w in pool}
    days = {p: len(given.periods[p]) for p in m.PERIODS}
    beyond = {
        (w, p): float(given.needed[w, p].sum())
        - sum(float(given.needed[w, p][k - 1]) * m.opened[w, p, k] for k in range(1, given.most(w, p) + 1))
        for w in m.WARDS
        for p in m.PERIODS
    }
    places = [
        (g, p, k)
        for g in m.POOLS
        for p in m.PERIODS
        for k in range(1, sum(given.most(w, p) for w in pools[g]) + 1)
    ]
    m.together = pyo.Var(places, bounds=(0, 1), doc="the k-th bed of the pool is open in one of its wards")

    @m.Constraint(m.POOLS, m.PERIODS, doc="a pool has the beds of its wards")
    def pool_of_wards(m, g, p):  # type: ignore[no-untyped-def]
        beds = sum(given.most(w, p) for w in pools[g])
        if beds == 0:
            return pyo.Constraint.Skip
        return sum(m.together[g, p, k] for k in range(1, beds + 1)) == sum(m.level[w, p] for w in pools[g])

    beyond_pools = sum(float(needed.sum()) for needed in given.pooled.values()) - sum(
        float(given.pooled[g, p][k - 1]) * m.together[g, p, k] for g, p, k in places
    )
    m.short_days = pyo.Expression(
        expr=sum(short for (w, _), short in beyond.items() if w not in pooled) + beyond_pools,
        doc="expected patient-days beyond the open beds of the ward, or of its pool",
    )
    m.outlier_days = pyo.Expression(
        expr=sum(short for (w, _), short in beyond.items() if w in pooled) - beyond_pools,
        doc="expected patient-days in another ward of the pool",
    )
    m.bed_days = pyo.Expression(expr=sum(days[p] * m.opened[w, p, k] for w, p, k in m.BEDS))
    m.flex_days = pyo.Expression(expr=sum(days[p] * m.flex[w, p] for w in m.FLEX for p in m.PERIODS))
    m.moves = pyo.Expression(expr=sum(m.more[w, p] + m.fewer[w, p] for w, p in m.CHANGES))


def solve_beds(model: Any, highs: Any) -> tuple[BedLevels, Solved]:
    """The cheapest levels of a model, and how good they are."""
    if not len(model.BEDS):  # no bed stands anywhere: the trivial plan, without a solver
        cost = float(pyo.value(model.cost))
        none = {(w, p): 0 for w in model.WARDS for p in model.PERIODS}
        return BedLevels(none), Solved(cost, cost, 0.0, 0.0)
    solved = solve(model, highs, what="bed plan")
    return levels_of(model), solved


def levels_of(model: Any) -> BedLevels:
    """The levels that a model's variables hold."""
    opened = {(w, p): round(pyo.value(model.level[w, p])) for w in model.WARDS for p in model.PERIODS}
    return BedLevels(opened, {(w, p): round(pyo.value(model.flex[w, p])) for w, p in model.flex})


def cost_of(model: Any, given: BedParameters, levels: BedLevels) -> float:
    """What the model says that levels cost, whoever chose them; its variables then hold them."""
    for w, p, k in model.BEDS:
        model.opened[w, p, k].set_value(int(k <= levels.open[w, p]))
    for w, p in model.flex:
        model.flex[w, p].set_value(levels.flex.get((w, p), 0))
    for g, p, k in model.together:
        beds = sum(levels.open[w, p] for w in given.limits.pools[g])
        model.together[g, p, k].set_value(int(k <= beds))
    for w, p in model.CHANGES:
        before = given.today[w] if p == 0 else levels.staffed(w, p - 1)
        change = levels.staffed(w, p) - before
        model.more[w, p].set_value(max(change, 0))
        model.fewer[w, p].set_value(max(-change, 0))
    return float(pyo.value(model.cost))
