"""Asking again after one slider has moved: an agency's price, the size of a pool, what one ward needs.

The models are kept; only what was touched is solved again. The prices of the pools stay as they were, or
follow those of agencies. Any prices prove a bound, so the gap tells what the haste costs.
"""

from __future__ import annotations

from dataclasses import replace
from time import perf_counter

import numpy as np

from optimization.cover.drafts import Draft, cost_of, numbers_of, people_to_lend
from optimization.cover.kept import Kept
from optimization.cover.pricing import Priced
from optimization.cover.rounding import FIRST_GAP, share_again, solve_ward
from optimization.cover.solving import CoverSolution, solved_of
from optimization.cover.terms import CoverTerms
from twin.units import FloatArray, IntArray

#: time for the patterns of the one ward that was touched, of the two seconds that a slider may take [s]
TOUCHED_SECONDS = 0.8


def ask_again(before: CoverSolution, terms: CoverTerms) -> CoverSolution:
    """The plan for terms that differ by one slider; the models of ``before`` move along.

    Raises
    ------
    UsageError
        More has changed than a slider moves.
    """
    began = perf_counter()
    kept, draft = before.kept, before.draft
    has = people_to_lend(kept, draft.on[len(kept.wards) :])
    resized = [i for i, (a, b) in enumerate(zip(before.terms.pools, terms.pools, strict=False)) if a is not b]
    touched = kept.move_to(terms)
    priced = _priced_again(kept, before.priced, touched, resized, _dearer(before.terms, terms))
    draft = _moved(kept, draft, priced, touched, resized, has)
    solved = solved_of(draft, priced.bound, perf_counter() - began)
    return CoverSolution(terms, numbers_of(kept, draft), solved, replace(priced, relaxed=None), draft, kept)


def _moved(
    kept: Kept, draft: Draft, priced: Priced, touched: list[int], resized: list[int], has: IntArray
) -> Draft:
    """The draft with new patterns where something was touched, and shared anew where people changed.

    Parameters
    ----------
    has
        People whom each pool could lend before, (pool, cell).
    """
    on = list(draft.on)
    for i in resized:
        on[len(kept.wards) + i] = kept.pools[i].patterns_near(priced.prices[i], has[i])
    now = people_to_lend(kept, on[len(kept.wards) :])
    differs = (now != has).any(axis=0).reshape(kept.terms.days, kept.terms.shifts, -1).any(axis=2)
    lent = [np.minimum(n, now[w.pools]) for n, w in zip(draft.lent, kept.wards, strict=True)]
    agency = [
        np.minimum(n, w.arrays.most[w.agency]).astype(np.int64)
        for n, w in zip(draft.agency, kept.wards, strict=True)
    ]
    if len(touched) == 1:
        i = touched[0]
        ward, found = (
            kept.wards[i],
            solve_ward(kept.wards[i], lent[i], gap=FIRST_GAP, seconds=TOUCHED_SECONDS),
        )
        on[i], lent[i], agency[i] = (
            np.rint(found.x[places]).astype(np.int64) for places in (ward.on, ward.lent, ward.agency)
        )
    elif touched:
        differs[:] = True
    # a pool that shrank may be lent twice until its shifts are shared anew: these are taken in any case
    moved = Draft(on, lent, agency, np.inf if resized else 0.0)
    if not resized:
        moved.cost = cost_of(kept, moved)
    return share_again(kept, moved, [(int(d), int(s)) for d, s in np.argwhere(differs)])


def _priced_again(
    kept: Kept, before: Priced, touched: list[int], resized: list[int], dearer: FloatArray
) -> Priced:
    """The bound at the prices as they were, those of agencies followed, where anything could differ."""
    prices, moved = before.prices * dearer, bool((dearer != 1).any())
    reach = {i for i, ward in enumerate(kept.wards) if set(resized) & set(ward.pools.tolist())}
    again = sorted(range(len(kept.wards)) if moved else reach | set(touched))
    wards, pools = list(before.wards), list(before.pools)
    for i, answer in zip(again, kept.each(lambda i: kept.wards[i].at_prices(prices), again), strict=True):
        wards[i] = answer.value
    for i in range(len(pools)) if moved else resized:
        pools[i] = kept.pools[i].at_prices(prices[i]).value
    return Priced(prices, tuple(wards), tuple(pools))


def _dearer(before: CoverTerms, now: CoverTerms) -> FloatArray:
    """How much dearer a person from an agency has become, by cell. [ratio]"""
    cells = list(np.ndindex(now.days, now.shifts, len(now.skills)))
    was, has = (np.array([terms.agency_shift(*cell) for cell in cells]) for terms in (before, now))
    ratio: FloatArray = np.divide(has, was, out=np.ones_like(has), where=was > 0)
    return ratio
