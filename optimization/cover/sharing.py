"""Sharing one shift: whom the pools lend where, and whom agencies send, around the wards' own people."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf

import numpy as np
from scipy import sparse

from optimization.arrays import Arrays, run
from optimization.cover.kept import Kept, KeptWard
from optimization.cover.terms import CoverTerms
from twin.units import IntArray

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


@dataclass
class _Written:
    """Columns and rows as they are written down."""

    cost: list[float] = field(default_factory=list)
    most: list[float] = field(default_factory=list)
    whole: list[int] = field(default_factory=list)
    low: list[float] = field(default_factory=list)
    high: list[float] = field(default_factory=list)
    entries: list[tuple[int, int, float]] = field(default_factory=list)
    constant: float = 0.0

    def row(self, low: float, high: float) -> int:
        self.low.append(low)
        self.high.append(high)
        return len(self.high) - 1

    def add(self, cost: float, most: float, whole: int, rows: list[tuple[int, float]]) -> int:
        place = len(self.cost)
        self.cost.append(cost)
        self.most.append(most)
        self.whole.append(whole)
        self.entries += [(row, place, value) for row, value in rows]
        return place

    def arrays(self) -> Arrays:
        rows, places, values = zip(*self.entries, strict=True)
        n = len(self.cost)
        return Arrays(
            cost=np.array(self.cost),
            constant=self.constant,
            matrix=sparse.csc_matrix((values, (rows, places)), shape=(len(self.high), n)),
            low=np.array(self.low),
            high=np.array(self.high),
            least=np.zeros(n),
            most=np.array(self.most),
            whole=np.array(self.whole, np.int64),
            names=[],
        )


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
    written = _Written()
    pools = [[written.row(-inf, float(n)) for n in row[cell : cell + skills]] for row in has]
    places = [
        _ward(written, terms, ward, day, shift, come[i][day, shift], pools)
        for i, ward in enumerate(kept.wards)
    ]
    found = run(written.arrays().highs(whole=True), gap=EXACT, time_limit=SHIFT_SECONDS)
    x = np.rint(found.x).astype(np.int64)
    lent = [x[np.array(at, np.int64).reshape(-1, skills)] for at, _ in places]
    return SharedShift(lent, [x[at] for _, at in places], found.value)


def _ward(
    written: _Written,
    terms: CoverTerms,
    kept: KeptWard,
    day: int,
    shift: int,
    own: IntArray,
    pools: list[list[int]],
) -> tuple[list[list[int]], list[int]]:
    """Columns and rows of a ward; the places of people lent (its pool, skill) and from agencies (skill,)."""
    ward, skills, frozen = kept.ward, len(terms.skills), day < terms.frozen
    levels = [written.row(-inf, float(n)) for n in np.cumsum(own)]
    rules = [] if frozen else _rules(written, terms, kept, day, shift, int(own.sum()))

    def covers(k: int) -> list[tuple[int, float]]:
        return [*((row, -1.0) for row in levels[k:]), *((row, 1.0) for row in rules)]

    def lent(pool: int, k: int) -> int:
        most = 0.0 if frozen else written.high[pools[pool][k]]
        return written.add(terms.prices.lending[k], most, 1, [*covers(k), (pools[pool][k], 1.0)])

    lent_at = [[lent(pool, k) for k in range(skills)] for pool in kept.pools.tolist()]
    most = [0 if frozen else n for n in ward.agency_most]
    agency_at = [written.add(terms.agency_shift(day, shift, k), most[k], 1, covers(k)) for k in range(skills)]
    for level, price in enumerate(terms.prices.short):
        curve = ward.short[day, shift, level]
        written.constant += price * float(curve[0])
        for saved in -np.diff(curve):
            if saved > 0:
                written.add(-price * float(saved), 1.0, 0, [(levels[level], 1.0)])
    return lent_at, agency_at


def _rules(written: _Written, terms: CoverTerms, kept: KeptWard, day: int, shift: int, own: int) -> list[int]:
    """Rows of what is asked of the shift, in which everybody who comes beside the own people counts."""
    asked, rows = kept.ward.asked, []
    if asked is None:
        return []
    if asked.has_rule(day, shift):
        rows = [
            written.row(float(asked.least[day, shift]) - own, inf),
            written.row(-inf, float(asked.most[day, shift]) - own),
        ]
        written.add(terms.rule_price, inf, 0, [(rows[0], 1.0)])
        written.add(terms.rule_price, inf, 0, [(rows[1], -1.0)])
    if asked.near is not None:
        near = float(asked.near[day, shift]) - own
        rows.append(written.row(near, near))
        written.add(terms.change_price, inf, 0, [(rows[-1], 1.0)])
        written.add(terms.change_price, inf, 0, [(rows[-1], -1.0)])
    return rows
