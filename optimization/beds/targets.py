"""Targets of a bed plan: boarding, outliers, refusals, occupancy, cancelled electives, as they are asked for.

Every measure of the twin can be a target; a target that a hospital has nothing to measure with (refusals
where everybody waits, cancelled electives without lists) is told as not measured and never as met.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from optimization.beds.playing import SHORT_MORNINGS
from twin.errors import ConfigError, Problem, did_you_mean
from twin.measures import MEASURES
from twin.plan import Target

#: what short ward-mornings are called, and their unit
SHORT_MORNINGS_TITLE = ("Ward-mornings short of beds", "%")
#: measures that only a bed plan has -> title and unit
OF_BEDS = MappingProxyType({SHORT_MORNINGS: SHORT_MORNINGS_TITLE})


def default_targets() -> tuple[Target, ...]:
    """What a bed plan must reach unless the planner says otherwise.

    References
    ----------
    NHS England, 2025/26 priorities and operational planning guidance: 78 % within four hours by March 2026.
    NHS England, A&E attendances and emergency admissions: waits over four hours from decision to admit.
    The share of short ward-mornings is assumed: one in ten, as in ``SHORT_TO_OPEN``.
    """
    return (
        Target(SHORT_MORNINGS_TITLE[0], SHORT_MORNINGS, "%", at_most=10),
        Target("Wait for a bed, slowest tenth", "boarding_hours_p90", "h", at_most=4),
        Target("Emergency, left within 4 h", "ed_within_4h", "%", at_least=78),
    )


def read_targets(
    texts: Iterable[str], *, also: Mapping[str, tuple[str, str]] = OF_BEDS
) -> tuple[Target, ...]:
    """Targets as a planner types them: ``outlier_share<=5``, ``ed_within_4h>=78``.

    Parameters
    ----------
    also
        Measures that only this kind of plan has, beside those of the summary -> their title and unit.

    Raises
    ------
    ConfigError
        With every text that is no measure and level, every measure that there is not, and two levels of
        one measure that no value can reach together.
    """
    targets, problems = [], []
    for text in texts:
        sign = "<=" if "<=" in text else ">="
        name, _, number = (part.strip() for part in text.partition(sign))
        level = _number(number)
        if level is None:
            problems.append(Problem("--target", text, "MEASURE<=LEVEL or MEASURE>=LEVEL with a number"))
        elif name not in MEASURES and name not in also:
            cure = did_you_mean(name, [*MEASURES, *also])
            problems.append(Problem("--target", name, "no such measure", cure))
        else:
            title, unit = also[name] if name in also else (MEASURES[name].label, MEASURES[name].unit)
            asked = {"at_most": level} if sign == "<=" else {"at_least": level}
            targets.append(Target(title, name, unit, **asked))
    problems += _contradictions(targets)
    if problems:
        raise ConfigError("the command line", problems)
    return tuple(targets)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _contradictions(targets: list[Target]) -> list[Problem]:
    problems = []
    for name in sorted({target.measure for target in targets}):
        of = [target for target in targets if target.measure == name]
        most = min((t.at_most for t in of if t.at_most is not None), default=math.inf)
        least = max((t.at_least for t in of if t.at_least is not None), default=-math.inf)
        if most < least:
            rule = f"at most {most:g} and at least {least:g} contradict each other"
            problems.append(Problem("--target", name, rule, "keep one of the two"))
    return problems
