"""Covariate effects: how far a series leaves its usual days by what the hospital knew of them beforehand.

Each covariate acts in proportion: a count of one deviation more is so many percent more patients. What a
series shows by itself counts as far as it is not noise; the rest is leaned on its kin, and on no effect.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from forecasting.holiday_effects import SURPRISING, UNSEEN, mark_ratios
from forecasting.shrinkage import CERTAIN, FLOOR

BEYOND = 2.0  # deviations by which series must differ more than by chance to count as different; assumed

Level = Callable[[np.ndarray], np.ndarray]


def covariate_factor(effects: np.ndarray, told: np.ndarray) -> np.ndarray:
    """Factor of every period, shape (series, time).

    Parameters
    ----------
    effects
        Of ``covariate_effects``, shape (series, name).
    told
        Covariates, shape (series, time, name).
    """
    return np.prod(np.maximum(1.0 + effects[:, None, :] * told, 0.0), axis=2)


def covariate_effects(
    values: np.ndarray, expected: np.ndarray, told: np.ndarray, position: np.ndarray, level: Level
) -> np.ndarray:
    """Relative change of counts for a covariate of 1, shape (series, name).

    Whatever of a covariate follows the level or the season is taken out of it first: these have it
    already.

    References
    ----------
    Frisch & Waugh (1933), Econometrica 1, 387-401: partial regression.
    """
    seen = np.isfinite(values) & (expected > FLOOR)
    base = np.where(seen, expected, 0.0)
    miss = np.where(seen, values, 0.0) - base
    own = np.stack(
        [_apart(told[..., k], base, seen, position, level) for k in range(told.shape[2])], axis=2
    ).astype(np.float64)
    below = np.einsum("st,stk->sk", base, own**2)
    known = below > FLOOR + 1e-6 * base.sum(axis=1, keepdims=True)
    effect = np.zeros(below.shape)
    for k in _rounds(told.shape[2]):
        others = effect.copy()
        others[:, k] = 0.0
        rest = miss - base * np.einsum("stk,sk->st", own, others)
        top = (rest * own[..., k]).sum(axis=1)
        effect[:, k] = np.where(known[:, k], top / np.maximum(below[:, k], FLOOR), 0.0)
    rest = miss - base * np.einsum("stk,sk->st", own, effect)
    whole = values[np.isfinite(values)]
    least = 1.0 if (whole == np.rint(whole)).all() else 0.0
    noise = np.maximum((rest**2).sum(axis=1) / np.maximum(base.sum(axis=1), FLOOR), least)[:, None]
    variance = np.where(known, np.clip(noise / np.maximum(below, FLOOR), 1e-8, UNSEEN), UNSEEN)
    _, _, shared = mark_ratios(values, base, np.full(values.shape[1], -1), 0)
    return _shrunk(effect, variance, shared)


def _shrunk(own: np.ndarray, noise: np.ndarray, shared: float) -> np.ndarray:
    """Own effects drawn to that of kin, and that to none, as far as they are noise, shape (series, name).

    References
    ----------
    DerSimonian & Laird (1986), Control. Clin. Trials 7, 177-188: spread between by moments, here only
    as far as it is more than chance makes in 98 of 100 cases.
    """
    weight = np.where(noise < UNSEEN, 1.0 / noise, 0.0)
    total = np.maximum(weight.sum(axis=0), FLOOR)
    free = np.maximum((weight > 0).sum(axis=0) - 1, 0)
    apart = (weight * (own - (weight * own).sum(axis=0) / total) ** 2).sum(axis=0)
    room = np.maximum(total - (weight**2).sum(axis=0) / total, FLOOR)
    between = np.where(free > 0, np.maximum(apart - free - BEYOND * np.sqrt(2.0 * free), 0.0) / room, 0.0)
    share = 1.0 / (noise + between)
    share = share / share.sum(axis=0)
    kin = (share * own).sum(axis=0)
    alone = (share**2 * (noise + between)).sum(axis=0)
    together = (share * np.sqrt(noise)).sum(axis=0) ** 2 - (share**2 * noise).sum(axis=0)
    doubt = np.minimum(alone + shared * together, UNSEEN)
    clear = np.maximum(kin**2 - CERTAIN * doubt, 0.0)
    belief = kin * clear / (clear + doubt)
    gap = own - belief
    trust = np.maximum(between, gap**2 - SURPRISING * noise)
    return np.maximum(belief + gap * trust / (trust + noise), -1.0)


def _rounds(n: int) -> list[int]:
    """Covariates in turn, each given the others; several times where there are several."""
    return list(range(n)) * (1 if n == 1 else 10)


def _apart(
    told: np.ndarray, base: np.ndarray, seen: np.ndarray, position: np.ndarray, level: Level
) -> np.ndarray:
    """A covariate without what of it follows the level or the season, shape (series, time)."""
    apart = np.where(seen, told - level(np.where(seen, told * base, np.nan)), 0.0)
    for place in np.unique(position):
        at = position == place
        weight = np.maximum(base[:, at].sum(axis=1), FLOOR)
        mean = (apart[:, at] * base[:, at]).sum(axis=1) / weight
        apart[:, at] -= np.where(seen[:, at], mean[:, None], 0.0)
    return apart
