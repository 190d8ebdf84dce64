"""Kept: every ward and pool as HiGHS holds it, so that a moved slider costs only what it touches."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import numpy as np
from scipy import sparse

from optimization.arrays import Answer, Arrays, run, set_bounds, set_costs
from optimization.cover.model import pool_model, ward_model
from optimization.cover.terms import CoverTerms, PoolCover, WardCover
from twin.errors import UsageError
from twin.units import DAYS_WEEK, FloatArray, IntArray

#: a pool is solved no further than this from its own best, nor longer [fraction, s]
POOL_GAP, POOL_SECONDS = 1e-3, 20.0

#: worth of a person beyond those wanted / of one who is wanted (assumed: somebody can mostly use him)
BEYOND = 0.5

T = TypeVar("T")
R = TypeVar("R")


@dataclass
class KeptWard:
    """A ward: its arrays, its relaxation, its model in whole people, and where its decisions stand.

    Attributes
    ----------
    on, lent, agency : places of the columns, shapes (skill, week, pattern), (pool, cell) and (cell,), where
        a cell is a day, shift and skill in that order
    pools : its lenders, as places in the table of pools
    """

    ward: WardCover
    arrays: Arrays
    on: IntArray
    lent: IntArray
    agency: IntArray
    pools: IntArray
    relaxed: Any = field(repr=False)
    whole: Any = field(repr=False)

    @classmethod
    def of(cls, terms: CoverTerms, ward: WardCover) -> KeptWard:
        """Compile a ward."""
        arrays = Arrays.of(ward_model(terms, ward))
        names = [p.name for p in terms.pools]
        lenders = np.array([names.index(p) for p in terms.pools_of(ward.name)], np.int64)
        cells = terms.days * terms.shifts * len(terms.skills)
        return cls(
            ward=ward,
            arrays=arrays,
            on=arrays.columns("on").reshape(len(terms.skills), len(terms.weeks), len(terms.patterns.days)),
            lent=arrays.columns("lent").reshape(lenders.size, cells),
            agency=arrays.columns("agency"),
            pools=lenders,
            relaxed=arrays.highs(whole=False),
            whole=arrays.highs(whole=True),
        )

    def at_prices(self, prices: FloatArray) -> Answer:
        """Least cost of the relaxation when a lent person has a price, shape of prices (pool, cell)."""
        columns = self.lent.ravel()
        set_bounds(self.relaxed, columns, self.arrays.least[columns], self.arrays.most[columns])
        set_costs(self.relaxed, columns, self.arrays.cost[columns] + prices[self.pools].ravel())
        return run(self.relaxed)

    def price_agency(self, terms: CoverTerms) -> None:
        """Move what agencies ask."""
        cells = np.ndindex(terms.days, terms.shifts, len(terms.skills))
        costs = np.array([terms.agency_shift(*cell) for cell in cells])
        self.arrays.cost[self.agency] = costs
        for h in (self.relaxed, self.whole):
            set_costs(h, self.agency, costs)


@dataclass
class KeptPool:
    """A float pool, in the same way; ``lends`` are the columns of the people whom it can lend."""

    pool: PoolCover
    arrays: Arrays
    on: IntArray
    lends: IntArray
    relaxed: Any = field(repr=False)
    whole: Any = field(repr=False)

    @classmethod
    def of(cls, terms: CoverTerms, pool: PoolCover) -> KeptPool:
        """Compile a pool."""
        arrays = Arrays.of(pool_model(terms, pool))
        return cls(
            pool=pool,
            arrays=arrays,
            on=arrays.columns("on").reshape(len(terms.skills), len(terms.weeks), len(terms.patterns.days)),
            lends=arrays.columns("lends"),
            relaxed=arrays.highs(whole=False),
            whole=arrays.highs(whole=True),
        )

    def at_prices(self, prices: FloatArray, *, whole: bool = False) -> Answer:
        """Least cost, less what its people are worth at prices (cell,)."""
        h = self.whole if whole else self.relaxed
        set_costs(h, self.lends, -prices)
        return run(h, gap=POOL_GAP, time_limit=POOL_SECONDS) if whole else run(h)

    def patterns_near(self, prices: FloatArray, wanted: FloatArray) -> IntArray:
        """Whole patterns that bring people where they are wanted, shape (skill, week, pattern).

        A person is worth the price of the cell (cell,) up to those wanted there (cell,), half as much beyond.
        """
        arrays, cells = self.arrays, self.lends.size
        half = BEYOND * prices
        cost = np.concatenate([arrays.cost, half - prices])
        cost[self.lends] = -half
        shape = (cells, arrays.cost.size)
        lends = sparse.csc_matrix((np.full(cells, -1.0), (np.arange(cells), self.lends)), shape=shape)
        rows = sparse.hstack([lends, sparse.identity(cells)])
        padded = sparse.hstack([arrays.matrix, sparse.csc_matrix((arrays.matrix.shape[0], cells))])
        wider = Arrays(
            cost=cost,
            constant=0.0,
            matrix=sparse.csc_matrix(sparse.vstack([padded, rows])),
            low=np.append(arrays.low, np.full(cells, -np.inf)),
            high=np.append(arrays.high, np.zeros(cells)),
            least=np.append(arrays.least, np.zeros(cells)),
            most=np.append(arrays.most, wanted),
            whole=np.append(arrays.whole, np.zeros(cells, np.int64)),
            names=[],
        )
        found = run(wider.highs(whole=True), gap=POOL_GAP, time_limit=POOL_SECONDS)
        patterns: IntArray = np.rint(found.x[self.on]).astype(np.int64)
        return patterns


@dataclass
class Kept:
    """All wards and pools of the terms."""

    terms: CoverTerms
    wards: list[KeptWard]
    pools: list[KeptPool]
    threads: int = 2

    @classmethod
    def of(cls, terms: CoverTerms, *, threads: int = 2) -> Kept:
        """Compile everything."""
        wards = [KeptWard.of(terms, ward) for ward in terms.wards]
        return cls(terms, wards, [KeptPool.of(terms, pool) for pool in terms.pools], threads)

    def each(self, do: Callable[[T], R], entries: Iterable[T]) -> list[R]:
        """The same for each entry, in order; HiGHS solves some at a time."""
        if self.threads == 1:
            return [do(entry) for entry in entries]
        with ThreadPoolExecutor(self.threads) as hands:
            return list(hands.map(do, entries))

    def move_to(self, terms: CoverTerms) -> list[int]:
        """Hold other terms: wards and pools that are new objects are compiled anew, prices are moved.

        Returns
        -------
        list[int]
            Places of the wards that were touched.

        Raises
        ------
        UsageError
            More differs than one ward, one pool or a price of agencies: that is another question.
        """
        before, self.terms = self.terms, terms
        alike = replace(terms, wards=before.wards, pools=before.pools, prices=before.prices)
        names = [w.name for w in before.wards], [p.name for p in before.pools]
        if names != ([w.name for w in terms.wards], [p.name for p in terms.pools]) or not _same(
            alike, before
        ):
            self.terms = before
            raise UsageError("other days, patterns, wards or pools are another question; plan the cover anew")
        if replace(terms.prices, agency=before.prices.agency) != before.prices:
            self.terms = before
            raise UsageError("of the prices only that of agencies can be moved; plan the cover anew")
        touched = []
        for i, (old, new) in enumerate(zip(before.wards, terms.wards, strict=True)):
            if old is not new:
                self.wards[i] = KeptWard.of(terms, new)
                touched.append(i)
        for i, (was, now) in enumerate(zip(before.pools, terms.pools, strict=True)):
            if was is not now:
                self.pools[i] = KeptPool.of(terms, now)
                self._may_lend(i)
        if terms.prices.agency != before.prices.agency:
            for ward in self.wards:
                ward.price_agency(terms)
            touched = list(range(len(self.wards)))
        return touched

    def _may_lend(self, pool: int) -> None:
        """No ward is lent more people than a pool now has."""
        crew, terms = self.terms.pools[pool].crew, self.terms
        most = np.broadcast_to(np.array(crew.people), (terms.days, terms.shifts, len(terms.skills))).copy()
        planned = [w + i for w in terms.weeks for i in range(DAYS_WEEK)]
        rostered = np.setdiff1d(np.arange(terms.days), planned)
        most[rostered] = crew.rostered[rostered]
        most[: terms.frozen] = 0
        for ward in self.wards:
            for row in np.flatnonzero(ward.pools == pool):
                ward.arrays.most[ward.lent[row]] = most.ravel()


def _names(terms: CoverTerms) -> tuple[list[str], list[str]]:
    return [w.name for w in terms.wards], [p.name for p in terms.pools]


def _same(one: CoverTerms, other: CoverTerms) -> bool:
    """Whether terms agree in all but wards, pools and prices."""
    return (
        one.skills == other.skills
        and one.weeks == other.weeks
        and one.frozen == other.frozen
        and one.patterns is other.patterns
        and np.array_equal(one.premium, other.premium)
    )
