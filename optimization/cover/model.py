"""Cover of wards by shift and skill: the model of record.

Own people of a ward, and those of a float pool, work weekly patterns; pools lend people shift by shift to
the wards that they are trained for; what is missing then comes from agencies or is short. A higher skill
covers a lower one, so what counts is how many of a skill *or higher* come to a shift.

Each further person saves less than the one before, so the expected shortage is read from its curve in
steps: step m of a cell is filled only as far as m people or more come. All numbers of people are whole.
Patterns keep the rules of rest and hours within a week; `in_order` keeps them from week to week.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pyomo.environ as pyo

from optimization.cover.patterns import Patterns
from optimization.cover.terms import CoverTerms, Crew, PoolCover, WardCover
from twin.units import DAYS_WEEK


def whole_model(terms: CoverTerms) -> Any:
    """All wards and pools in one model: a block for each, and the people whom pools can lend."""
    m = pyo.ConcreteModel("cover")
    m.WARDS = pyo.Set(initialize=[w.name for w in terms.wards], ordered=True)
    m.POOLS = pyo.Set(initialize=[p.name for p in terms.pools], ordered=True)
    wards = {w.name: w for w in terms.wards}
    pools = {p.name: p for p in terms.pools}

    m.ward = pyo.Block(m.WARDS, rule=lambda b, w: fill_ward(b, terms, wards[w]))
    m.pool = pyo.Block(m.POOLS, rule=lambda b, p: fill_pool(b, terms, pools[p]))

    @m.Constraint(m.POOLS, *_cells(terms), doc="a pool lends no more people than come to its shift")
    def within_pool(m, p, d, s, k):  # type: ignore[no-untyped-def]
        lent = [m.ward[w].lent[p, d, s, k] for w in pools[p].wards if w in wards]
        return sum(lent) <= m.pool[p].come[d, s, k] if lent else pyo.Constraint.Skip

    m.cost = pyo.Objective(expr=sum(m.ward[w].spent for w in m.WARDS) + sum(m.pool[p].spent for p in m.POOLS))
    return m


def ward_model(terms: CoverTerms, ward: WardCover) -> Any:
    """One ward alone, which may borrow as many people as it likes."""
    m = pyo.ConcreteModel(ward.name)
    fill_ward(m, terms, ward)
    m.cost = pyo.Objective(expr=m.spent)
    return m


def pool_model(terms: CoverTerms, pool: PoolCover) -> Any:
    """One pool alone, whose people are worth nothing until they have a price."""
    m = pyo.ConcreteModel(pool.name)
    fill_pool(m, terms, pool)
    m.lends = pyo.Var(*_cells(terms), domain=pyo.NonNegativeReals, doc="people whom it can lend")
    m.has = pyo.Constraint(*_cells(terms), rule=lambda m, d, s, k: m.lends[d, s, k] <= m.come[d, s, k])
    m.cost = pyo.Objective(expr=m.spent)
    return m


def fill_ward(m: Any, terms: CoverTerms, ward: WardCover) -> None:
    """Decisions, rules and cost of a ward."""
    prices, own = terms.prices, ward.crew
    days, shifts, skills = _cells(terms)
    m.LENDERS = pyo.Set(initialize=terms.pools_of(ward.name), ordered=True)
    fill_crew(m, terms, own)

    saved = -np.diff(ward.short, axis=3)  # (day, shift, level, step)
    m.STEPS = pyo.Set(initialize=[tuple(cell) for cell in np.argwhere(saved > 0).tolist()], dimen=4)
    m.missing_all = pyo.Param(initialize=float(ward.short[..., 0].sum(axis=(0, 1)) @ np.array(prices.short)))

    m.lent = pyo.Var(
        m.LENDERS, days, shifts, skills, domain=pyo.NonNegativeIntegers, bounds=_lent_bounds(terms)
    )
    m.agency = pyo.Var(
        days,
        shifts,
        skills,
        domain=pyo.NonNegativeIntegers,
        bounds=lambda m, d, s, k: (0, 0 if d < terms.frozen else ward.agency_most[k]),
    )
    m.filled = pyo.Var(m.STEPS, bounds=(0, 1), doc="step m of the curve: whether m or more come")

    m.present = pyo.Expression(
        days,
        shifts,
        skills,
        rule=lambda m, d, s, k: (
            m.come[d, s, k] + sum(m.lent[p, d, s, k] for p in m.LENDERS) + m.agency[d, s, k]
        ),
    )
    steps: dict[tuple[int, int, int], list[int]] = {}
    for d, s, j, step in m.STEPS:
        steps.setdefault((d, s, j), []).append(step)

    @m.Constraint(days, shifts, skills, doc="no more steps than people of the skill or higher")
    def covered(m, d, s, j):  # type: ignore[no-untyped-def]
        if (d, s, j) not in steps:
            return pyo.Constraint.Skip
        filled = sum(m.filled[d, s, j, step] for step in steps[d, s, j])
        return filled <= sum(m.present[d, s, k] for k in range(j + 1))

    fill_rules(m, terms, ward)
    agency = {(d, s, k): terms.agency_shift(d, s, k) for d in days for s in shifts for k in skills}
    m.spent = pyo.Expression(
        expr=m.missing_all
        - sum(
            prices.short[j] * float(saved[d, s, j, step]) * m.filled[d, s, j, step]
            for d, s, j, step in m.STEPS
        )
        + sum(agency[cell] * m.agency[cell] for cell in agency)
        + sum(prices.lending[k] * m.lent[p, d, s, k] for p, d, s, k in m.lent)
        + terms.rule_price * (sum(m.below.values()) + sum(m.above.values()))
        + terms.change_price * (sum(m.fewer.values()) + sum(m.more.values()))
        + m.worked
    )


def fill_rules(m: Any, terms: CoverTerms, ward: WardCover) -> None:
    """What is asked of single shifts; whoever is below or above a rule is priced out of every usable plan."""
    days, shifts, skills = _cells(terms)
    asked = ward.asked
    open_to_change = [(d, s) for d in days if d >= terms.frozen for s in shifts] if asked is not None else []
    m.RULED = pyo.Set(initialize=[c for c in open_to_change if asked.has_rule(*c)], dimen=2)  # type: ignore[union-attr]
    keeps = asked is not None and asked.near is not None
    m.KEPT = pyo.Set(initialize=open_to_change if keeps else [], dimen=2)
    m.below, m.above = (pyo.Var(m.RULED, domain=pyo.NonNegativeReals) for _ in range(2))
    m.fewer, m.more = (pyo.Var(m.KEPT, domain=pyo.NonNegativeReals) for _ in range(2))

    def everybody(d: int, s: int) -> Any:
        return sum(m.present[d, s, k] for k in skills)

    @m.Constraint(m.RULED, doc="as many as a rule asks for")
    def least(m, d, s):  # type: ignore[no-untyped-def]
        return everybody(d, s) + m.below[d, s] >= int(asked.least[d, s])  # type: ignore[union-attr]

    @m.Constraint(m.RULED, doc="no more than a rule allows")
    def most(m, d, s):  # type: ignore[no-untyped-def]
        return everybody(d, s) - m.above[d, s] <= int(asked.most[d, s])  # type: ignore[union-attr]

    @m.Constraint(m.KEPT, doc="people more or fewer than the plan in force")
    def changed(m, d, s):  # type: ignore[no-untyped-def]
        return everybody(d, s) - m.more[d, s] + m.fewer[d, s] == int(asked.near[d, s])  # type: ignore[union-attr,index]


def fill_pool(m: Any, terms: CoverTerms, pool: PoolCover) -> None:
    """Decisions, rules and cost of a float pool."""
    fill_crew(m, terms, pool.crew)
    m.spent = pyo.Expression(expr=m.worked)


def fill_crew(m: Any, terms: CoverTerms, crew: Crew) -> None:
    """People on weekly patterns, who then comes to which shift, and what that costs beyond basic pay."""
    patterns, last = terms.patterns, len(terms.weeks) - 1
    days, shifts, skills = _cells(terms)
    m.WEEKS = pyo.RangeSet(0, last)
    m.PATTERNS = pyo.RangeSet(0, len(patterns.days) - 1)
    m.ENDS = pyo.RangeSet(1, len(patterns.allowed) - 1)

    m.on = pyo.Var(
        skills,
        m.WEEKS,
        m.PATTERNS,
        domain=pyo.NonNegativeIntegers,
        bounds=lambda m, k, t, p: (0, crew.people[k]),
        doc="people on a pattern in a week",
    )

    @m.Constraint(skills, m.WEEKS, doc="nobody works two patterns in a week")
    def employed(m, k, t):  # type: ignore[no-untyped-def]
        return sum(m.on[k, t, p] for p in m.PATTERNS) <= crew.people[k]

    hard = {e: np.flatnonzero(patterns.ends >= e).tolist() for e in m.ENDS}
    barred = {e: np.flatnonzero(~patterns.allowed[e]).tolist() for e in m.ENDS}

    @m.Constraint(skills, [t for t in m.WEEKS if t < last and _adjoin(terms, t)], m.ENDS)
    def in_order(m, k, t, e):  # type: ignore[no-untyped-def]
        """Those who end a week so hard need as many others who do not begin the next as they may not."""
        ended = sum(m.on[k, t, p] for p in hard[e])
        return ended + sum(m.on[k, t + 1, p] for p in barred[e]) <= crew.people[k]

    on_cell = _on_cell(patterns)
    week_of = {w + i: (t, i) for t, w in enumerate(terms.weeks) for i in range(DAYS_WEEK)}

    @m.Expression(days, shifts, skills, doc="own people who come to a shift")
    def come(m, d, s, k):  # type: ignore[no-untyped-def]
        if d not in week_of:
            return int(crew.rostered[d, s, k])
        t, weekday = week_of[d]
        return sum(m.on[k, t, p] for p in on_cell[weekday, s])

    pay = {k: terms.pattern_cost(k) for k in skills}
    m.worked = pyo.Expression(
        expr=sum(float(pay[k][t, p]) * m.on[k, t, p] for k, t, p in m.on if pay[k][t, p] > 0)
    )


def _cells(terms: CoverTerms) -> tuple[range, range, range]:
    """Days, shifts and skills."""
    return range(terms.days), range(terms.shifts), range(len(terms.skills))


def _lent_bounds(terms: CoverTerms) -> Any:
    """A pool lends no more than it has, and nothing on days that are frozen."""
    pools = {p.name: p.crew for p in terms.pools}
    planned = {w + i for w in terms.weeks for i in range(DAYS_WEEK)}

    def bounds(m: Any, p: str, d: int, s: int, k: int) -> tuple[int, int]:
        if d < terms.frozen:
            return 0, 0
        return 0, pools[p].people[k] if d in planned else int(pools[p].rostered[d, s, k])

    return bounds


def _adjoin(terms: CoverTerms, week: int) -> bool:
    return terms.weeks[week] + DAYS_WEEK == terms.weeks[week + 1]


def _on_cell(patterns: Patterns) -> dict[tuple[int, int], list[int]]:
    """Patterns that work a shift of a weekday."""
    cells: Iterable[tuple[int, int]] = np.ndindex(DAYS_WEEK, len(patterns.shifts))
    return {(i, s): np.flatnonzero(patterns.days[:, i] == s).tolist() for i, s in cells}
