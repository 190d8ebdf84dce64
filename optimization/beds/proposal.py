"""The plan put forward: the model's, a finalist that does better when played, or the nearest to today's."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from optimization.beds.counting import Tables
from optimization.beds.finalists import choose, find_finalists, screening
from optimization.beds.kept import KeptBedPlan
from optimization.beds.levels import plan_of, tables_of
from optimization.beds.model import BedLevels, bed_model, solve_beds
from optimization.beds.needs import WardNeeds, bed_needs
from optimization.beds.parameters import BedParameters, bed_parameters
from optimization.beds.question import BedQuestion
from optimization.beds.shortage import explain_shortage, refuse_what_cannot_stand
from optimization.paths import after
from optimization.proof.off_forecast import CHANGES, looked_at
from optimization.solving import NoPlan, Solved
from twin.case import Case
from twin.plan import Plan, Selection

#: from here on a weight means: open every bed that is ever needed
MOST_WEIGHED = 100.0


@dataclass(frozen=True)
class Proposal:
    """The plan put forward, and what it was made of.

    Attributes
    ----------
    levels, tables : its open beds by ward and period, and by day
    best : the levels that the model itself would choose, of which ``solved`` tells the bound
    finalists : how many plans were played
    selection : how sure it is that none of those that miss as few targets costs less
    compared_on : even futures beyond the training ones, on which the finalists were played
    changed : bed-days by which it differs from the beds decided today, where it was asked to keep to them
    weight : how many times as much as it is priced at a shortage was weighed, to meet the targets
    """

    needs: WardNeeds
    given: BedParameters
    levels: BedLevels
    tables: Tables
    plan: Plan
    best: BedLevels
    solved: Solved
    finalists: int
    selection: Selection | None
    changed: int | None = None
    compared_on: tuple[int, ...] = ()
    weight: float = 1.0

    @property
    def how_weighed(self) -> str:
        """What was done to meet the targets, in words."""
        if self.weight > MOST_WEIGHED:
            return "every bed open that is ever needed"
        return f"a patient-day without a bed weighed {self.weight:g} times as much"

    @property
    def how_good(self) -> str:
        """What is known of the plan's cost, in words."""
        if self.changed is not None:
            return (
                f"no plan that meets the rules changes fewer than {self.changed} bed-days; of these plans "
                f"{self.solved.words}"
            )
        if self.levels == self.best:
            return self.solved.words
        if self.weight != 1:
            return f"planned with {self.how_weighed}; the bound is that of the model without it, by HiGHS"
        return (
            f"the best of {self.finalists} finalists in simulation; the bound is the model's, proved by HiGHS"
        )


def futures_of_passes(question: BedQuestion) -> tuple[int, ...]:
    """Futures that each pass plays: needs, needs as it runs, finalists, certificate, demand off forecast."""
    train, certify = len(question.train.replications), len(question.certify.replications)
    off = (len(CHANGES) - 1) * len(looked_at(question.certify).replications)
    return train, len(screening(question.train).replications), train, certify, off


def propose(question: BedQuestion, highs: Any, step: Any, simulation: dict[str, Any]) -> Proposal:
    """Play the needs, solve the model, and choose among the finalists on further even futures."""
    case, window, train = question.case, question.window, question.train
    rules: Any = {"period_days": question.period_days, "calendar": question.calendar}
    limits, prices, today = question.limits, question.prices, question.today
    needs = bed_needs(case, window, train, progress=step(0), **simulation)
    given = bed_parameters(needs, limits, prices, today, **rules)
    if question.least_change:
        return _nearest(question, given, needs, highs.config.time_limit)
    best, solved = solve_or_explain(given, needs, case, highs)

    as_it_runs = bed_needs(case, window, screening(train), progress=step(1), as_it_runs=True, **simulation)
    seen = bed_parameters(as_it_runs, limits, prices, today, **rules)
    lent = replace(given, needed=seen.needed, pooled=seen.pooled)
    finalists = find_finalists(given, lent, best, highs)
    tables = [tables_of(given, levels) for levels in finalists]
    plans = [plan_of(case, window, needs, table.open) for table in tables]
    further = after(train, case)
    i, sure = choose(
        case, plans, tables, given, question.targets, window, further, progress=step(2), **simulation
    )
    return Proposal(needs, given, finalists[i], tables[i], plans[i], best, solved, len(finalists), sure,
        compared_on=further.replications if len(finalists) > 1 else (),
    )  # fmt: skip


def solve_or_explain(
    given: BedParameters, needs: WardNeeds, case: Case, highs: Any
) -> tuple[BedLevels, Solved]:
    """The cheapest levels; where there are none: what is short, and the cheapest ways out."""
    refuse_what_cannot_stand(given, needs, case.hospital)
    try:
        return solve_beds(bed_model(given), highs)
    except NoPlan as fault:
        raise explain_shortage(given, needs, case.hospital, highs) from fault


def _nearest(question: BedQuestion, given: BedParameters, needs: WardNeeds, time_limit: float) -> Proposal:
    """The plan that keeps to the beds decided today wherever the rules allow it."""
    in_force = {
        (w, p): int(np.bincount(question.calendar[i, period]).argmax())
        for i, w in enumerate(given.wards)
        for p, period in enumerate(given.periods)
    }
    hospital = question.case.hospital
    kept = KeptBedPlan(given, needs, hospital, in_force=in_force, time_limit=time_limit)
    answer = kept.nearest()
    plan = plan_of(question.case, question.window, needs, answer.tables.open)
    levels = answer.levels
    return Proposal(needs, given, levels, answer.tables, plan, levels, answer.solved, 1, None, answer.changed)
