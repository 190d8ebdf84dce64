"""Precision: a margin says how well a mean is known, a band where futures lie."""

import math

import numpy as np
import pytest

from twin.measures import band, estimate, paired


def test_the_margin_is_students_half_width():
    known = estimate([1, 2, 3, 4])  # mean 2.5, sd 1.290994, t(0.975; 3) = 3.182446

    assert (known.mean, known.n) == (2.5, 4)
    assert known.margin95 == pytest.approx(3.182446 * 1.290994 / 2, rel=1e-6)


def test_replications_without_a_value_are_left_out_and_counted():
    assert estimate([1, math.nan, 3]).n == 2
    assert math.isinf(estimate([1]).margin95)
    assert math.isnan(estimate([math.nan]).mean)


def test_a_difference_is_judged_pair_by_pair():
    base = np.random.default_rng(1).normal(100, 20, 30)

    assert paired(base, base + 1 + 0.1 * np.sin(np.arange(30))).is_clear
    assert not paired(base, base[::-1]).is_clear


def test_a_95_percent_margin_covers_the_mean_95_times_in_100():
    rng = np.random.default_rng(2)
    hits = [abs(e.mean) <= e.margin95 for e in (estimate(rng.normal(size=10)) for _ in range(2_000))]

    assert np.mean(hits) == pytest.approx(0.95, abs=0.02)


def test_a_band_has_its_levels_first():
    assert band(np.arange(101.0)).tolist() == [10, 25, 50, 75, 90]
    assert band(np.zeros((7, 3))).shape == (5, 3)
