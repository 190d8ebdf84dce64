"""Solving a cover plan: prices of the pools, a proved bound, whole people, and how far apart they are."""

from __future__ import annotations

from dataclasses import dataclass, field
from time import perf_counter

from optimization.cover.drafts import Draft, numbers_of
from optimization.cover.kept import Kept
from optimization.cover.numbers import CoverNumbers
from optimization.cover.pricing import Priced, price_pools
from optimization.cover.rounding import whole_people
from optimization.cover.terms import CoverTerms
from optimization.solving import Solved

#: a plan this near to the bound is near enough [fraction]
NEAR = 0.005


@dataclass(frozen=True)
class CoverSolution:
    """People, cost and bound; with what it takes to ask again."""

    terms: CoverTerms = field(repr=False)
    numbers: CoverNumbers
    solved: Solved
    priced: Priced = field(repr=False)
    draft: Draft = field(repr=False)
    kept: Kept = field(repr=False)


def solve_cover(
    terms: CoverTerms,
    *,
    time_limit: float = 180.0,
    gap: float = NEAR,
    threads: int = 2,
    kept: Kept | None = None,
) -> CoverSolution:
    """The cheapest cover that was found, and the bound below which none can be.

    Parameters
    ----------
    time_limit
        No round of improvement begins that would not end within it. [s]
    gap
        Near enough to stop. [fraction]
    """
    began = perf_counter()
    kept = kept if kept is not None else Kept.of(terms, threads=threads)
    priced = price_pools(kept, time_limit)
    draft = whole_people(kept, priced, until=began + time_limit, gap=gap)
    solved = solved_of(draft, priced.bound, perf_counter() - began)
    return CoverSolution(terms, numbers_of(kept, draft), solved, priced, draft, kept)


def solved_of(draft: Draft, bound: float, seconds: float) -> Solved:
    """How good a draft is, by a proved bound."""
    bound = min(bound, draft.cost)
    away = (draft.cost - bound) / abs(draft.cost) if draft.cost else 0.0
    return Solved(draft.cost, bound, away, seconds)
