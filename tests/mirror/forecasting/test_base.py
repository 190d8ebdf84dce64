"""The base follows the level, knows the weekday, and borrows where evidence is thin."""

import numpy as np
import pandas as pd

from forecasting.base import fit_base
from forecasting.features import calendar_of
from forecasting.shrinkage import shrink

STAMPS = pd.date_range("2023-01-02", periods=420, freq="D")  # a Monday
WEEK = np.array([1.2, 1.0, 1.0, 1.0, 1.0, 0.9, 0.9])


def base_of(values: np.ndarray, country: str | None = None):
    stamps = STAMPS[: values.shape[1]].append(
        pd.date_range(STAMPS[values.shape[1] - 1], periods=29, freq="D")[1:]
    )
    return fit_base(values, calendar_of(stamps, "D", country), 28)


def test_a_clean_weekly_pattern_is_learned():
    values = 100 * np.tile(WEEK, 60)[None, :]

    ahead = base_of(values).mean(419, np.arange(1, 15))

    np.testing.assert_allclose(ahead[0], 100 * np.tile(WEEK, 2), rtol=0.01)


def test_the_level_follows_a_lasting_change():
    values = np.full((1, 420), 100.0)
    values[0, 380:] = 150

    assert 140 < base_of(values).mean(419, np.array([1]))[0, 0] < 151


def test_a_missing_stretch_moves_nothing():
    values = 100 * np.tile(WEEK, 60)[None, :]
    values[0, 200:215] = np.nan

    np.testing.assert_allclose(base_of(values).mean(419, np.arange(1, 8))[0], 100 * WEEK, rtol=0.01)


def test_a_quiet_christmas_is_expected_again():
    values = np.random.default_rng(1).poisson(100, (6, 420)).astype(float)
    values[:, STAMPS.get_loc("2023-12-25")] = 40

    stamps = STAMPS.append(pd.date_range(STAMPS[-1], periods=330, freq="D")[1:])
    base = fit_base(values, calendar_of(stamps, "D", "GB-ENG"), 28)

    assert (base.factor[:, stamps.get_loc("2024-12-25")] < 0.65).all()


def test_noise_is_drawn_together_and_signal_is_kept():
    chance = np.random.default_rng(2)
    noisy = 1 + 0.3 * chance.standard_normal((50, 7))
    clear = np.tile(WEEK, (50, 1)) * (1 + 0.2 * chance.standard_normal((50, 1)) * (np.arange(7) == 0))

    assert shrink(noisy, np.full((50, 7), 0.09), 50).std() < 0.1
    np.testing.assert_allclose(shrink(clear, np.full((50, 7), 1e-6), 50), clear, atol=0.01)


def test_nothing_learned_later_changes_what_was_known():
    values = np.random.default_rng(3).poisson(50, (3, 420)).astype(float)
    changed = values.copy()
    changed[:, 400:] *= 5
    stamps = STAMPS.append(pd.date_range(STAMPS[-1], periods=29, freq="D")[1:])
    calendar = calendar_of(stamps, "D")

    first, second = (fit_base(v, calendar, 28, learned=400) for v in (values, changed))

    np.testing.assert_array_equal(first.factor, second.factor)
    np.testing.assert_allclose(first.level[:, :400], second.level[:, :400])
