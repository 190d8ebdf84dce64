"""Pricing the float pools: what one more person of a pool is worth on each shift, and a proved bound.

With a price on every person lent, wards and pools can be solved apart (Dantzig and Wolfe 1960, Oper. Res.
8, 101-111, doi:10.1287/opre.8.1.101; Geoffrion 1974, Math. Program. Study 2, 82-114). Whatever the prices
are, the least costs of the wards that pay them, less what the pools earn, add up to a bound: no plan costs
less. The best prices are the shadow prices of the whole relaxation, found by an interior point method; the
bound itself is then proved ward by ward at those prices, so nothing rests on their accuracy.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial

import highspy
import numpy as np
from scipy import sparse

from optimization.arrays import Arrays, joined
from optimization.cover.kept import Kept
from twin.units import FloatArray

#: share of the time allowed that the search for prices may take [fraction]
FOR_PRICES = 0.6
#: tolerance of the interior point method; any prices prove a bound, so they need not be exact [fraction]
NEAR_PRICES = 1e-3


#: optimal, or as near as the tolerance asks and HiGHS cannot tell
_SOLVED = (highspy.HighsModelStatus.kOptimal, highspy.HighsModelStatus.kUnknown)


@dataclass(frozen=True)
class Relaxed:
    """Whom the pools lend in the whole relaxation, in parts of people.

    Attributes
    ----------
    lent : for each ward (its pool, cell) [people]
    lends : (pool, cell) people whom each pool has there [people]
    """

    lent: list[FloatArray] = field(repr=False)
    lends: FloatArray = field(repr=False)


@dataclass(frozen=True)
class Priced:
    """Prices of pool people, and what they prove.

    Attributes
    ----------
    prices : (pool, cell) of one person on one shift [currency]
    wards, pools : least cost of each at these prices [currency]
    relaxed : whom the whole relaxation would lend; None where the limit came first
    """

    prices: FloatArray
    wards: tuple[float, ...]
    pools: tuple[float, ...]
    relaxed: Relaxed | None = None

    @property
    def bound(self) -> float:
        """No plan costs less. [currency]"""
        return sum(self.wards) + sum(self.pools)


def price_pools(kept: Kept, time_limit: float) -> Priced:
    """The shadow prices of the whole relaxation, and the bound that they prove.

    Where the limit [s] comes first, a person of a pool is priced as one from an agency: any prices prove a
    bound, and how good it is shows in the gap.
    """
    if not kept.pools:
        return priced_at(kept, np.zeros((0, _cells(kept))))
    whole = relaxation(kept)
    h = whole.highs(whole=False)
    h.setOptionValue("time_limit", FOR_PRICES * time_limit)
    h.setOptionValue("solver", "ipm")
    h.setOptionValue("run_crossover", "off")
    h.setOptionValue("ipm_optimality_tolerance", NEAR_PRICES)
    h.run()
    solution, cells = h.getSolution(), _cells(kept)
    if h.getModelStatus() not in _SOLVED or not (solution.dual_valid and solution.value_valid):
        return priced_at(kept, np.tile(_agency(kept), (len(kept.pools), 1)))
    coupling = np.array(solution.row_dual)[whole.matrix.shape[0] - len(kept.pools) * cells :]
    priced = priced_at(kept, np.maximum(-coupling, 0.0).reshape(len(kept.pools), cells))
    x, starts = np.maximum(solution.col_value, 0.0), _starts(kept)
    lent = [x[start + ward.lent] for start, ward in zip(starts, kept.wards, strict=False)]
    lends = [x[start + pool.lends] for start, pool in zip(starts[len(lent) :], kept.pools, strict=True)]
    return replace(priced, relaxed=Relaxed(lent, np.array(lends)))


def priced_at(kept: Kept, prices: FloatArray) -> Priced:
    """What any prices of 0 or more prove."""
    wards = kept.each(lambda ward: ward.at_prices(prices).value, kept.wards)
    pools = [pool.at_prices(prices[i]).value for i, pool in enumerate(kept.pools)]
    return Priced(prices, tuple(wards), tuple(pools))


def _agency(kept: Kept) -> FloatArray:
    terms = kept.terms
    cells = np.ndindex(terms.days, terms.shifts, len(terms.skills))
    return np.array([terms.agency_shift(*cell) for cell in cells])


def relaxation(kept: Kept) -> Arrays:
    """All wards and pools side by side; the last rows say that nobody is lent twice."""
    parts = [*(w.arrays for w in kept.wards), *(p.arrays for p in kept.pools)]
    whole, starts, cells = joined(parts), _starts(kept), _cells(kept)
    shape = (len(kept.pools) * cells, whole.cost.size)
    of_ones = partial(_ones, shape=shape)
    lent = [
        of_ones(pool * cells + np.arange(cells), start + columns, 1.0)
        for start, ward in zip(starts, kept.wards, strict=False)
        for pool, columns in zip(ward.pools, ward.lent, strict=True)
    ]
    has = [
        of_ones(i * cells + np.arange(cells), start + pool.lends, -1.0)
        for i, (start, pool) in enumerate(zip(starts[len(kept.wards) :], kept.pools, strict=True))
    ]
    whole.matrix = sparse.csc_matrix(
        sparse.vstack([whole.matrix, sum([*lent, *has], sparse.csc_matrix(shape))])
    )
    whole.low = np.append(whole.low, np.full(shape[0], -np.inf))
    whole.high = np.append(whole.high, np.zeros(shape[0]))
    return whole


def _ones(rows, columns, value, *, shape):  # type: ignore[no-untyped-def]
    return sparse.csc_matrix((np.full(rows.size, value), (rows, columns)), shape=shape)


def _starts(kept: Kept) -> list[int]:
    """First column of each ward and pool among all."""
    sizes = [*(w.arrays.cost.size for w in kept.wards), *(p.arrays.cost.size for p in kept.pools)]
    starts: list[int] = np.cumsum([0, *sizes])[:-1].tolist()
    return starts


def _cells(kept: Kept) -> int:
    return kept.terms.days * kept.terms.shifts * len(kept.terms.skills)
