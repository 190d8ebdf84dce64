"""The time of year: how far the level of a daily series rises and falls with the seasons.

A level that follows the recent past is late in spring and in autumn. Two waves a year are laid through the
four-week levels beside a bent trend, a series at a time, drawn to what its kin have in common, and that to
nothing, as far as they are noise. Three whole years must have been seen.
"""

from __future__ import annotations

import numpy as np

from forecasting.features import COVARIATES, Calendar
from forecasting.shrinkage import FLOOR

WAVES = [COVARIATES.index(name) for name in ("year_sin", "year_cos", "half_year_sin", "half_year_cos")]
SEASONS = (7,)  # monthly and weekly series have the year in their season
YEAR = 364  # days; whole weeks
FEWEST_YEARS = 3  # assumed: with two, a trend and a wave cannot be told apart
BLOCK = 28  # days of one level; whole weeks
STICKY = 0.8  # most that the error of a block may be taken to say about the next


def yearly_waves(values: np.ndarray, factor: np.ndarray, calendar: Calendar) -> np.ndarray | None:
    """Height of each wave in the logarithm of the level, shape (series, wave); None if too little was seen.

    Parameters
    ----------
    values
        Counts, shape (series, time), NaN where missing.
    factor
        What else multiplies the level, shape (series, time).

    References
    ----------
    Efron & Morris (1975), J. Am. Stat. Assoc. 70, 311-319: shrinkage by the share of spread that is noise.
    """
    past = values.shape[1]
    if calendar.season not in SEASONS or past < FEWEST_YEARS * YEAR:
        return None
    n = past // BLOCK
    late = slice(past - n * BLOCK, past)
    seen = np.isfinite(values) & (calendar.mark[:past] < 0)
    counts, exposure = (
        np.where(seen, part, 0.0)[:, late].reshape(len(values), n, BLOCK).sum(axis=2)
        for part in (values, factor)
    )
    whole = (exposure > FLOOR).all(axis=1)
    level = np.log(np.maximum(counts, 0.5) / np.maximum(exposure, FLOOR))  # half a patient where none came
    waves = calendar.covariates[:past, WAVES][late].reshape(n, BLOCK, -1).mean(axis=1).astype(float)
    trend = _bent(n)
    height, noise = _fitted(level, np.concatenate([trend, waves], axis=1), trend.shape[1])
    noise = np.where(whole[:, None], noise, 1e6)
    return np.where(whole[:, None], _shrunk(height, noise), 0.0)


def year_factor(height: np.ndarray, calendar: Calendar) -> np.ndarray:
    """Factor of every period, shape (series, time)."""
    return np.exp(height @ calendar.covariates[:, WAVES].T.astype(float))


def _bent(n: int) -> np.ndarray:
    """A line that may bend once a year, shape (block, column)."""
    time = np.linspace(-1.0, 1.0, n)
    knots = np.linspace(-1.0, 1.0, n * BLOCK // YEAR + 2)[1:-1]
    return np.stack([np.ones(n), time, *(np.maximum(time - knot, 0.0) for knot in knots)], axis=1)


def _fitted(level: np.ndarray, columns: np.ndarray, first: int) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients from column ``first`` on and their variance, errors that last allowed for."""
    n = len(columns)
    inverse = np.linalg.pinv(columns.T @ columns)
    found = level @ columns @ inverse
    rest = level - found @ columns.T
    size = np.maximum((rest**2).sum(axis=1), FLOOR)
    lasting = np.clip((rest[:, 1:] * rest[:, :-1]).sum(axis=1) / size, 0.0, STICKY)
    variance = size / max(n - columns.shape[1], 1) * (1 + lasting) / (1 - lasting)
    return found[:, first:], variance[:, None] * np.diag(inverse)[first:]


def _shrunk(height: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """Heights drawn to the common one, and that to none; kin share their winters, so many are no surer."""
    sure = 1.0 / noise
    common = (height * sure).sum(axis=0) / sure.sum(axis=0)
    doubt = len(noise) / sure.sum(axis=0)
    spread = max(float((common**2 - doubt).mean()), 0.0)
    centre = common * spread / (spread + doubt + FLOOR)
    apart = (((height - common) ** 2 - noise) * sure).sum() / sure.sum()
    between = max(float(apart), 0.0)
    return centre + (height - centre) * between / (between + noise)
