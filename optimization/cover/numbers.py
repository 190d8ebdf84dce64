"""The people of a cover plan: who works which pattern, who is lent where, who comes from agencies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from optimization.cover.terms import CoverTerms, Crew
from twin.units import DAYS_WEEK, IntArray


@dataclass(frozen=True)
class CoverNumbers:
    """Whole people.

    Attributes
    ----------
    on : ward or pool -> int (skill, week, pattern) own people on each pattern
    lent : (pool, ward) -> int (day, shift, skill)
    agency : ward -> int (day, shift, skill)
    """

    on: Mapping[str, IntArray]
    lent: Mapping[tuple[str, str], IntArray]
    agency: Mapping[str, IntArray]

    def come(self, terms: CoverTerms, crew: Crew) -> IntArray:
        """Own people of a ward or pool by day, shift and skill."""
        come = crew.rostered.copy()
        for t, first in enumerate(terms.weeks):
            on = self.on[crew.name][:, t]  # (skill, pattern)
            come[first : first + DAYS_WEEK] = np.einsum("kp,pds->dsk", on, terms.patterns.worked)
        return come

    def present(self, terms: CoverTerms, ward: str) -> IntArray:
        """Everybody who is asked to a ward, by day, shift and skill."""
        crew = next(w.crew for w in terms.wards if w.name == ward)
        borrowed = sum(n for (_, to), n in self.lent.items() if to == ward)
        there: IntArray = self.come(terms, crew) + borrowed + self.agency[ward]
        return there
