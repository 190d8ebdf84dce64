"""Verdict: how one quantity of one case came out."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Verdict:
    """One quantity of one case.

    ``half_width``, ``widest`` and ``z`` are nan where a value is exact or an order is judged.
    """

    case: str
    quantity: str
    where: str
    expected: str
    observed: str
    replications: int
    holds: bool
    half_width: float = math.nan  # of the 95 % interval, relative to the expected value
    widest: float = math.nan  # that it may have
    z: float = math.nan
    fault: str = ""
    """Why nothing can be judged, in words: runs that a guard stopped, replications without a value."""

    @property
    def label(self) -> str:
        """The quantity and where it is seen."""
        return f"{self.quantity} ({self.where})" if self.where else self.quantity

    @property
    def in_words(self) -> str:
        """Whether it holds."""
        if self.holds:
            return "holds"
        return f"MISSES: {self.fault}" if self.fault else "MISSES"
