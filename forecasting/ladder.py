"""Ladder: a marginal as so many evenly likely counts, from low to high.

Whole numbers keep the expected count: between two quantiles that are whole there is room for a mean.
"""

from __future__ import annotations

import numpy as np

from forecasting.heads import LEVELS
from forecasting.marginals import SMALL, with_tails


def ladder_of(
    quantiles: np.ndarray, mean: np.ndarray | None, n_paths: int, counts: bool, chance: np.random.Generator
) -> np.ndarray:
    """Even steps through each marginal, from low to high, shape (series, horizon, path).

    Parameters
    ----------
    quantiles
        Shape (series, horizon, level), ordered.
    mean
        Expected counts, shape (series, horizon), that small whole counts keep; None for none.
    n_paths
        Steps.
    counts
        Give whole numbers.
    """
    nodes, levels = with_tails(quantiles)
    steps = _interpolation(levels, (np.arange(n_paths) + 0.5) / n_paths)
    ladder = nodes @ steps
    if not counts:
        return ladder
    out = np.floor(ladder + 0.5)
    if mean is not None:
        small = mean < SMALL
        out[small] = _whole(nodes[small], mean[small], steps, chance)
    return out


def _whole(nodes: np.ndarray, mean: np.ndarray, steps: np.ndarray, chance: np.random.Generator) -> np.ndarray:
    """Whole counts between whole quantiles whose mean is the expected one, shape (cell, path).

    Between two levels the count changes somewhere; where, the mean says. Beyond the last level it may
    rise by one or, if the mean still lies higher, as far as that asks.
    """
    n = steps.shape[1]
    nodes = nodes.copy()
    nodes[:, -1] = np.maximum(nodes[:, -1], nodes[:, -2] + 1.0)
    ladder = nodes @ steps
    below = np.floor(ladder + 1e-9)
    part = ladder - below
    spare = np.floor(n * mean + chance.random(len(mean)) - below.sum(axis=1))
    room = (part > 1e-9).sum(axis=1)
    rising = np.clip(spare, 0, room).astype(np.int64)
    place = np.maximum(rising - 1, 0)[:, None]
    last = np.take_along_axis(-np.sort(-part, axis=1), place, axis=1)
    out = below + ((part >= np.maximum(last, 1e-9)) & (rising > 0)[:, None])
    out.sort(axis=1)
    highest = max(1, int(np.ceil(n * (1 - LEVELS[-1]))))
    more = np.maximum(spare - room, 0.0)[:, None]
    out[:, -highest:] += np.floor(more / highest) + (np.arange(highest)[::-1] < more % highest)
    return out


def _interpolation(levels: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Weights that read a piecewise linear quantile function at ``at``, shape (level, at)."""
    right = np.clip(np.searchsorted(levels, at), 1, len(levels) - 1)
    part = (at - levels[right - 1]) / (levels[right] - levels[right - 1])
    weights = np.zeros((len(levels), len(at)))
    weights[right, np.arange(len(at))] = part
    weights[right - 1, np.arange(len(at))] = 1 - part
    return weights
