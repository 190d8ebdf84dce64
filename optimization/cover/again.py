"""Asking again after one slider has moved: an agency's price, the size of a pool, what one ward needs.

The models are kept; only what was touched is solved again. The prices of the pools stay as they were, or
follow those of agencies. Any prices prove a bound, so the gap tells what the haste costs.
"""

from __future__ import annotations

from dataclasses import replace
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from optimization.arrays import Answer
from optimization.cover.drafts import Draft, cost_of, numbers_of, people_to_lend
from optimization.cover.kept import Kept, KeptWard
from optimization.cover.pricing import Priced
from optimization.cover.rounding import FIRST_GAP, share_again, solve_ward, start_of
from optimization.cover.solving import CoverSolution, solved_of
from optimization.cover.terms import CoverTerms
from twin.units import FloatArray, IntArray

#: time for the patterns of the one ward that was touched, of the two seconds that a slider may take [s]
TOUCHED_SECONDS = 0.6
#: seconds after which no further ward is solved around those whom it is now lent, of the same two [s]
LAST_SECONDS = 1.0
#: less than this is not worth beginning with a ward [s]
LEAST_SECONDS = 0.2
#: shifts shared anew around the ward that was touched, times wards (assumed: half a second of two cores)
SHARED = 700


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
    draft = _moved(kept, draft, priced, touched, resized, has, began + LAST_SECONDS)
    solved = solved_of(draft, priced.bound, perf_counter() - began)
    return CoverSolution(terms, numbers_of(kept, draft), solved, replace(priced, relaxed=None), draft, kept)


def _moved(
    kept: Kept,
    draft: Draft,
    priced: Priced,
    touched: list[int],
    resized: list[int],
    has: IntArray,
    until: float,
) -> Draft:
    """The draft with new patterns where something was touched, and shared anew where people changed.

    Parameters
    ----------
    has
        People whom each pool could lend before, (pool, cell).
    until
        No ward is begun after it, on the clock of ``perf_counter``. [s]
    """
    on = list(draft.on)
    for i in resized:
        on[len(kept.wards) + i] = kept.pools[i].patterns_near(priced.prices[i], has[i])
    now = people_to_lend(kept, on[len(kept.wards) :])
    differs = _shifts(kept, (now != has).any(axis=0))
    lent = [np.minimum(n, now[w.pools]) for n, w in zip(draft.lent, kept.wards, strict=True)]
    agency = [
        np.minimum(n, w.arrays.most[w.agency]).astype(np.int64)
        for n, w in zip(draft.agency, kept.wards, strict=True)
    ]
    if len(touched) == 1:
        i = touched[0]
        ward = kept.wards[i]
        differs |= _worth_sharing(kept, ward)
        start = start_of(kept, Draft(on, lent, agency, 0.0), i)
        found = solve_ward(ward, lent[i], start=start, gap=FIRST_GAP, seconds=TOUCHED_SECONDS)
        on[i], lent[i], agency[i] = _parts(ward, found)
    elif touched:
        differs[:] = True
    # what a pool that shrank lends twice by now is shared anew, so that is taken whatever it costs
    moved = share_again(kept, Draft(on, lent, agency, np.inf), _places(differs))
    changed = [int(np.abs(moved.lent[i] - n).sum()) for i, n in enumerate(draft.lent)]
    return _around_lent(kept, moved, sorted(np.flatnonzero(changed), key=lambda i: -changed[i]), until)


def _around_lent(kept: Kept, draft: Draft, wards: list[int], until: float) -> Draft:
    """Wards that are now lent others choose patterns anew, in this order, while there is time."""
    for first in range(0, len(wards), kept.threads):
        left = until - perf_counter()
        if left <= LEAST_SECONDS:
            break

        def one(i: int, now: Draft = draft, left: float = left) -> Answer:
            start = start_of(kept, now, i)
            return solve_ward(kept.wards[i], now.lent[i], start=start, gap=FIRST_GAP, seconds=left)

        some = [int(i) for i in wards[first : first + kept.threads]]
        on, lent, agency = list(draft.on), list(draft.lent), list(draft.agency)
        for i, found in zip(some, kept.each(one, some), strict=True):
            on[i], lent[i], agency[i] = _parts(kept.wards[i], found)
        better = Draft(on, lent, agency, 0.0)
        better.cost = cost_of(kept, better)
        draft = better if better.cost < draft.cost else draft
    return draft


def _parts(ward: KeptWard, found: Answer) -> tuple[IntArray, IntArray, IntArray]:
    """Patterns, people lent and from agencies of a ward's answer, whole."""
    on, lent, agency = (
        np.rint(found.x[places]).astype(np.int64) for places in (ward.on, ward.lent, ward.agency)
    )
    return on, lent, agency


def _worth_sharing(kept: Kept, ward: KeptWard) -> NDArray[np.bool_]:
    """Shifts (day, shift) on which one more is worth most to the ward, as many as can be shared in time."""
    terms = kept.terms
    duals, worth = np.asarray(ward.relaxed.getSolution().row_dual), np.zeros((terms.days, terms.shifts))
    for (d, s, _), row in ward.arrays.places("covered").items():
        worth[d, s] -= duals[row]
    most = max(SHARED // len(kept.wards), 1)
    least = float(np.sort(worth.ravel())[-most]) if most < worth.size else 0.0
    return np.asarray(worth >= max(least, np.finfo(float).tiny), np.bool_)


def _shifts(kept: Kept, cells: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Cells as shifts, (day, shift): whether any skill's is true."""
    return np.asarray(cells.reshape(kept.terms.days, kept.terms.shifts, -1).any(axis=2), np.bool_)


def _places(shifts: NDArray[np.bool_]) -> list[tuple[int, int]]:
    return [(int(d), int(s)) for d, s in np.argwhere(shifts)]


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
