"""A product told as a sum: how much each factor adds to a count, without favouring any order.

A Monday after a bank holiday in a busy month is a level times three factors. Each factor is given the mean of
what it would add if it came first, second, ... last, so that the parts sum to the whole exactly, also
where a factor is nought.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from math import factorial

import numpy as np


def additive_parts(start: np.ndarray, factors: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """What each factor adds to ``start``. [counts]

    Parameters
    ----------
    start
        The count when every factor is 1, shape (time,).
    factors
        Name -> factor, shape (time,).

    Returns
    -------
    dict
        Name -> part, shape (time,); ``start`` and all parts sum to ``start`` times all factors.

    References
    ----------
    Shapley (1953), A value for n-person games, Contributions to the Theory of Games II, 307-317.
    """
    names = list(factors)
    k = len(names)
    parts = {}
    for name in names:
        others = [other for other in names if other != name]
        added = np.zeros_like(np.asarray(start, dtype=float))
        for size in range(k):
            weight = factorial(size) * factorial(k - size - 1) / factorial(k)
            for before in combinations(others, size):
                reached = np.asarray(start, dtype=float)
                for other in before:
                    reached = reached * factors[other]
                added = added + weight * reached * (factors[name] - 1.0)
        parts[name] = added
    return parts
