"""Readiness: the chance that a kit is not in full, as far as so many futures can tell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from twin.errors import UsageError

#: the rule of three: an event seen in 0 of n futures has a chance of at most 3/n, at 95 %
RULE_OF_THREE = 3.0
#: resampled sets of futures; enough for two digits of an interval (Efron & Tibshirani 1993, ch. 13)
RESAMPLED = 2_000


@dataclass(frozen=True)
class Readiness:
    """The chance of any kit miss in the measured days.

    Attributes
    ----------
    futures, with_a_miss : replications, and those of them with any miss
    chance : share of futures with a miss [fraction]
    at_most95 : upper end of its one-sided 95 % interval [fraction]
    """

    futures: int
    with_a_miss: int
    chance: float
    at_most95: float


def readiness(any_miss: ArrayLike) -> Readiness:
    """Chance of any kit miss from independent replications.

    Parameters
    ----------
    any_miss
        Whether each replication had a miss, shape (replication,): the measure ``any_kit_miss``.

    References
    ----------
    Hanley & Lippman-Hand (1983), JAMA 249(13), 1743-1745 (0 of n: 3/n); Clopper & Pearson (1934),
    Biometrika 26(4), 404-413 (otherwise).
    """
    from scipy.special import betaincinv  # a quarter of a second, and most hospitals have no kits

    known = np.asarray(any_miss, dtype=np.float64)
    flags = known[np.isfinite(known)] > 0
    n, k = int(flags.size), int(flags.sum())
    if n == 0:
        raise UsageError("the chance of a kit miss needs one replication or more of a hospital with kits")
    if k == 0:
        return Readiness(n, 0, 0.0, min(RULE_OF_THREE / n, 1.0))
    upper = 1.0 if k == n else float(betaincinv(k + 1, n - k, 0.95))
    return Readiness(n, k, k / n, upper)


@dataclass(frozen=True)
class Rate:
    """Misses an operation, with the 95 % interval that whole futures give."""

    misses: int
    operations: int
    rate: float  # [misses an operation]
    low95: float
    high95: float


def miss_rate(counts: Sequence[tuple[int, int]], *, seed: int = 0) -> Rate:
    """Kit misses an operation over all replications.

    Operations of one replication share their stock and are not independent, so whole replications
    are resampled (a cluster bootstrap), not operations.

    Parameters
    ----------
    counts
        (operations, misses) of each replication, as ``operations`` tells.
    seed
        Of the resampling; the same counts and seed give the same interval.

    References
    ----------
    Field & Welsh (2007), Bootstrapping clustered data, J. R. Stat. Soc. B 69(3), 369-390.
    """
    known = np.asarray(counts, dtype=np.int64).reshape(-1, 2)
    done, missed = known.sum(axis=0)
    if done == 0:
        raise UsageError("misses an operation need one operation or more")
    chosen = np.random.default_rng(seed).integers(0, len(known), size=(RESAMPLED, len(known)))
    resampled = known[chosen].sum(axis=1)
    with_any = resampled[:, 0] > 0
    rates = resampled[with_any, 1] / resampled[with_any, 0]
    low, high = np.quantile(rates, (0.025, 0.975))
    return Rate(int(missed), int(done), float(missed / done), float(low), float(high))
