"""Rare counts: the level of series that are empty most of the time, such as supply items or a small clinic.

The few counts of one such series are mostly chance. What a look at its recent and its longer past is worth,
and what the mean of its kin is worth, is learned from all of them together: of all looks at the past, which
weights would have foretold the counts that followed? A series that was busy is expected to calm down and an
empty one to stir, as far as that has been the habit of its kin; how long it has been silent counts as well
(``fading.py``).
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import nnls
from scipy.signal import lfilter

from forecasting.fading import faded
from forecasting.shrinkage import raw_ratios, shrink

RARE = 5.0  # mean count a period below which a series leans on its kin; assumed
KIN_PERIODS = 1.0  # periods that the mean of kin counts for where a past has just begun; assumed
FEWEST_PAIRS = 200  # looks and the count that followed; assumed: fewer do not show what a look is worth
PLACE_COUNTS = 100.0  # as uncertain (a tenth) as factors usually differ: weigh as much as all kin; assumed
OFTEN = 10  # seasons after which a series' own factors are kept, e.g. weeks of a weekday clinic; assumed
LEAST = 1e-9


def rare_series(values: np.ndarray) -> np.ndarray:
    """Series of few counts a period, or mostly empty ones, shape (series,).

    There must be ten of them to learn from each other.
    """
    seen = np.isfinite(values)
    usual = np.where(seen, values, 0.0).sum(axis=1) / np.maximum(seen.sum(axis=1), 1)
    empty = (values == 0).sum(axis=1) > 0.5 * seen.sum(axis=1)
    rare = (usual < RARE) | empty
    return rare if rare.sum() >= 10 else np.zeros(len(values), dtype=bool)


def credible_level(
    values: np.ndarray, factor: np.ndarray, lives: tuple[float, ...], leads: np.ndarray, known: int
) -> np.ndarray | None:
    """Level at the end of each past period, shape (series, time); None where the past is too short.

    Parameters
    ----------
    values
        Counts of rare series alone, shape (series, time), NaN where missing.
    factor
        Season x holiday of the same periods.
    lives
        Half-lives of the looks at the past. [periods]
    leads
        Periods ahead that the level should serve.
    known
        Weights are learned from the first so many periods alone.

    References
    ----------
    Buehlmann & Gisler (2005), A Course in Credibility Theory, chapters 3 and 9: the best linear predictor,
    exponentially weighted; here its weights are found by least squares over all series instead of from
    variances, and none is negative.
    """
    seen = np.isfinite(values)
    counts, exposure = np.where(seen, values, 0.0), np.where(seen, factor, 0.0)
    total = exposure[:, :known].sum()
    if total <= LEAST:
        return None
    kin = counts[:, :known].sum() / total
    looks = np.stack([np.full(values.shape, kin), *(_look(counts, exposure, life, kin) for life in lives)])
    weights = _weights(looks[..., :known], counts[:, :known], seen[:, :known], leads)
    if weights is None:
        return None
    return faded(np.einsum("l,lst->st", weights, looks), counts, exposure, leads, known)


def kin_season(
    seasonal: np.ndarray, values: np.ndarray, expected: np.ndarray, place: np.ndarray, weight: np.ndarray
) -> np.ndarray:
    """Seasonal factors of which rare series keep what their counts can show; the rest is that of their kin.

    Parameters
    ----------
    seasonal
        Factors of each series by itself, shape (series, season).
    values, expected
        Counts, and what they would be without season, shape (series, time).
    place
        Place of each period in the season, shape (time,); -1 where it is left out.
    weight
        Weight of each period, shape (time,).
    """
    rare = rare_series(values)
    season, past = seasonal.shape[1], values.shape[1]
    if not rare.any() or past >= OFTEN * season:
        return seasonal
    seen = np.isfinite(values[rare])
    counts, usual = np.where(seen, values[rare], 0.0), np.where(seen, expected[rare], 0.0)
    ratio, variance = raw_ratios(counts.sum(axis=0)[None], usual.sum(axis=0)[None], place, season, weight)
    kin = shrink(ratio, variance, past / season)
    own = counts.sum(axis=1, keepdims=True) / season
    share = own / (own + PLACE_COUNTS)
    mixed = seasonal.copy()
    mixed[rare] = share * seasonal[rare] + (1 - share) * kin
    return mixed


def _look(counts: np.ndarray, exposure: np.ndarray, life: float, kin: float) -> np.ndarray:
    """Exponentially weighted mean of the past, begun with the mean of kin, shape (series, time)."""
    keep = 0.5 ** (1.0 / life)
    top = lfilter([1.0], [1.0, -keep], counts, axis=1)
    below = lfilter([1.0], [1.0, -keep], exposure, axis=1)
    return (top + KIN_PERIODS * kin) / (below + KIN_PERIODS)


def _weights(looks: np.ndarray, counts: np.ndarray, seen: np.ndarray, leads: np.ndarray) -> np.ndarray | None:
    """What each look is worth, shape (look,): least squares, none negative.

    Errors are divided by the square root of the standard deviation: between plain least squares, which the
    busiest series would decide, and full weights, which the emptiest would. The season is left out here: its
    factors were learned from the very counts that follow.
    """
    past = counts.shape[1]
    first = min(past // 4, int(2 * leads.max()))
    square, cross = np.zeros((len(looks), len(looks))), np.zeros(len(looks))
    pairs = 0
    soften = (np.maximum(looks[1], 0.05 * looks[0]) + LEAST) ** -0.25
    for lead in leads:
        weight = soften[:, first : past - lead]
        follows = seen[:, first + lead :]
        x = looks[:, :, first : past - lead] * (weight * follows)
        y = counts[:, first + lead :] * weight
        square += np.einsum("ast,bst->ab", x, x)
        cross += np.einsum("ast,st->a", x, y)
        pairs += int(follows.sum())
    if pairs < FEWEST_PAIRS:
        return None
    root = np.linalg.cholesky(square + 1e-9 * np.trace(square) * np.eye(len(square)))
    return np.asarray(nnls(root.T, np.linalg.solve(root, cross))[0])
