"""A bed plan with proof: question, needs, model, finalists, certificate and explanation, in that order.

The first measured day keeps its calendar, because opening a bed takes a day's notice; the plan names
every later date of the run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from optimization.beds.answer import BedPlanAnswer
from optimization.beds.counting import (
    Tables,
    agreed,
    beds_a_day,
    broken_rules,
    cost_again,
    proportional,
)
from optimization.beds.explain import WHY_KEPT, binds, headline, sentences, still_short
from optimization.beds.finalists import cost_as_played
from optimization.beds.levels import apart, constant
from optimization.beds.limits import BedPrices
from optimization.beds.model import bed_model, cost_of
from optimization.beds.one_more import one_more_bed, one_more_in_words
from optimization.beds.playing import Played, chance_short, play
from optimization.beds.proposal import Proposal, futures_of_passes, propose
from optimization.beds.proving import Proved, prove
from optimization.beds.question import BedQuestion, bed_question
from optimization.playing import Check, Progress
from optimization.proof.certificate import certificate, not_measured, per_future
from optimization.proof.off_forecast import CHANGES, Lived, in_words, looked_at, off_forecast
from optimization.solving import solver
from twin.case import Case, Window
from twin.errors import TwinError
from twin.plan import Certificate, Explanation, OffForecast, Target


def plan_beds(
    case: Case,
    window: Window,
    *,
    total: int | None = None,
    seed: int = 1,
    replications: int = 40,
    targets: Sequence[Target] | None = None,
    prices: BedPrices | None = None,
    pins: Mapping[str, int] | None = None,
    cover: float | None = None,
    pools: Sequence[Sequence[str]] = (),
    teams: Mapping[str, int] | None = None,
    flex: Mapping[str, int] | None = None,
    most_moves: int | None = None,
    notice_days: int = 1,
    period_days: int | None = None,
    least_change: bool = False,
    time_limit: float = 60,
    progress: Progress | None = None,
    check: Check | None = None,
    threads: int = 2,
) -> BedPlanAnswer:
    """Plan the open beds of every ward under a total, prove the plan and explain it.

    Parameters
    ----------
    case
        Its own plan is what "today" means.
    window
        Measured days; the plan names them from the second on, and the tail.
    total
        Open beds of all wards together; today's when omitted. [beds]
    replications
        Even ones train, odd ones certify.
    targets
        What the plan must reach on the certifying futures; ``default_targets()`` when omitted.
    pins
        Wards whose level is fixed. [beds]
    cover
        Each ward must open what it needs on this share of mornings. [fraction]
    pools
        Wards that take each other's patients, as outliers at their price.
    teams
        Ward -> beds of one nurse team; beds open and close by whole teams, from today's level. [beds]
    flex
        Ward -> beds that may be opened for single days on top, at the price of a flex bed-day. [beds]
    most_moves
        Staffed beds opened and closed at a time, all wards together, at most. [beds]
    notice_days
        Days, from the first measured one, whose staffed beds are kept as decided; flex beds take one. [days]
    period_days
        Decide anew after so many days; one level for the whole horizon when omitted. [days]
    least_change
        Keep to the beds decided today wherever the rules allow it, whatever would cost less.
    time_limit
        Of the solver, not of the simulation. [s]
    progress
        Told (replications done, all).

    Raises
    ------
    ConfigError, UsageError
        Numbers that cannot be planned with, before anything is simulated.
    Infeasible
        No plan meets the rules: what is short, where, when, by how much, and the cheapest ways out.
    Cancelled
        Raised by ``check``.
    """
    question = bed_question(
        case,
        window,
        replications=replications,
        total=total,
        targets=targets,
        prices=prices,
        pins=pins,
        cover=cover,
        pools=pools,
        teams=teams,
        flex=flex,
        most_moves=most_moves,
        notice_days=notice_days,
        period_days=period_days,
        least_change=least_change,
    )
    highs = solver(time_limit=time_limit)
    step = _steps(progress, *futures_of_passes(question))
    simulation: dict[str, Any] = {"seed": seed, "threads": threads, "check": check}
    chosen = propose(question, highs, step, simulation)
    proved = prove(question, chosen, highs, step(3), simulation)
    question = replace(question, certify=proved.attempt.paths)
    off = _off_forecast(question, proved.chosen, proved.after, step(4), simulation)
    return _answer(question, proved, off, highs, seed)


def _off_forecast(
    question: BedQuestion,
    chosen: Proposal,
    changed: Sequence[Played],
    progress: Progress | None,
    simulation: dict[str, Any],
) -> tuple[OffForecast, ...]:
    """The plan where demand is off, on the first of the certifying futures."""
    paths, done = looked_at(question.certify), iter(range(len(CHANGES)))

    def lived(futures: Sequence[Played]) -> Lived:
        cost = float(cost_as_played(chosen.given, chosen.tables, futures).mean())
        return Lived(cost, per_future(question.targets, futures))

    def live(case: Case) -> Lived:
        before = next(done) * len(paths.replications)
        ahead = None if progress is None else lambda n, of: progress(before + n, of)
        (futures,) = play(case, [chosen.plan], question.window, paths, progress=ahead, **simulation)
        return lived(futures)

    as_forecast = lived(changed[: len(paths.replications)])
    return off_forecast(live, question.case, question.window, question.targets, as_forecast=as_forecast)


def _answer(
    question: BedQuestion, proved: Proved, off: tuple[OffForecast, ...], highs: Any, seed: int
) -> BedPlanAnswer:
    """The proposal with its proof and its reasons, beside today's beds and shares in proportion."""
    chosen, base, changed = proved.chosen, proved.before, proved.after
    needs, prices, today = chosen.needs, question.prices, question.today
    shares = proportional(needs, question.case.hospital, question.limits.ceiling, question.limits.total)
    thumb = constant(needs, shares)
    pools = question.limits.pools
    costs = {
        "today": cost_again(needs, prices, Tables.kept(question.calendar), pools),
        "planned": cost_again(needs, prices, chosen.tables, pools),
        "proportional": cost_again(needs, prices, Tables.kept(thumb, apart(shares, today)), pools),
    }
    seen = per_future(question.targets, changed)
    opened = chosen.tables.open
    return BedPlanAnswer(
        plan=chosen.plan,
        certificate=_certificate(question, proved, costs["planned"], off, seed),
        explanation=_explanation(question, proved, costs, off, highs),
        today=today,
        planned=_first_day(chosen),
        chance_short={
            "today": chance_short(needs.wards, base),
            "planned": chance_short(needs.wards, changed),
        },
        measures={"today": tuple(p.measures for p in base), "planned": tuple(p.measures for p in changed)},
        cost_a_day=beds_a_day(prices, today=question.calendar, planned=opened, proportional=thumb),
        currency=prices.currency,
        notes=(
            *question.notes,
            *(
                f"target not measured in this hospital: {name}"
                for name in not_measured(question.targets, seen)
            ),
        ),
    )


def _certificate(
    question: BedQuestion, proved: Proved, cost: float, off: tuple[OffForecast, ...], seed: int
) -> Certificate:
    chosen, given = proved.chosen, proved.chosen.given
    objective = cost_of(bed_model(given), given, chosen.levels)
    if broken := broken_rules(given, chosen.tables):
        raise TwinError(f"the plan breaks rules that the model should keep: {'; '.join(broken)}")
    futures = len(question.train.replications) + len(question.certify.replications)
    return certificate(
        cost=agreed(cost, objective),
        objective=objective,
        bound=chosen.solved.bound,
        bound_note=f"{chosen.how_good}, over the training futures and without "
        "queues between wards; bound of the simulated optimum: none (rules: priorities, outliers, boarding)",
        targets=proved.results,
        train_paths=len({*question.train.replications, *chosen.compared_on}),
        attempt=proved.attempt,
        seed=seed,
        command=f"twin optimize beds {question.words} --replications {futures} --seed {seed}",
        selection=chosen.selection,
        off_forecast=off,
    )


def _explanation(
    question: BedQuestion,
    proved: Proved,
    costs: Mapping[str, float],
    off: tuple[OffForecast, ...],
    highs: Any,
) -> Explanation:
    chosen, base, changed = proved.chosen, proved.before, proved.after
    hospital, needs, given = question.case.hospital, chosen.needs, chosen.given
    more = one_more_bed(given, chosen.levels, highs)
    return Explanation(
        headline=headline(hospital, question.today, _first_day(chosen)),
        sentences=(
            *sentences(needs, given, question.calendar, chosen.tables, costs, base, changed),
            *((WHY_KEPT,) if chosen.levels != chosen.best and chosen.weight == 1 else ()),
            *(text[:1].upper() + text[1:] for text in proved.tried),
            *(text for text in (in_words(off),) if text),
        ),
        binds=binds(given, chosen.levels, hospital),
        one_more=one_more_in_words(more, given, hospital, len(needs.days)),
        short=still_short(changed, needs.days, hospital),
    )


def _first_day(chosen: Proposal) -> dict[str, int]:
    """Levels of the first day that can still be decided. [beds]"""
    day = chosen.given.limits.notice_days - 1
    return {w: int(chosen.tables.open[i, day]) for i, w in enumerate(chosen.needs.wards)}


def _steps(progress: Progress | None, *passes: int) -> Any:
    """Progress of several passes as one count."""

    def of_pass(number: int) -> Progress | None:
        if progress is None:
            return None
        tell = progress
        return lambda done, _: tell(sum(passes[:number]) + done, sum(passes))

    return of_pass
