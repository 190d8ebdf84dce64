"""Costs where arrivals follow the week: the modified offered load.

At each hour refusals are those of Erlang's formula, at the load that the arrivals so far would leave
in the house if nobody were refused (M/G/infinity). A sum of convex costs, so it is convex too. An
approximation, good while the load moves slowly against the stays: with quiet weekends and mean stays of
eight days it agrees with simulation, with four days it says a tenth less than is refused.

References
----------
Jagerman (1975), Bell Syst. Tech. J. 54, 625-661; Massey & Whitt (1994), Probab. Eng. Inf. Sci. 8, 293-316,
doi:10.1017/S0269964800003432.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import stats

from optimization.beds.allocation.costs import RefusalCosts, costs_of, refused_share
from optimization.beds.allocation.specialties import Specialty
from twin.units import DAYS_WEEK, HOURS_DAY, FloatArray

#: hours of a week, which repeats itself
HOURS_WEEK = DAYS_WEEK * HOURS_DAY
#: points at which a stay is looked at within an hour (assumed: the mean stay is then right to 0.01 %)
_WITHIN = 4


def weekly_costs(specialties: Sequence[Specialty], total: int) -> RefusalCosts:
    """Costs of specialties with weekdays and hours, by modified offered load. [weighted refusals a day]"""
    rates = np.array([arrivals_by_hour(s) for s in specialties])
    loads = np.array([load_by_hour(s) for s in specialties])
    refused = (rates[:, :, None] * refused_share(loads, total)).sum(axis=1) / DAYS_WEEK
    return costs_of(specialties, refused, total)


def arrivals_by_hour(specialty: Specialty) -> FloatArray:
    """Patients in each hour of the week, shape (168,). [patients an hour]"""
    return specialty.arrivals_a_day * np.outer(specialty.weekdays, specialty.hours).ravel()


def load_by_hour(specialty: Specialty) -> FloatArray:
    """Patients who would be in at each hour of the week if nobody were refused, shape (168,). [beds]"""
    rate = arrivals_by_hour(specialty)
    still_in = _still_in(specialty)
    hours = np.arange(HOURS_WEEK)
    return rate[(hours[:, None] - hours[None, :]) % HOURS_WEEK] @ still_in


def _still_in(specialty: Specialty) -> FloatArray:
    """Hours in bed that fall so many hours after coming, weeks laid on each other, shape (168,)."""
    mean, cv = specialty.stay_days * HOURS_DAY, max(specialty.stay_cv, 1e-6)
    spread = np.sqrt(np.log1p(cv**2))
    longest = stats.lognorm.ppf(1 - 1e-9, spread, scale=mean / np.sqrt(1 + cv**2))
    weeks = int(longest // HOURS_WEEK) + 1
    age = (np.arange(weeks * HOURS_WEEK * _WITHIN) + 0.5) / _WITHIN
    still = stats.lognorm.sf(age, spread, scale=mean / np.sqrt(1 + cv**2))
    return still.reshape(weeks, HOURS_WEEK, _WITHIN).mean(axis=2).sum(axis=0)
