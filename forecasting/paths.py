"""Paths: whole futures that keep together what goes together.

A busy week is busy on most of its days, in most of its wards. So each path takes its pattern of high
and low from errors that really occurred together, and its counts from the marginals. Sums over wards
and days then spread as they should, which sums of quantiles never do.
"""

from __future__ import annotations

import numpy as np
from scipy.stats import norm, rankdata

from forecasting.marginals import with_tails

NUGGET = 0.02  # share of a path's pattern that is chance of its own; assumed, keeps ranks without ties
FEWEST = 8  # templates; assumed: fewer show no dependence
USUAL_LINK = 0.3  # correlation within a future where history is too short to show one; assumed


def joint_paths(
    quantiles: np.ndarray, templates: np.ndarray, n_paths: int, *, seed: int, counts: bool
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

    Returns
    -------
    array, shape (path, series, horizon)
        In each cell the paths run evenly through the marginal, so its quantiles are those of the table.

    References
    ----------
    Clark et al. (2004), J. Hydrometeorology 5, 243-262 (the Schaake shuffle); here the order is drawn
    from a Gaussian copula with the templates' covariance, so that there may be more paths than templates.
    """
    chance = np.random.default_rng([seed, 7])
    pattern = _pattern(templates, n_paths, quantiles.shape[:2], chance)
    rank = rankdata(pattern, axis=0, method="ordinal").astype(np.int64) - 1
    nodes, levels = with_tails(quantiles)
    even = (np.arange(n_paths) + 0.5) / n_paths
    ladder = nodes @ _interpolation(levels, even)
    paths = np.take_along_axis(np.moveaxis(ladder, -1, 0), rank, axis=0)
    return np.floor(paths + 0.5) if counts else paths


def _pattern(
    templates: np.ndarray, n_paths: int, shape: tuple[int, ...], chance: np.random.Generator
) -> np.ndarray:
    """High and low of each path, shape (path, series, horizon), standard normal in each cell."""
    own = chance.standard_normal((n_paths, *shape))
    if len(templates) < FEWEST:
        together = chance.standard_normal((n_paths, 1, 1))
        return np.sqrt(USUAL_LINK) * together + np.sqrt(1 - USUAL_LINK) * own
    scores = _normal_scores(templates).reshape(len(templates), -1)
    size = np.sqrt((scores**2).mean(axis=0))
    weights = chance.standard_normal((n_paths, len(templates))) / np.sqrt(len(templates))
    linked = (weights @ scores / np.where(size > 0, size, 1.0)).reshape(n_paths, *shape)
    missing = (size == 0).reshape(shape)
    linked = np.where(missing, own, linked)
    return np.sqrt(1 - NUGGET) * linked + np.sqrt(NUGGET) * own


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
