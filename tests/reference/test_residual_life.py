"""A run from known elapsed stays: what is left of each, and how the house empties and fills again.

The mean residual life of a stay of age a is m(a) = integral of S over [a, inf) / S(a), S the share of stays
longer than so long (Cox 1962, Renewal Theory, section 5.2). Where nobody waits, those there at t are those
of today who are still there, S(a + t) / S(a) each, and a Poisson number of newcomers with mean
lambda x integral of S over [0, t] (Eick, Massey & Whitt 1993, Oper. Res. 41(4), 731-742,
doi:10.1287/opre.41.4.731, theorem 1).
"""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pytest
from scipy import integrate, stats

from tests.houses import START
from twin.case import Case, InHouse, Snapshot, Window
from twin.engine import simulate
from twin.hospital import Hospital
from twin.trace import UNSET
from twin.units import MS_DAY
from twin.workload import draw_workload

MIDNIGHT = datetime(START.year, START.month, START.day)
_SIGMA = np.sqrt(np.log1p(1.1**2))

#: stays as the description says them, and as scipy does [days]
STAYS = {
    "exponential": (
        {"mean": 4, "shape": "exponential", "unit": "days"},
        stats.expon(scale=4),
    ),
    "lognormal": (
        {"mean": 6, "cv": 1.1, "unit": "days"},
        stats.lognorm(s=_SIGMA, scale=6 * np.exp(-(_SIGMA**2) / 2)),
    ),
    "gamma": (
        {"mean": 5, "cv": 0.6, "shape": "gamma", "unit": "days"},
        stats.gamma(1 / 0.36, scale=5 * 0.36),
    ),
    "uniform table": (
        {"quantiles": [[0, 1], [0.5, 5.5], [1, 10]], "unit": "days"},
        stats.uniform(1, 9),
    ),
}


def ward(stay, *, daily_mean: float = 0) -> Hospital:
    """A ward with room for everybody."""
    return Hospital.model_validate(
        {
            "name": "a ward without end",
            "timezone": "UTC",
            "places": {"ward": {"title": "ward", "unlimited": True}},
            "arrivals": {"door": {"title": "door", "daily_mean": daily_mean, "mix": {"acute": 1.0}}},
            "classes": {"acute": {"title": "acute", "priority": 1, "pathway": "acute"}},
            "pathways": {"acute": {"steps": [{"name": "stay", "places": ["ward"], "duration": stay}]}},
        }
    )


def there(elapsed) -> Snapshot:
    """Patients who have stayed so long. [days]"""
    since = [MIDNIGHT - timedelta(days=float(a)) for a in elapsed]
    return Snapshot(
        MIDNIGHT, tuple(InHouse(f"p{i}", "acute", "stay", "ward", s) for i, s in enumerate(since))
    )


def integral(stay, start: float, end: float) -> float:
    """Of the share of stays longer than so long. [days]"""
    return integrate.quad(stay.sf, start, end, limit=200)[0]


@pytest.mark.parametrize("elapsed", [0.25, 2.0, 6.5])
@pytest.mark.parametrize("name", STAYS)
def test_the_mean_that_is_left_is_the_mean_residual_life(name, elapsed):
    described, stay = STAYS[name]
    case = Case(ward(described), snapshot=there(np.full(20_000, elapsed)))

    left = draw_workload(case, Window(START, days=1), seed=11).duration / MS_DAY

    expected = integral(
        stay, elapsed, np.inf if stay.support()[1] == np.inf else stay.support()[1]
    ) / stay.sf(elapsed)
    z = (left.mean() - expected) / (left.std() / np.sqrt(left.size))
    assert abs(z) < 4


@pytest.mark.parametrize("name", STAYS)
def test_the_census_of_the_next_days_is_who_is_still_there_and_who_comes(name):
    described, stay = STAYS[name]
    elapsed = np.linspace(0.01, 9.5, 120)
    case = Case(ward(described, daily_mean=20), snapshot=there(elapsed))
    days, replications = np.array([1, 2, 4, 7, 14]), 100

    census = np.zeros(days.size)
    for replication in range(replications):
        work = draw_workload(case, Window(START, days=15, tail=0), seed=7, replication=replication)
        trace = simulate(case, work)
        left = np.where(trace.left == UNSET, work.end, trace.left)
        for i, at in enumerate(days * MS_DAY):
            census[i] += ((trace.started != UNSET) & (trace.started <= at) & (left > at)).sum()

    stays_on = stay.sf(elapsed + days[:, None]) / stay.sf(elapsed)
    newcomers = np.array([20 * integral(stay, 0, float(day)) for day in days])
    expected = stays_on.sum(axis=1) + newcomers
    variance = (stays_on * (1 - stays_on)).sum(axis=1) + newcomers
    z = (census / replications - expected) / np.sqrt(variance / replications)
    assert (np.abs(z) < 4).all()
