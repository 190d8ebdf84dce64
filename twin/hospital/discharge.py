"""Discharge hours: the drawn end of a stay keeps its day and takes its hour from a profile.

Recorded stays already run to the hour the patient left. Moving the hour alone would lengthen or
shorten them on average, so every stay is first shifted by a constant, found here, that leaves the
mean number of occupied beds as it was.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from twin.hospital.base import Duration, Profile
from twin.hospital.duration import quantile
from twin.units import MS_DAY, FloatArray

#: points of the stay's distribution, and starts in a day for each, over which the mean is taken
_POINTS, _STARTS = 512, 48
#: each point's starts lie between those of the others (the golden ratio's lattice), so that a stay of
#: exactly so many days meets 24,576 starts, not 48
_GOLDEN = (5**0.5 - 1) / 2


def hour_edges(profile: Profile) -> FloatArray:
    """Sums of a day's shares before each hour and, last, of all of them, shape (25,)."""
    return np.concatenate([[0.0], np.cumsum(profile.hours)])


@lru_cache(maxsize=512)
def discharge_shift(duration: Duration, profile: Profile) -> int:
    """Constant added to the drawn end so that the mean stay stays what it was. [ms]

    The mean is taken over starts spread evenly over the day, the stay's distribution and the
    profile's hours; a patient is never discharged before the bed is taken, but a day later. Where
    the profile says which hours were in force when the stays were recorded, those count: then a
    change to earlier hours does shorten the stays.
    """
    stays = quantile(duration, (np.arange(_POINTS) + 0.5) / _POINTS)[:, None] * duration.ms
    between = (np.arange(_POINTS) * _GOLDEN % 1)[:, None]
    starts = (np.arange(_STARTS) + between) * (MS_DAY / _STARTS)
    walls = (np.arange(len(profile.hours)) + 0.5) * profile.width
    weights = np.asarray(profile.recorded or profile.hours)
    wanted = float(stays.mean())  # on the same grid, so that both sides carry the same discretisation
    hour = float(weights @ walls)
    # a stay that ends on its first day leaves at the first such hour after its start
    over = np.concatenate([[0.0], np.cumsum(weights)])[np.searchsorted(walls, starts, side="right")]
    first_day = hour + MS_DAY * over

    def mean_stay(shift: float) -> float:
        day = np.floor((starts + stays + shift) / MS_DAY)
        return float((np.where(day >= 1, day * MS_DAY + hour, first_day) - starts).mean())

    low, high = -1.5 * MS_DAY, 1.5 * MS_DAY
    if mean_stay(low) > wanted:
        return round(low)
    for _ in range(30):
        middle = (low + high) / 2
        low, high = (middle, high) if mean_stay(middle) < wanted else (low, middle)
    return round((low + high) / 2)
