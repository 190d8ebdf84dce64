"""Drafts: a cover in the making as arrays, whom it brings to which shift, and what it costs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from optimization.cover.kept import Kept, KeptWard
from optimization.cover.numbers import CoverNumbers
from optimization.cover.terms import CoverTerms, WardCover
from twin.units import IntArray


@dataclass
class Draft:
    """A plan in the making: people on patterns, and people lent and from agencies by cell.

    Attributes
    ----------
    on : for each ward and then each pool (skill, week, pattern)
    lent : for each ward (its pool, cell)
    agency : for each ward (cell,)
    """

    on: list[IntArray]
    lent: list[IntArray]
    agency: list[IntArray]
    cost: float


def own_people(terms: CoverTerms, ward: KeptWard, on: IntArray) -> IntArray:
    """Own people of a ward by day, shift and skill."""
    return CoverNumbers({ward.ward.name: on}, {}, {}).come(terms, ward.ward.crew)


def people_to_lend(kept: Kept, pools_on: list[IntArray]) -> IntArray:
    """People whom each pool can lend, (pool, cell)."""
    terms = kept.terms
    has = [
        CoverNumbers({pool.name: on}, {}, {}).come(terms, pool.crew).ravel()
        for pool, on in zip(terms.pools, pools_on, strict=True)
    ]
    return np.array(has, np.int64).reshape(len(terms.pools), terms.days * terms.shifts * len(terms.skills))


def pool_cost(kept: Kept, pools_on: list[IntArray]) -> float:
    """What the patterns of the pools cost beyond basic pay. [currency]"""
    pairs = zip(kept.pools, pools_on, strict=True)
    return sum(float(p.arrays.cost[p.on].ravel() @ on.ravel()) for p, on in pairs)


def numbers_of(kept: Kept, draft: Draft) -> CoverNumbers:
    """A draft by names."""
    terms = kept.terms
    shape = (terms.days, terms.shifts, len(terms.skills))
    names = [*(w.name for w in terms.wards), *(p.name for p in terms.pools)]
    lent = {
        (terms.pools[pool].name, w.ward.name): draft.lent[i][row].reshape(shape)
        for i, w in enumerate(kept.wards)
        for row, pool in enumerate(w.pools)
    }
    agency = {w.name: draft.agency[i].reshape(shape) for i, w in enumerate(terms.wards)}
    return CoverNumbers(dict(zip(names, draft.on, strict=True)), lent, agency)


def cost_of(kept: Kept, draft: Draft) -> float:
    """What a draft costs at the terms held now, whatever terms it was made for. [currency]"""
    pools_on = draft.on[len(kept.wards) :]
    return sum(_ward_cost(kept, draft, i) for i in range(len(kept.wards))) + pool_cost(kept, pools_on)


def _ward_cost(kept: Kept, draft: Draft, i: int) -> float:
    terms, held = kept.terms, kept.wards[i]
    ward, shape = held.ward, (terms.days, terms.shifts, len(terms.skills))
    lent, agency = draft.lent[i].sum(axis=0).reshape(shape), draft.agency[i].reshape(shape)
    people = own_people(terms, held, draft.on[i]) + lent + agency
    come = np.minimum(np.cumsum(people, axis=2), ward.short.shape[3] - 1)
    short = np.take_along_axis(ward.short, come[..., None], axis=3)[..., 0]
    hired = np.array([terms.agency_shift(*cell) for cell in np.ndindex(shape)]) @ draft.agency[i]
    worked = held.arrays.cost[held.on].ravel() @ draft.on[i].ravel()
    total = short @ np.array(terms.prices.short), lent @ np.array(terms.prices.lending)
    return float(
        sum(part.sum() for part in total) + hired + worked + _of_rules(terms, ward, people.sum(axis=2))
    )


def _of_rules(terms: CoverTerms, ward: WardCover, people: IntArray) -> float:
    """The price of rules that are not kept, and the weight of changes. [currency]"""
    if ward.asked is None:
        return 0.0
    rest = slice(terms.frozen, None)
    few, many = ward.asked.broken(people)
    near = people if ward.asked.near is None else ward.asked.near
    changed = np.abs(people - near)[rest].sum()
    return float(terms.rule_price * (few + many)[rest].sum() + terms.change_price * changed)
