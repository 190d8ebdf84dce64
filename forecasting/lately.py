"""Lately: how far each place of the season has left its usual factor in recent weeks.

A ward begins to discharge on Saturdays, a form is counted on another day: the usual factor, learned over
years, is then wrong for months. Each weekday's recent counts over what its usual factor let expect are
smoothed, for several memories, and each series follows the memories that foretold its own past best.
"""

from __future__ import annotations

import numpy as np
from scipy.signal import lfilter

from forecasting.shrinkage import FLOOR

MEMORIES = (2.0, 4.0, 8.0, 16.0, 32.0)  # seasons; assumed: from "habits of this month" to "of this year"
DOUBT = 1.0  # seasons of usual counts that the usual factor weighs as much as; assumed
LEVEL = 4  # seasons in the level that a count is held against; whole ones, so that no weekday moves it
FORGET = 26.0  # seasons after which an error says half as much about which memory serves; assumed
SHARPNESS = 200.0  # assumed: a memory 0.5 % worse in absolute error gets a third of the weight


def recent_factor(
    values: np.ndarray, usual: np.ndarray, ordinary: np.ndarray, season: int, learned: int, horizon: int
) -> np.ndarray:
    """Recent over usual factor of the place of each period, known at its end, shape (series, time).

    Parameters
    ----------
    values
        Counts, shape (series, time), NaN where missing.
    usual
        Usual factor of each period, shape (series, time).
    ordinary
        Whether a period is no holiday, shape (time,); others teach nothing.
    season
        Periods in a season.
    learned
        Choose the memory by the first so many periods alone.
    horizon
        Periods ahead for which it should serve.
    """
    seen = np.isfinite(values) & ordinary
    level = _level(values, usual, seen, LEVEL * season)
    expected = np.where(seen, level * usual, 0.0)
    counts = np.where(seen & (level > FLOOR), values, 0.0)
    doubt = DOUBT * level * usual + FLOOR
    candidates = [np.ones(values.shape)]
    for memory in MEMORIES:
        back = np.zeros(season + 1)
        back[0], back[-1] = 1.0, -(0.5 ** (1.0 / memory))
        top, below = (lfilter([1.0], back, part, axis=1) for part in (counts, expected))
        candidates.append((top + doubt) / (below + doubt))
    errors = np.stack(
        [_error(values, level * drift, usual, seen, season, learned, horizon) for drift in candidates]
    )
    share = np.exp(-SHARPNESS * (errors - errors.min(axis=0)))
    share /= share.sum(axis=0)
    return np.einsum("gs,gst->st", share, np.stack(candidates))


def latest(place: np.ndarray | int, origin: np.ndarray | int, season: int) -> np.ndarray:
    """The last period up to ``origin`` at the same place of the season as period ``place``; 0 at least."""
    return np.maximum(origin - (origin - place) % season, 0)


def _level(values: np.ndarray, usual: np.ndarray, seen: np.ndarray, window: int) -> np.ndarray:
    """Mean of the last whole seasons, shape (series, time)."""
    sums = []
    for part in (values, usual):
        running = np.where(seen, part, 0.0).cumsum(axis=1)
        running[:, window:] -= running[:, :-window].copy()
        sums.append(running)
    return np.where(sums[1] > FLOOR, sums[0] / np.maximum(sums[1], FLOOR), 0.0)


def _error(
    values: np.ndarray, known: np.ndarray, usual: np.ndarray, seen: np.ndarray, season: int, learned: int,
    horizon: int,
) -> np.ndarray:  # fmt: skip
    """Absolute error some seasons later over the size of the series, shape (series,)."""
    total, count = np.zeros(len(values)), np.zeros(len(values))
    for seasons in sorted({1, max(1, horizon // season)}):
        lead = seasons * season
        start = min(2 * LEVEL * season, learned // 3)
        if start + lead >= learned:
            continue
        miss = np.abs(
            values[:, start + lead : learned]
            - known[:, start : learned - lead] * usual[:, start + lead : learned]
        )
        use = seen[:, start + lead : learned] * 0.5 ** (np.arange(miss.shape[1])[::-1] / (FORGET * season))
        total += (use * np.where(use > 0, miss, 0.0)).sum(axis=1)
        count += use.sum(axis=1)
    seen_values = np.where(seen, values, 0.0)[:, :learned]
    size = seen_values.sum(axis=1) / np.maximum(seen[:, :learned].sum(axis=1), 1)
    return total / np.maximum(count * np.maximum(size, FLOOR), FLOOR)
