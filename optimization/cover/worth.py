"""Worth: what one more nurse who is needed on a shift costs, and so what nurses for one more bed cost.

The shadow prices of the wards' relaxations at the prices of the float pools: an hour of a nurse who comes
anyway costs nothing, one from an agency what agencies ask, and one whom nobody can send the weight of going
without. They hold for small changes; what a plan with more beds really costs is solved again.
"""

from __future__ import annotations

import numpy as np

from optimization.cover.house import Family
from optimization.cover.kept import Kept, KeptWard
from optimization.cover.solving import CoverSolution
from twin.hospital import Hospital
from twin.hospital.week import ratios
from twin.units import FloatArray


def worth_of_one(solution: CoverSolution) -> dict[str, FloatArray]:
    """What it costs if one more is needed: ward -> (day, shift, level). [currency a person on a shift]

    Parameters
    ----------
    solution
        Its kept models are solved again at its prices of the pools and are left so.
    """
    kept, prices = solution.kept, solution.priced.prices
    told = kept.each(lambda ward: _worth(kept, ward, prices), kept.wards)
    return {ward.ward.name: each for ward, each in zip(kept.wards, told, strict=True)}


def _worth(kept: Kept, ward: KeptWard, prices: FloatArray) -> FloatArray:
    ward.at_prices(prices)
    duals, terms = np.asarray(ward.relaxed.getSolution().row_dual), kept.terms
    worth = np.zeros((terms.days, terms.shifts, len(terms.skills)))
    for cell, row in ward.arrays.places("covered").items():
        worth[cell] = max(-duals[row], 0.0)
    return worth


def bed_in_nurses(family: Family, solution: CoverSolution, hospital: Hospital) -> dict[str, float]:
    """What nurses for one more occupied bed cost: ward -> mean over the planned days. [currency a bed-day]

    A bed takes 1 / ratio of a nurse on each shift.
    """
    worth = worth_of_one(solution)
    told = {}
    for name, ward in hospital.wards.items():
        if ward.nursing is not None and ward.nursing.group in family.groups:
            group = ward.nursing.group
            share = 1 / np.array(ratios(hospital.staff[group], ward.nursing))
            told[name] = float((worth[group][:, :, -1] @ share).mean())
    return told
