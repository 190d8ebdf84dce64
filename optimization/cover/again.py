"""Asking again after one slider has moved: an agency's price, the size of a pool, what one ward needs.

The models are kept; only what was touched is solved again. The prices of the pools stay as they were, or
follow those of agencies. Any prices prove a bound, so the gap tells what the haste costs.
"""

from __future__ import annotations

from math import inf
from time import perf_counter

import numpy as np

from optimization.cover.kept import Kept
from optimization.cover.pricing import Priced
from optimization.cover.rounding import Draft, numbers_of, pool_patterns, share_again, solve_ward
from optimization.cover.solving import CoverSolution, solved_of
from optimization.cover.terms import CoverTerms
from twin.units import FloatArray, IntArray


def ask_again(before: CoverSolution, terms: CoverTerms) -> CoverSolution:
    """The plan for terms that differ by one slider; the models of ``before`` move along.

    Raises
    ------
    UsageError
        More has changed than a slider moves.
    """
    began = perf_counter()
    kept, draft = before.kept, before.draft
    resized = [i for i, (a, b) in enumerate(zip(before.terms.pools, terms.pools, strict=False)) if a is not b]
    touched = kept.move_to(terms)
    dearer = _dearer(before.terms, terms)
    priced = _priced_again(kept, before.priced, touched, resized, dearer)
    on = list(draft.on)
    for i in resized:
        on[len(kept.wards) + i] = pool_patterns(kept, priced.prices, i)
    if len(touched) == 1:
        on[touched[0]] = _patterns_again(kept, draft, touched[0])
    shared = share_again(kept, Draft(on, draft.lent, draft.agency, inf))
    solved = solved_of(shared, priced.bound, perf_counter() - began)
    return CoverSolution(terms, numbers_of(kept, shared), solved, priced, shared, kept)


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


def _patterns_again(kept: Kept, draft: Draft, ward: int) -> IntArray:
    """The patterns of one ward around those whom it is lent now."""
    found = solve_ward(kept.wards[ward], draft.lent[ward])
    patterns: IntArray = np.rint(found.x[kept.wards[ward].on]).astype(np.int64)
    return patterns


def _dearer(before: CoverTerms, now: CoverTerms) -> FloatArray:
    """How much dearer a person from an agency has become, by cell. [ratio]"""
    cells = list(np.ndindex(now.days, now.shifts, len(now.skills)))
    was, has = (np.array([terms.agency_shift(*cell) for cell in cells]) for terms in (before, now))
    ratio: FloatArray = np.divide(has, was, out=np.ones_like(has), where=was > 0)
    return ratio
