"""Whole people: from the prices of the pools to a plan that can be worked, and to a better one.

Pools choose patterns that come near to whom the relaxation would lend, and what they then have is dealt out
to the wards as the relaxation does. From there two steps take turns and neither makes the plan worse: each
ward chooses its patterns around those whom it is lent, and all wards share the pools anew, shift by shift,
around the patterns chosen.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from time import perf_counter

import numpy as np

from optimization.arrays import Answer, run, set_bounds, set_costs
from optimization.cover.drafts import Draft, cost_of, own_people, people_to_lend, pool_cost
from optimization.cover.kept import Kept, KeptWard
from optimization.cover.pricing import Priced
from optimization.cover.sharing import shared_shift
from twin.units import FloatArray, IntArray

#: a ward is solved no further than this from its own best; the first time, which is a beginning [fraction]
WARD_GAP, FIRST_GAP = 5e-4, 2e-3
#: time for one ward; a plan of its own is there from the start [s]
WARD_SECONDS = 20.0
#: time for one ward even where none is left: a plan that can be worked is handed back in any case [s]
LEAST_SECONDS = 0.5
#: patterns that would cost a ward this much more to use are left out of its whole numbers, as a share of
#: the dearest shortage of a shift (assumed: wide; the bound is proved with all patterns)
DEAR = 0.05
#: a round of the two steps takes about so much of the time of the beginning, which has no plan to start from
#: [ratio] (86 s and 23 s on forty wards)
AGAIN = 0.3
#: a round of the two steps that saves less than this is the last [fraction]
LEAST_GAIN = 2e-4


def whole_people(kept: Kept, priced: Priced, *, until: float, gap: float) -> Draft:
    """A plan of whole people, improved until it is within a gap of the bound, time is up or nothing helps.

    Parameters
    ----------
    until
        On the clock of ``perf_counter``. [s]
    """
    began = perf_counter()
    best, pools_on = _beginning(kept, priced, until)
    now = perf_counter()
    if best.cost - priced.bound <= gap * abs(best.cost) or now + AGAIN * (now - began) > until:
        return best
    last: list[tuple[IntArray, Answer]] = []
    while True:
        began = perf_counter()
        last = _solve_wards(kept, best, last, until)
        cost = sum(answer.value for _, answer in last) + pool_cost(kept, pools_on)
        draft = share_again(kept, _draft(kept, [answer for _, answer in last], pools_on, cost))
        gain = (best.cost - draft.cost) / max(abs(best.cost), 1e-9)
        best = draft if gain > 0 else best
        near = best.cost - priced.bound <= gap * abs(best.cost)
        if near or gain < LEAST_GAIN or 2 * perf_counter() - began > until:
            return best


def _beginning(kept: Kept, priced: Priced, until: float) -> tuple[Draft, list[IntArray]]:
    """A first plan, and the patterns of the pools, which stay."""
    if priced.relaxed is None:
        pools_on = [pool_patterns(kept, priced.prices, i) for i in range(len(kept.pools))]
        has = people_to_lend(kept, pools_on)
        seconds = _for_one_ward(kept, until)
        answers = kept.each(
            lambda w: solve_ward(w, has[w.pools], priced.prices, gap=FIRST_GAP, seconds=seconds), kept.wards
        )
    else:
        lends = priced.relaxed.lends
        pools_on = kept.each(
            lambda i: kept.pools[i].patterns_near(priced.prices[i], lends[i]), range(len(kept.pools))
        )
        lent = dealt(kept, people_to_lend(kept, pools_on), priced.relaxed.lent)
        seconds = _for_one_ward(kept, until)
        answers = kept.each(
            lambda i: solve_ward(kept.wards[i], lent[i], gap=FIRST_GAP, seconds=seconds),
            range(len(kept.wards)),
        )
    return share_again(kept, _draft(kept, answers, pools_on, inf)), pools_on


def _for_one_ward(kept: Kept, until: float) -> float:
    """Time for a ward such that all of them are done in time even if each takes all of it. [s]"""
    each = (until - perf_counter()) * kept.threads / max(len(kept.wards), 1)
    return min(max(each, LEAST_SECONDS), WARD_SECONDS)


def dealt(kept: Kept, has: IntArray, wanted: list[FloatArray]) -> list[IntArray]:
    """Whole people dealt out to the wards, those who want most of one first; all whom a pool has are dealt.

    Parameters
    ----------
    has
        People whom each pool can lend, (pool, cell).
    wanted
        For each ward (its pool, cell), in parts of people.
    """
    lent = [np.zeros(w.lent.shape, np.int64) for w in kept.wards]
    cells = np.arange(has.shape[1])
    for pool, people in enumerate(has):
        takers = [(i, row) for i, w in enumerate(kept.wards) for row in np.flatnonzero(w.pools == pool)]
        if not takers:
            continue
        left = np.array([wanted[i][row] for i, row in takers])
        given = np.zeros(left.shape, np.int64)
        for turn in range(int(people.max(initial=0))):
            first, open_cells = left.argmax(axis=0), people > turn
            given[first[open_cells], cells[open_cells]] += 1
            left[first[open_cells], cells[open_cells]] -= 1
        for (i, row), n in zip(takers, given, strict=True):
            lent[i][row] = n
    return lent


def _solve_wards(
    kept: Kept, best: Draft, last: list[tuple[IntArray, Answer]], until: float
) -> list[tuple[IntArray, Answer]]:
    """Each ward's best patterns around those lent to it; one that is lent the same keeps its answer."""
    seconds = _for_one_ward(kept, until)

    def one(i: int) -> tuple[IntArray, Answer]:
        lent = best.lent[i]
        if last and (last[i][0] == lent).all():
            return last[i]
        return lent, solve_ward(kept.wards[i], lent, start=start_of(kept, best, i), seconds=seconds)

    return kept.each(one, range(len(kept.wards)))


def solve_ward(
    ward: KeptWard,
    lent: IntArray,
    prices: FloatArray | None = None,
    *,
    start: FloatArray | None = None,
    gap: float = WARD_GAP,
    seconds: float = WARD_SECONDS,
) -> Answer:
    """The best patterns of a ward that is lent at most so many people, shape (its pool, cell).

    Parameters
    ----------
    prices
        Of people lent, (pool, cell); they are lent for nothing but the way there when omitted. The answer's
        value is without them, its bound with them.
    """
    arrays, columns = ward.arrays, ward.lent.ravel()
    least, most = np.zeros(columns.size), np.minimum(arrays.most[columns], lent.ravel())
    costs = arrays.cost[columns] + (prices[ward.pools].ravel() if prices is not None else 0.0)
    for h in (ward.relaxed, ward.whole):
        set_bounds(h, columns, least, most)
        set_costs(h, columns, costs)
    relaxed = run(ward.relaxed)
    on = ward.on.ravel()
    dear = np.asarray(ward.relaxed.getSolution().col_dual)[on] > DEAR * _dearest(ward)
    begin = start if start is not None else _floor(ward, relaxed)
    out = dear & (relaxed.x[on] < 1e-6) & (begin[on] < 0.5)
    set_bounds(ward.whole, on, arrays.least[on], np.where(out, 0.0, arrays.most[on]))
    found = run(ward.whole, gap=gap, time_limit=seconds, start=begin)
    return Answer(float(arrays.cost @ found.x + arrays.constant), found.bound, found.x)


def _dearest(ward: KeptWard) -> float:
    """What a shift costs when nobody comes for one who is needed: the greatest cost saved by one column."""
    return float(-ward.arrays.cost.min())


def _floor(ward: KeptWard, relaxed: Answer) -> FloatArray:
    """A plan of whole people from the relaxation: fewer on each pattern always keep the rules."""
    h, arrays = ward.relaxed, ward.arrays
    on, lent, agency = ward.on.ravel(), ward.lent.ravel(), ward.agency
    _fix(h, on, np.floor(relaxed.x[on] + 1e-6))
    filled = run(h)
    _fix(h, lent, np.floor(filled.x[lent] + 1e-6))
    _fix(h, agency, np.minimum(np.rint(filled.x[agency]), arrays.most[agency]))
    start = run(h).x
    for columns in (on, lent, agency):
        set_bounds(h, columns, arrays.least[columns], arrays.most[columns])
    return start


def _fix(h, columns: IntArray, values: FloatArray) -> None:  # type: ignore[no-untyped-def]
    set_bounds(h, columns, values, values)


def start_of(kept: Kept, draft: Draft, i: int) -> FloatArray:
    """The ward's part of a draft as a whole solution of its model."""
    ward = kept.wards[i]
    h = ward.relaxed
    parts = ((ward.on, draft.on[i]), (ward.lent, draft.lent[i]), (ward.agency, draft.agency[i]))
    for columns, values in parts:
        _fix(h, columns.ravel(), values.ravel().astype(np.float64))
    start = run(h).x
    for columns, _ in parts:
        places = columns.ravel()
        set_bounds(h, places, ward.arrays.least[places], ward.arrays.most[places])
    return start


def pool_patterns(kept: Kept, prices: FloatArray, pool: int) -> IntArray:
    """The patterns on which the people of a pool are worth most at prices, (skill, week, pattern)."""
    entry = kept.pools[pool]
    return _rounded(entry.at_prices(prices[pool], whole=True).x[entry.on])


def share_again(kept: Kept, draft: Draft, shifts: Sequence[tuple[int, int]] | None = None) -> Draft:
    """Lend the pools and call agencies anew around the patterns of a draft, each shift on its own.

    Parameters
    ----------
    shifts
        (day, shift) that are shared anew; all of them when omitted.

    Returns
    -------
    Draft
        The same draft where nothing is gained.
    """
    pools_on = draft.on[len(kept.wards) :]
    has = people_to_lend(kept, pools_on)
    terms, skills = kept.terms, len(kept.terms.skills)
    come = [own_people(terms, w, on) for w, on in zip(kept.wards, draft.on, strict=False)]
    if shifts is None:
        shifts = [(d, s) for d in range(terms.days) for s in range(terms.shifts)]
    found = kept.each(lambda ds: shared_shift(kept, *ds, come, has), shifts)
    lent = [n.copy() for n in draft.lent]
    agency = [n.copy() for n in draft.agency]
    for (d, s), shift in zip(shifts, found, strict=True):
        cells = slice((d * terms.shifts + s) * skills, (d * terms.shifts + s + 1) * skills)
        for i in range(len(kept.wards)):
            lent[i][:, cells], agency[i][cells] = shift.lent[i], shift.agency[i]
    shared = Draft(draft.on, lent, agency, 0.0)
    shared.cost = cost_of(kept, shared)
    return shared if shared.cost < draft.cost else draft


def _draft(kept: Kept, answers: list[Answer], pools_on: list[IntArray], cost: float) -> Draft:
    pairs = list(zip(kept.wards, answers, strict=True))
    return Draft(
        on=[*(_rounded(a.x[w.on]) for w, a in pairs), *pools_on],
        lent=[_rounded(a.x[w.lent]) for w, a in pairs],
        agency=[_rounded(a.x[w.agency]) for w, a in pairs],
        cost=cost,
    )


def _rounded(x: FloatArray) -> IntArray:
    whole: IntArray = np.rint(x).astype(np.int64)
    return whole
