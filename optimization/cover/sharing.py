"""Sharing one shift: whom the pools lend where, and whom agencies send, around the wards' own people."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from optimization.cover.arrays import Arrays, run
from optimization.cover.kept import Kept
from twin.units import FloatArray, IntArray

#: as good as the best [fraction]
EXACT = 1e-6
#: time for one shift, which takes a hundredth of it [s]
SHIFT_SECONDS = 5.0


@dataclass(frozen=True)
class SharedShift:
    """One shift of one day: for each ward people lent (its pool, skill) and from agencies (skill,)."""

    lent: list[IntArray]
    agency: list[IntArray]
    cost: float


class _Columns:
    """Columns and rows as they are written down."""

    def __init__(self) -> None:
        self.cost: list[float] = []
        self.most: list[float] = []
        self.whole: list[int] = []
        self.entries: list[tuple[int, int, float]] = []

    def add(self, cost: float, most: float, whole: int, rows: list[tuple[int, float]]) -> int:
        place = len(self.cost)
        self.cost.append(cost)
        self.most.append(most)
        self.whole.append(whole)
        self.entries += [(row, place, value) for row, value in rows]
        return place


def shared_shift(kept: Kept, day: int, shift: int, come: list[IntArray], has: IntArray) -> SharedShift:
    """The cheapest sharing of a shift, given own people (day, shift, skill) of each ward.

    Parameters
    ----------
    has
        People whom each pool can lend, (pool, cell).
    """
    terms = kept.terms
    skills = len(terms.skills)
    cell = (day * terms.shifts + shift) * skills
    frozen = day < terms.frozen
    pool_rows = len(kept.wards) * skills
    columns, constant = _Columns(), 0.0
    high = np.zeros(pool_rows + len(kept.pools) * skills)
    high[pool_rows:] = has[:, cell : cell + skills].ravel()
    lent_at, agency_at = [], []
    for i, kept_ward in enumerate(kept.wards):
        ward, own = kept_ward.ward, np.cumsum(come[i][day, shift])
        covers = [[(i * skills + level, -1.0) for level in range(k, skills)] for k in range(skills)]
        high[i * skills : (i + 1) * skills] = own
        lent_at.append(
            [
                [
                    columns.add(
                        terms.prices.lending[k],
                        0.0 if frozen else float(has[pool, cell + k]),
                        1,
                        [*covers[k], (pool_rows + pool * skills + k, 1.0)],
                    )
                    for k in range(skills)
                ]
                for pool in kept_ward.pools.tolist()
            ]
        )
        agency_at.append(
            [
                columns.add(
                    terms.agency_shift(day, shift, k), 0.0 if frozen else ward.agency_most[k], 1, covers[k]
                )
                for k in range(skills)
            ]
        )
        for level, price in enumerate(terms.prices.short):
            curve: FloatArray = ward.short[day, shift, level]
            constant += price * float(curve[0])
            for saved in -np.diff(curve):
                if saved > 0:
                    columns.add(-price * float(saved), 1.0, 0, [(i * skills + level, 1.0)])
    rows, places, values = zip(*columns.entries, strict=True)
    n = len(columns.cost)
    arrays = Arrays(
        cost=np.array(columns.cost),
        constant=constant,
        matrix=sparse.csc_matrix((values, (rows, places)), shape=(high.size, n)),
        low=np.full(high.size, -np.inf),
        high=high,
        least=np.zeros(n),
        most=np.array(columns.most),
        whole=np.array(columns.whole, np.int64),
        names=[],
    )
    found = run(arrays.highs(whole=True), gap=EXACT, time_limit=SHIFT_SECONDS)
    x = np.rint(found.x).astype(np.int64)
    lent = [x[np.array(at, np.int64).reshape(-1, skills)] for at in lent_at]
    return SharedShift(lent, [x[at] for at in agency_at], found.value)
