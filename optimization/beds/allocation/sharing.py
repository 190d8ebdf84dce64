"""Sharing out a total: bed by bed where costs are convex, by dynamic programming where they are not.

Both are exact, and both agree with the model of record; shares in proportion are the rule of thumb to beat.
"""

from __future__ import annotations

import numpy as np

from optimization.beds.allocation.costs import RefusalCosts
from twin.errors import Infeasible, TwinError
from twin.units import FloatArray, IntArray

#: costs are convex if no bed saves this much more than the one before, of what the first saves [fraction]
_ROUNDING = 1e-9


def by_marginal_analysis(costs: RefusalCosts, total: int) -> IntArray:
    """The cheapest allocation of convex costs, int (specialty,). [beds]

    Beds are given one by one where the next saves most. As a further bed never saves more than the one
    before, that is giving the beds that save most of all, so one sorting does it. Beds that save nothing
    are not given.

    Raises
    ------
    Infeasible
        The floors are above the total.
    TwinError
        The costs are not convex: marginal analysis would be a guess.

    References
    ----------
    Fox (1966), Oper. Res. 14(2), 210-216, doi:10.1287/opre.14.2.210.
    """
    saves = costs.saves()
    bed = np.arange(1, saves.shape[1] + 1)
    free = (bed > costs.least[:, None]) & (bed <= costs.most[:, None])
    rises = np.diff(saves, axis=1) > _ROUNDING * max(float(saves.max(initial=0)), 1e-300)
    if (rises & free[:, 1:] & free[:, :-1]).any():
        raise TwinError("a further bed saves more than the one before: marginal analysis does not hold here")
    left = total - int(costs.least.sum())
    if left < 0:
        raise Infeasible(f"the floors ask for {costs.least.sum()} beds, the total is {total}: {-left} short")
    worth = np.where(free & (saves > 0), saves, -np.inf)
    order = np.argsort(-worth, axis=None, kind="stable")[:left]
    given = order[np.isfinite(worth.ravel()[order])]
    return costs.least + np.bincount(given // saves.shape[1], minlength=len(costs.names))


def exactly(costs: RefusalCosts, total: int) -> IntArray:
    """The cheapest allocation of any costs, int (specialty,). [beds]

    Dynamic programming over specialties: cheapest cost of the first i with b beds, for every b. Where
    several are equally cheap, the one with fewer beds in the later specialties.

    Raises
    ------
    Infeasible
        The floors are above the total.
    """
    specialties = len(costs.names)
    asked = int(costs.least.sum())
    if asked > total:
        raise Infeasible(f"the floors ask for {asked} beds, the total is {total}: {asked - total} short")
    cheapest = np.zeros(total + 1)
    taken = np.zeros((specialties, total + 1), np.int64)
    for i in range(specialties):
        cheapest, taken[i] = _with_one_more(cheapest, costs.weighted[i], costs.least[i], costs.most[i])
    beds, left = np.zeros(specialties, np.int64), total
    for i in reversed(range(specialties)):
        beds[i] = taken[i, left]
        left -= beds[i]
    return beds


def _with_one_more(
    cheapest: FloatArray, cost: FloatArray, least: int, most: int
) -> tuple[FloatArray, IntArray]:
    """Cheapest costs of 0 ... total beds with one more specialty, and the beds that it takes."""
    best = np.full(cheapest.size, np.inf)
    taken = np.zeros(cheapest.size, np.int64)
    for beds in range(int(least), int(most) + 1):
        then = cost[beds] + cheapest[: cheapest.size - beds]
        better = then < best[beds:]
        best[beds:][better] = then[better]
        taken[beds:][better] = beds
    return best, taken


def in_proportion(offered: FloatArray, total: int) -> IntArray:
    """The rule of thumb: shares in proportion to offered load, largest remainders first. [beds]"""
    exact = offered / offered.sum() * total
    beds = np.floor(exact).astype(np.int64)
    beds[np.argsort(beds - exact, kind="stable")[: total - int(beds.sum())]] += 1
    return beds
