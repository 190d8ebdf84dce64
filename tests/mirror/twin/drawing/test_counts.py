"""Counts from tables are the quantiles that SciPy finds, wherever a uniform number can tell them apart."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from twin.drawing.counts import daily_counts, people_away
from twin.streams import LAST, STEP

#: beyond this the distribution function itself is rounded, in SciPy too
_SURE = 1 - 1e-12

FEW = np.concatenate(
    [STEP * np.array([0.5, 1.5, 101.5]), 2.0 ** -np.arange(2, 53), 1 - 2.0 ** -np.arange(2, 40)]
)
SOME = np.random.default_rng(7).random(5_000)
NUMBERS = np.concatenate([FEW, SOME])


@pytest.mark.parametrize("mean", [0.01, 0.3, 1, 2.5, 40, 295.68, 1_950, 99_000, 1_000_000])
@pytest.mark.parametrize("dispersion", [1, 1.05, 1.7, 10, 100])
def test_the_count_of_a_day_is_the_quantile(mean, dispersion):
    counts = daily_counts(NUMBERS, np.full(NUMBERS.size, float(mean)), dispersion)

    if dispersion == 1:
        expected = stats.poisson.ppf(NUMBERS, mean)
    else:
        expected = stats.nbinom.ppf(NUMBERS, mean / (dispersion - 1), 1 / dispersion)
    sure = NUMBERS < _SURE
    assert sure.mean() > 0.99
    assert np.array_equal(counts[sure], expected[sure])


@pytest.mark.parametrize("people", [1, 5, 30, 1_000])
@pytest.mark.parametrize("chance", [0.001, 0.05, 0.3, 0.9, 1])
def test_the_people_away_are_the_quantile(people, chance):
    away = people_away(NUMBERS, people, chance)

    sure = NUMBERS < _SURE
    assert np.array_equal(away[sure], stats.binom.ppf(NUMBERS, people, chance)[sure])


@pytest.mark.parametrize(("mean", "dispersion"), [(0.01, 100.0), (40.0, 1.0), (1_950.0, 1.7), (1e6, 2.5)])
def test_the_last_numbers_before_one_still_give_a_count(mean, dispersion):
    last = np.array([_SURE, 1 - 1e-14, LAST - STEP, LAST])

    counts = daily_counts(last, np.full(4, mean), dispersion)

    spread = np.sqrt(mean * dispersion) + dispersion
    assert (np.diff(counts) >= 0).all()
    assert counts[-1] - mean < 40 * spread


def test_a_day_without_a_mean_has_nobody():
    counts = daily_counts(np.array([0.1, 0.99, LAST]), np.array([0.0, 0.0, 3.0]), 1.0)

    assert counts[:2].tolist() == [0, 0] and counts[2] > 10


def test_no_number_gives_more_people_away_than_there_are():
    assert people_away(np.array([STEP / 2, 0.5, LAST]), 4, 0.5).tolist() == [0, 2, 4]
    assert people_away(np.array([STEP / 2, LAST]), 0, 0.5).tolist() == [0, 0]
