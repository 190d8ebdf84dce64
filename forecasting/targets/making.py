"""Making: a target from counts by name."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from forecasting.targets.counting import history_from
from forecasting.targets.target import CENSUS, KINDS, SUPPLIES, Target, series_name
from twin.errors import UsageError


def target_from(
    kind: str,
    lowest: str,
    counts: Mapping[str, np.ndarray],
    groups: Mapping[str, Mapping[str, str]],
    periods: pd.DatetimeIndex,
    frequency: str,
    said: list[str],
    capped: np.ndarray | None = None,
) -> Target:
    """A target of these counts by name; ``groups`` are the levels between the lowest and the hospital."""
    if frequency not in ("h", "D"):
        raise UsageError(f'records are counted by "h" or "D", not "{frequency}"')
    names = list(counts)
    ids = tuple(series_name(kind, lowest, name) for name in names)
    values = np.array([counts[name] for name in names])
    levels = {lowest: ids}
    for level, of in groups.items():
        levels[level] = tuple(series_name(kind, level, of[name]) for name in names)
    if kind != SUPPLIES:
        levels["hospital"] = (series_name(kind, "hospital", ""),) * len(ids)
    return Target(
        kind=kind,
        unit=KINDS[kind],
        history=history_from(ids, values, periods, "h" if frequency == "h" else "D", said),
        groups=levels,
        is_level=kind == CENSUS,
        capped=np.zeros(values.shape, bool) if capped is None else capped,
    )
