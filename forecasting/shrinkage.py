"""Shrinkage: how far a series may stand apart from its kin, by the evidence it brings.

A weekday factor seen in three weeks is mostly noise; one seen in three years is knowledge. Each raw
ratio is drawn towards a common one by the share of its spread that is noise.
"""

from __future__ import annotations

import numpy as np

FLOOR = 1e-12
OWN_EVIDENCE = 1.0  # repeats at which a series' own spread weighs about half; assumed: places add up
CERTAIN = 4.0  # a ratio two deviations from belief begins to speak for itself; assumed


def raw_ratios(
    y: np.ndarray, expected: np.ndarray, group: np.ndarray, n_groups: int, weight: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Observed over expected per group of periods, and the variance of that ratio.

    Parameters
    ----------
    y, expected
        Shape (series, time); NaN in ``y`` is left out.
    group
        Group of each period, shape (time,); -1 belongs to none.
    weight
        Weight of each period, shape (time,), e.g. less for the far past.

    Returns
    -------
    ratio, variance
        Shape (series, group); ratio 1 and a very large variance where nothing was seen.
    """
    seen = np.isfinite(y) & (group >= 0)
    member = np.zeros((len(group), n_groups))
    member[np.arange(len(group))[group >= 0], group[group >= 0]] = 1.0
    base = np.where(seen, expected, 0.0)
    top = (np.where(seen, y, 0.0) * weight) @ member
    below = (base * weight) @ member
    ratio = np.where(below > FLOOR, top / np.maximum(below, FLOOR), 1.0)
    miss = np.where(seen, y - base * ratio[:, np.maximum(group, 0)], 0.0)
    free = np.maximum(seen.sum(axis=1) - n_groups, 1) / np.maximum(seen.sum(axis=1), 1)
    noise = (miss**2 * weight).sum(axis=1) / np.maximum((base**2 * weight).sum(axis=1), FLOOR) / free
    spread = (base**2 * weight**2) @ member / np.maximum(below, FLOOR) ** 2
    variance = noise[:, None] * spread
    if (y[seen] == np.rint(y[seen])).all():  # whole counts are at least as uncertain as Poisson ones
        least = (base * weight**2) @ member / np.maximum(below, FLOOR) ** 2
        variance = np.maximum(variance, least)
    variance = np.where(below > FLOOR, variance, 1e6)
    return ratio, np.maximum(variance, 1e-8)


def shrink(
    ratio: np.ndarray, variance: np.ndarray, repeats: float, prior: np.ndarray | None = None
) -> np.ndarray:
    """Ratios drawn to the common ratio of all series, and that to ``prior``, as far as they are noise.

    Parameters
    ----------
    ratio, variance
        Shape (series, group).
    repeats
        How often each group was seen, e.g. weeks or years; the more, the more a series' own spread of
        factors counts beside that of its kin.
    prior
        What is believed without evidence, shape (group,); 1 when omitted.

    References
    ----------
    Efron & Morris (1975), J. Am. Stat. Assoc. 70, 311-319: Stein's rule with an estimated prior variance.
    """
    belief = np.ones(ratio.shape[1]) if prior is None else prior
    weight = 1.0 / (variance + 0.01)  # assumed: a tenth is the usual spread of factors between series
    common = (ratio * weight).sum(axis=0) / weight.sum(axis=0)
    noise = (weight**2 * variance).sum(axis=0) / weight.sum(axis=0) ** 2
    spread = max(float(np.mean((common - belief) ** 2 - noise)), 0.0)
    plain = np.maximum(
        spread, (common - belief) ** 2 - CERTAIN * noise
    )  # one Christmas among quiet days is kept
    common = belief + (common - belief) * plain / (plain + noise + FLOOR)
    own = ((ratio - common) ** 2 - variance).mean(axis=1)
    sure = 1.0 / (variance.mean(axis=1) + 0.01) ** 2
    pooled = max(float((own * sure).sum() / sure.sum()), 0.0)
    trust = max(repeats - 1.0, 0.0) / (repeats + OWN_EVIDENCE)
    apart = (trust * np.maximum(own, 0.0) + (1.0 - trust) * pooled)[:, None]
    return np.maximum(common + (ratio - common) * apart / (apart + variance), 0.0)
