"""Measure: what a number says, its unit, and which way is better; and the arithmetic that measures share."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.units import FloatArray


@dataclass(frozen=True)
class Measure:
    """What a measure is called, its unit, which way is better, and what is counted."""

    key: str
    label: str
    unit: str
    better: str  # "up", "down" or "" where neither is
    definition: str


def undefined(rows: Sequence[Measure]) -> dict[str, float]:
    """Measures of something that this hospital does not have."""
    return {row.key: math.nan for row in rows}


def percent(flags: NDArray[np.bool_]) -> float:
    """Share of true ones; NaN of nobody. [%]"""
    return 100 * float(np.mean(flags)) if flags.size else math.nan


def mean(values: FloatArray) -> float:
    """Mean; NaN of nothing."""
    return float(values.mean()) if values.size else math.nan


def ratio(above: Any, below: Any) -> float:
    """Quotient; NaN where there is nothing to divide by."""
    return float(above / below) if below > 0 else math.nan
