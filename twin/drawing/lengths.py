"""Lengths of time in compiled code: a table of distributions, and the inversion of each.

The distributions are those of ``twin.hospital.duration``. The normal quantile, which a lognormal is
made of, and that of each gamma are worked out once as a curve: polynomials on stretches of the uniform
number that are the shorter the nearer it is to 0 or to 1. A stretch is an eighth of an octave (of the
number, or of what is missing to 1), so the exponent and the first bits of a number name its stretch and
the other bits are its place within. On each the polynomial meets SciPy's function at ten points; between
them it differs by no more than the two differ from the true one (a few parts in 1e15).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray
from scipy import special

from twin.drawing.compiled import compiled
from twin.hospital.base import Duration
from twin.hospital.duration import is_exact, lognormal, mean_of
from twin.units import FloatArray

EXACT, EXPONENTIAL, GAMMA, LOGNORMAL, TABLE = range(5)

#: a distribution: its kind, two numbers that say which of it, ms in its unit, cap; where its points or its
#: curves begin among all numbers, and how many points it has
LENGTH = np.dtype(
    [
        ("kind", "i8"),
        ("a", "f8"),
        ("b", "f8"),
        ("ms", "f8"),
        ("at_most", "f8"),
        ("begin", "i8"),
        ("points", "i8"),
    ]
)

#: stretches an octave, as bits; octaves from a half down to the least number; terms of a polynomial
_BITS, _OCTAVES, _TERMS = 3, 53, 10
_CURVE = (_OCTAVES << _BITS) * _TERMS
#: bits of a float's fraction below those that name its stretch; those of the last stretch before a half
_BELOW = 52 - _BITS
_LAST = (1_022 << _BITS) - 1
_WITHIN, _MIDDLE = (1 << _BELOW) - 1, 1 << (_BELOW - 1)
_LEAST, _ALMOST_HALF = 2.0 ** -(_OCTAVES + 1), 0.5 - 2.0**-54
#: the largest number below 1
_BELOW_ONE = 1 - 2.0**-53


def table_of_lengths(durations: Iterable[Duration]) -> tuple[NDArray[np.void], FloatArray]:
    """A row of ``LENGTH`` for each duration; and all numbers behind them, float64 (number,).

    First comes the curve of the normal quantile; then, as the rows say, the shares of a table of quantiles
    and its values, or the two curves of a gamma.
    """
    rows = []
    numbers = [_curve(special.ndtri)]
    curves: dict[float, int] = {}
    for duration in durations:
        kind, a, b = _kind(duration)
        begin = sum(map(len, numbers))
        if kind == TABLE:
            numbers.append(np.array(duration.quantiles, np.float64).T.ravel())
        elif kind == GAMMA and a not in curves:
            curves[a] = begin
            numbers += _curves_of_gamma(a)
        cap = math.inf if duration.at_most is None else duration.at_most
        begin = curves[a] if kind == GAMMA else begin
        rows.append((kind, a, b, float(duration.ms), cap, begin, len(duration.quantiles)))
    return np.array(rows, LENGTH), np.concatenate(numbers)


def _kind(duration: Duration) -> tuple[int, float, float]:
    if duration.quantiles:
        return TABLE, 0.0, 0.0
    if is_exact(duration):
        return EXACT, mean_of(duration), 0.0
    if duration.shape == "exponential":
        return EXPONENTIAL, -mean_of(duration), 0.0
    if duration.shape == "gamma":
        return GAMMA, 1 / duration.cv**2, mean_of(duration)
    return LOGNORMAL, *lognormal(duration)


def _curves_of_gamma(k: float) -> list[FloatArray]:
    """Quantiles of a gamma with mean k: by the share below, and by the share beyond."""
    return [_curve(lambda u: special.gammaincinv(k, u)), _curve(lambda v: special.gammainccinv(k, v))]


def _curve(quantile: Callable[[FloatArray], FloatArray]) -> FloatArray:
    """Terms of the polynomials of all stretches below a half, the constant first, from a half down."""
    nodes = np.cos(np.pi * (np.arange(_TERMS) + 0.5) / _TERMS)  # Chebyshev's, from -1 to 1
    octave = 2.0 ** -np.arange(2, _OCTAVES + 2)[:, None]
    middles = octave * (1 + (np.arange(1 << _BITS)[::-1] + 0.5) / (1 << _BITS))
    halves = np.broadcast_to(octave / (2 << _BITS), middles.shape)
    values = quantile(middles[..., None] + halves[..., None] * nodes)
    powers = np.vander(nodes, increasing=True)
    return np.linalg.solve(powers, values.reshape(-1, _TERMS).T).T.ravel()


# A distribution is handed on as its row alone: a row is one address, a table of them many numbers.


@compiled
def length(row, numbers, u):
    """The length at a uniform number, at least 1. [ms]"""
    return _whole(quantile(row, numbers, u) * row.ms)


@compiled
def length_left(row, numbers, u, reached, elapsed):
    """What is left at a uniform number after ``elapsed`` of its unit, of which F is ``reached``. [ms]"""
    if reached >= 1.0:
        return 1
    v = min(max(reached + (1.0 - reached) * u, 0.0), _BELOW_ONE)
    return _whole((quantile(row, numbers, v) - elapsed) * row.ms)


@compiled
def quantile(row, numbers, u):
    """Q(u) in the distribution's own unit."""
    if row.kind == LOGNORMAL:
        value = math.exp(row.a + row.b * normal_quantile(numbers, u))
    elif row.kind == EXACT:
        value = row.a
    elif row.kind == EXPONENTIAL:
        value = row.a * math.log1p(-u)
    elif row.kind == GAMMA:
        value = _gamma_quantile(numbers, row.begin, u) * row.b / row.a
    else:
        value = _between(numbers, row.begin, row.points, u)
    return min(value, row.at_most)


@compiled
def normal_quantile(numbers, u):
    """The x below which a share u of the standard normal distribution lies."""
    return math.copysign(_on_curve(numbers, 0, min(u, 1.0 - u)), u - 0.5)


@compiled
def _gamma_quantile(numbers, begin, u):
    return _on_curve(numbers, begin if u < 0.5 else begin + _CURVE, min(u, 1.0 - u))


@compiled
def _on_curve(numbers, begin, v):
    """A curve at a number up to a half."""
    bits = np.float64(min(max(v, _LEAST), _ALMOST_HALF)).view(np.int64)
    at = begin + (_LAST - (bits >> _BELOW)) * _TERMS
    x = ((bits & _WITHIN) - _MIDDLE) / _MIDDLE
    y = numbers[at + _TERMS - 1]
    for term in range(_TERMS - 2, -1, -1):
        y = y * x + numbers[at + term]
    return y


@compiled
def _whole(ms):
    return max(np.int64(np.rint(ms)), 1)


@compiled
def _between(numbers, begin, points, u):
    """The value at share u on the line through points, shares first and then values; flat beyond them."""
    low, high = begin, begin + points - 1
    if u <= numbers[low]:
        return numbers[low + points]
    if u >= numbers[high]:
        return numbers[high + points]
    while high - low > 1:
        middle = (low + high) // 2
        if numbers[middle] <= u:
            low = middle
        else:
            high = middle
    share, value = numbers[low], numbers[low + points]
    slope = (numbers[low + points + 1] - value) / (numbers[low + 1] - share)
    return slope * (u - share) + value
