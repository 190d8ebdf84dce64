"""The cover put forward: solved at several weights of a missing nurse, and the best of these when played.

The model cannot see that a closed bed keeps a patient in the emergency department and that another ward
then takes him. So it is solved as asked, with a missing nurse weighed less and more, and with nurses for
every bed that is opened; what each plan then costs, nurses missed as played, is told apart on
training futures that none of them was made for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import inf
from typing import Any

import numpy as np

from optimization.beds.finalists import not_outdone
from optimization.beds.needs import NO_CEILING, WardNeeds
from optimization.cover.counting import Counted, broken_rules, count_as_solved
from optimization.cover.drafts import cost_of
from optimization.cover.house import Family, plan_of
from optimization.cover.playing import Played, play, with_cover
from optimization.cover.question import CoverQuestion
from optimization.cover.shortage import explain_shortage
from optimization.cover.solving import CoverSolution, solve_cover
from optimization.paths import TrainPaths
from optimization.playing import Check, Progress
from optimization.proof.selection import FIRST, select
from twin.plan import Plan, Selection
from twin.units import FloatArray

#: weights of a missing nurse at which cover is solved / that asked for (assumed: a factor of two is seen)
WEIGHTS = (1.0, 0.5, 2.0, 4.0)
#: in place of a weight: nurses for every bed that is opened, whether a patient is in it or not, a missing one
#: weighed as in the last of the weights
EVERY_BED = inf


@dataclass(frozen=True)
class Proposal:
    """A cover, and what is known of it.

    Attributes
    ----------
    weight : of a missing nurse, at which it was solved / the weight asked for
    solved : one entry a family: the people found at that weight, in the models and prices asked for
    counted : its cost at the weight asked for, without the model
    objective : the same as the model sees it [currency]
    bound : no cover of the model costs less, at the weight asked for [currency]
    """

    parts: tuple[Family, ...]
    weight: float
    solved: tuple[CoverSolution, ...]
    counted: tuple[Counted, ...]
    objective: float
    bound: float
    plan: Plan
    selection: Selection | None = None

    @property
    def how_weighed(self) -> str:
        """What the cover was made for, in words."""
        if self.weight == EVERY_BED:
            return "nurses for every bed that is opened, with a patient or without"
        return f"a missing nurse weighed {self.weight:g} times as much as asked"

    @property
    def cost(self) -> float:
        """Beyond basic pay, shortage weighed. [currency]"""
        return sum(c.cost for c in self.counted)

    @property
    def paid(self) -> float:
        """The cost without the weight of a shortage. [currency]"""
        return sum(c.cost - c.parts["shortage"] for c in self.counted)


@dataclass
class Solver:
    """Solves the cover of a question at one weight after another.

    Attributes
    ----------
    seconds : for one family at one weight [s]
    """

    question: CoverQuestion
    parts: tuple[Family, ...]
    needs: WardNeeds
    seconds: float
    threads: int
    check: Check | None = None
    asked: tuple[CoverSolution, ...] = ()

    def at(self, weight: float) -> Proposal | None:
        """The cheapest cover where a missing nurse weighs so much; the weight asked for comes first.

        None where the search found none that keeps the rules at another weight than that asked for.

        Raises
        ------
        Infeasible
            No cover meets the rules: what is short, where, when, by how much, and the cheapest ways out.
        """
        solved = tuple(self._solve(family, weight) for family in self.parts)
        if weight == 1.0:
            self.asked = solved
        solved = tuple(
            replace(asked, numbers=s.numbers, draft=s.draft)
            for asked, s in zip(self.asked, solved, strict=True)
        )
        if any(broken_rules(s.terms, s.numbers) for s in solved):
            if weight == 1.0:
                raise explain_shortage(self.question, self.parts, solved, self._solve_terms)
            return None
        pairs = list(zip(self.parts, solved, strict=True))
        costs = [s.solved.objective if weight == 1.0 else cost_of(s.kept, s.draft) for s in solved]
        counted = tuple(
            count_as_solved(f.terms, s.numbers, f.needs, cost)
            for (f, s), cost in zip(pairs, costs, strict=True)
        )
        days = self.needs.days
        named = plan_of(
            [(f, s.numbers) for f, s in pairs],
            f"Cover from {days[0].day} {days[0]:%B} to {days[-1].day} {days[-1]:%B %Y}",
            f"{self.question.case.hospital.name}: people on each shift",
        )
        bound = sum(s.solved.bound for s in self.asked)
        plan = with_cover(self.question.case.plan, named)
        return Proposal(self.parts, weight, solved, counted, sum(costs), bound, plan)

    def _solve(self, family: Family, weight: float) -> CoverSolution:
        if self.check is not None:
            self.check()
        if weight == EVERY_BED:
            return self._solve_terms(weighed(self._of_every_bed(family), WEIGHTS[-1]))
        return self._solve_terms(weighed(family, weight))

    def _of_every_bed(self, family: Family) -> Family:
        """The family as if a patient lay in every bed that is opened."""
        full = replace(self.needs, beds=np.full_like(self.needs.beds, NO_CEILING))
        then = next(f for f in self.question.families(full) if f.groups == family.groups)
        short = {ward.name: ward.short for ward in then.terms.wards}
        wards = tuple(replace(ward, short=short[ward.name]) for ward in family.terms.wards)
        return replace(family, terms=replace(family.terms, wards=wards))

    def _solve_terms(self, family: Family) -> CoverSolution:
        return solve_cover(family.terms, time_limit=self.seconds, threads=self.threads)


def weighed(family: Family, weight: float) -> Family:
    """The family where a missing nurse weighs so much more."""
    prices = family.terms.prices
    short = tuple(weight * price for price in prices.short)
    return replace(family, terms=replace(family.terms, prices=replace(prices, short=short)))


def find_finalists(solver: Solver) -> list[Proposal]:
    """Covers at several weights that differ and keep the rules, that of the weight asked for first."""
    found: list[Proposal] = []
    for weight in WEIGHTS[:1] if solver.question.least_change else (*WEIGHTS, EVERY_BED):
        each = solver.at(weight)
        if each is not None and all(each.plan.cover != other.plan.cover for other in found):
            found.append(each)
    return found


def cost_as_played(proposal: Proposal, futures: Sequence[Played]) -> FloatArray:
    """What each future costs: what is paid, and nurse-hours missed as played, weighed. [currency]"""
    weight = max(f.terms.prices.short[0] for f in proposal.parts)
    missed: FloatArray = np.array([future.short_hours for future in futures])
    return proposal.paid + weight * missed


def choose(
    question: CoverQuestion,
    finalists: Sequence[Proposal],
    *,
    progress: Progress | None = None,
    **simulation: Any,
) -> Proposal:
    """The finalist that costs least of those that miss no target for sure that another meets."""
    if len(finalists) == 1:
        return finalists[0]
    further = question.to_choose
    first = TrainPaths(further.replications[:FIRST])
    plans = [each.plan for each in finalists]
    played = _play_on(question, progress, simulation)(plans, first)
    left = not_outdone(question.targets, played)

    def costs(asked: Sequence[int], paths: TrainPaths) -> FloatArray:
        which = [left[i] for i in asked]
        if paths == first:
            futures = [played[i] for i in which]
        else:
            futures = list(_play_on(question, progress, simulation)([plans[i] for i in which], paths))
        return np.stack([cost_as_played(finalists[i], f) for i, f in zip(which, futures, strict=True)])

    told = select(
        costs,
        len(left),
        further,
        worth=_worth(finalists[0]),
        first=len(first.replications),
        picked_from=len(plans) if question.targets else None,
    )
    chosen = finalists[left[told.index]]
    return replace(chosen, selection=told.selection if len(left) > 1 else None)


def _worth(proposal: Proposal) -> float:
    """A difference not worth more futures: one person from an agency on one shift a day. [currency]"""
    terms = proposal.parts[0].terms
    return terms.days * min(terms.agency_shift(0, s, 0) for s in range(terms.shifts))


def _play_on(
    question: CoverQuestion, progress: Progress | None, simulation: dict[str, Any]
) -> Callable[[Sequence[Plan], TrainPaths], tuple[tuple[Played, ...], ...]]:
    further = question.to_choose.replications

    def played(plans: Sequence[Plan], paths: TrainPaths) -> tuple[tuple[Played, ...], ...]:
        before = further.index(paths.replications[0])
        ahead = None if progress is None else lambda done, _: progress(before + done, len(further))
        return play(question.case, plans, question.window, paths, progress=ahead, **simulation)

    return played
