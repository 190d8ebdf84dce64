"""Together: how far all series of a file miss on the same side at once.

A sum over wards or items spreads as it should only if the paths of its parts lean together as far as they
did in the past. Errors are taken about the forecast, not about their own mean: a level that lay too low for
a year is uncertainty, and not a pattern that could be taken off.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.stats import norm

from forecasting.base import Base
from forecasting.ladder import ladder_of

BANDS = 6  # stretches of the horizon that share what they show; assumed, as for the errors' quantiles
USUAL_LINK = 0.3  # correlation within a future where history is too short to show one; assumed
MOST_LINK = 0.95  # assumed: a twentieth of each series is chance of its own
STRONGEST = 8.0  # weight of what all share beside a pattern of unit variance; assumed: all are one by then
MOST_ORIGINS, MOST_CELLS = 240, 4_000_000  # past forecasts looked at, and errors of them; 0.1 GB
_HALVINGS = 40
STEPS = 100  # of a marginal, in which its spread is read; assumed
_TINY = 1e-12


@dataclass(frozen=True)
class Common:
    """How errors of the past went together.

    Attributes
    ----------
    spread : mean square of the sum's errors over that of the sum of spreads, shape (horizon,), 0 to 1
    relative : mean square of the sum's errors over that of the sum's means, shape (horizon,)
    persists : correlation of the sum's errors between two periods of one forecast, 0 to 1
    own : the same of single series, one number for all, 0 to 1
    """

    spread: np.ndarray
    relative: np.ndarray
    persists: float
    own: float


@dataclass(frozen=True)
class PastErrors:
    """Errors of the base at past origins, also of those whose horizon is not over yet.

    Attributes
    ----------
    errors : shape (origin, series, horizon), NaN where unknown [counts]
    mean, spread : what was foretold there, and its unit of spread, same shape [counts]
    """

    errors: np.ndarray
    mean: np.ndarray
    spread: np.ndarray

    def common(self, rows: np.ndarray) -> Common | None:
        """How the errors of these series went together; None where nothing is known of it."""
        seen = np.isfinite(self.errors[:, rows])
        errors = np.where(seen, self.errors[:, rows], 0.0)
        size = np.where(seen, self.spread[:, rows], 1.0)
        usual = (errors**2 / size**2).sum(axis=(0, 1)) / np.maximum(seen.sum(axis=(0, 1)), 1)
        sums = errors.sum(axis=1)
        most = (np.where(seen, size, 0.0).sum(axis=1) ** 2).sum(axis=0) * usual
        mean = (np.where(seen, self.mean[:, rows], 0.0).sum(axis=1) ** 2).sum(axis=0)
        if not len(errors) or min(most.sum(), mean.sum()) <= _TINY:
            return None
        square = (sums**2).sum(axis=0)
        return Common(
            np.clip(_in_bands(square, most), 0.0, 1.0),
            _in_bands(square, mean),
            _persisting(sums, seen.any(axis=1)),
            _persisting(errors / size, seen),
        )


def past_errors(values: np.ndarray, base: Base, horizon: int, most: int = MOST_CELLS) -> PastErrors:
    """What the base missed in the past.

    Parameters
    ----------
    values
        Counts, shape (series, time), NaN where missing.
    base
        Fitted to them.
    most
        Errors that are looked at; origins are spread evenly over the later three quarters of the past.
    """
    past = values.shape[1]
    wanted = int(max(8, min(MOST_ORIGINS, most / (len(values) * horizon))))
    origins = np.unique(np.linspace(past // 4, max(past - 2, past // 4), wanted).round().astype(int))
    origins = origins[origins <= past - 2]
    out = np.full((3, len(origins), len(values), horizon), np.nan)
    for k, origin in enumerate(origins):
        known = np.arange(1, min(horizon, past - 1 - origin) + 1)
        mean = base.mean(int(origin), known)
        out[:, k, :, : len(known)] = values[:, origin + known] - mean, mean, base.spread(mean)
    return PastErrors(*out)


def _in_bands(top: np.ndarray, below: np.ndarray) -> np.ndarray:
    """Ratio by lead, of sums over stretches of the horizon; where nothing is known, that of all."""
    out = np.full(len(top), top.sum() / below.sum())
    edges = np.unique(np.linspace(0, len(top), min(BANDS, len(top)) + 1).round().astype(int))
    for left, right in pairwise(edges):
        if below[left:right].sum() > _TINY:
            out[left:right] = top[left:right].sum() / below[left:right].sum()
    return out


def _persisting(errors: np.ndarray, seen: np.ndarray) -> float:
    """Mean product of the errors of two periods of one forecast over their mean square."""
    n = seen.sum(axis=-1)
    square = (errors**2).sum(axis=-1)
    products = (errors.sum(axis=-1) ** 2 - square).sum() / max((n * (n - 1)).sum(), 1)
    return float(np.clip(products / max(square.sum() / max(n.sum(), 1), _TINY), 0.0, 1.0))


def spreads_of(
    quantiles: np.ndarray, mean: np.ndarray | None, counts: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Standard deviation of each cell, how much of it follows its pattern, and its square, (series, horizon).

    The count of a rare item moves less than its pattern does, because most ranks are the same zero. With
    correlation r of two patterns the covariance of the counts is r times the product of the seconds plus r
    squared times that of the thirds, and little more (Hermite's expansion).
    """
    ladder = ladder_of(quantiles, mean, STEPS, counts, np.random.default_rng(0))
    pattern = norm.ppf((np.arange(STEPS) + 0.5) / STEPS)
    pattern = pattern / pattern.std()
    bent = pattern**2 - 1
    bent = bent / bent.std()
    return (
        ladder.std(axis=-1),
        np.maximum(ladder @ pattern / STEPS, 0.0),
        np.maximum(ladder @ bent / STEPS, 0.0),
    )


def _link(wanted: np.ndarray, straight: np.ndarray, bent: np.ndarray) -> np.ndarray:
    """Correlation of patterns that gives this covariance of counts, 0 to ``MOST_LINK``."""
    wanted = np.maximum(wanted, 0.0)
    below = straight + np.sqrt(straight**2 + 4 * bent * wanted)
    return np.clip(2 * wanted / np.maximum(below, _TINY), 0.0, MOST_LINK)


class Linked:
    """Patterns of what all share, what a series keeps, and chance.

    Of counts that are mostly zeros, and of a history too short to show patterns, this is all that the past
    can tell: the rank of one zero among others says nothing.

    References
    ----------
    Nelsen (2006), An Introduction to Copulas, section 2.3; here a normal factor for all series and one for
    each, so sized that covariances of counts (not of ranks) are those of the past.
    """

    def __init__(
        self,
        common: Common | None,
        quantiles: np.ndarray,
        mean: np.ndarray,
        n_paths: int,
        counts: bool,
        chance: np.random.Generator,
    ) -> None:
        n_series, horizon = quantiles.shape[:2]
        self.chance, self.n_paths, self.horizon = chance, n_paths, horizon
        self.link, self.keep, persists = np.full(horizon, USUAL_LINK), np.zeros(horizon), 1.0
        if common is not None and n_series:
            spread, follows, bends = spreads_of(quantiles, mean, counts)
            wanted = common.relative * mean.sum(axis=0) ** 2 - (spread**2).sum(axis=0)
            straight, bent = (of.sum(axis=0) ** 2 - (of**2).sum(axis=0) for of in (follows, bends))
            self.link, persists = _link(wanted, straight, bent), common.persists
            if n_series == 1:
                self.link = np.zeros(horizon)
            own = _link(common.own * (spread**2).sum(), (follows**2).sum(), (bends**2).sum())
            self.keep = np.clip(own - self.link * persists, 0.0, MOST_LINK - self.link)
        all_along = chance.standard_normal((n_paths, 1, 1))
        at_once = chance.standard_normal((n_paths, 1, horizon))
        self.shared = np.sqrt(persists) * all_along + np.sqrt(1 - persists) * at_once

    def pattern(self, rows: np.ndarray) -> np.ndarray:
        """High and low of each path, shape (path, series, horizon), of unit variance in each cell."""
        n_series = len(rows)
        kept = self.chance.standard_normal((self.n_paths, n_series, 1))
        own = self.chance.standard_normal((self.n_paths, n_series, self.horizon))
        left = 1 - self.link - self.keep
        return np.sqrt(self.link) * self.shared + np.sqrt(self.keep) * kept + np.sqrt(left) * own


def leaned(scores: np.ndarray, common: Common, quantiles: np.ndarray) -> np.ndarray:
    """Past patterns that lean together as far as ``common`` says, shape (origin, series, horizon).

    Parameters
    ----------
    scores
        High and low of each past stretch, of unit variance in each cell.

    Notes
    -----
    What all series share at an origin is made stronger or weaker for all of them alike; each cell keeps its
    unit variance, so that no marginal moves.
    """
    spread, follows, _ = spreads_of(quantiles, None, False)
    out = scores.copy()
    for lead in range(scores.shape[2]):
        apart = (spread[:, lead] ** 2 - follows[:, lead] ** 2).sum()
        wanted = common.spread[lead] * spread[:, lead].sum() ** 2 - apart
        out[:, :, lead] = _leaned_at(scores[:, :, lead], follows[:, lead], wanted)
    return out


def _leaned_at(scores: np.ndarray, size: np.ndarray, wanted: float) -> np.ndarray:
    """Patterns of one lead, shape (origin, series), whose sum weighted by ``size`` has this mean square."""
    shared = scores @ size
    usual = np.sqrt((shared**2).mean())
    if usual <= _TINY:
        return scores
    shared = shared / usual
    goes = scores.T @ shared / len(scores)

    def mean_square(weight: float) -> float:
        by = size / np.sqrt(np.maximum(1 + 2 * weight * goes + weight**2, _TINY))
        return float(((scores @ by + weight * by.sum() * shared) ** 2).mean())

    low, high = -float(np.clip(goes @ size / max(size.sum(), _TINY), 0.0, 1.0)), STRONGEST
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if mean_square(middle) < wanted else (low, middle)
    weight = (low + high) / 2
    scale = np.sqrt(np.maximum(1 + 2 * weight * goes + weight**2, _TINY))
    return (scores + weight * shared[:, None]) / scale
