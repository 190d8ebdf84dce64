"""A bed plan with proof: needs, model, certificate and explanation, in that order.

The first measured day keeps its calendar, because opening a bed takes a day's notice; the plan names
every later date of the run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

import numpy as np

from optimization.beds import (
    BedParameters,
    Levels,
    bed_model,
    bed_parameters,
    cost_of,
    keeps_the_rules,
    solve_beds,
)
from optimization.certify import (
    Played,
    check_targets,
    cost_again,
    default_targets,
    judge,
    not_measured,
    play,
    proportional,
    short_and_open,
    versions,
)
from optimization.explain import (
    binds,
    fresh_futures,
    headline,
    one_more_bed,
    one_more_in_words,
    still_short,
)
from optimization.limits import BedPrices, bed_limits
from optimization.needs import Check, Progress, WardNeeds, bed_needs, morning_hours, planned_days
from optimization.paths import TrainPaths, apart, split
from optimization.shortage import explain_shortage, refuse_what_cannot_stand
from optimization.solving import NoPlan, Solved, solver
from twin.case import Case, Window, resolve
from twin.errors import TwinError
from twin.plan import Certificate, Explanation, Plan, Target
from twin.units import MS_HOUR, IntArray

#: the model's cost and the cost counted again may differ by rounding only [fraction]
SAME_COST = 1e-6
#: training futures on which the finalists are played (assumed: enough to tell them apart)
SCREENING = 10


@dataclass(frozen=True)
class BedPlanAnswer:
    """The plan, its proof, its reasons, and today's beds beside it.

    Attributes
    ----------
    today, planned : ward -> open beds; of planned, the level of the first planned day [beds]
    chance_short : "today" and "planned" -> ward -> share of certifying futures' mornings short [fraction]
    measures : "today" and "planned" -> one summary a certifying replication, in the same order
    cost_a_day : "today", "planned" and "proportional" -> of the open beds alone [currency a day]
    notes : what was cut or left out, in words
    """

    plan: Plan
    certificate: Certificate
    explanation: Explanation
    today: Mapping[str, int]
    planned: Mapping[str, int]
    chance_short: Mapping[str, Mapping[str, float]]
    measures: Mapping[str, tuple[Mapping[str, float], ...]] = field(repr=False)
    cost_a_day: Mapping[str, float]
    currency: str
    notes: tuple[str, ...] = ()

    def document(self) -> dict[str, Any]:
        """The answer as JSON's own types: plan, certificate, explanation."""
        proof = self.certificate
        return {
            "plan": {
                "name": self.plan.name,
                "beds": dict(self.planned),
                "today": dict(self.today),
                "total": sum(self.planned.values()),
                "total_today": sum(self.today.values()),
                "cost_a_day": self.cost_a_day["planned"],
                "currency": self.currency,
            },
            "certificate": {
                "holds": proof.holds,
                "cost": proof.cost,
                "objective": proof.objective,
                "bound": proof.bound,
                "gap": proof.gap,
                "bound_note": proof.bound_note,
                "train_paths": proof.train_paths,
                "certify_paths": proof.certify_paths,
                "seed": proof.seed,
                "versions": dict(proof.versions),
                "command": proof.command,
                "wording": proof.wording,
                "targets": [
                    {
                        "name": r.target.name,
                        "unit": r.target.unit,
                        "limit": r.target.limit,
                        "expected": r.expected,
                        "bound95": r.bound95,
                        "share_of_futures": r.share_of_futures,
                        "asked_share": r.target.share,
                        "holds": r.holds,
                    }
                    for r in proof.targets
                ],
            },
            "explanation": {
                "headline": self.explanation.headline,
                "sentences": list(self.explanation.sentences),
                "binds": list(self.explanation.binds),
                "one_more": [{"what": what, "brings": brings} for what, brings in self.explanation.one_more],
                "short": list(self.explanation.short),
            },
            "chance_short": {when: dict(wards) for when, wards in self.chance_short.items()},
            "notes": list(self.notes),
        }


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
    period_days: int | None = None,
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
    period_days
        Decide anew after so many days; one level for the whole horizon when omitted. [days]
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
    case = apart(case)
    train, certifying = split(replications)
    prices = prices if prices is not None else BedPrices.of(case.hospital)
    targets = default_targets() if targets is None else tuple(targets)
    check_targets(targets)
    _check_period(period_days)
    highs = solver(time_limit=time_limit)
    calendar = _levels(case, window)
    today = _usual(case, calendar)
    ceiling = _ceiling(case, window)
    limits, notes = bed_limits(
        case.hospital, ceiling, total=sum(today.values()) if total is None else total, pins=pins, cover=cover
    )
    screening = len(_screening(train).replications)
    step = _steps(progress, len(train.replications), screening, screening, len(certifying.replications))
    simulation: dict[str, Any] = {"seed": seed, "threads": threads, "check": check}

    needs = bed_needs(case, window, train, progress=step(0), **simulation)
    given = bed_parameters(needs, limits, prices, today, period_days=period_days)
    best, solved = _solve(given, needs, case, highs)
    as_it_runs = bed_needs(case, window, _screening(train), progress=step(1), as_it_runs=True, **simulation)
    lent = replace(
        given, needed=bed_parameters(as_it_runs, limits, prices, today, period_days=period_days).needed
    )
    finalists = _finalists(given, lent, best, highs)
    plans = [_plan(case, window, needs, _by_day(given, levels, len(needs.days))) for levels in finalists]
    chosen = _choose(case, plans, finalists, given, window, train, progress=step(2), **simulation)
    levels, plan = finalists[chosen], plans[chosen]
    by_day = _by_day(given, levels, len(needs.days))

    base, changed = play(case, [case.plan, plan], window, certifying, progress=step(3), **simulation)

    shares = proportional(needs, case.hospital, ceiling, limits.total)
    costs = {
        "today": cost_again(needs, prices, calendar),
        "planned": cost_again(needs, prices, by_day, _moves(given, levels)),
        "proportional": cost_again(needs, prices, _constant(needs, shares), _apart(shares, today)),
    }
    objective = cost_of(bed_model(given), levels)
    certificate = Certificate(
        cost=_agreed(costs["planned"], objective),
        objective=objective,
        bound=solved.bound,
        gap=(objective - solved.bound) / objective if objective else 0.0,
        bound_note=f"{_how_good(solved, chosen, finalists, best)}, over the training futures and without "
        "queues between wards; bound of the simulated optimum: none (rules: priorities, outliers, boarding)",
        targets=judge(targets, certifying, changed),
        train_paths=len(train.replications),
        certify_paths=len(certifying.replications),
        seed=seed,
        versions=versions(),
        command=_command(window, limits.total, replications, seed),
    )
    planned = {w: int(by_day[i, 0]) for i, w in enumerate(needs.wards)}
    explanation = Explanation(
        headline=headline(case.hospital, today, planned),
        sentences=(
            *_sentences(needs, prices, calendar, by_day, costs, base, changed),
            *(_WHY_KEPT if levels != best else ()),
        ),
        binds=binds(given, levels, case.hospital),
        one_more=one_more_in_words(one_more_bed(given, levels, highs), given, case.hospital, len(needs.days)),
        short=still_short(changed, needs.days, case.hospital),
    )
    left_out = [f"target not measured in this hospital: {name}" for name in not_measured(targets, changed)]
    return BedPlanAnswer(
        plan=plan,
        certificate=certificate,
        explanation=explanation,
        today=today,
        planned=planned,
        chance_short={"today": _chance(needs, base), "planned": _chance(needs, changed)},
        measures={"today": tuple(p.measures for p in base), "planned": tuple(p.measures for p in changed)},
        cost_a_day=_beds_a_day(prices, today=calendar, planned=by_day, proportional=_constant(needs, shares)),
        currency=prices.currency,
        notes=(*notes, *left_out),
    )


def _check_period(days: int | None) -> None:
    if days is not None and days < 1:
        raise TwinError(f"a planning period is 1 day or longer; got {days}", exit_code=2)


def _solve(given: BedParameters, needs: WardNeeds, case: Case, highs: Any) -> tuple[Levels, Solved]:
    refuse_what_cannot_stand(given, needs, case.hospital)
    try:
        return solve_beds(bed_model(given), highs)
    except NoPlan as fault:
        raise explain_shortage(given, needs, case.hospital, highs) from fault


def _finalists(given: BedParameters, lent: BedParameters, best: Levels, highs: Any) -> list[Levels]:
    """Today's levels if they keep the rules, and the model's: as asked, with free moves, with beds lent."""
    today = {(w, p): given.today[w] for w, p in best}
    free, _ = solve_beds(bed_model(replace(given, prices=replace(given.prices, move=0.0))), highs)
    sharing, _ = solve_beds(bed_model(lent), highs)
    asked = [*([today] if keeps_the_rules(given, today) else []), dict(best), dict(free), dict(sharing)]
    return [levels for i, levels in enumerate(asked) if levels not in asked[:i]]


def _screening(train: TrainPaths) -> TrainPaths:
    """The training futures on which finalists are played."""
    return TrainPaths(train.replications[:SCREENING])


def _choose(
    case: Case,
    plans: Sequence[Plan],
    finalists: Sequence[Levels],
    given: BedParameters,
    window: Window,
    train: TrainPaths,
    **simulation: Any,
) -> int:
    """The finalist that costs least when played with queues, outliers and boarders, on training futures."""
    if len(plans) == 1:
        return 0
    prices = given.prices
    played = play(case, plans, window, _screening(train), **simulation)
    costs = [
        prices.short_patient_day * _mean_waiting(futures)
        + prices.open_bed_day * float(_by_day(given, levels, _days(given)).sum())
        + prices.move * _moves(given, levels)
        for futures, levels in zip(played, finalists, strict=True)
    ]
    return int(np.argmin(costs))


_WHY_KEPT = (
    "The model's own plan was not chosen: played on training futures with queues, outliers and boarders, "
    "this one comes out better",
)


def _how_good(solved: Solved, chosen: int, finalists: Sequence[Levels], best: Levels) -> str:
    if finalists[chosen] == best:
        return solved.words
    return f"the best of {len(finalists)} finalists in simulation; the bound is the model's, proved by HiGHS"


def _moves(given: BedParameters, levels: Levels) -> int:
    return sum(abs(level - given.today[w]) for (w, _), level in levels.items())


def _apart(levels: Mapping[str, int], today: Mapping[str, int]) -> int:
    return sum(abs(levels[w] - today[w]) for w in today)


def _days(given: BedParameters) -> int:
    return given.periods[-1].stop


def _levels(case: Case, window: Window) -> IntArray:
    """Open beds at 08:00 of the planned days as they are decided now, shape (ward, day)."""
    schedule, mornings = resolve(case, window), morning_hours(window, case.hospital) * MS_HOUR
    return np.array(
        [[schedule.levels[w].at(int(t)) for t in mornings] for w in case.hospital.wards], dtype=np.int64
    )


def _usual(case: Case, calendar: IntArray) -> dict[str, int]:
    """The level that each ward has on most of the planned mornings."""
    return {w: int(np.bincount(calendar[i]).argmax()) for i, w in enumerate(case.hospital.wards)}


def _ceiling(case: Case, window: Window) -> dict[str, int]:
    """Beds that can be opened at every hour of the planned days: those that stand there and have nurses."""
    wide = {w: _on_planned_days(window, ward.physical_beds) for w, ward in case.hospital.wards.items()}
    schedule = resolve(case.with_(plan=Plan("all that stands there", wide)), window)
    starts, days = window.clock(case.hospital).day_starts, planned_days(window)
    first, last = int(starts[days.start]), int(starts[days.stop])
    lowest = {}
    for ward in case.hospital.wards:
        level = schedule.levels[ward]
        within = level.values[(level.times >= first) & (level.times < last)]
        lowest[ward] = int(min([level.at(first), *within]))
    return lowest


def _on_planned_days(window: Window, beds: int) -> dict[date, int]:
    return {window.start + timedelta(days=d): beds for d in range(planned_days(window).start, window.total)}


def _by_day(given: BedParameters, levels: Levels, days: int) -> IntArray:
    table = np.zeros((len(given.wards), days), np.int64)
    for i, ward in enumerate(given.wards):
        for p, period in enumerate(given.periods):
            table[i, period] = levels[ward, p]
    return table


def _constant(needs: WardNeeds, levels: Mapping[str, int]) -> IntArray:
    return np.repeat(np.array([[levels[w]] for w in needs.wards], np.int64), len(needs.days), axis=1)


def _plan(case: Case, window: Window, needs: WardNeeds, by_day: IntArray) -> Plan:
    """The levels by date; the tail keeps the last one."""
    beds = {}
    for i, ward in enumerate(needs.wards):
        dates = _on_planned_days(window, int(by_day[i, -1]))
        beds[ward] = {**dates, **{day: int(n) for day, n in zip(needs.days, by_day[i], strict=True)}}
    first, last = needs.days[0], needs.days[-1]
    return Plan(
        f"Bed plan from {first:%d %B %Y}", beds, f"{case.hospital.name}: open beds from {first} to {last}"
    )


def _agreed(again: float, objective: float) -> float:
    if abs(again - objective) > SAME_COST * max(1.0, abs(objective)):
        raise TwinError(
            f"the model says that the plan costs {objective:,.2f}, counted again it is {again:,.2f}"
        )
    return again


def _sentences(
    needs: WardNeeds,
    prices: BedPrices,
    calendar: IntArray,
    by_day: IntArray,
    costs: Mapping[str, float],
    base: Sequence[Played],
    changed: Sequence[Played],
) -> tuple[str, ...]:
    days = len(needs.days)
    (short_now, _), (short_then, _) = short_and_open(needs, calendar), short_and_open(needs, by_day)
    weight = {name: cost / days / prices.open_bed_day for name, cost in costs.items()}
    return (
        f"Ward by ward, {short_then / days:.1f} patients at a time need a bed beyond those open, on average; "
        f"{short_now / days:.1f} with today's beds",
        fresh_futures(base, changed),
        f"In those futures {_mean_waiting(changed) / days:.1f} patients wait for a ward bed at any one time, "
        f"{_mean_waiting(base) / days:.1f} with today's beds",
        *_weighed(prices, weight),
    )


def _weighed(prices: BedPrices, weight: Mapping[str, float]) -> tuple[str, ...]:
    """When a bed is worth opening, where the hospital names a price; the weight of a shortage is no money."""
    if prices.currency == "patient-days":
        return ()
    return (
        f"A bed is opened where it is needed more than {prices.break_even:.0%} of the time: a patient-day "
        f"without a bed weighs as much as {1 / prices.break_even:.0f} open bed-days. So weighed, beds and "
        f"shortage together are {weight['planned']:,.0f} bed-days a day, {weight['today']:,.0f} with today's "
        f"beds, {weight['proportional']:,.0f} with shares in proportion to need",
    )


def _beds_a_day(prices: BedPrices, **open_beds: IntArray) -> dict[str, float]:
    """What open beds cost, without any weight of a shortage, for levels (ward, day). [currency a day]"""
    return {name: prices.open_bed_day * float(beds.sum(axis=0).mean()) for name, beds in open_beds.items()}


def _mean_waiting(played: Sequence[Played]) -> float:
    return float(np.mean([p.waiting_days for p in played]))


def _chance(needs: WardNeeds, played: Sequence[Played]) -> dict[str, float]:
    short = np.stack([p.beyond for p in played]) > 0
    return {w: float(short[:, i].mean()) for i, w in enumerate(needs.wards)}


def _command(window: Window, total: int, replications: int, seed: int) -> str:
    return (
        f"twin optimize beds --total {total} --days {window.days} --replications {replications} --seed {seed}"
    )


def _steps(progress: Progress | None, *passes: int) -> Any:
    """Progress of several passes as one count."""

    def of_pass(number: int) -> Progress | None:
        if progress is None:
            return None
        tell = progress
        return lambda done, _: tell(sum(passes[:number]) + done, sum(passes))

    return of_pass
