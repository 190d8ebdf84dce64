"""Needs: the curve of a shift tells what too few people would mean, over futures and with absence."""

import numpy as np
import pytest

from optimization.cover.needs import short_curve


def test_a_shift_that_is_short_in_one_future_in_four_is_short():
    needed = np.array([[2], [2], [2], [6]])

    curve = short_curve(needed, hours=8)

    assert curve.tolist() == pytest.approx([24, 16, 8, 6, 4, 2, 0])  # the mean of 3 would ask for nobody more


def test_the_hours_of_a_shift_count_one_by_one():
    assert short_curve(np.array([[1, 3]]), hours=8).tolist() == pytest.approx([16, 8, 4, 0])


def test_one_in_ten_absent_leaves_a_tenth_of_a_lone_nurse_missing():
    curve = short_curve(np.array([[1]]), hours=10, absence=0.1)

    assert curve[:3].tolist() == pytest.approx([10, 1, 0.1])


def test_each_further_person_saves_less_than_the_one_before():
    needed = np.random.default_rng(1).poisson(6, (30, 8))

    saved = -np.diff(short_curve(needed, hours=8, absence=0.06))

    assert (saved > 0).all()
    assert (np.diff(saved) <= 1e-12).all()


def test_a_shift_that_needs_nobody_is_never_short():
    assert short_curve(np.zeros((4, 8), int), hours=8).tolist() == [0]
