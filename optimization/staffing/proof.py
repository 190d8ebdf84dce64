"""A staffing proved on fresh days: per skill the share of tasks that start in time, with its bound.

The sample flatters the plan that was made from it, so its level there is never told. Days are clusters: the
tasks of a bad day wait together. All of it is true in simulation, if demand is as forecast.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from optimization.proof.attempts import ALPHA, Attempt
from optimization.proof.certificate import judge, results
from optimization.proof.estimates import Estimate, PerFuture, estimate
from optimization.proof.off_forecast import CHANGES
from optimization.staffing.playing import in_time
from optimization.staffing.question import Question
from optimization.staffing.station import Days, draw_days
from twin.plan import OffForecast, Target, TargetResult
from twin.units import IntArray

#: in 1
PERCENT = 100.0


def seen(days: Days, levels: IntArray, limit_minutes: float) -> PerFuture:
    """Tasks in time and tasks, by day. [%, so that total / count is a share in %]"""
    good = in_time(days, levels, limit_minutes=limit_minutes)
    return PerFuture(PERCENT * good.astype(float), days.counted.astype(float))


def level_of(days: Days, levels: IntArray, limit_minutes: float) -> Estimate:
    """The share in time on drawn days. [%]"""
    return estimate(seen(days, levels, limit_minutes))


def targets_of(asked: Question) -> tuple[Target, ...]:
    """A target a skill, on the expected share; the share of days that meet it is told, not asked."""
    return tuple(
        Target(
            f"{skill}: start within {asked.limit_minutes:g} minutes",
            skill,
            "%",
            at_least=PERCENT * asked.target,
            share=0.0,
        )
        for skill in asked.skills
    )


def certify(
    asked: Question,
    levels: Mapping[str, IntArray],
    attempt: Attempt,
    *,
    seed: int,
    drawn: Mapping[str, Days] | None = None,
) -> tuple[TargetResult, ...]:
    """Each skill's share in time on the attempt's odd days; one-sided bounds, Bonferroni over skills.

    Parameters
    ----------
    drawn
        The attempt's days (``certifying_days``), if they are drawn already: plans are compared on them.
    """
    days = certifying_days(asked, attempt, seed=seed) if drawn is None else drawn
    told = {skill: seen(days[skill], levels[skill], asked.limit_minutes) for skill in asked.skills}
    return judge(targets_of(asked), attempt, told)


def certifying_days(asked: Question, attempt: Attempt, *, seed: int) -> dict[str, Days]:
    """An attempt's odd days, skill by skill."""
    return {s.name: draw_days(s, seed=seed, replications=attempt.paths.replications) for s in asked.stations}


def off_forecast(
    asked: Question, levels: Mapping[str, IntArray], cost: float, *, seed: int, days: int
) -> tuple[OffForecast, ...]:
    """What the staffing does where more or fewer tasks come; the cost is that of the people either way.

    Parameters
    ----------
    days
        Even days played for each change.
    """
    out = []
    for change in CHANGES:
        told = {}
        for station in asked.stations:
            other = replace(station, rates=station.rates * (1 + change))
            drawn = draw_days(other, seed=seed, replications=range(0, 2 * days, 2))
            told[station.name] = seen(drawn, levels[station.name], asked.limit_minutes)
        out.append(OffForecast(change, cost, results(targets_of(asked), told, ALPHA)))
    return tuple(out)
