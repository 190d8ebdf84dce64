"""The bound of a share of patients, tried on days whose true share is known: how often it is wrong.

On a day like these all patients wait together, and few days are bad ones: the case where the usual interval
says "certain" too often. (Cochran 1977, section 6.8, warns of one-sided bounds of skewed ratios.)
"""

import numpy as np
import pytest
from scipy import stats

from optimization.proof.estimates import PerFuture, estimate
from twin.units import FloatArray

ALPHA, TRIALS = 0.05, 2000


def days(rng: np.random.Generator, load: float, n: int) -> PerFuture:
    """Days of some 120 patients; on a day of more patients fewer start in time."""
    z = rng.normal(size=n)
    patients = rng.poisson(120 * np.exp(0.1 * z))
    in_time = rng.binomial(patients, 1 / (1 + np.exp(-(load - z))))
    return PerFuture(100.0 * in_time, patients.astype(float))


def wrong(load: float, n: int) -> tuple[float, float]:
    """Share of trials in which the bound, and the t bound, lie above the truth."""
    rng = np.random.default_rng([n, round(10 * load)])
    truth = estimate(days(rng, load, 400_000)).expected
    told = [estimate(days(rng, load, n)) for _ in range(TRIALS)]
    t = stats.t.ppf(1 - ALPHA, n - 1)
    ours: FloatArray = np.array([each.lower(ALPHA) for each in told])
    plain = np.array([each.expected - t * each.error for each in told])
    return float((ours > truth).mean()), float((plain > truth).mean())


@pytest.mark.parametrize(("load", "n"), [(1.4, 20), (1.4, 60), (2.2, 20), (2.2, 60), (2.2, 200)])
def test_a_share_that_lies_on_the_target_is_seldom_proved_to_lie_above_it(load, n):
    ours, plain = wrong(load, n)

    by_chance = 3 * np.sqrt(ALPHA * (1 - ALPHA) / TRIALS)
    assert ours < ALPHA + by_chance + 0.2 / n  # what is left of skewness falls as 1 / n (Hall 1992)
    assert ours < plain, "the correction is what holds it"
