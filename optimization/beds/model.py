"""Open beds per ward and period under one total: the model of record.

Each ward opens its first bed, its second, and so on. The k-th bed of a ward is worth the days on
which the ward needs k beds or more, in the training futures; a bed that is open costs its bed-days
whether or not anybody lies in it, and a bed opened or closed costs its move. Staffed beds open and close
in nurse teams and stay for a block of periods; flex beds come on top for a day, and each open bed of
such a day is a choice of its own, no lower than the staffed beds and no higher than they and all flex
beds. Where staffed beds are whole, the days that are left are a network, whose corners are whole.
The wards of a pool take each other's patients: only who finds no bed in the whole pool is short, the
others lie as outliers. The plan is the cheapest choice that keeps to the total and to the beds that stand
there.

The worth of a further bed never grows, so for single beds and one period the model is a separable convex
allocation, and opening beds in order of worth ("marginal analysis": Fox 1966, Oper. Res. 14(2), 210-216,
doi:10.1287/opre.14.2.210) finds the same optimum; a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pyomo.environ as pyo

from optimization.beds.parameters import BedParameters, Levels, pieces
from optimization.solving import Solved, solve

#: a solver's number this near to a whole one is whole
WHOLE = 1e-6
#: prices that can be moved, and what they are paid for
PRICED = (
    ("short_price", "short_days"),
    ("outlier_price", "outlier_days"),
    ("open_price", "bed_days"),
    ("flex_price", "flex_days"),
    ("move_price", "moves"),
)


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
        expr=sum(m.component(price) * m.component(amount) for price, amount in PRICED) + m.nurses
    )
    return m


def _sets_and_parameters(m: Any, given: BedParameters) -> None:
    limits, prices = given.limits, given.prices
    m.WARDS = pyo.Set(initialize=given.wards, ordered=True)
    m.PERIODS = pyo.Set(initialize=range(len(given.periods)), ordered=True)
    levels = [(w, p, k) for w in m.WARDS for p in m.PERIODS for k in range(1, given.most(w, p) + 1)]
    m.BEDS = pyo.Set(initialize=levels, dimen=3)
    m.STAFF = pyo.Set(initialize=list(dict.fromkeys((w, given.blocks[p], k) for w, p, k in levels)), dimen=3)
    m.FROZEN = pyo.Set(initialize=list(given.frozen), dimen=2)
    m.FLEX = pyo.Set(initialize=[w for w in m.WARDS if limits.flex.get(w, 0)])
    m.POOLS = pyo.Set(initialize=range(len(limits.pools)))
    m.OF_DAY = pyo.Set(initialize=[(w, p, k) for w, p, k in levels if w in m.FLEX], dimen=3)
    m.shared = {
        (g, p): pieces(given.pooled[g, p], sum(given.most(w, p) for w in limits.pools[g]))
        for g in m.POOLS
        for p in m.PERIODS
    }
    m.SHARED = pyo.Set(
        initialize=[(g, p, i) for (g, p), of in m.shared.items() for i in range(len(of))], dimen=3
    )

    m.total = pyo.Param(initialize=limits.total, mutable=True)
    m.floor = pyo.Param(m.WARDS, m.PERIODS, initialize=dict(given.floor), mutable=True)
    highest = {(w, p): limits.pins.get(w, limits.ceiling[w]) for w in m.WARDS for p in m.PERIODS}
    m.highest = pyo.Param(m.WARDS, m.PERIODS, initialize=highest, mutable=True)
    m.short_price = pyo.Param(initialize=prices.short_patient_day, mutable=True)
    m.outlier_price = pyo.Param(initialize=prices.outlier_day, mutable=True)
    m.open_price = pyo.Param(initialize=prices.open_bed_day, mutable=True)
    m.flex_price = pyo.Param(initialize=prices.flex_bed_day - prices.open_bed_day, mutable=True)
    m.nurse_price = pyo.Param(m.WARDS, initialize=lambda m, w: prices.nurses.get(w, 0.0), mutable=True)
    m.move_price = pyo.Param(initialize=prices.move, mutable=True)


def _decisions(m: Any, given: BedParameters) -> None:
    limits = given.limits
    m.staff = pyo.Var(m.STAFF, domain=pyo.Binary, doc="the k-th bed of the ward is staffed for the block")
    m.opened = pyo.Var(
        m.OF_DAY,
        bounds=(0, 1),
        doc="the k-th bed of a ward with flex beds is open on the day: whole where staffed beds are",
    )
    m.below_floor = pyo.Var(
        m.WARDS, m.PERIODS, domain=pyo.NonNegativeReals, doc="0, unless a way out is asked for"
    )
    m.below_floor.fix(0)
    m.flex = pyo.Var(
        m.FLEX,
        m.PERIODS,
        bounds=lambda m, w, p: (0, limits.flex[w]),
        doc="beds opened for the day, on top of those staffed by teams",
    )

    @m.Expression(m.WARDS, m.PERIODS, doc="open beds")
    def level(m, w, p):  # type: ignore[no-untyped-def]
        if w in m.FLEX:
            return sum(m.opened[w, p, k] for k in range(1, given.most(w, p) + 1))
        return sum(m.staff[w, given.blocks[p], k] for k in range(1, given.most(w, p) + 1))

    @m.Expression(m.WARDS, m.PERIODS, doc="beds staffed by teams")
    def staffed(m, w, p):  # type: ignore[no-untyped-def]
        return sum(m.staff[w, given.blocks[p], k] for k in range(1, given.most(w, p) + 1))


def _rules(m: Any, given: BedParameters) -> None:
    limits = given.limits

    @m.Constraint(m.STAFF, doc="beds are opened in order")
    def in_order(m, w, b, k):  # type: ignore[no-untyped-def]
        return pyo.Constraint.Skip if k == 1 else m.staff[w, b, k] <= m.staff[w, b, k - 1]

    @m.Constraint(m.OF_DAY, doc="a staffed bed is open")
    def staffed_is_open(m, w, p, k):  # type: ignore[no-untyped-def]
        return m.staff[w, given.blocks[p], k] <= m.opened[w, p, k]

    @m.Constraint(m.OF_DAY, doc="flex beds come on top of those staffed")
    def flex_on_top(m, w, p, k):  # type: ignore[no-untyped-def]
        below = k - limits.flex[w]
        return pyo.Constraint.Skip if below < 1 else m.opened[w, p, k] <= m.staff[w, given.blocks[p], below]

    @m.Constraint(m.FLEX, m.PERIODS, doc="staffed beds and flex beds are open")
    def staffed_and_flex(m, w, p):  # type: ignore[no-untyped-def]
        return m.level[w, p] == m.staffed[w, p] + m.flex[w, p]

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
    first = [p for p in m.PERIODS if p == 0 or blocks[p] != blocks[p - 1]]
    changes = [(w, p) for w in m.WARDS for p in first if (w, p) not in given.frozen and given.most(w, p)]
    by_team = [
        (w, p, k)
        for w, p in changes
        for k in range(1, given.most(w, p) + 1)
        if (k - given.today[w]) % limits.teams.get(w, 1)
    ]

    @m.Constraint(by_team, doc="beds open and close in nurse teams, counted from today's level")
    def whole_teams(m, w, p, k):  # type: ignore[no-untyped-def]
        next_bed = m.staff[w, blocks[p], k + 1] if k < given.most(w, p) else 0
        return m.staff[w, blocks[p], k] == next_bed

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
    beyond = {(w, p): _beyond(m, given, w, p) for w in m.WARDS for p in m.PERIODS}
    m.together = pyo.Var(
        m.SHARED,
        bounds=lambda m, g, p, i: (0, m.shared[g, p][i].beds),
        doc="open beds of equal worth to the pool, in any of its wards",
    )

    @m.Constraint(m.POOLS, m.PERIODS, doc="a pool has the beds of its wards")
    def pool_of_wards(m, g, p):  # type: ignore[no-untyped-def]
        if not m.shared[g, p]:
            return pyo.Constraint.Skip
        together = sum(m.together[g, p, i] for i in range(len(m.shared[g, p])))
        return together == sum(m.level[w, p] for w in pools[g])

    beyond_pools = sum(float(needed.sum()) for needed in given.pooled.values()) - sum(
        m.shared[g, p][i].worth * m.together[g, p, i] for g, p, i in m.SHARED
    )
    m.short_days = pyo.Expression(
        expr=sum(short for (w, _), short in beyond.items() if w not in pooled) + beyond_pools,
        doc="expected patient-days beyond the open beds of the ward, or of its pool",
    )
    m.outlier_days = pyo.Expression(
        expr=sum(short for (w, _), short in beyond.items() if w in pooled) - beyond_pools,
        doc="expected patient-days in another ward of the pool",
    )
    m.bed_days = pyo.Expression(expr=sum(days[p] * m.level[w, p] for w in m.WARDS for p in m.PERIODS))
    m.nurses = pyo.Expression(
        expr=sum(m.nurse_price[w] * days[p] * m.level[w, p] for w in m.WARDS for p in m.PERIODS),
        doc="what nurses for the open beds cost beyond those who come anyway",
    )
    m.flex_days = pyo.Expression(expr=sum(days[p] * m.flex[w, p] for w in m.FLEX for p in m.PERIODS))
    m.moves = pyo.Expression(expr=sum(m.more[w, p] + m.fewer[w, p] for w, p in m.CHANGES))


def _beyond(m: Any, given: BedParameters, ward: str, period: int) -> Any:
    """Expected patient-days beyond the open beds of one ward in one period."""
    needed = given.needed[ward, period]
    beds, block = range(1, given.most(ward, period) + 1), given.blocks[period]
    if ward in m.FLEX:
        met = sum(float(needed[k - 1]) * m.opened[ward, period, k] for k in beds)
    else:
        met = sum(float(needed[k - 1]) * m.staff[ward, block, k] for k in beds)
    return float(needed.sum()) - met


def solve_beds(model: Any, highs: Any) -> tuple[BedLevels, Solved]:
    """The cheapest levels of a model, and how good they are."""
    if not len(model.BEDS):  # no bed stands anywhere: the trivial plan, without a solver
        cost = float(pyo.value(model.cost))
        none = {(w, p): 0 for w in model.WARDS for p in model.PERIODS}
        return BedLevels(none), Solved(cost, cost, 0.0, 0.0)
    solved = solve(model, highs, what="bed plan")
    if any(abs(opened.value - round(opened.value)) > WHOLE for opened in model.opened.values()):
        _to_a_corner(model, highs)
    return levels_of(model), solved


def _to_a_corner(model: Any, highs: Any) -> None:
    """Days in whole beds at the same cost: a solver may stop between two corners that cost the same."""
    for staff in model.staff.values():
        staff.fix(round(staff.value))
    try:
        solve(model, highs, what="bed plan")
    finally:
        model.staff.unfix()


def levels_of(model: Any) -> BedLevels:
    """The levels that a model's variables hold."""
    opened = {(w, p): round(pyo.value(model.level[w, p])) for w in model.WARDS for p in model.PERIODS}
    return BedLevels(opened, {(w, p): round(pyo.value(model.flex[w, p])) for w, p in model.flex})


def cost_of(model: Any, given: BedParameters, levels: BedLevels) -> float:
    """What the model says that levels cost, whoever chose them; its variables then hold them."""
    for w, p, k in model.BEDS:
        model.staff[w, given.blocks[p], k].set_value(int(k <= levels.staffed(w, p)))
    for w, p, k in model.OF_DAY:
        model.opened[w, p, k].set_value(int(k <= levels.open[w, p]))
    for w, p in model.flex:
        model.flex[w, p].set_value(levels.flex.get((w, p), 0))
    for (g, p), of in model.shared.items():
        beds = sum(levels.open[w, p] for w in given.limits.pools[g])
        _fill({i: model.together[g, p, i] for i in range(len(of))}, beds)
    for w, p in model.CHANGES:
        before = given.today[w] if p == 0 else levels.staffed(w, p - 1)
        change = levels.staffed(w, p) - before
        model.more[w, p].set_value(max(change, 0))
        model.fewer[w, p].set_value(max(-change, 0))
    return float(pyo.value(model.cost))


def _fill(variables: Mapping[int, Any], beds: int) -> None:
    """Open so many beds, the worthiest first."""
    for i in sorted(variables):
        some = min(beds, variables[i].ub)
        variables[i].set_value(some)
        beds -= some
