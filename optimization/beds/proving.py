"""Proving a bed plan: certified on fresh futures; one that misses a target is improved and tried again.

To improve it the model weighs a patient-day without a bed more than it is priced at. Only a plan that meets
every target on even futures that it was not made for, as it must on fresh ones, is worth another attempt;
where there is none, nothing that the rules allow would help, and that is told.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from optimization.beds.finalists import screening
from optimization.beds.levels import plan_of, tables_of
from optimization.beds.limits import TIE_BREAK
from optimization.beds.model import BedLevels, bed_model, solve_beds
from optimization.beds.needs import Progress
from optimization.beds.playing import Played, play
from optimization.beds.proposal import Proposal
from optimization.beds.question import BedQuestion
from optimization.paths import TrainPaths
from optimization.proof.attempts import ALPHA, Attempt, Attempts, share_of
from optimization.proof.certificate import judge, per_future, results
from optimization.proof.estimates import estimate
from optimization.solving import NoPlan
from twin.errors import UsageError
from twin.plan import Target, TargetResult

#: attempts to certify, each on fresh futures with a smaller part of the chance of error (assumed: enough to
#: see whether other beds help)
MOST_ATTEMPTS = 3
#: times as much as it is priced at that a patient-day without a bed is weighed, one after the other (assumed)
RAISES = (2.0, 8.0)
#: the weight of a plan that opens every bed that is ever needed
EVERY_BED = 1 / TIE_BREAK


@dataclass(frozen=True)
class Proved:
    """A plan and what it did on the futures of its attempt, beside the beds as decided.

    ``tried`` says what became of the attempts, where a target was missed.
    """

    chosen: Proposal
    attempt: Attempt
    before: tuple[Played, ...]
    after: tuple[Played, ...]
    results: tuple[TargetResult, ...]
    tried: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        """Every target holds."""
        return all(result.holds for result in self.results)


def prove(
    question: BedQuestion, chosen: Proposal, highs: Any, progress: Progress | None, simulation: dict[str, Any]
) -> Proved:
    """Certify a plan, and better ones while it misses a target; the first plan where none of them holds."""
    first = proved = _certified(question, chosen, Attempts(), progress, simulation)
    attempts, tried = Attempts().with_(first.attempt), []
    while not proved.holds and not question.least_change:
        missed = " and ".join(f"“{r.target.name}”" for r in proved.results if not r.holds)
        if len(attempts.made) == MOST_ATTEMPTS:
            tried.append(f"{missed} could not be certified in {MOST_ATTEMPTS} attempts")
            break
        alpha = ALPHA * share_of(len(attempts.made) + 1)
        better = _improved(question, proved.chosen, alpha, highs, simulation)
        if isinstance(better, str):
            tried.append(f"{missed} could not be certified, and {better}")
            break
        try:
            proved = _certified(question, better, attempts, None, simulation)
        except UsageError as fault:  # the forecast has no fresh paths left
            tried.append(f"{missed} could not be certified, and there is no other attempt: {fault}")
            break
        tried.append(
            f"attempt {len(attempts.made)} could not certify {missed}; beds were then planned with "
            f"{better.how_weighed} and tried again on futures of their own"
        )
        attempts = attempts.with_(proved.attempt)
    return replace(proved if proved.holds else first, tried=tuple(tried))


def _certified(
    question: BedQuestion,
    chosen: Proposal,
    attempts: Attempts,
    progress: Progress | None,
    simulation: dict[str, Any],
) -> Proved:
    """One attempt: the beds as decided and this plan, on futures of its own."""
    demand = question.case.demand
    n_paths = demand.n_paths if demand is not None and attempts.made else None
    attempt = attempts.next(len(question.certify.replications), n_paths=n_paths)
    plans = [question.case.plan, chosen.plan]
    before, after = play(
        question.case, plans, question.window, attempt.paths, progress=progress, **simulation
    )
    seen = per_future(question.targets, after)
    return Proved(chosen, attempt, before, after, judge(question.targets, attempt, seen))


def _improved(
    question: BedQuestion, chosen: Proposal, alpha: float, highs: Any, simulation: dict[str, Any]
) -> Proposal | str:
    """A plan that promises to hold, the least raised first; why there is none, in words."""
    played = 0
    for better in _raised(question, chosen, highs):
        played += 1
        if _promises(question, better, alpha, simulation):
            return better
    if not played:
        return "no other beds that the rules allow would shorten the shortage"
    return (
        f"nothing that the rules allow would meet it: {played} other plan{'s' if played > 1 else ''}, up to "
        "one that opens every bed that is ever needed, would miss it on training futures too"
    )


def _raised(question: BedQuestion, chosen: Proposal, highs: Any) -> Iterator[Proposal]:
    """Plans with a dearer shortage, each with other beds than those before, and more of them somewhere."""
    given, prices = chosen.given, chosen.given.prices
    seen = [chosen.levels]
    for weight in (*(w for w in RAISES if w > chosen.weight), EVERY_BED):
        if weight == EVERY_BED:
            dearer = replace(prices, open_bed_day=TIE_BREAK * prices.short_patient_day)
        else:
            dearer = replace(prices, short_patient_day=weight * prices.short_patient_day)
        asked = replace(given, prices=dearer)
        try:
            levels: BedLevels = solve_beds(bed_model(asked), highs)[0]
        except NoPlan:  # not within the time limit; the plan that there is stays
            return
        if levels in seen:
            continue
        seen.append(levels)
        tables = tables_of(given, levels)
        if (tables.open <= chosen.tables.open).all():  # fewer beds everywhere
            continue
        plan = plan_of(question.case, question.window, chosen.needs, tables.open)
        yield replace(chosen, levels=levels, tables=tables, plan=plan, selection=None, weight=weight)


def _promises(question: BedQuestion, better: Proposal, alpha: float, simulation: dict[str, Any]) -> bool:
    """Whether all targets hold on further even futures as they must on fresh odd ones."""
    train, first = question.choose_on, screening(question.choose_on)
    (seen,) = play(question.case, [better.plan], question.window, first, **simulation)
    if any(_misses(target, seen) for target in question.targets):
        return False
    rest = train.replications[len(first.replications) :]
    if rest:
        (more,) = play(question.case, [better.plan], question.window, TrainPaths(rest), **simulation)
        seen = (*seen, *more)
    columns = per_future(question.targets, seen)
    measured = [t for t in question.targets if columns[t.measure].futures]
    return all(result.holds for result in results(measured, columns, alpha))


def _misses(target: Target, futures: tuple[Played, ...]) -> bool:
    """Whether the expected level misses it; what nothing can measure is not missed."""
    column = per_future([target], futures)[target.measure]
    return bool(column.futures) and not target.holds(estimate(column).expected)
