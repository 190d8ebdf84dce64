"""Paths: whole futures that keep together what goes together.

A busy week is busy on most of its days, in most of its wards. So each path takes its pattern of high
and low from errors that really occurred together, and its counts from the marginals. Sums over wards
and days then spread as they should, which sums of quantiles never do.
"""

from __future__ import annotations

import numpy as np
from scipy.stats import norm, rankdata

from forecasting.heads import LEVELS
from forecasting.marginals import SMALL, with_tails

NUGGET = 0.02  # share of a path's pattern that is chance of its own; assumed, keeps ranks without ties
ONE_PAST = (
    0.8  # share that is one past stretch as it was, the rest a mixture of all; measured on daily panels
)
FEWEST = 8  # templates; assumed: fewer show no dependence
USUAL_LINK = 0.3  # correlation within a future where history is too short to show one; assumed
BLOCK = 4_000_000  # cells times paths worked on at a time: about 0.2 GB


def joint_paths(
    quantiles: np.ndarray,
    templates: np.ndarray,
    n_paths: int,
    *,
    seed: int,
    counts: bool,
    mean: np.ndarray | None = None,
) -> np.ndarray:
    """Draw futures.

    Parameters
    ----------
    quantiles
        Marginals, shape (series, horizon, level), ordered.
    templates
        Errors that occurred together, shape (origin, series, horizon); NaN where unknown.
    counts
        Give whole numbers.
    mean
        Expected counts, shape (series, horizon). The paths of small whole counts keep it: between two
        quantiles that are whole numbers there is room for a mean, and sums over many hours show it.

    Returns
    -------
    array, shape (path, series, horizon)
        In each cell the paths run evenly through the marginal, so its quantiles are those of the table.

    References
    ----------
    Clark et al. (2004), J. Hydrometeorology 5, 243-262 (the Schaake shuffle); here each path follows one
    past stretch and, for the rest, a Gaussian copula with the templates' covariance, so that there may be
    more paths than templates and bad weeks that struck everywhere at once stay rare and whole.
    """
    chance = np.random.default_rng([seed, 7])
    n_series, horizon = quantiles.shape[:2]
    paths = np.empty((n_paths, n_series, horizon))
    if not n_paths:
        return paths
    follow = _Following(len(templates), n_paths, chance)
    each = max(1, BLOCK // (n_paths * horizon))
    for first in range(0, n_series, each):
        block = slice(first, first + each)
        expected = None if mean is None else mean[block]
        pattern = follow.pattern(templates[:, block], quantiles[block].shape[:2])
        ladder = _ladder(quantiles[block], expected, n_paths, counts, chance)
        order = pattern.argsort(axis=0, kind="stable")
        np.put_along_axis(paths[:, block], order, np.moveaxis(ladder, -1, 0), axis=0)
    return paths


class _Following:
    """Which past stretches each path follows: the same for every series."""

    def __init__(self, n_templates: int, n_paths: int, chance: np.random.Generator) -> None:
        self.chance = chance
        self.together = chance.standard_normal((n_paths, 1, 1))
        self.weights = chance.standard_normal((n_paths, n_templates)) / np.sqrt(max(n_templates, 1))
        self.weights *= np.sqrt(1 - NUGGET - ONE_PAST)
        if n_templates:
            rounds = -(-n_paths // n_templates)
            turns = [chance.permutation(n_templates) for _ in range(rounds)]
            follow = np.concatenate(turns)[:n_paths]
            self.weights[np.arange(n_paths), follow] += np.sqrt(ONE_PAST)

    def pattern(self, templates: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
        """High and low of each path, shape (path, series, horizon), of unit variance in each cell."""
        own = self.chance.standard_normal((len(self.weights), *shape))
        if len(templates) < FEWEST:
            return np.sqrt(USUAL_LINK) * self.together + np.sqrt(1 - USUAL_LINK) * own
        scores = _normal_scores(templates).reshape(len(templates), -1)
        size = np.sqrt((scores**2).mean(axis=0))
        linked = (self.weights @ (scores / np.where(size > 0, size, 1.0))).reshape(own.shape)
        missing = (size == 0).reshape(shape)
        return np.where(missing, own, linked + np.sqrt(NUGGET) * own)


def _ladder(
    quantiles: np.ndarray, mean: np.ndarray | None, n_paths: int, counts: bool, chance: np.random.Generator
) -> np.ndarray:
    """Even steps through each marginal, from low to high, shape (series, horizon, path)."""
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


def _normal_scores(templates: np.ndarray) -> np.ndarray:
    """Errors as standard normals by rank within each cell; 0 where unknown."""
    known = np.isfinite(templates)
    n = known.sum(axis=0)
    rank = rankdata(np.where(known, templates, np.inf), axis=0)
    return np.where(known, norm.ppf(np.clip((rank - 0.5) / np.maximum(n, 1), 1e-4, 1 - 1e-4)), 0.0)


def _interpolation(levels: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Weights that read a piecewise linear quantile function at ``at``, shape (level, at)."""
    right = np.clip(np.searchsorted(levels, at), 1, len(levels) - 1)
    part = (at - levels[right - 1]) / (levels[right] - levels[right - 1])
    weights = np.zeros((len(levels), len(at)))
    weights[right, np.arange(len(at))] = part
    weights[right - 1, np.arange(len(at))] = 1 - part
    return weights
