"""Counts: whole numbers by the inversion of one uniform number, from tables that are made once.

Poisson and negative binomial for the patients of a day, binomial for the people away from a shift. A
table holds the distribution function of the counts that a uniform number can give; the quantile is the
first count at which it reaches the number.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from scipy import special

from twin.streams import LAST, STEP
from twin.units import FloatArray, IntArray

#: the first count of a table, and the share of counts up to it and to each that follows
_Table = tuple[int, FloatArray]


def daily_counts(u: FloatArray, mean: FloatArray, dispersion: float) -> IntArray:
    """Counts with these means, and variances so many times the means, at uniform numbers. Same shape."""
    counts = np.zeros(u.shape, np.int64)
    for rate in set(mean.tolist()) - {0.0}:
        alike = mean == rate
        counts[alike] = _at(_of_day(rate, dispersion), u[alike])
    return counts


def people_away(u: FloatArray, people: int, chance: float) -> IntArray:
    """Of so many people, each away with this chance, those who are. Same shape as ``u``."""
    return _at(_of_shift(people, chance), u)


def _at(table: _Table, u: FloatArray) -> IntArray:
    first, up_to = table
    return first + np.searchsorted(up_to, u)


@lru_cache(maxsize=1_024)
def _of_day(mean: float, dispersion: float) -> _Table:
    if dispersion == 1:
        return _table(lambda k: special.pdtr(k, mean), mean, mean)
    size, p = mean / (dispersion - 1), 1 / dispersion
    return _table(lambda k: special.betainc(size, k + 1, p), mean, mean * dispersion)


@lru_cache(maxsize=1_024)
def _of_shift(people: int, chance: float) -> _Table:
    def up_to(k: FloatArray) -> FloatArray:
        return np.where(k < people, special.betaincc(k + 1, np.maximum(people - k, 1), chance), 1.0)

    return _table(up_to, people * chance, people * chance * (1 - chance))


def _table(up_to: Callable[[FloatArray], FloatArray], mean: float, variance: float) -> _Table:
    """From the count at the least uniform number, half a step, to that at the last one before 1."""
    width = 8 * np.sqrt(variance) + 8
    low, high = np.floor(mean - width), np.ceil(mean + width)
    while low >= 0 and up_to(low) >= STEP / 2:
        low = np.floor(low - width)
    while up_to(high) < np.minimum(up_to(high + width), LAST):
        high = np.ceil(high + width)
    counts = np.arange(max(low, 0.0), high + 1)
    shares = up_to(counts)
    begin, end = np.searchsorted(shares, (STEP / 2, LAST))
    shares = shares[begin : end + 1]
    shares.setflags(write=False)
    return int(counts[begin]), shares
