"""Refusal costs: what each specialty's refusals weigh with 0, 1, 2, ... beds.

With Poisson arrivals the refused share is Erlang's loss formula, whatever the distribution of stays.
It is convex in the number of beds, and so are the costs: each further bed saves less than the one before.

References
----------
Erlang (1917); Sevastyanov (1957), Theory Probab. Appl. 2, 104-112 (only the mean stay counts);
Messerli (1972), Bell Syst. Tech. J. 51, 951-953, doi:10.1002/j.1538-7305.1972.tb01956.x (convex in the beds);
Jagers & van Doorn (1986), Oper. Res. Lett. 5, 45-46, doi:10.1016/0167-6377(86)90099-3.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from optimization.beds.allocation.specialties import Specialty
from twin.units import FloatArray, IntArray


@dataclass(frozen=True)
class RefusalCosts:
    """What refusals weigh by specialty and beds.

    Attributes
    ----------
    names : the specialties
    weighted : float (specialty, beds 0 ... most), read-only [weighted refusals a day]
    least, most : int (specialty,) beds that must and that can be given [beds]
    """

    names: tuple[str, ...]
    weighted: FloatArray
    least: IntArray
    most: IntArray

    def of(self, beds: IntArray) -> float:
        """What an allocation costs, int (specialty,). [weighted refusals a day]"""
        return float(self.weighted[np.arange(len(self.names)), beds].sum())

    def saves(self) -> FloatArray:
        """What the k-th bed saves, float (specialty, bed 1 ... most). [weighted refusals a day]"""
        return -np.diff(self.weighted, axis=1)


def costs_of(specialties: Sequence[Specialty], refused: FloatArray, total: int) -> RefusalCosts:
    """Costs from refused patients a day, float (specialty, beds 0 ... total)."""
    weighted = np.array([s.weight for s in specialties])[:, None] * refused
    weighted.setflags(write=False)
    least = np.array([s.least for s in specialties], dtype=np.int64)
    most = np.array([total if s.most is None else min(s.most, total) for s in specialties], dtype=np.int64)
    return RefusalCosts(tuple(s.name for s in specialties), weighted, least, most)


def refused_share(load: FloatArray, most: int) -> FloatArray:
    """Share of patients refused with 0, 1, ... ``most`` beds: Erlang's loss formula B(c, a).

    Parameters
    ----------
    load
        Offered load a, any shape. [beds]

    Returns
    -------
    FloatArray, shape (*load.shape, most + 1)
        By the recursion B(0) = 1, B(c) = a B(c-1) / (c + a B(c-1)), which loses no digits.
    """
    share = np.ones((*np.shape(load), most + 1))
    for beds in range(1, most + 1):
        carried = load * share[..., beds - 1]
        share[..., beds] = carried / (beds + carried)
    return share


def steady_costs(specialties: Sequence[Specialty], total: int) -> RefusalCosts:
    """Costs where patients come at one rate all week: exact for Poisson arrivals."""
    rate = np.array([s.arrivals_a_day for s in specialties])
    load = np.array([s.offered for s in specialties])
    return costs_of(specialties, rate[:, None] * refused_share(load, total), total)
