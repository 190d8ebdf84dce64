"""Proof of a plan: its targets judged on futures it has not seen.

Nothing here knows a model; what was measured in the simulated hospital is all it reads.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Protocol

import numpy as np
from scipy import stats

from optimization.paths import CertifyPaths
from twin.errors import ConfigError, Problem, did_you_mean
from twin.measures import MEASURES
from twin.plan import Target, TargetResult
from twin.units import FloatArray

#: chance that a certificate is given to a plan that misses a target, all targets together (convention)
ALPHA = 0.05


class Measured(Protocol):
    """One future under one plan, with what was measured in it."""

    @property
    def measures(self) -> Mapping[str, float]:
        """Level of each measure in its unit."""


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
            problems.append(Problem(f"{where}.measure", target.measure, "no such measure", cure))
        levels = [x for x in (target.at_most, target.at_least) if x is not None]
        if len(levels) != 1 or not math.isfinite(levels[0]):
            problems.append(Problem(where, levels, "names one finite level: at_most or at_least"))
        elif target.unit == "%" and not 0 <= levels[0] <= 100:
            problems.append(Problem(where, levels[0], "a level in % lies between 0 and 100"))
        if not 0 < target.share <= 1:
            problems.append(Problem(f"{where}.share", target.share, "a share of futures above 0, at most 1"))
    if problems:
        raise ConfigError("the plan", problems)


def judge(
    targets: Sequence[Target], paths: CertifyPaths, played: Sequence[Measured]
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


def not_measured(targets: Sequence[Target], played: Sequence[Measured]) -> tuple[str, ...]:
    """Names of the targets that no future can measure."""
    return tuple(t.name for t in targets if not _defined(played, t.measure).size)


def _defined(played: Sequence[Measured], measure: str) -> FloatArray:
    x = np.array([p.measures[measure] for p in played], dtype=np.float64)
    return x[np.isfinite(x)]


def _result(target: Target, x: FloatArray, level: float) -> TargetResult:
    mean = float(x.mean())
    error = (
        float(stats.t.ppf(level, x.size - 1) * x.std(ddof=1) / math.sqrt(x.size)) if x.size > 1 else math.inf
    )
    bound = mean + error if target.at_most is not None else mean - error
    return TargetResult(target, mean, bound, float(np.mean([target.holds(v) for v in x])))


def versions() -> dict[str, str]:
    """Versions of what made a plan."""
    return {name: version(name) for name in ("hospital-twin", "numpy", "numba", "pyomo", "highspy")}
