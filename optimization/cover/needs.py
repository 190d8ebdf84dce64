"""Needs: how many people of each skill a ward wants by hour, over futures, and what too few would mean.

The curve of a shift tells the expected person-hours short for each number of people asked to it. It is
a mean over futures and hours of what is missing, not what is missing on average: a shift that is short in
one future in five is short. Each one asked is absent with the group's chance, so the number who come is
binomial, and the curve, a mean of convex functions of it, is convex in the number asked (Shaked and
Shanthikumar 1988, J. Appl. Probab. 25, 642-647, doi:10.2307/3213992: stochastic convexity).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from scipy import stats

from optimization.cover.patterns import ShiftKind
from twin.units import FloatArray, IntArray

#: a further person who would save less than this is left out of a curve [person-hours]
LEAST_SAVED = 1e-6


def short_curve(needed: IntArray, hours: float, absence: float = 0.0) -> FloatArray:
    """Expected person-hours short when 0, 1, 2, ... people are asked to a shift.

    Parameters
    ----------
    needed
        People needed at each hour of the shift in each future, any shape. [people]
    hours
        Paid length of the shift. [h]
    absence
        Chance that one of them does not come. [fraction]

    Returns
    -------
    FloatArray, shape (people + 1,)
        Convex and not growing; it ends where a further person would save next to nothing. [person-hours]
    """
    weight = np.bincount(needed.ravel()) / max(needed.size, 1)
    most = max(weight.size - 1, 1)
    while True:
        curve: FloatArray = hours * weight @ _missing(most, absence)[: weight.size]
        if curve[-2] - curve[-1] < LEAST_SAVED:
            break
        most = 2 * most + 4
    kept = int(np.flatnonzero(-np.diff(curve) >= LEAST_SAVED).max(initial=-1)) + 1
    return curve[: kept + 1]


@lru_cache(maxsize=64)
def _missing(most: int, absence: float) -> FloatArray:
    """Expected people missing by how many are wanted and how many are asked, shape (most + 1, most + 1)."""
    people = np.arange(most + 1)
    come = stats.binom.pmf(people[None, :], people[:, None], 1.0 - absence)  # (asked, come)
    missing: FloatArray = np.maximum(people[:, None] - people[None, :], 0) @ come.T
    return missing


@dataclass(frozen=True)
class StaffNeeds:
    """People whom a ward needs in each future.

    Attributes
    ----------
    by_shift : for each shift int (path, day, level, hour) people of that skill or higher [people]
    absence : chance that one who is asked does not come [fraction]
    """

    by_shift: tuple[IntArray, ...] = field(repr=False)
    absence: float = 0.0

    def curves(self, shifts: Sequence[ShiftKind]) -> FloatArray:
        """Expected person-hours short, (day, shift, level, people asked). [person-hours]"""
        _, days, levels, _ = self.by_shift[0].shape
        return stacked(
            [
                [
                    [short_curve(needed[:, d, j], shift.paid, self.absence) for j in range(levels)]
                    for shift, needed in zip(shifts, self.by_shift, strict=True)
                ]
                for d in range(days)
            ]
        )


def stacked(curves: list[list[list[FloatArray]]]) -> FloatArray:
    """Curves by day, shift and level as one table; short ones go on at their last value."""
    most = max(c.size for day in curves for shift in day for c in shift)
    return np.array(
        [[[np.pad(c, (0, most - c.size), mode="edge") for c in shift] for shift in day] for day in curves]
    )
