"""Staff by shift and skill, with what simulation says of late tasks: the model of record.

People come in shifts; the people of a skill who are there in a stretch serve their own station or, where
the hospital allows it, another. A station's level is written in unary: its first person, its second, ...
How many tasks of a stretch are late at least, given the levels, is said by cuts that simulation found
(``late``); the tasks late over the day may not pass what the target allows. Every cut is true of every
plan, so the model's optimum is a lower bound on the cost of any plan that meets the target on the sample.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyomo.environ as pyo

from optimization.staffing.late import LateCut
from optimization.staffing.question import Question
from twin.units import IntArray


@dataclass(frozen=True)
class Staffing:
    """A plan: who works which shift, who serves where, and the levels that follow.

    Attributes
    ----------
    people : (skill, pattern) -> people [people]
    serves : (skill, station, stretch) -> people of the skill at the station [people]
    """

    people: Mapping[tuple[str, str], int]
    serves: Mapping[tuple[str, str, int], int]

    @classmethod
    def own(cls, asked: Question, people: Mapping[tuple[str, str], int]) -> Staffing:
        """Everybody serves at the station of his own skill."""
        serves = {
            (name, name, g): sum(
                people[shift] for shift, there in asked.there.items() if shift[0] == name and g in there
            )
            for name in asked.skills
            for g in range(asked.stretches)
        }
        return cls(dict(people), serves)

    def cost(self, asked: Question) -> float:
        """What the shifts cost [money]."""
        return sum(asked.pattern(*shift).cost * n for shift, n in self.people.items())

    def levels(self, asked: Question) -> dict[str, IntArray]:
        """Skill -> people at its station by stretch, shape (stretch,) [people]."""
        out = {n: np.zeros(asked.stretches, dtype=np.int64) for n in asked.skills}
        for (_, station, g), n in self.serves.items():
            out[station][g] += n
        return out


def staffing_model(asked: Question, ceiling: Mapping[str, IntArray], allowed: Mapping[str, float]) -> Any:
    """The model: sets, parameters, decisions, rules, objective.

    Parameters
    ----------
    asked : shifts, covers, limits, pins
    ceiling : skill -> most people at its station, by stretch [people]
    allowed : skill -> late tasks that the target allows on the sample [tasks]
    """
    there, floors = asked.there, {j: asked.floors(j) for j in asked.skills}
    m = pyo.ConcreteModel("staffing")

    m.SKILLS = pyo.Set(initialize=asked.skills, ordered=True)
    m.SHIFTS = pyo.Set(initialize=list(there), dimen=2, ordered=True)
    m.STRETCHES = pyo.Set(initialize=range(asked.stretches), ordered=True)
    m.SERVES = pyo.Set(initialize=[(k, j) for j in asked.skills for k in asked.can_serve(j)], dimen=2)
    m.LEVELS = pyo.Set(
        initialize=[
            (j, g, n) for j in m.SKILLS for g in m.STRETCHES for n in range(1, int(ceiling[j][g]) + 1)
        ],
        dimen=3,
    )

    m.cost_of = pyo.Param(m.SHIFTS, initialize=lambda m, k, p: asked.pattern(k, p).cost)
    m.no_dearer = pyo.Param(initialize=1e12, mutable=True, doc="cost of a plan that is known [money]")
    m.allowed = pyo.Param(m.SKILLS, initialize=dict(allowed), mutable=True)
    most = {k: asked.most.get(k) for k in asked.skills}

    m.people = pyo.Var(m.SHIFTS, domain=pyo.NonNegativeIntegers, doc="people who work the shift")
    m.serves = pyo.Var(m.SERVES, m.STRETCHES, domain=pyo.NonNegativeIntegers, doc="of a skill, at a station")
    m.level = pyo.Var(m.LEVELS, domain=pyo.Binary, doc="the station has its n-th person")
    m.late = pyo.Var(m.SKILLS, m.STRETCHES, domain=pyo.NonNegativeReals, doc="tasks that start late")
    m.over_target = pyo.Var(m.SKILLS, domain=pyo.NonNegativeReals, doc="0, unless a way out is asked for")
    m.over_target.fix(0)
    m.over_most = pyo.Var(m.SKILLS, domain=pyo.NonNegativeReals, doc="0, unless a way out is asked for")
    m.over_most.fix(0)

    @m.Constraint(m.SKILLS, m.STRETCHES, doc="who serves is there")
    def on_duty(m, k, g):  # type: ignore[no-untyped-def]
        working = [m.people[shift] for shift in m.SHIFTS if shift[0] == k and g in there[shift]]
        return sum(m.serves[k, j, g] for j in m.SKILLS if (k, j) in m.SERVES) <= sum(working)

    @m.Constraint(m.SKILLS, m.STRETCHES, doc="the level is who serves")
    def is_level(m, j, g):  # type: ignore[no-untyped-def]
        unary = sum(m.level[j, g, n] for n in range(1, int(ceiling[j][g]) + 1))
        return unary <= sum(m.serves[k, j, g] for k in asked.can_serve(j))

    @m.Constraint(m.LEVELS, doc="levels are taken in order")
    def in_order(m, j, g, n):  # type: ignore[no-untyped-def]
        return pyo.Constraint.Skip if n == 1 else m.level[j, g, n] <= m.level[j, g, n - 1]

    @m.Constraint(m.LEVELS, doc="the least that must be there")
    def at_least(m, j, g, n):  # type: ignore[no-untyped-def]
        return m.level[j, g, n] == 1 if n <= floors[j][g] else pyo.Constraint.Skip

    @m.Constraint(m.SKILLS, doc="late tasks keep to what the target allows")
    def on_target(m, j):  # type: ignore[no-untyped-def]
        return sum(m.late[j, g] for g in m.STRETCHES) <= m.allowed[j] + m.over_target[j]

    @m.Constraint([k for k in asked.skills if most[k] is not None], doc="no more people than there are")
    def at_most(m, k):  # type: ignore[no-untyped-def]
        return sum(m.people[shift] for shift in m.SHIFTS if shift[0] == k) <= most[k] + m.over_most[k]

    @m.Constraint(list(asked.pins), doc="what is decided stays")
    def pinned(m, k, p):  # type: ignore[no-untyped-def]
        return m.people[k, p] == asked.pins[k, p]

    m.cuts = pyo.ConstraintList(doc="late tasks at least, by simulation")
    m.exceed = pyo.Block(doc="levels that fail the target of the moment, lifted")
    m.exceed.rows = pyo.ConstraintList(doc="some stretch must exceed its lifted level")
    m.cost = pyo.Objective(expr=sum(m.cost_of[shift] * m.people[shift] for shift in m.SHIFTS))
    m.cheaper = pyo.Constraint(expr=m.cost.expr <= m.no_dearer, doc="dearer plans are of no use")
    return m


def add_late_cut(m: Any, skill: str, cut: LateCut) -> None:
    """Say of a stretch how many tasks are late at least."""
    brings = sum(b * m.level[skill, g, n] for (g, n), b in cut.brings.items())
    m.cuts.add(m.late[skill, cut.stretch] >= cut.base - brings)


def add_exceed_cut(m: Any, skill: str, lifted: IntArray, ceiling: IntArray) -> None:
    """Some stretch must exceed its lifted level."""
    higher = [m.level[skill, g, int(n) + 1] for g, n in enumerate(lifted) if n < ceiling[g]]
    m.exceed.rows.add(sum(higher) >= 1)


def read_staffing(m: Any) -> Staffing:
    """The solved model's plan."""
    people = {shift: round(pyo.value(m.people[shift])) for shift in m.SHIFTS}
    serves = {(k, j, g): round(pyo.value(m.serves[k, j, g])) for k, j in m.SERVES for g in m.STRETCHES}
    return Staffing(people, serves)
