"""Durations: the inverse distribution function of how long a step takes, and its mean.

Every draw is the inversion of one uniform number, so that a longer mean makes every patient's own
stay longer and changes nobody's place in the order of chance.
"""

from __future__ import annotations

import math

import numpy as np
from scipy import special

from twin.hospital.base import Duration
from twin.units import FloatArray, IntArray


def draw(duration: Duration, uniform: FloatArray) -> IntArray:
    """Durations at the given uniform numbers, at least 1 ms. Same shape. [ms]"""
    value = quantile(duration, uniform)
    return np.maximum(np.rint(value * duration.ms), 1).astype(np.int64)


def quantile(duration: Duration, u: FloatArray) -> FloatArray:
    """Q(u) in the duration's own unit, capped at ``at_most``. Same shape as ``u``."""
    u = np.asarray(u, dtype=np.float64)
    if duration.quantiles:
        shares, values = _table(duration)
        value = np.interp(u, shares, values)
    elif is_exact(duration):
        value = np.full(u.shape, mean_of(duration))
    elif duration.shape == "exponential":
        value = -mean_of(duration) * np.log1p(-u)
    elif duration.shape == "gamma":
        k = 1 / duration.cv**2
        value = special.gammaincinv(k, u) * mean_of(duration) / k
    else:
        mu, sigma = lognormal(duration)
        value = np.exp(mu + sigma * special.ndtri(u))
    return value if duration.at_most is None else np.minimum(value, duration.at_most)


def share_below(duration: Duration, x: FloatArray) -> FloatArray:
    """F(x), the share of durations up to ``x`` in the duration's own unit. Same shape as ``x``."""
    x = np.asarray(x, dtype=np.float64)
    if duration.quantiles:
        shares, values = _table(duration)
        share = np.interp(x, values, shares)
    elif is_exact(duration):
        share = (x >= mean_of(duration)).astype(np.float64)
    elif duration.shape == "exponential":
        share = -np.expm1(-x / mean_of(duration))
    elif duration.shape == "gamma":
        k = 1 / duration.cv**2
        share = special.gammainc(k, k * x / mean_of(duration))
    else:
        mu, sigma = lognormal(duration)
        with np.errstate(divide="ignore"):
            share = special.ndtr((np.log(x) - mu) / sigma)
    return share if duration.at_most is None else np.where(x >= duration.at_most, 1.0, share)


def mean_ms(duration: Duration) -> float:
    """Mean length, the cap included. [ms]"""
    if duration.quantiles:
        shares, values = _table(duration)
        most = np.inf if duration.at_most is None else duration.at_most
        return _capped_trapezoid(shares, values, most) * duration.ms
    mean = mean_of(duration)
    cap = duration.at_most
    if cap is None:
        return mean * duration.ms
    if is_exact(duration):
        return min(mean, cap) * duration.ms
    if duration.shape == "exponential":
        return -mean * math.expm1(-cap / mean) * duration.ms
    if duration.shape == "gamma":
        k = 1 / duration.cv**2
        x = k * cap / mean
        return float(mean * special.gammainc(k + 1, x) + cap * special.gammaincc(k, x)) * duration.ms
    mu, sigma = lognormal(duration)
    z = (math.log(cap) - mu) / sigma
    return float(mean * special.ndtr(z - sigma) + cap * special.ndtr(-z)) * duration.ms


def _table(duration: Duration) -> tuple[FloatArray, FloatArray]:
    """The table of quantiles as two columns: shares, and values in the duration's unit."""
    columns = np.array(duration.quantiles, dtype=np.float64)
    return columns[:, 0], columns[:, 1]


def is_exact(duration: Duration) -> bool:
    """Whether every draw is the mean."""
    return duration.shape == "exactly" or (duration.cv == 0 and duration.shape != "exponential")


def mean_of(duration: Duration) -> float:
    """Mean in the duration's own unit, the cap left out."""
    assert duration.mean is not None, "checked when the description was read"
    return duration.mean


def lognormal(duration: Duration) -> tuple[float, float]:
    """Mean and standard deviation of the logarithm, of a lognormal with this mean and CV."""
    variance = math.log1p(duration.cv**2)
    return math.log(mean_of(duration)) - variance / 2, math.sqrt(variance)


def _capped_trapezoid(shares: FloatArray, values: FloatArray, cap: float) -> float:
    total = 0.0
    for width, low, high in zip(np.diff(shares), values[:-1], values[1:], strict=True):
        if high <= cap:
            total += width * (low + high) / 2
        elif low >= cap:
            total += width * cap
        else:
            below = (cap - low) / (high - low)
            total += width * (below * (low + cap) / 2 + (1 - below) * cap)
    return total
