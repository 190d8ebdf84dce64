"""Rare counts: how many are taken at once, where mostly none are.

An item that is used in fives is empty for longer than one used singly with the same mean: so the chance
that any are taken, and how many then, are told apart (a hurdle). How many is learned from all rare series
together; the mean stays that of the base. The hurdle serves where it would have foretold the last counts
of the past better than a plain negative binomial.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.stats import nbinom, poisson

from forecasting.heads import LEVELS

KIN_TIMES = 2.0  # times of use that the mean of kin counts for in how many are taken at once; assumed
KIN_PERIODS = 1.0  # periods that it counts for in how often any are; assumed
FEWEST_TIMES = 100  # counts above 0, of which a quarter is kept to judge by; assumed: fewer show no sizes
LEADS = (1, 4, 8, 12)  # periods ahead that are looked at; assumed
SMALLEST_GAIN = 0.002  # share of the loss; assumed, as in the contest: less is no gain
MOST_OFTEN = 0.97  # chance of any being taken, at most; assumed: a series that is never empty is not rare
MOST_CELLS = 400_000  # counts that are learned from; assumed: more show nothing new
MOST_JUDGED = (
    20_000  # of the last quarter of them; assumed: a loss is then known to about one part in a hundred
)
_STEPS = 15
_DRAW = 1e-2  # pull of the coefficients towards 0; assumed: keeps steps finite where all sizes are one


@dataclass(frozen=True)
class RareCounts:
    """What is taken at once.

    Attributes
    ----------
    rows : series that are rare, shape (series,)
    state : log of how many each takes at once and log odds of how often, shape (series, 2)
    weights : of 1, log mean, and both of ``state`` in the log of how many beyond one, shape (4,)
    size : shape parameter of the negative binomial of how many beyond one
    """

    rows: np.ndarray
    state: np.ndarray
    weights: np.ndarray
    size: float

    def quantiles(self, mean: np.ndarray, at: np.ndarray) -> np.ndarray:
        """Quantiles of counts with this mean, shape (cell, level).

        Parameters
        ----------
        mean
            Shape (cell,). [counts]
        at
            Row of the series of each cell, shape (cell,).
        """
        return _quantiles(mean, _beyond_one(mean, self.state[at], self.weights), self.size)


def learn_rare_counts(
    values: np.ndarray,
    rows: np.ndarray,
    foretold: Callable[[int, np.ndarray], np.ndarray],
    spread: Callable[[np.ndarray, np.ndarray], np.ndarray],
    horizon: int,
) -> RareCounts | None:
    """Learn from the past; None where a plain negative binomial foretold its last counts as well.

    Parameters
    ----------
    values
        Counts, shape (series, time), NaN where missing.
    rows
        Series that are rare, shape (series,).
    foretold
        Means that the base gave at an origin for some leads, shape (series, lead).
    spread
        One unit of spread around means of cells, and the row of the series of each cell.

    References
    ----------
    Mullahy (1986), J. Econometrics 33, 341-365 (hurdle counts); Shenstone & Hyndman (2005), J. Forecasting
    24, 389-402, and Teunter, Syntetos & Babai (2011), Eur. J. Oper. Res. 214, 606-615 (how often and how many
    apart, in intermittent demand).
    """
    counts = values[rows]
    if not (counts == np.rint(counts))[np.isfinite(counts)].all():
        return None
    often, many = _states(counts)
    past, series = counts.shape[1], np.flatnonzero(rows)
    leads = np.array([lead for lead in LEADS if lead <= max(1, min(horizon, past // 3))])
    cells: list[np.ndarray] = []
    origins = np.arange(past // 3, past - 1)
    apart = 1 + len(counts) * len(origins) * len(leads) // MOST_CELLS
    for origin in origins[::-apart][::-1]:
        ahead = leads[leads <= past - 1 - origin]
        mean = foretold(int(origin), ahead)[rows]
        known = np.broadcast_to(np.stack([many[:, origin], often[:, origin]], -1)[:, None], (*mean.shape, 2))
        which = np.broadcast_to(series[:, None], mean.shape)
        came = counts[:, origin + ahead]
        cells.append(np.concatenate([c.reshape(mean.size, -1) for c in (came, mean, which, known)], axis=1))
    looked = np.concatenate(cells) if cells else np.zeros((0, 5))
    looked = looked[np.isfinite(looked[:, 0])]
    if (looked[:, 0] > 0).sum() < FEWEST_TIMES or not _is_better(looked, spread):
        return None
    state = np.zeros((len(values), 2))
    state[rows] = np.stack([many[:, -1], often[:, -1]], axis=-1)
    return RareCounts(rows, state, *_fit(looked))


def _is_better(looked: np.ndarray, spread: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> bool:
    """Whether the hurdle, learned before, would have foretold the last quarter better than a plain one."""
    before, after = np.split(looked, [3 * len(looked) // 4])
    if not (before[:, 0] > 0).any():
        return False
    after = after[:: 1 + len(after) // MOST_JUDGED]
    weights, size = _fit(before)
    ours = _quantiles(after[:, 1], _beyond_one(after[:, 1], after[:, 3:], weights), size)
    away = (before[:, 0] - before[:, 1]) / spread(before[:, 1], before[:, 2].astype(int))
    wide = width_of(*np.quantile(away, [LEVELS[1], LEVELS[-2]]))
    theirs = small_counts(after[:, 1], (wide * spread(after[:, 1], after[:, 2].astype(int))) ** 2)
    return _loss(ours, after[:, 0]) < (1 - SMALLEST_GAIN) * _loss(theirs, after[:, 0])


def width_of(low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Half of an 80 % range over that of a normal distribution, within reason. [units of spread]"""
    return np.clip((high - low) / (2 * 1.2816), 0.5, 3.0)


def small_counts(mean: np.ndarray, variance: np.ndarray) -> np.ndarray:
    """Negative binomial quantiles (Poisson where the variance is no larger), shape (..., level)."""
    mean = np.maximum(mean, 1e-6)[..., None]
    variance = variance[..., None]
    over = variance > 1.02 * mean
    size = mean**2 / np.maximum(variance - mean, 1e-9 + 0.02 * mean)
    level = np.array(LEVELS)
    return np.where(over, nbinom.ppf(level, size, size / (size + mean)), poisson.ppf(level, mean))


def _states(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Log odds of how often any were taken, and log of how many at once, by then; (series, time)."""
    seen = np.isfinite(counts)
    taken = np.where(seen, counts, 0.0)
    some = taken > 0
    kin_often = some.sum() / max(seen.sum(), 1)
    kin_many = taken.sum() / max(some.sum(), 1)
    often = (some.cumsum(axis=1) + KIN_PERIODS * kin_often) / (seen.cumsum(axis=1) + KIN_PERIODS)
    many = (taken.cumsum(axis=1) + KIN_TIMES * kin_many) / (some.cumsum(axis=1) + KIN_TIMES)
    return np.log(often / (1 - often + 0.01) + 0.001), np.log(many)


def _design(mean: np.ndarray, state: np.ndarray) -> np.ndarray:
    return np.column_stack([np.ones(len(mean)), np.log(np.maximum(mean, 1e-3)), state])


def _beyond_one(mean: np.ndarray, state: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Mean of how many are taken beyond one, where any are, shape (cell,)."""
    return np.asarray(np.exp(np.clip(_design(mean, state) @ weights, -8.0, 8.0)))


def _fit(looked: np.ndarray) -> tuple[np.ndarray, float]:
    """Weights and shape of how many beyond one, from counts above 0, by maximum likelihood."""
    some = looked[looked[:, 0] > 0]
    design, beyond = _design(some[:, 1], some[:, 3:]), some[:, 0] - 1
    weights = np.array([np.log(max(beyond.mean(), 1e-3)), 0.0, 0.0, 0.0])
    for _ in range(_STEPS):
        mean = np.exp(np.clip(design @ weights, -8.0, 8.0))
        curve = (design * (mean / (1 + mean))[:, None]).T @ design + _DRAW * np.eye(4)
        weights = weights + np.linalg.solve(curve, design.T @ ((beyond - mean) / (1 + mean)))
    mean = np.exp(np.clip(design @ weights, -8.0, 8.0))

    def unlikely(log_size: float) -> float:
        size = np.exp(log_size)
        return -float(nbinom.logpmf(beyond, size, size / (size + mean)).sum())

    return weights, float(np.exp(minimize_scalar(unlikely, bounds=(-3.0, 4.0), method="bounded").x))


def _quantiles(mean: np.ndarray, beyond: np.ndarray, size: float) -> np.ndarray:
    """Quantiles of none, or of one and so many beyond it, with this mean, shape (cell, level)."""
    mean = np.maximum(mean, 1e-9)
    chance = np.minimum(mean / (1 + beyond), MOST_OFTEN)
    beyond = np.maximum(mean / chance - 1, 1e-9)
    level = (np.array(LEVELS) - (1 - chance[:, None])) / chance[:, None]
    some = level > 0
    taken = 1 + nbinom.ppf(np.where(some, level, 0.5), size, (size / (size + beyond))[:, None])
    return np.where(some, taken, 0.0)


def _loss(quantiles: np.ndarray, came: np.ndarray) -> float:
    miss, level = came[:, None] - quantiles, np.array(LEVELS)
    return float(np.maximum(level * miss, (level - 1) * miss).mean())
