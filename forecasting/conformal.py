"""The conformal guard: intervals are widened until recent truths fall outside as often as promised.

Each level is moved away from the middle by a factor, learned on recent origins that the model did not
learn from: one for all series and leads, corrected for each band of the horizon, and one width for each
series. Every correction is drawn to the one above it where truths are few.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from forecasting.heads import LEVELS, MIDDLE

EVIDENCE = 150.0  # assumed: truths of one forecast go together; so many weigh as much as no change
BAND_EVIDENCE = 300.0  # truths of a band that weigh as much as all leads together; assumed
SERIES_EVIDENCE = 250.0  # truths of a series that weigh as much as its kin; measured on daily panels
BANDS = (0.0, 0.25, 0.5, 1.0)  # of the horizon: a first week, a second and the rest of four; assumed
NARROWEST, WIDEST = 0.6, 2.5  # assumed: beyond these the model, not its width, is wrong
TINY = 1e-9


def guard_factors(quantiles: np.ndarray, truth: np.ndarray, series: int | None = None) -> np.ndarray:
    """How far each level should be from the middle, relative to now.

    Parameters
    ----------
    quantiles
        Forecasts from recent origins, shape (forecast, horizon, level).
    truth
        What happened, shape (forecast, horizon); NaN where unknown.
    series
        How many series there are; forecasts are in order of origin, then series. Each series then gets
        a width of its own, drawn to that of all. One target when omitted.

    Returns
    -------
    array, shape (series or 1, horizon, level)
        The same above and below the middle: with few origins, a difference is their common luck.

    References
    ----------
    Romano, Patterson & Candes (2019), Conformalized Quantile Regression, arXiv:1905.03222;
    here the score is a ratio, so that one factor serves large and small series.
    """
    horizon = quantiles.shape[1]
    scores = _scores(quantiles, truth)
    pooled = _drawn(scores, np.ones(len(LEVELS)), EVIDENCE)
    factors = np.empty((horizon, len(LEVELS)))
    edges = np.unique(np.rint(np.array(BANDS) * horizon).astype(int))
    for left, right in pairwise(edges):
        factors[left:right] = _drawn(scores[:, left:right], pooled, BAND_EVIDENCE)
    width = _widths(quantiles, truth, series) if series else np.ones(1)
    return np.clip(width[:, None, None] * factors, NARROWEST, WIDEST)


def guarded(quantiles: np.ndarray, factors: np.ndarray) -> np.ndarray:
    """Quantiles with each level moved by its factor; order is kept by ``marginals.ordered``."""
    middle = quantiles[..., MIDDLE : MIDDLE + 1]
    return middle + (quantiles - middle) * factors


def _scores(quantiles: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """How far the truth lay from the middle, over how far the level did; NaN where that says nothing."""
    middle = quantiles[..., MIDDLE : MIDDLE + 1]
    reach = np.abs(quantiles - middle)
    away = (truth[..., None] - middle) * np.where(np.array(LEVELS) > 0.5, 1.0, -1.0)
    return np.where(reach > TINY, away / np.maximum(reach, TINY), np.nan)


def _drawn(scores: np.ndarray, belief: np.ndarray, evidence: float) -> np.ndarray:
    """The factor that each level wants, drawn to ``belief``; shape (level,)."""
    out = belief.copy()
    for low in range(MIDDLE):
        high = len(LEVELS) - 1 - low
        both = scores[..., [low, high]]
        both = both[np.isfinite(both)]
        if not len(both):
            continue
        wanted = float(np.quantile(both, LEVELS[high]))
        trust = len(both) / 2 / (len(both) / 2 + evidence)
        out[[low, high]] = belief[low] + trust * (wanted - belief[low])
    return out


def _widths(quantiles: np.ndarray, truth: np.ndarray, series: int) -> np.ndarray:
    """How wide the errors of each series are, relative to those of all, shape (series,)."""
    half = (quantiles[..., -2] - quantiles[..., 1]) / 2
    error = np.abs(truth - quantiles[..., MIDDLE])
    ratio = np.where(half > TINY, error / np.maximum(half, TINY), np.nan)
    ratio = ratio.reshape(-1, series, truth.shape[1])
    seen = np.isfinite(ratio)
    count = seen.sum(axis=(0, 2))
    total = np.where(seen, ratio, 0.0).sum(axis=(0, 2))
    usual = total.sum() / max(count.sum(), 1)
    if usual <= TINY:
        return np.ones(series)
    own = total / np.maximum(count, 1) / usual
    return 1.0 + count / (count + SERIES_EVIDENCE) * (own - 1.0)
