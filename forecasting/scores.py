"""Scores: how good a forecast was, in figures that can be compared across hospitals.

MASE is the error of the middle forecast over the error of "same as last season" in the past; WQL the
pinball loss of all deciles over the total count; coverage the share of truths inside an interval.
"""

from __future__ import annotations

import numpy as np

from forecasting.heads import LEVELS, MIDDLE

DECILES = slice(1, -1)
LOW80, HIGH80, LOW95, HIGH95 = 1, -2, 0, -1


def seasonal_error(past: np.ndarray, season: int) -> np.ndarray:
    """Mean absolute change from one season to the next, shape (series,); NaN where there is none.

    Parameters
    ----------
    past
        Counts before the first scored origin, shape (series, time).
    """
    if past.shape[1] <= season:
        return np.full(len(past), np.nan)
    change = np.abs(past[:, season:] - past[:, :-season])
    seen = np.isfinite(change)
    size = np.where(seen, change, 0.0).sum(axis=1) / np.maximum(seen.sum(axis=1), 1)
    return np.where(size > 0, size, np.nan)


def score(quantiles: np.ndarray, truth: np.ndarray, scale: np.ndarray) -> dict[str, float]:
    """MASE, WQL and coverage of one origin.

    Parameters
    ----------
    quantiles
        Shape (series, horizon, level).
    truth
        Shape (series, horizon), NaN where unknown.
    scale
        ``seasonal_error`` of each series; series without one are left out of MASE alone.

    References
    ----------
    Hyndman & Koehler (2006), Int. J. Forecasting 22, 679-688 (MASE);
    Gneiting & Raftery (2007), J. Am. Stat. Assoc. 102, 359-378 (quantile score).
    """
    seen = np.isfinite(truth)
    miss = np.where(seen, truth, 0.0)[..., None] - quantiles
    level = np.array(LEVELS)
    loss = np.where(seen[..., None], 2 * np.maximum(level * miss, (level - 1) * miss), 0.0)
    size = max(float(np.where(seen, np.abs(truth), 0.0).sum()), 1e-9)
    absolute = np.where(seen, np.abs(miss[..., MIDDLE]), 0.0).sum(axis=1) / np.maximum(seen.sum(axis=1), 1)
    scaled = np.where(seen.any(axis=1), absolute / scale, np.nan)
    return {
        "mase": _mean(scaled),
        "wql": float(loss.sum(axis=(0, 1))[DECILES].mean() / size),
        "coverage_80": _inside(quantiles, truth, LOW80, HIGH80),
        "coverage_95": _inside(quantiles, truth, LOW95, HIGH95),
    }


def _inside(quantiles: np.ndarray, truth: np.ndarray, low: int, high: int) -> float:
    seen = np.isfinite(truth)
    inside = (truth >= quantiles[..., low] - 1e-9) & (truth <= quantiles[..., high] + 1e-9)
    return _mean(np.where(seen, inside, np.nan))


def _mean(values: np.ndarray) -> float:
    finite = values[np.isfinite(values)]
    return float(finite.mean()) if len(finite) else float("nan")
