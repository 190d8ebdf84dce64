"""Estimates over futures: an expected level with a bound on its unsafe side, a share with its exact bound.

A future (one replication on one path) is what is drawn independently, not the patient in it: those of a
bad day wait together. So a share of patients is a ratio of two sums over futures, and its error is worked
out from how the futures differ. Bad days make what differs skewed, and then the usual t bound is too kind:
of levels that lie exactly on the target it passed 7 to 13 % instead of 5 % with 20 to 60 futures. Bounds
here are corrected for skewness, and never kinder than the t bound.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from twin.errors import UsageError
from twin.units import FloatArray

#: fewer differences than this say nothing of skewness; the t bound stands alone
ENOUGH_FOR_SKEWNESS = 3
#: a spread below this part of the level is rounding: all futures are alike [fraction]
ROUNDING = 1e-12


@dataclass(frozen=True)
class PerFuture:
    """What was measured in each future: a sum, and over how many.

    Attributes
    ----------
    total : sums, shape (future,), e.g. 100 x patients who started within 30 minutes [the target's unit]
    count : of how many, shape (future,), e.g. patients; 1 where a future has one number. A future with
        none measured (no patient came) has count 0
    """

    total: FloatArray
    count: FloatArray

    def __post_init__(self) -> None:
        total = np.array(self.total, dtype=np.float64, copy=True)
        count = np.array(self.count, dtype=np.float64, copy=True)
        if total.ndim != 1 or total.shape != count.shape:
            raise UsageError(
                f"one sum and one count a future; got shapes {total.shape} and {count.shape}", code="E_RANGE"
            )
        if not (np.isfinite(total).all() and np.isfinite(count).all() and (count >= 0).all()):
            raise UsageError("sums are finite, counts finite and 0 or more", code="E_NOT_FINITE")
        if (total[count == 0] != 0).any():
            raise UsageError("a future in which nothing was counted has no sum", code="E_RANGE")
        for name, column in (("total", total), ("count", count)):
            column.setflags(write=False)
            object.__setattr__(self, name, column)

    @classmethod
    def of(cls, values: ArrayLike) -> PerFuture:
        """One number a future; one that is not finite was not measured."""
        x = np.asarray(values, dtype=np.float64)
        measured = np.isfinite(x)
        return cls(np.where(measured, x, 0.0), measured.astype(np.float64))

    @property
    def measured(self) -> PerFuture:
        """The futures in which something was measured."""
        there = self.count > 0
        return PerFuture(self.total[there], self.count[there])

    @property
    def futures(self) -> int:
        """Futures in which something was measured."""
        return int((self.count > 0).sum())

    @property
    def levels(self) -> FloatArray:
        """The level of each future in which something was measured. [the target's unit]"""
        there = self.measured
        return there.total / there.count


@dataclass(frozen=True)
class Estimate:
    """An expected level, and how sure it is.

    Attributes
    ----------
    expected : sum of totals / sum of counts; the mean where each future counts once
    error : its standard error, futures as clusters; infinite for one future
    skewness : of the differences of the futures from it
    futures : how many
    """

    expected: float
    error: float
    skewness: float
    futures: int

    def lower(self, alpha: float) -> float:
        """The expected level lies above this, but for a chance of ``alpha``."""
        return self.expected - self._reach(alpha, self.skewness)

    def upper(self, alpha: float) -> float:
        """The expected level lies below this, but for a chance of ``alpha``."""
        return self.expected + self._reach(alpha, -self.skewness)

    def _reach(self, alpha: float, skewness: float) -> float:
        _a_chance(alpha)
        if self.futures < 2:
            return math.inf
        if self.error == 0:
            return 0.0
        t = float(stats.t.ppf(1 - alpha, self.futures - 1))
        return max(t, float(_without_skewness(t, skewness / math.sqrt(self.futures)))) * self.error


def estimate(seen: PerFuture) -> Estimate:
    """The expected level over futures: a ratio of sums, its error by linearisation.

    With r = sum(total) / sum(count), future i differs by d_i = (total_i - r count_i) / mean(count), and the
    error is sd(d) / sqrt(n), with n - 1 degrees of freedom.

    Raises
    ------
    UsageError
        No future measured anything.

    References
    ----------
    Cochran (1977), Sampling Techniques, 3rd ed., section 6.4 and equation 6.10 (ratio estimator).
    Law (2015), Simulation Modeling and Analysis, 5th ed., section 9.5.3 (replications, ratios).
    """
    here = seen.measured
    n = here.total.size
    if n == 0:
        raise UsageError("no future measured anything", code="E_RANGE")
    expected = float(here.total.sum() / here.count.sum())
    differs = (here.total - expected * here.count) / here.count.mean()
    spread = float(differs.std(ddof=1)) if n > 1 else math.inf
    if spread <= ROUNDING * max(1.0, abs(expected)):
        return Estimate(expected, 0.0, 0.0, n)
    return Estimate(expected, spread / math.sqrt(n), float(_skewness(differs)), n)


def upper_bounds(values: FloatArray, alpha: float) -> FloatArray:
    """Upper bounds of many means at once, each but for a chance of ``alpha``; as ``Estimate.upper``.

    Parameters
    ----------
    values
        Shape (..., future), 2 futures or more.

    Returns
    -------
    FloatArray, shape (...)
    """
    _a_chance(alpha)
    n = values.shape[-1]
    mean, spread = values.mean(axis=-1), values.std(axis=-1, ddof=1)
    some = spread > ROUNDING * np.maximum(1.0, np.abs(mean))
    standard = np.where(some[..., None], values - mean[..., None], 0.0)
    k = -_skewness(standard) / math.sqrt(n)
    t = float(stats.t.ppf(1 - alpha, n - 1))
    reach = np.maximum(t, _without_skewness(t, k)) * spread / math.sqrt(n)
    bounds: FloatArray = mean + np.where(some, reach, 0.0)
    return bounds


def share_bound(met: int, futures: int, alpha: float) -> float:
    """The share of all futures that meet a level is at least this, but for a chance of ``alpha``. [fraction]

    References
    ----------
    Clopper & Pearson (1934), Biometrika 26(4), 404-413, doi:10.1093/biomet/26.4.404 (exact).
    """
    _a_chance(alpha)
    if not 0 <= met <= futures:
        raise UsageError(f"{met} of {futures} futures is no share", code="E_RANGE")
    return 0.0 if met == 0 else float(stats.beta.ppf(alpha, met, futures - met + 1))


def futures_to_prove(share: float, alpha: float) -> int | None:
    """The fewest futures, all of which meet the level, that prove this share; None for a share of 1.

    All n of n futures prove a share of alpha^(1/n).
    """
    _a_chance(alpha)
    if share >= 1:
        return None
    return 1 if share <= alpha else math.ceil(math.log(alpha) / math.log(share) - 1e-9)


def futures_for(pilot: Estimate, margin: float, alpha: float, *, power: float = 0.9) -> int:
    """Futures with which a level that is better than the target by ``margin`` is proved with this chance.

    The pilot comes from training futures; so its choice costs the proof nothing. By the normal
    approximation n = ((q + z) sd / margin)^2, where q is the bound's own quantile at that n.

    Parameters
    ----------
    margin
        In the target's unit, above 0.
    power
        Chance that such a plan is certified (assumed: 0.9, so that a poor pilot still leaves 0.8).
    """
    if not margin > 0:
        raise UsageError(f"a margin is above 0; got {margin:g}", code="E_RANGE")
    _a_chance(alpha)
    spread = pilot.error * math.sqrt(pilot.futures)
    if not math.isfinite(spread):
        raise UsageError("one future says nothing of how futures differ; play 2 or more", code="E_RANGE")
    z = float(stats.norm.ppf(power))

    def wanted(n: int) -> int:
        t = float(stats.t.ppf(1 - alpha, n - 1))
        q = max(t, float(_without_skewness(t, -abs(pilot.skewness) / math.sqrt(n))))
        return math.ceil(((q + z) * spread / margin) ** 2)

    n = max(2, math.ceil(((float(stats.norm.ppf(1 - alpha)) + z) * spread / margin) ** 2))
    while (more := wanted(n)) > n:
        n = math.ceil((n + more) / 2)
    return n


def _skewness(differs: FloatArray) -> FloatArray:
    """Skewness along the last axis, corrected for few futures (G1); 0 where nothing differs."""
    n = differs.shape[-1]
    if n < ENOUGH_FOR_SKEWNESS:
        return np.zeros(differs.shape[:-1])
    c = differs - differs.mean(axis=-1, keepdims=True)
    second, third = (c**2).mean(axis=-1), (c**3).mean(axis=-1)
    skewness: FloatArray = np.divide(third, second**1.5, out=np.zeros_like(third), where=second > 0)
    return skewness * math.sqrt(n * (n - 1)) / (n - 2)


def _without_skewness(x: float, k: ArrayLike) -> FloatArray:
    """The quantile x of a symmetric law, for a mean whose skewness / sqrt(n) is k.

    The inverse of Hall's cubic g(T) = T + kT^2/3 + k^2 T^3/27 + k/6.

    References
    ----------
    Hall (1992), On the removal of skewness by transformation, J. R. Stat. Soc. B 54(1), 221-228, eq. 2.
    """
    skewed = np.asarray(k, dtype=np.float64)
    none = np.abs(skewed) < 1e-9
    by = np.where(none, 1.0, skewed)
    quantile: FloatArray = np.where(none, x, (np.cbrt(1 + by * (x - by / 6)) - 1) * 3 / by)
    return quantile


def _a_chance(alpha: float) -> None:
    if not 0 < alpha < 1:
        raise UsageError(f"a chance of error lies between 0 and 1; got {alpha:g}", code="E_RANGE")
