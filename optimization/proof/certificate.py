"""Certificates: what a plan does on futures that it has not seen, told alike for every kind of plan.

Nothing here knows a model; what was measured in the simulated hospital is all it reads. Of each target two
numbers are told: the expected level with its bound, and the share of futures that meet it with its own.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any, Protocol

from optimization.proof.attempts import Attempt
from optimization.proof.estimates import PerFuture, estimate, share_bound
from twin.errors import ConfigError, Problem, UsageError, did_you_mean
from twin.measures import MEASURES, Tally
from twin.plan import Certificate, Explanation, OffForecast, Selection, Target, TargetResult


class Measured(Protocol):
    """One future under one plan, with what was measured in it."""

    @property
    def measures(self) -> Mapping[str, float]:
        """Level of each measure in its unit."""

    @property
    def patients(self) -> Mapping[str, int]:
        """Of the measures that are means or shares over patients: over how many."""


def check_targets(targets: Sequence[Target], *, also: Sequence[str] = ()) -> None:
    """Refuse targets that cannot be measured or met.

    Parameters
    ----------
    also
        Measures that only this kind of plan has, beside those of the summary.

    Raises
    ------
    ConfigError
        With every fault.
    """
    known, problems = [*MEASURES, *also], []
    for target in targets:
        where = f'targets."{target.name}"'
        if target.measure not in known:
            cure = did_you_mean(target.measure, known)
            problems.append(
                Problem(f"{where}.measure", target.measure, "no such measure", cure, "E_UNKNOWN_NAME")
            )
        problems += _faults_of_level(where, target)
        if not 0 <= target.share <= 1:
            rule = "a share of futures from 0 (told, not asked) to 1"
            problems.append(Problem(f"{where}.share", target.share, rule, code="E_RANGE"))
    if problems:
        raise ConfigError("the plan", problems)


def _faults_of_level(where: str, target: Target) -> list[Problem]:
    levels = [x for x in (target.at_most, target.at_least) if x is not None]
    if len(levels) != 1:
        return [Problem(where, levels, "names one level: at_most or at_least", code="E_RANGE")]
    if not math.isfinite(levels[0]):
        return [Problem(where, levels[0], "a level is a finite number", code="E_NOT_FINITE")]
    if target.unit == "%" and not 0 <= levels[0] <= 100:
        return [Problem(where, levels[0], "a level in % lies between 0 and 100", code="E_RANGE")]
    return []


def patients_behind(counted: Tally) -> dict[str, int]:
    """Of each measure that is a mean or a share over patients: over how many in this future. [patients]"""
    seen, doors, waits = counted.attendances, counted.doors, counted.waits
    return {
        **dict.fromkeys(
            ("ed_within_4h", "ed_over_12h", "ed_hours_mean", "left_without_being_seen"), seen.came
        ),
        "wait_for_cubicle_minutes": seen.with_cubicle,
        "wait_to_be_seen_minutes": seen.with_doctor,
        **dict.fromkeys(("left_waiting", "refused", "balked"), doors.came),
        "boarding_hours_mean": waits.boarded,
        "outpatient_wait_minutes": waits.in_clinic,
    }


def per_future(targets: Sequence[Target], played: Sequence[Measured]) -> dict[str, PerFuture]:
    """What was measured in each future, by measure; of shares of patients as sum over sum."""
    return {t.measure: _column(t.measure, played) for t in targets}


def _column(measure: str, played: Sequence[Measured]) -> PerFuture:
    alone = PerFuture.of([each.measures[measure] for each in played])
    patients = [each.patients.get(measure, 1) for each in played]
    return PerFuture(alone.total * patients, alone.count * patients)


def judge(
    targets: Sequence[Target], attempt: Attempt, seen: Mapping[str, PerFuture]
) -> tuple[TargetResult, ...]:
    """Each target's two numbers on the futures of this attempt.

    The bounds are one-sided and hold for all targets together (Bonferroni) with the chance of error of the
    attempt. Within a target nothing more is paid: it is proved only if both numbers are (Berger 1982). A
    target that no future can measure (no emergency department, say) is left out.

    Parameters
    ----------
    seen
        What was measured, by measure; a future each of ``attempt.paths``, in their order.

    Raises
    ------
    UsageError
        Not as many futures as the attempt has, or a target's measure is not among them.

    References
    ----------
    Berger (1982), Multiparameter hypothesis testing and acceptance sampling, Technometrics 24(4), 295-300.
    """
    if not isinstance(attempt, Attempt):
        raise TypeError("targets are judged on an attempt's own futures, never on those a plan was made from")
    for target in targets:
        _fits(target, attempt, seen)
    measured = [t for t in targets if seen[t.measure].futures]
    return results(measured, seen, attempt.alpha)


def results(
    targets: Sequence[Target], seen: Mapping[str, PerFuture], alpha: float
) -> tuple[TargetResult, ...]:
    """Each target's two numbers, with this chance of error for all bounds; ``judge`` makes a proof of it."""
    return tuple(_result(target, seen[target.measure], alpha / len(targets)) for target in targets)


def not_measured(targets: Sequence[Target], seen: Mapping[str, PerFuture]) -> tuple[str, ...]:
    """Names of the targets that no future can measure."""
    return tuple(t.name for t in targets if not seen[t.measure].futures)


def certificate(
    *,
    cost: float,
    objective: float,
    bound: float | None,
    bound_note: str,
    targets: tuple[TargetResult, ...],
    train_paths: int,
    attempt: Attempt,
    seed: int,
    command: str,
    selection: Selection | None = None,
    off_forecast: tuple[OffForecast, ...] = (),
) -> Certificate:
    """A plan's certificate; the gap, versions and what the attempt spent are filled in.

    Parameters
    ----------
    cost, objective
        Counted again without the model, and as the solver saw it; the same unit.
    bound
        Proved of the model's optimum; None where no theorem gives one, as ``bound_note`` says.
    """
    return Certificate(
        cost=cost,
        objective=objective,
        bound=bound,
        gap=gap_of(objective, bound),
        bound_note=bound_note,
        targets=targets,
        train_paths=train_paths,
        certify_paths=len(attempt.paths.replications),
        seed=seed,
        versions=versions(),
        command=command,
        attempt=attempt.number,
        alpha=attempt.alpha,
        selection=selection,
        off_forecast=off_forecast,
    )


def gap_of(objective: float, bound: float | None) -> float | None:
    """(objective - bound) / |objective|; 0 where both are 0, None without a bound. [fraction]"""
    if bound is None or not math.isfinite(bound):
        return None
    if objective == bound:
        return 0.0
    return (objective - bound) / abs(objective) if objective else None


def document(proof: Certificate) -> dict[str, Any]:
    """The certificate as JSON's own types; what is not finite (the bound of one future) is null."""
    told: dict[str, Any] = _finite(_document(proof))
    return told


def reasons(because: Explanation) -> dict[str, Any]:
    """The explanation as JSON's own types."""
    return {
        "headline": because.headline,
        "sentences": list(because.sentences),
        "binds": list(because.binds),
        "one_more": [{"what": what, "brings": brings} for what, brings in because.one_more],
        "short": list(because.short),
    }


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_finite(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _document(proof: Certificate) -> dict[str, Any]:
    return {
        "holds": proof.holds,
        "proved": proof.proved,
        "cost": proof.cost,
        "objective": proof.objective,
        "bound": proof.bound,
        "gap": proof.gap,
        "bound_note": proof.bound_note,
        "train_paths": proof.train_paths,
        "certify_paths": proof.certify_paths,
        "attempt": proof.attempt,
        "alpha": proof.alpha,
        "seed": proof.seed,
        "versions": dict(proof.versions),
        "command": proof.command,
        "wording": proof.wording,
        "targets": [_target(result) for result in proof.targets],
        "selection": None if proof.selection is None else _selection(proof.selection),
        "off_forecast": [
            {
                "change": off.change,
                "cost": off.cost,
                "targets": [_target(r) for r in off.targets],
                "note": off.note,
            }
            for off in proof.off_forecast
        ],
    }


def versions() -> dict[str, str]:
    """Versions of what made a plan."""
    return {name: version(name) for name in ("hospital-twin", "numpy", "numba", "pyomo", "highspy")}


def _fits(target: Target, attempt: Attempt, seen: Mapping[str, PerFuture]) -> None:
    column, futures = seen.get(target.measure), len(attempt.paths.replications)
    if column is None or column.total.size != futures:
        got = "nothing" if column is None else f"{column.total.size}"
        raise UsageError(
            f'"{target.name}": {got} measured; the attempt has {futures} futures', code="E_RANGE"
        )


def _result(target: Target, seen: PerFuture, alpha: float) -> TargetResult:
    told, met = estimate(seen), sum(target.holds(float(level)) for level in seen.levels)
    return TargetResult(
        target,
        told.expected,
        told.upper(alpha) if target.at_most is not None else told.lower(alpha),
        met / told.futures,
        share_bound(met, told.futures, alpha),
    )


def _target(result: TargetResult) -> dict[str, Any]:
    return {
        "name": result.target.name,
        "unit": result.target.unit,
        "limit": result.target.limit,
        "expected": result.expected,
        "bound95": result.bound95,
        "share_of_futures": result.share_of_futures,
        "share_bound95": result.share_bound95,
        "asked_share": result.target.share,
        "met_on_average": result.target.holds(result.expected),
        "holds": result.holds,
        "proved": result.proved,
    }


def _selection(chosen: Selection) -> dict[str, Any]:
    return {
        "finalists": chosen.finalists,
        "futures": chosen.futures,
        "within": chosen.within,
        "confidence": chosen.confidence,
        "worth": chosen.worth,
        "reached": chosen.reached,
    }
