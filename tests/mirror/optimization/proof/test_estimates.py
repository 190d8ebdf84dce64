"""Expected levels over futures, and how sure they are."""

import math

import numpy as np
import pytest
from scipy import stats

from optimization.proof.estimates import (
    PerFuture,
    estimate,
    futures_for,
    futures_to_prove,
    share_bound,
)
from twin.errors import UsageError


def test_a_share_of_patients_counts_patients_not_days():
    quiet_day, busy_day = (100 * 10, 10), (100 * 45, 90)  # all in time; half in time

    told = estimate(PerFuture(*map(np.array, zip(quiet_day, busy_day, strict=True))))

    assert told.expected == pytest.approx(55)  # 55 of 100 patients, not the mean of 100 % and 50 %


def test_one_number_a_future_gives_the_mean_and_its_t_bound():
    waits = [4.0, 5.0, 6.0, 5.0]  # symmetric: nothing to correct

    told = estimate(PerFuture.of(waits))

    half = stats.t.ppf(0.95, 3) * np.std(waits, ddof=1) / 2
    assert told.expected == 5
    assert told.upper(0.05) == pytest.approx(5 + half)
    assert told.lower(0.05) == pytest.approx(5 - half)


def test_a_future_without_patients_is_not_a_future_without_waits():
    told = estimate(PerFuture.of([4.0, math.nan, 6.0]))

    assert (told.expected, told.futures) == (5, 2)


def test_rare_bad_days_push_the_bound_further_out_than_t_does():
    levels = np.array([96.0] * 18 + [60.0, 55.0])

    told = estimate(PerFuture.of(levels))

    t_bound = told.expected - stats.t.ppf(0.95, 19) * told.error
    assert told.skewness < 0
    assert told.lower(0.05) < t_bound  # on the side of the bad days
    assert told.upper(0.05) == pytest.approx(
        told.expected + stats.t.ppf(0.95, 19) * told.error
    )  # never kinder


def test_one_future_bounds_nothing():
    told = estimate(PerFuture.of([5.0]))

    assert told.upper(0.05) == math.inf
    assert told.lower(0.05) == -math.inf


def test_futures_that_are_all_alike_have_no_error():
    told = estimate(PerFuture(np.array([80.0, 160.0, 240.0]), np.array([1.0, 2.0, 3.0])))

    assert told.lower(0.05) == told.expected == 80


def test_a_share_of_futures_has_the_exact_bound_of_clopper_and_pearson():
    assert share_bound(20, 20, 0.05) == pytest.approx(0.05 ** (1 / 20))  # 86.1 %: not yet 90 %
    assert share_bound(0, 20, 0.05) == 0
    assert share_bound(95, 100, 0.05) == pytest.approx(
        stats.binomtest(95, 100, alternative="greater").proportion_ci(0.95).low
    )


@pytest.mark.parametrize(("share", "alpha", "futures"), [(0.9, 0.05, 29), (0.5, 0.05, 5), (0.01, 0.05, 1)])
def test_so_many_futures_without_a_miss_prove_a_share(share, alpha, futures):
    assert futures_to_prove(share, alpha) == futures
    assert share_bound(futures, futures, alpha) >= share
    assert futures == 1 or share_bound(futures - 1, futures - 1, alpha) < share


def test_no_number_of_futures_proves_that_all_of_them_do():
    assert futures_to_prove(1.0, 0.05) is None


def test_more_futures_are_asked_for_a_finer_margin():
    pilot = estimate(PerFuture.of(np.random.default_rng(3).normal(80, 8, 40)))

    coarse, fine = (futures_for(pilot, margin, 0.05) for margin in (2.0, 1.0))

    assert 3.5 * coarse < fine < 4.5 * coarse


def test_a_plan_two_points_better_is_proved_as_often_as_was_asked():
    rng = np.random.default_rng(4)
    pilot = estimate(PerFuture.of(rng.normal(82, 8, 2000)))
    n = futures_for(pilot, 2.0, 0.03, power=0.9)

    proved = np.mean([estimate(PerFuture.of(rng.normal(82, 8, n))).lower(0.03) >= 80 for _ in range(600)])

    assert 0.86 < proved < 0.95


@pytest.mark.parametrize(
    ("total", "count", "code"),
    [([1.0], [1.0, 2.0], "E_RANGE"), ([math.nan], [1.0], "E_NOT_FINITE"), ([3.0], [0.0], "E_RANGE")],
)
def test_what_was_not_measured_rightly_is_refused(total, count, code):
    with pytest.raises(UsageError) as told:
        PerFuture(np.array(total), np.array(count))

    assert told.value.code == code


def test_where_nothing_was_measured_there_is_no_estimate():
    with pytest.raises(UsageError, match="no future measured anything"):
        estimate(PerFuture.of([math.nan, math.nan]))
