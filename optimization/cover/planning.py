"""A cover plan with proof: question, needs, model, finalists, certificate and explanation, in that order.

Rosters of days within their notice stay as decided; what float pools lend and agencies send may change
from the second day on. The proof is played: the plan in the simulated hospital, absence and all, on futures
that it has not seen.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from optimization.beds.needs import WardNeeds, bed_needs
from optimization.cover.answer import CoverAnswer
from optimization.cover.explain import explanation, shift_rows
from optimization.cover.house import ROSTER_NOTICE, WAGE
from optimization.cover.playing import Played, play, without_nurses
from optimization.cover.proposal import (
    EVERY_BED,
    WEIGHTS,
    Proposal,
    Solver,
    choose,
    cost_as_played,
    find_finalists,
)
from optimization.cover.question import CoverQuestion, Shift, cover_question
from optimization.cover.targets import BEDS_CLOSED, default_targets
from optimization.paths import CertifyPaths, TrainPaths
from optimization.playing import Check, Progress
from optimization.proof.attempts import ALPHA, Attempt, Attempts, share_of
from optimization.proof.certificate import certificate, judge, not_measured, per_future, results
from optimization.proof.estimates import estimate
from optimization.proof.off_forecast import CHANGES, Lived, looked_at, off_forecast
from optimization.proof.selection import FIRST
from optimization.solving import solver as solver_of
from twin.case import Case, Window
from twin.errors import UsageError
from twin.plan import Certificate, OffForecast, Plan, Target, TargetResult

__all__ = ["BEDS_CLOSED", "CoverAnswer", "default_targets", "plan_cover"]

#: attempts to certify, each on fresh futures with a smaller part of the chance of error (assumed: enough to
#: see whether more cover helps)
MOST_ATTEMPTS = 3
#: times that a missing nurse is weighed twice as much, to find a cover worth another attempt (assumed)
MOST_RAISES = 4


def plan_cover(
    case: Case,
    window: Window,
    *,
    seed: int = 1,
    replications: int = 40,
    targets: Sequence[Target] | None = None,
    people: Mapping[str, int] | None = None,
    wage: float = WAGE,
    notice: int = ROSTER_NOTICE,
    pins: Mapping[Shift, int] | None = None,
    at_least: float | None = None,
    least_change: bool = False,
    time_limit: float = 60.0,
    progress: Progress | None = None,
    check: Check | None = None,
    threads: int = 2,
) -> CoverAnswer:
    """Plan who comes to which shift, prove the plan and explain it.

    Parameters
    ----------
    case
        Its own plan, else the calendar and the shifts, is what is decided already: nurses follow
        the beds that it opens. Where no ward names its nurses, usual ones are laid over the hospital.
    replications
        Even ones train, odd ones certify.
    targets
        What the plan must reach on the certifying futures; ``default_targets()`` when omitted.
    people
        Employed by group; as many as the usual shifts take when omitted. [people]
    wage
        Basic pay of a nurse, from which all other prices follow. [currency/h]
    notice
        Days whose rosters stay as decided. [days]
    pins
        (group, date, shift) -> people asked to come, own, lent and hired. [people]
    at_least
        People asked to each shift / nurses needed on it in the mean, at least. [ratio]
    least_change
        Keep to the people decided now wherever the rules allow it, whatever would cost less.
    time_limit
        Of the solver, for all groups and weights together; not of the simulation. [s]
    progress
        Told (replications done, all).

    Raises
    ------
    ConfigError, UsageError
        What cannot be planned with, before anything is simulated.
    Infeasible
        No cover meets the rules: who is short, where, when, by how many, and the cheapest ways out.
    Cancelled
        Raised by ``check``.
    """
    question = cover_question(
        case,
        window,
        replications=replications,
        targets=targets,
        people=people,
        wage=wage,
        notice=notice,
        pins=pins,
        at_least=at_least,
        least_change=least_change,
    )
    solver_of(time_limit=time_limit)  # refuses a limit that is none
    step = _steps(progress, *_futures_of_passes(question))
    simulation: dict[str, Any] = {"seed": seed, "threads": threads, "check": check}
    needs = _needs(question, step(0), simulation)
    parts = tuple(question.families(needs))
    weights = 1 if least_change else len(WEIGHTS) + 1
    solver = Solver(question, parts, needs, time_limit / (weights * len(parts)), threads, check)
    chosen = choose(question, find_finalists(solver), progress=step(1), **simulation)
    proved = _prove(question, solver, chosen, step(2), simulation)
    off = _off_forecast(question, proved, step(3), simulation)
    left_out = not_measured(question.targets, per_future(question.targets, proved.after))
    return CoverAnswer(
        plan=proved.chosen.plan,
        certificate=_certificate(question, proved, off, seed),
        explanation=explanation(question, proved.chosen, proved.before, proved.after, off, proved.tried),
        counted=proved.chosen.counted,
        currency=question.case.hospital.money.currency,
        shifts=shift_rows(question, proved.chosen),
        notes=(
            *question.notes,
            *(f"target not measured in this hospital: {name}" for name in left_out),
        ),
        names_groups=not question.notes,
    )


def _needs(question: CoverQuestion, progress: Progress | None, simulation: dict[str, Any]) -> WardNeeds:
    """Beds needed under the beds that the case's plan opens, if no nurse were missing."""
    case = question.case.with_(hospital=without_nurses(question.case.hospital))
    return bed_needs(case, question.window, question.train, progress=progress, as_it_runs=True, **simulation)


@dataclass(frozen=True)
class _Proved:
    """A cover and what it did on the futures of its attempt; ``tried`` tells of the attempts before."""

    chosen: Proposal
    attempt: Attempt
    before: tuple[Played, ...]
    after: tuple[Played, ...]
    results: tuple[TargetResult, ...]
    tried: tuple[str, ...] = ()


def _prove(
    question: CoverQuestion,
    solver: Solver,
    chosen: Proposal,
    progress: Progress | None,
    simulation: dict[str, Any],
) -> _Proved:
    """Certify the cover; one that misses a target is raised and certified again, on fresh futures."""
    attempts, tried = Attempts(), []
    first = proved = _certified(question, chosen, attempts, progress, simulation)
    while not all(r.holds for r in proved.results) and not question.least_change:
        attempts = attempts.with_(proved.attempt)
        missed = [r.target for r in proved.results if not r.holds]
        names = " and ".join(f'"{target.name}"' for target in missed)
        if len(attempts.made) == MOST_ATTEMPTS:
            tried.append(f"{names} could not be certified in {MOST_ATTEMPTS} attempts")
            break
        if not _for_lack_of_nurses(question, missed, simulation):
            tried.append(f"{names} would be missed even if no nurse were missing: beds are what is short")
            break
        alpha = ALPHA * share_of(len(attempts.made) + 1)
        better = _raised(question, solver, proved.chosen, missed, alpha, simulation)
        if better is None:
            tried.append(f"{names} could not be certified: no more cover was found that helps")
            break
        try:
            proved = _certified(question, better, attempts, None, simulation)
        except UsageError as fault:
            tried.append(f"{names} could not be certified, and there is no other attempt: {fault}")
            break
        tried.append(
            f"Attempt {len(attempts.made)} missed {names}; the cover was then made with {better.how_weighed} "
            "and tried again on futures of its own"
        )
    held = proved if all(r.holds for r in proved.results) else first
    return replace(held, tried=tuple(tried))


def _certified(
    question: CoverQuestion,
    chosen: Proposal,
    attempts: Attempts,
    progress: Progress | None,
    simulation: dict[str, Any],
) -> _Proved:
    """One attempt: today's cover and this one on futures of its own."""
    demand = question.case.demand
    n_paths = demand.n_paths if demand is not None and attempts.made else None
    attempt = attempts.next(len(question.certify.replications), n_paths=n_paths)
    plans = [question.case.plan, chosen.plan]
    before, after = play(
        question.case, plans, question.window, attempt.paths, progress=progress, **simulation
    )
    seen = per_future(question.targets, after)
    return _Proved(chosen, attempt, before, after, judge(question.targets, attempt, seen))


def _raised(
    question: CoverQuestion,
    solver: Solver,
    chosen: Proposal,
    missed: Sequence[Target],
    alpha: float,
    simulation: dict[str, Any],
) -> Proposal | None:
    """A cover with more nurses that promises to meet what was missed, the cheapest first."""
    weights = [chosen.weight * 2**k for k in range(1, MOST_RAISES + 1)]
    for weight in (*weights, EVERY_BED) if chosen.weight < EVERY_BED else ():
        better = solver.at(weight)
        if better is None or better.plan.cover == chosen.plan.cover:
            continue
        if _promises(question, missed, better.plan, alpha, simulation):
            return better
    return None


def _promises(
    question: CoverQuestion, missed: Sequence[Target], plan: Plan, alpha: float, simulation: dict[str, Any]
) -> bool:
    """Whether targets hold on the training futures as they must on fresh ones; that is worth an attempt."""
    (futures,) = play(question.case, [plan], question.window, question.to_choose, **simulation)
    return all(r.holds for r in results(missed, per_future(missed, futures), alpha))


def _for_lack_of_nurses(
    question: CoverQuestion, missed: Sequence[Target], simulation: dict[str, Any]
) -> bool:
    """Whether targets would be met on average if no nurse were missing, on the first training futures."""
    case, paths = question.case, TrainPaths(question.train.replications[:FIRST])
    free, plan = case.with_(hospital=without_nurses(case.hospital)), replace(case.plan, cover={})
    (futures,) = play(free, [plan], question.window, paths, **simulation)
    seen = per_future(missed, futures)
    return all(t.holds(estimate(seen[t.measure]).expected) for t in missed)


def _off_forecast(
    question: CoverQuestion, proved: _Proved, progress: Progress | None, simulation: dict[str, Any]
) -> tuple[OffForecast, ...]:
    """The cover where demand is off, on the first of its certifying futures."""
    paths, done = looked_at(CertifyPaths(proved.attempt.paths.replications)), iter(range(len(CHANGES)))
    plan, each = proved.chosen.plan, len(paths.replications)

    def lived(futures: Sequence[Played]) -> Lived:
        cost = float(cost_as_played(proved.chosen, futures).mean())
        return Lived(cost, per_future(question.targets, futures))

    def live(case: Case) -> Lived:
        before = next(done) * each
        ahead = None if progress is None else lambda n, of: progress(before + n, of)
        (futures,) = play(case, [plan], question.window, paths, progress=ahead, **simulation)
        return lived(futures)

    as_forecast = lived(proved.after[:each])
    return off_forecast(live, question.case, question.window, question.targets, as_forecast=as_forecast)


def _certificate(
    question: CoverQuestion, proved: _Proved, off: tuple[OffForecast, ...], seed: int
) -> Certificate:
    chosen = proved.chosen
    futures = len(question.train.replications) + len(question.certify.replications)
    changes = " (a person more or fewer than decided weighs more than any cost)" * question.least_change
    return certificate(
        cost=chosen.cost,
        objective=chosen.objective,
        bound=min(chosen.bound, chosen.objective),
        bound_note="no cover of the model costs less than the bound, proved group by group at the prices of "
        f"the float pools, over the training futures{changes}; bound of the simulated optimum: none (rules: "
        "priorities, outliers, boarding)",
        targets=proved.results,
        train_paths=len({*question.train.replications, *question.to_choose.replications}),
        attempt=proved.attempt,
        seed=seed,
        command=f"twin optimize cover {question.words} --replications {futures} --seed {seed}",
        selection=chosen.selection,
        off_forecast=off,
    )


def _futures_of_passes(question: CoverQuestion) -> tuple[int, ...]:
    """Futures that each pass plays: needs, finalists, certificate, demand off forecast."""
    train, certify = len(question.train.replications), len(question.certify.replications)
    return train, train, certify, (len(CHANGES) - 1) * len(looked_at(question.certify).replications)


def _steps(progress: Progress | None, *passes: int) -> Callable[[int], Progress | None]:
    """Progress of several passes as one count."""

    def of_pass(number: int) -> Progress | None:
        if progress is None:
            return None
        tell = progress
        return lambda done, _: tell(sum(passes[:number]) + done, sum(passes))

    return of_pass
