"""Paths: whole futures that keep together what goes together.

A busy week is busy on most of its days, in most of its wards. So each path takes its pattern of high
and low from errors that really occurred together, and its counts from the marginals. Sums over wards
and days then spread as they should, which sums of quantiles never do.
"""

from __future__ import annotations

import numpy as np
from scipy.stats import norm, rankdata

from forecasting.heads import MIDDLE
from forecasting.ladder import ladder_of
from forecasting.together import Common, Linked, PastErrors, leaned

FEWEST = 8  # templates; assumed: fewer show no dependence
NUGGET = 0.02  # share of a path's pattern that is chance of its own; assumed, keeps ranks without ties
ONE_PAST = (
    0.8  # share that is one past stretch as it was, the rest a mixture of all; measured on daily panels
)
BLOCK = 4_000_000  # cells times paths worked on at a time: about 0.2 GB


def joint_paths(
    quantiles: np.ndarray,
    templates: np.ndarray,
    n_paths: int,
    *,
    seed: int,
    counts: bool,
    mean: np.ndarray | None = None,
    past: PastErrors | None = None,
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
    past
        Errors that tell how far all series go together (``together.past_errors``); as the templates show it
        when omitted.

    Returns
    -------
    array, shape (path, series, horizon)
        In each cell the paths run evenly through the marginal, so its quantiles are those of the table.

    References
    ----------
    Clark et al. (2004), J. Hydrometeorology 5, 243-262 (the Schaake shuffle); here each path follows one
    past stretch and, for the rest, a Gaussian copula with the templates' covariance, so that there may be
    more paths than templates and bad weeks that struck everywhere at once stay rare and whole. Series that
    are mostly 0, and histories with few templates, are drawn by ``together.Linked``.
    """
    chance = np.random.default_rng([seed, 7])
    n_series, horizon = quantiles.shape[:2]
    paths = np.empty((n_paths, n_series, horizon))
    if not n_paths:
        return paths
    rare = _mostly_zero(quantiles, counts and past is not None) | (len(templates) < FEWEST)
    groups = np.flatnonzero(~rare), np.flatnonzero(rare)
    common = [None if past is None or not len(rows) else past.common(rows) for rows in groups]
    follow = _Following(templates[:, groups[0]], quantiles[groups[0]], common[0], n_paths, chance)
    middle = quantiles[..., MIDDLE] if mean is None else mean
    links = Linked(common[1], quantiles[groups[1]], middle[groups[1]], n_paths, counts, chance)
    each = max(1, BLOCK // (n_paths * horizon))
    patterns = (follow.pattern, links.pattern)
    for rows, pattern in zip(groups, patterns, strict=True):
        for first in range(0, len(rows), each):
            place = np.arange(first, min(first + each, len(rows)))
            block = rows[place]
            expected = None if mean is None else mean[block]
            ladder = ladder_of(quantiles[block], expected, n_paths, counts, chance)
            order = pattern(place).argsort(axis=0, kind="stable")
            whole = np.empty((n_paths, len(block), horizon))
            np.put_along_axis(whole, order, np.moveaxis(ladder, -1, 0), axis=0)
            paths[:, block] = whole
    return paths


def _mostly_zero(quantiles: np.ndarray, counts: bool) -> np.ndarray:
    """Series that are 0 more often than not in most periods: their past shows no pattern, shape (series,)."""
    zero = quantiles[..., MIDDLE] < 0.5
    often: np.ndarray = counts & (zero.mean(axis=1) > 0.5)
    return often


class _Following:
    """Which past stretches each path follows: the same for every series."""

    def __init__(
        self,
        templates: np.ndarray,
        quantiles: np.ndarray,
        common: Common | None,
        n_paths: int,
        chance: np.random.Generator,
    ) -> None:
        n_templates = len(templates)
        self.chance = chance
        self.weights = chance.standard_normal((n_paths, n_templates)) / np.sqrt(max(n_templates, 1))
        self.weights *= np.sqrt(1 - NUGGET - ONE_PAST)
        if n_templates:
            rounds = -(-n_paths // n_templates)
            turns = [chance.permutation(n_templates) for _ in range(rounds)]
            follow = np.concatenate(turns)[:n_paths]
            self.weights[np.arange(n_paths), follow] += np.sqrt(ONE_PAST)
        if not n_templates or not templates.shape[1]:
            return
        scores = _normal_scores(templates)
        size = np.sqrt((scores**2).mean(axis=0))
        self.unknown = size == 0
        self.scores = scores / np.where(size > 0, size, 1.0)
        if common is not None and templates.shape[1] > 1:
            self.scores = leaned(self.scores, common, quantiles)

    def pattern(self, rows: np.ndarray) -> np.ndarray:
        """High and low of each path, shape (path, series, horizon), of unit variance in each cell."""
        scores = self.scores[:, rows]
        own = self.chance.standard_normal((len(self.weights), *scores.shape[1:]))
        follows = (self.weights @ scores.reshape(len(scores), -1)).reshape(own.shape)
        return np.where(self.unknown[rows], own, follows + np.sqrt(NUGGET) * own)


def _normal_scores(templates: np.ndarray) -> np.ndarray:
    """Errors as standard normals by rank within each cell; 0 where unknown."""
    known = np.isfinite(templates)
    n = known.sum(axis=0)
    rank = rankdata(np.where(known, templates, np.inf), axis=0)
    return np.where(known, norm.ppf(np.clip((rank - 0.5) / np.maximum(n, 1), 1e-4, 1 - 1e-4)), 0.0)
