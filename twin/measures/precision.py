"""Precision: a *band* is the range of futures; a *margin* is how well a mean is known.

The two are never mixed: charts show bands, tables show margins.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import ArrayLike

from twin.units import FloatArray

#: levels of the bands that every chart shows: 50 % and 80 % of futures, and the middle
BAND_LEVELS = (0.1, 0.25, 0.5, 0.75, 0.9)


@dataclass(frozen=True)
class Estimate:
    """A mean over replications with its 95 % simulation error (Student's t).

    ``margin95`` is infinite for fewer than two replications; ``n`` counts those with a value.
    """

    mean: float
    margin95: float
    n: int

    @property
    def is_clear(self) -> bool:
        """The interval of a difference leaves zero out."""
        return math.isfinite(self.mean) and abs(self.mean) > self.margin95


def estimate(values: ArrayLike) -> Estimate:
    """Mean and half-width of its 95 % interval over independent replications.

    Replications without a value (NaN) are left out and ``n`` says how many had one.
    """
    x = np.asarray(values, dtype=np.float64)
    x = x[np.isfinite(x)]
    if x.size == 0:
        return Estimate(math.nan, math.inf, 0)
    if x.size == 1:
        return Estimate(float(x[0]), math.inf, 1)
    half = _t975(x.size - 1) * x.std(ddof=1) / math.sqrt(x.size)
    return Estimate(float(x.mean()), float(half), int(x.size))


@cache
def _t975(freedom: int) -> float:
    """The quantile of Student's t for 95 % on both sides; a comparison asks for it at each measure."""
    from scipy.special import stdtrit  # a quarter of a second, and a run that asks for no margin needs none

    return float(stdtrit(freedom, 0.975))


def paired(base: ArrayLike, changed: ArrayLike) -> Estimate:
    """Mean difference changed - base of replications that met the same patients."""
    return estimate(np.asarray(changed, dtype=np.float64) - np.asarray(base, dtype=np.float64))


def band(values: ArrayLike, levels: Sequence[float] = BAND_LEVELS, axis: int = 0) -> FloatArray:
    """Quantiles over futures along ``axis``; the first axis of the answer is the level."""
    return np.quantile(np.asarray(values, dtype=np.float64), levels, axis=axis)
