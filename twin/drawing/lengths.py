"""Lengths of time in compiled code: a table of distributions, and the inversion of each.

The equations are those of ``twin.hospital.duration``, one number at a time.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from twin.drawing.compiled import compiled, gammaincinv
from twin.hospital.base import Duration
from twin.hospital.duration import is_exact, lognormal, mean_of

EXACT, EXPONENTIAL, GAMMA, LOGNORMAL, TABLE = range(5)

#: a distribution: its kind, two numbers that say which of it, ms in its unit, cap, points of its table
LENGTH = np.dtype(
    [
        ("kind", "i8"),
        ("a", "f8"),
        ("b", "f8"),
        ("ms", "f8"),
        ("at_most", "f8"),
        ("begin", "i8"),
        ("end", "i8"),
    ]
)
#: a point of a table of quantiles
POINT = np.dtype([("share", "f8"), ("value", "f8")])
#: the largest number below 1
_BELOW_ONE = float(np.nextafter(1.0, 0.0))


def table_of_lengths(durations: Iterable[Duration]) -> tuple[NDArray[np.void], NDArray[np.void]]:
    """A row of ``LENGTH`` for each duration; the ``POINT``s of all tables of quantiles in turn."""
    rows: list[tuple[float, ...]] = []
    points: list[tuple[float, float]] = []
    for duration in durations:
        cap = math.inf if duration.at_most is None else duration.at_most
        begin = len(points)
        points += duration.quantiles
        rows.append((*_kind(duration), float(duration.ms), cap, begin, len(points)))
    return np.array(rows, LENGTH), np.array(points, POINT)


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


# A distribution is handed on as its row alone: a row is one address, a table of them many numbers.


@compiled
def length(row, point, u):
    """The length at a uniform number, at least 1. [ms]"""
    return _whole(quantile(row, point, u) * row.ms)


@compiled
def length_left(row, point, u, reached, elapsed):
    """What is left at a uniform number after ``elapsed`` of its unit, of which F is ``reached``. [ms]"""
    if reached >= 1.0:
        return 1
    v = min(max(reached + (1.0 - reached) * u, 0.0), _BELOW_ONE)
    return _whole((quantile(row, point, v) - elapsed) * row.ms)


@compiled
def quantile(row, point, u):
    """Q(u) in the distribution's own unit."""
    if row.kind == LOGNORMAL:
        value = math.exp(row.a + row.b * normal_quantile(u))
    elif row.kind == EXACT:
        value = row.a
    elif row.kind == EXPONENTIAL:
        value = row.a * math.log1p(-u)
    elif row.kind == GAMMA:
        value = gammaincinv(row.a, u) * row.b / row.a
    else:
        value = between(point, row.begin, row.end, u)
    return min(value, row.at_most)


@compiled
def _whole(ms):
    return max(np.int64(np.rint(ms)), 1)


@compiled
def between(point, begin, end, u):
    """The value at share u on the line through points ``begin`` to ``end``; flat beyond them."""
    low, high = begin, end - 1
    if u <= point[low].share:
        return point[low].value
    if u >= point[high].share:
        return point[high].value
    while high - low > 1:
        middle = (low + high) // 2
        if point[middle].share <= u:
            low = middle
        else:
            high = middle
    a, b = point[low], point[high]
    return (b.value - a.value) / (b.share - a.share) * (u - a.share) + a.value


# ---- quantile of the normal distribution: Moshier (1989), Methods and Programs for Mathematical Functions
# (Cephes, ndtri), which SciPy uses too: rational approximations near the middle and in two parts of the tails

_ROOT_2_PI = 2.50662827463100050242
_TAIL = 0.13533528323661269189  # exp(-2)


@compiled
def normal_quantile(u):
    """The x below which a share u of the standard normal distribution lies."""
    v = min(u, 1.0 - u) if u > 1.0 - _TAIL else u
    if v > _TAIL:
        v -= 0.5
        s = v * v
        return (v + v * (s * _middle_over(s) / _middle_under(s))) * _ROOT_2_PI
    x = math.sqrt(-2.0 * math.log(v))
    z = 1.0 / x
    z = z * _tail_over(z) / _tail_under(z) if x < 8.0 else z * _far_over(z) / _far_under(z)
    x = x - math.log(x) / x - z
    return x if u > 0.5 else -x


@compiled
def _middle_over(s):
    p = -5.99633501014107895267e1 * s + 9.80010754185999661536e1
    p = (p * s - 5.66762857469070293439e1) * s + 1.39312609387279679503e1
    return p * s - 1.23916583867381258016e0


@compiled
def _middle_under(s):
    p = (s + 1.95448858338141759834e0) * s + 4.67627912898881538453e0
    p = (p * s + 8.63602421390890590575e1) * s - 2.25462687854119370527e2
    p = (p * s + 2.00260212380060660359e2) * s - 8.20372256168333339912e1
    return (p * s + 1.59056225126211695515e1) * s - 1.18331621121330003142e0


@compiled
def _tail_over(z):
    p = (4.05544892305962419923e0 * z + 3.15251094599893866154e1) * z + 5.71628192246421288162e1
    p = (p * z + 4.40805073893200834700e1) * z + 1.46849561928858024014e1
    p = (p * z + 2.18663306850790267539e0) * z - 1.40256079171354495875e-1
    return (p * z - 3.50424626827848203418e-2) * z - 8.57456785154685413611e-4


@compiled
def _tail_under(z):
    p = (z + 1.57799883256466749731e1) * z + 4.53907635128879210584e1
    p = (p * z + 4.13172038254672030440e1) * z + 1.50425385692907503408e1
    p = (p * z + 2.50464946208309415979e0) * z - 1.42182922854787788574e-1
    return (p * z - 3.80806407691578277194e-2) * z - 9.33259480895457427372e-4


@compiled
def _far_over(z):
    p = (3.23774891776946035970e0 * z + 6.91522889068984211695e0) * z + 3.93881025292474443415e0
    p = (p * z + 1.33303460815807542389e0) * z + 2.01485389549179081538e-1
    p = (p * z + 1.23716634817820021358e-2) * z + 3.01581553508235416007e-4
    return (p * z + 2.65806974686737550832e-6) * z + 6.23974539184983293730e-9


@compiled
def _far_under(z):
    p = (z + 6.02427039364742014255e0) * z + 3.67983563856160859403e0
    p = (p * z + 1.37702099489081330271e0) * z + 2.16236993594496635890e-1
    p = (p * z + 1.34204006088543189037e-2) * z + 3.28014464682127739104e-4
    return (p * z + 2.89247864745380683936e-6) * z + 6.79019408009981274425e-9
