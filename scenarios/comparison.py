"""Comparison: a changed hospital beside the base, on the same patients.

Each replication is lived twice, so the difference is taken pair by pair, and its 95 % margin says how
well the mean difference is known. A margin that includes zero is "no clear change".
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from twin.measures import MEASURES, paired
from twin.units import FloatArray


@dataclass(frozen=True)
class Row:
    """One measure in both hospitals.

    Attributes
    ----------
    base, changed : means over the replications in which both are defined [unit]
    difference, margin95 : changed - base by pairs, and its 95 % simulation error [unit]
    better : ``up`` or ``down``
    clear : the margin does not include zero
    dots_base, dots_changed : value of each replication, pairs in the same place [unit]
    """

    measure: str
    label: str
    unit: str
    base: float
    changed: float
    difference: float
    margin95: float
    better: str
    clear: bool
    dots_base: tuple[float, ...] = ()
    dots_changed: tuple[float, ...] = ()

    def to_json(self, *, dots: bool = True) -> dict[str, Any]:
        """JSON values; without the dots where a table is enough."""
        row = asdict(self)
        if not dots:
            del row["dots_base"], row["dots_changed"]
        return {key: list(value) if isinstance(value, tuple) else value for key, value in row.items()}


@dataclass(frozen=True)
class Comparison:
    """All measures of a scenario beside the base.

    Attributes
    ----------
    base, changed : names
    levers : the changes in words
    notes : what a reader must be told, such as a lever that was cut
    """

    base: str
    changed: str
    levers: tuple[str, ...]
    rows: tuple[Row, ...]
    replications: int
    notes: tuple[str, ...] = ()

    def to_json(self, *, dots: bool = True) -> dict[str, Any]:
        """The part ``comparison`` of an answer."""
        return {
            "base": self.base,
            "with": self.changed,
            "rows": [row.to_json(dots=dots) for row in self.rows],
        }


def compare_measures(
    base: Sequence[Mapping[str, float]], changed: Sequence[Mapping[str, float]]
) -> tuple[Row, ...]:
    """Rows of every measure that is defined in two replications or more, in the order of ``MEASURES``.

    Parameters
    ----------
    base, changed
        Measures of each replication, pairs in the same place.
    """
    rows = []
    for key, measure in MEASURES.items():
        before, after = (
            np.array([m.get(key, math.nan) for m in side], np.float64) for side in (base, changed)
        )
        both = np.isfinite(before) & np.isfinite(after)
        if both.sum() >= 2:
            rows.append(row_of(key, measure.label, measure.unit, measure.better, before[both], after[both]))
    return tuple(rows)


def row_of(key: str, label: str, unit: str, better: str, base: FloatArray, changed: FloatArray) -> Row:
    """One measure by pairs, all of them defined, shape (replication,) each."""
    difference = paired(base, changed)
    return Row(
        measure=key,
        label=label,
        unit=unit,
        base=float(base.mean()),
        changed=float(changed.mean()),
        difference=difference.mean,
        margin95=difference.margin95,
        better=better,
        clear=bool(abs(difference.mean) > difference.margin95),
        dots_base=tuple(base.tolist()),
        dots_changed=tuple(changed.tolist()),
    )
