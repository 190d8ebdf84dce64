"""Proof of a bed plan: its cost counted again, and its targets tried on futures it has not seen.

Nothing here knows the model. The cost is counted from the needs, bed by bed and hour by hour; the
targets are measured in the simulated hospital, with its queues, outliers and boarders.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version

import numpy as np
from scipy import stats

from optimization.limits import BedPrices
from optimization.needs import Check, Progress, WardNeeds, morning_hours
from optimization.paths import CertifyPaths, TrainPaths
from twin.case import Case, Schedule, Window, resolve
from twin.errors import ConfigError, Overload, Problem, did_you_mean
from twin.hospital import Hospital
from twin.measures import MEASURES, measure, need
from twin.plan import Plan, Target, TargetResult
from twin.replications import Side, replicate_sides
from twin.trace import Trace
from twin.units import HOURS_DAY, MS_HOUR, FloatArray, IntArray

#: the measure that only a plan asks for
SHORT_MORNINGS = "short_mornings"
#: chance that a certificate is given to a plan that misses a target, all targets together (convention)
ALPHA = 0.05


def default_targets() -> tuple[Target, ...]:
    """What a bed plan must reach unless the planner says otherwise.

    References
    ----------
    NHS England, 2025/26 priorities and operational planning guidance: 78 % within four hours by March 2026.
    NHS England, A&E attendances and emergency admissions: waits over four hours from decision to admit.
    The share of short ward-mornings is assumed: one in ten, as in ``SHORT_TO_OPEN``.
    """
    return (
        Target("Ward-mornings short of beds", SHORT_MORNINGS, "%", at_most=10),
        Target("Wait for a bed, slowest tenth", "boarding_hours_p90", "h", at_most=4),
        Target("Emergency, left within 4 h", "ed_within_4h", "%", at_least=78),
    )


def check_targets(targets: Sequence[Target]) -> None:
    """Refuse targets that cannot be measured or met.

    Raises
    ------
    ConfigError
        With every fault.
    """
    problems = []
    for target in targets:
        where = f'targets."{target.name}"'
        if target.measure != SHORT_MORNINGS and target.measure not in MEASURES:
            cure = did_you_mean(target.measure, [*MEASURES, SHORT_MORNINGS])
            problems.append(Problem(f"{where}.measure", target.measure, "no such measure", cure))
        levels = [x for x in (target.at_most, target.at_least) if x is not None]
        if len(levels) != 1 or not math.isfinite(levels[0]):
            problems.append(Problem(where, levels, "names one finite level: at_most or at_least"))
        elif target.unit == "%" and not 0 <= levels[0] <= 100:
            problems.append(Problem(where, levels[0], "a level in % lies between 0 and 100"))
        if not 0 < target.share <= 1:
            problems.append(Problem(f"{where}.share", target.share, "a share of futures above 0, at most 1"))
    if problems:
        raise ConfigError("the bed plan", problems)


@dataclass(frozen=True)
class Played:
    """One certifying future under one plan.

    Attributes
    ----------
    measures : the summary's measures, and ``short_mornings``: ward-mornings on which a ward needs more
        beds than it has open / all ward-mornings planned [%]
    beyond : patients in or waiting for the ward beyond its open beds at 08:00, shape (ward, day) [patients]
    waiting_days : patient-days spent waiting for a ward bed over the planned days [patient-days]
    """

    measures: Mapping[str, float]
    beyond: IntArray
    waiting_days: float


def play(
    case: Case,
    plans: Sequence[Plan],
    window: Window,
    paths: TrainPaths | CertifyPaths,
    *,
    seed: int,
    threads: int = 2,
    progress: Progress | None = None,
    check: Check | None = None,
) -> tuple[tuple[Played, ...], ...]:
    """Play a case under several plans on the same futures; a tuple of futures for each plan.

    Raises
    ------
    Overload
        A queue grew until the run had to be stopped: a plan cannot be measured on it.
    """
    mornings = morning_hours(window, case.hospital)
    cases = [case.with_(plan=plan) for plan in plans]
    schedules = [resolve(each, window) for each in cases]
    alike = [next(j for j in range(i + 1) if _same(schedules[j], schedules[i])) for i in range(len(plans))]
    different = sorted(set(alike))  # plans that open the same beds have the same future
    sides = [
        Side(cases[i], partial(_measured, case=cases[i], window=window, mornings=mornings)) for i in different
    ]
    futures = replicate_sides(
        sides,
        window,
        seed=seed,
        replications=paths.replications,
        threads=threads,
        progress=_of_one(progress, len(sides)),
        check=check,
    )
    return tuple(tuple(futures[different.index(i)]) for i in alike)


def _measured(trace: Trace, *, case: Case, window: Window, mornings: IntArray) -> Played:
    """One future under the plan of its case."""
    if trace.stopped_at is not None:
        raise Overload(f'under the plan "{case.plan.name}" a queue grows without end: {trace.stopped_why}')
    hospital, starts = case.hospital, window.clock(case.hospital).day_starts
    ends = window.warm_up + window.days
    first, last = int(starts[ends - mornings.size]), int(starts[ends])
    counted = need(trace, hospital)
    beyond = np.maximum(counted.need - counted.open_beds, 0)[:, mornings]
    waiting = counted.waiting[:, first // MS_HOUR : last // MS_HOUR].sum() / HOURS_DAY
    measures = {**measure(trace, hospital), SHORT_MORNINGS: 100 * float((beyond > 0).mean())}
    return Played(measures, beyond, float(waiting))


def _of_one(progress: Progress | None, sides: int) -> Progress | None:
    """Progress in futures, where so many sides of each are played."""
    return None if progress is None else lambda done, of: progress(done // sides, of // sides)


def _same(a: Schedule, b: Schedule) -> bool:
    return all(
        np.array_equal(level.times, b.levels[name].times)
        and np.array_equal(level.values, b.levels[name].values)
        for name, level in a.levels.items()
    )


def judge(
    targets: Sequence[Target], paths: CertifyPaths, played: Sequence[Played]
) -> tuple[TargetResult, ...]:
    """Each target's two numbers on the certifying futures.

    The bound of the mean is one-sided and holds at 95 % for all targets together (Bonferroni); a
    target that no future can measure (no emergency department, say) is left out.
    """
    if not isinstance(paths, CertifyPaths):
        raise TypeError("targets are judged on certifying futures, never on those a plan was made from")
    values = [(t, _defined(played, t.measure)) for t in targets]
    measured = [(t, x) for t, x in values if x.size]
    level = 1 - ALPHA / max(len(measured), 1)
    return tuple(_result(target, x, level) for target, x in measured)


def not_measured(targets: Sequence[Target], played: Sequence[Played]) -> tuple[str, ...]:
    """Names of the targets that no future can measure."""
    return tuple(t.name for t in targets if not _defined(played, t.measure).size)


def _defined(played: Sequence[Played], measure: str) -> FloatArray:
    x = np.array([p.measures[measure] for p in played], dtype=np.float64)
    return x[np.isfinite(x)]


def _result(target: Target, x: FloatArray, level: float) -> TargetResult:
    mean = float(x.mean())
    error = (
        float(stats.t.ppf(level, x.size - 1) * x.std(ddof=1) / math.sqrt(x.size)) if x.size > 1 else math.inf
    )
    bound = mean + error if target.at_most is not None else mean - error
    return TargetResult(target, mean, bound, float(np.mean([target.holds(v) for v in x])))


def cost_again(needs: WardNeeds, prices: BedPrices, open_beds: IntArray, moves: int = 0) -> float:
    """What levels cost in given futures, counted hour by hour. [currency]

    Parameters
    ----------
    open_beds
        Shape (ward, day). [beds]
    moves
        Beds opened or closed against today, once a period. [beds]
    """
    short_days, bed_days = short_and_open(needs, open_beds)
    return prices.short_patient_day * short_days + prices.open_bed_day * bed_days + prices.move * moves


def short_and_open(needs: WardNeeds, open_beds: IntArray) -> tuple[float, float]:
    """Expected patient-days beyond the open beds, and bed-days opened, for levels (ward, day)."""
    by_hour = open_beds[:, needs.day]
    beyond = np.maximum(needs.beds - by_hour[None, :, :], 0).sum() / needs.paths / HOURS_DAY
    return float(beyond), float(open_beds.sum())


def proportional(
    needs: WardNeeds, hospital: Hospital, ceiling: Mapping[str, int], total: int
) -> dict[str, int]:
    """The rule of thumb to beat: the total shared out by mean need, largest remainders first. [beds]"""
    mean = needs.beds.mean(axis=(0, 2))
    levels = dict.fromkeys(hospital.wards, 0)
    for _ in range(min(total, sum(ceiling.values()))):
        owed = [
            (mean[i] * total / max(mean.sum(), 1e-12) - levels[w], w)
            for i, w in enumerate(needs.wards)
            if levels[w] < ceiling[w]
        ]
        levels[max(owed)[1]] += 1
    return levels


def versions() -> dict[str, str]:
    """Versions of what made a plan."""
    return {name: version(name) for name in ("hospital-twin", "numpy", "numba", "pyomo", "highspy")}
