"""Marginals: the eleven quantiles of each future count, period by period.

The base's quantiles come from its own past errors at the same lead; where counts are small, from a
negative binomial with the same mean and spread, because half a patient is no patient; of series that are
mostly empty from a hurdle, where that has foretold their past better (``rare_counts.py``).
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from forecasting.base import Base
from forecasting.heads import LEVELS
from forecasting.rare_counts import small_counts, width_of

SMALL = 20.0  # mean below which a count is not treated as continuous; assumed
_BANDS = 6  # stretches of the horizon that share their error quantiles


def error_templates(values: np.ndarray, base: Base, horizon: int, most: int = 240) -> np.ndarray:
    """Errors of the base from past origins, in units of spread, shape (origin, series, horizon).

    Origins are spread evenly over the later three quarters of the past; NaN where a count is missing.
    """
    past = values.shape[1]
    first = min(past // 4, max(past - horizon - 1, 0))
    last = past - 1 - horizon
    if last < first:
        return np.zeros((0, len(values), horizon))
    most = int(max(8, min(most, 2e7 / (len(values) * horizon))))
    origins = np.unique(np.linspace(first, last, min(most, last - first + 1)).round().astype(int))
    leads = np.arange(1, horizon + 1)
    out = np.empty((len(origins), len(values), horizon))
    for k, origin in enumerate(origins):
        mean = base.mean(int(origin), leads)
        out[k] = (values[:, origin + leads] - mean) / base.spread(mean)
    return out


def error_quantiles(templates: np.ndarray, horizon: int) -> np.ndarray:
    """Quantiles of the base's errors by lead, all series together, shape (horizon, level)."""
    table = np.empty((horizon, len(LEVELS)))
    edges = np.unique(np.linspace(0, horizon, min(_BANDS, horizon) + 1).round().astype(int))
    for left, right in pairwise(edges):
        errors = templates[:, :, left:right]
        errors = errors[np.isfinite(errors)]
        if len(errors) < 30:  # assumed: fewer errors show no shape; a normal one is taken
            errors = np.sqrt(1 + left / max(horizon, 1)) * _NORMAL
        table[left:right] = np.quantile(errors, LEVELS)
    return table


_NORMAL = np.array([-1.96, -1.2816, -0.8416, -0.5244, -0.2533, 0.0, 0.2533, 0.5244, 0.8416, 1.2816, 1.96])


def base_quantiles(mean: np.ndarray, base: Base, table: np.ndarray, counts: bool) -> np.ndarray:
    """Quantiles of the base, shape (series, horizon, level).

    Parameters
    ----------
    mean
        Shape (series, horizon).
    table
        Error quantiles by lead, shape (horizon, level). [units of spread]
    counts
        Whether every count of the history is a whole number.
    """
    spread = base.spread(mean)
    out = np.maximum(mean[..., None] + spread[..., None] * table, 0.0)
    small = (mean < SMALL) & counts
    if small.any():
        plain = small if base.rare is None else small & ~base.rare.rows[:, None]
        out[plain] = small_counts(mean[plain], (spread * width_of(table[:, 1], table[:, -2]))[plain] ** 2)
        if base.rare is not None:
            hurdle = small & base.rare.rows[:, None]
            out[hurdle] = base.rare.quantiles(mean[hurdle], np.nonzero(hurdle)[0])
    return out


def mean_of(quantiles: np.ndarray) -> np.ndarray:
    """Mean of the piecewise linear distribution through these quantiles, shape without the level axis."""
    nodes, levels = with_tails(quantiles)
    widths = np.diff(levels)
    return ((nodes[..., 1:] + nodes[..., :-1]) / 2 * widths).sum(axis=-1)


def with_tails(quantiles: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Quantiles with levels 0.0005 and 0.9995 added by the slope of a normal tail, then 0 and 1."""
    far = (3.2905 - 1.96) / (1.96 - 1.2816)  # normal quantiles of 0.9995, 0.975 and 0.9
    low = np.maximum(quantiles[..., :1] - far * (quantiles[..., 1:2] - quantiles[..., :1]), 0.0)
    high = quantiles[..., -1:] + far * (quantiles[..., -1:] - quantiles[..., -2:-1])
    return np.concatenate([low, quantiles, high], axis=-1), np.array([0.0, *LEVELS, 1.0])


def ordered(quantiles: np.ndarray) -> np.ndarray:
    """The same without negative counts and without crossing."""
    return np.maximum.accumulate(np.maximum(quantiles, 0.0), axis=-1)
