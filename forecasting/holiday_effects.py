"""Holiday effects: how far each series leaves its usual days on a holiday and on the days around it.

A clinic closes on every public holiday, an emergency department on none. Each series therefore keeps what
its own holidays show. Only where they show little does it lean, by precision: first on its own other
holidays, then on its kin where these agree, and at last on no effect at all.
"""

from __future__ import annotations

import numpy as np

from forecasting.shrinkage import FLOOR

UNSEEN = 1e6  # variance of an effect of which nothing was seen
SURPRISING = 9.0  # three deviations: a series has some thirty marks, and chance must not speak; assumed
HARDLY_OPEN = 0.05  # share of a series' mean below which a day teaches nothing about holidays; assumed


def mark_ratios(
    y: np.ndarray, expected: np.ndarray, mark: np.ndarray, n_marks: int
) -> tuple[np.ndarray, np.ndarray, float]:
    """Observed over expected of each mark, and the variance of that ratio by the noise of usual days.

    Parameters
    ----------
    y, expected
        Shape (series, time); NaN in ``y`` is left out, and so is a day on which hardly anybody is expected.
    mark
        Mark of each period, shape (time,); -1 on usual days.

    Returns
    -------
    ratio, variance
        Shape (series, mark); 1 and ``UNSEEN`` where nothing was seen.
    shared
        Correlation of the noise of two series on one day, e.g. when the weather is bad for all.
    """
    seen = np.isfinite(y)
    mean = np.where(seen, expected, 0.0).sum(axis=1) / np.maximum(seen.sum(axis=1), 1)
    open_ = seen & (expected > HARDLY_OPEN * mean[:, None])
    counts, base = np.where(open_, y, 0.0), np.where(open_, expected, 0.0)
    member = np.zeros((len(mark), n_marks))
    member[mark >= 0, mark[mark >= 0]] = 1.0
    below = base @ member
    known = below > FLOOR
    ratio = np.where(known, (counts @ member) / np.maximum(below, FLOOR), 1.0)
    usual = mark < 0
    variance = _noise(y, counts, base, usual) / np.maximum(below, FLOOR)
    variance = np.where(known, np.clip(variance, 1e-8, UNSEEN), UNSEEN)
    return ratio, variance, _shared((counts - base)[:, usual])


def _noise(y: np.ndarray, counts: np.ndarray, base: np.ndarray, usual: np.ndarray) -> np.ndarray:
    """Variance over mean on usual days, shape (series, 1); whole counts are no surer than Poisson ones."""
    noise = ((counts - base)[:, usual] ** 2).sum(axis=1) / np.maximum(base[:, usual].sum(axis=1), FLOOR)
    whole = y[np.isfinite(y)]
    least = 1.0 if (whole == np.rint(whole)).all() else 0.0
    return np.maximum(noise, least)[:, None]


def _shared(miss: np.ndarray) -> float:
    """Mean correlation between series of what the usual days miss, from 0 to 1."""
    size = np.sqrt((miss**2).mean(axis=1, keepdims=True)) if miss.size else np.zeros((len(miss), 1))
    varied = size[:, 0] > FLOOR
    n = int(varied.sum())
    if n < 2:
        return 0.0
    together = float(((miss[varied] / size[varied]).mean(axis=0) ** 2).mean())
    return min(max((n * together - 1.0) / (n - 1.0), 0.0), 1.0)


def holiday_effects(ratio: np.ndarray, variance: np.ndarray, shared: float, kind: np.ndarray) -> np.ndarray:
    """Factor of each mark for each series, shape (series, mark).

    Parameters
    ----------
    ratio, variance, shared
        Of ``mark_ratios``.
    kind
        What the marks of a kind have in common, e.g. days from the holiday, shape (mark,).

    References
    ----------
    DerSimonian & Laird (1986), Control. Clin. Trials 7, 177-188: spread between by moments.
    Efron & Morris (1975), J. Am. Stat. Assoc. 70, 311-319: shrinkage by the share of spread that is noise.
    """
    effect = np.zeros(ratio.shape)
    for one in np.unique(kind):
        at = kind == one
        away, noise = ratio[:, at] - 1.0, variance[:, at]
        usual = _usual(away, noise, shared)
        effect[:, at] = usual + _particular(away - usual, noise, shared)
    return np.maximum(1.0 + effect, 0.0)


def _usual(away: np.ndarray, noise: np.ndarray, shared: float) -> np.ndarray:
    """What any holiday does to a series, shape (series, 1)."""
    own, own_noise = _mean(away, noise, _between(away, noise, axis=1), axis=1)
    between = _between(own, own_noise, axis=0)
    kin, kin_noise = _mean(own, own_noise, between, axis=0, shared=shared)
    return _drawn(own, own_noise, _drawn(kin, kin_noise, 0.0, 0.0), between)


def _particular(rest: np.ndarray, noise: np.ndarray, shared: float) -> np.ndarray:
    """What this one holiday does beyond any other, shape (series, mark)."""
    between = _between(rest, noise, axis=0, together=True)
    kin, kin_noise = _mean(rest, noise, between, axis=0, shared=shared)
    return _drawn(rest, noise, _drawn(kin, kin_noise, 0.0, _spread(kin, kin_noise)), between)


def _drawn(
    value: np.ndarray, noise: np.ndarray, belief: np.ndarray | float, spread: np.ndarray | float
) -> np.ndarray:
    """A value drawn to a belief; one more than three deviations away from it speaks for itself."""
    gap = value - belief
    apart = np.maximum(spread, gap**2 - SURPRISING * noise)
    return belief + gap * apart / (apart + noise)


def _mean(
    value: np.ndarray, noise: np.ndarray, between: np.ndarray, *, axis: int, shared: float = 0.0
) -> tuple[np.ndarray, np.ndarray]:
    """Mean by precision and its variance, the noise that its parts share included."""
    precision = 1.0 / (noise + between)
    total = precision.sum(axis=axis, keepdims=True)
    share = precision / total
    together = (share * np.sqrt(noise)).sum(axis=axis, keepdims=True) ** 2
    alone = (share**2 * noise).sum(axis=axis, keepdims=True)
    return (share * value).sum(axis=axis, keepdims=True), 1.0 / total + shared * (together - alone)


def _between(value: np.ndarray, noise: np.ndarray, *, axis: int, together: bool = False) -> np.ndarray:
    """Variance between true values along an axis, 0 where they agree; ``together``: one for all."""
    weight = np.where(noise < UNSEEN, 1.0 / noise, 0.0)
    total = np.maximum(weight.sum(axis=axis, keepdims=True), FLOOR)
    centre = (weight * value).sum(axis=axis, keepdims=True) / total
    free = np.maximum((weight > 0).sum(axis=axis, keepdims=True) - 1, 0)
    excess = (weight * (value - centre) ** 2).sum(axis=axis, keepdims=True) - free
    room = total - (weight**2).sum(axis=axis, keepdims=True) / total
    room = np.where(free > 0, room, 0.0)
    if together:
        excess, room = excess.sum(keepdims=True), room.sum(keepdims=True)
    return np.where(room > FLOOR, np.maximum(excess, 0.0) / np.maximum(room, FLOOR), 0.0)


def _spread(value: np.ndarray, noise: np.ndarray) -> float:
    """Variance of true values around none."""
    seen = noise < UNSEEN / 2  # kin of whom nothing was seen have at least that variance a series
    weight = np.where(seen, 1.0 / noise, 0.0)
    return float(np.maximum((weight * value**2).sum() - seen.sum(), 0.0) / max(weight.sum(), FLOOR))
