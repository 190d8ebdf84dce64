"""A changed weekday is followed within weeks; an unchanged one is left alone."""

import numpy as np
import pandas as pd

from forecasting.base import fit_base
from forecasting.features import calendar_of
from forecasting.lately import latest

WEEK = np.array([1.1, 1.1, 1.0, 1.0, 1.1, 0.9, 0.8])


def _ward(weeks: int, changed_after: int, series: int = 20) -> tuple[np.ndarray, np.ndarray]:
    """Counts of wards that discharge on Sundays as on Mondays from some week on, and their true means."""
    week = np.tile(WEEK, (weeks, 1))
    week[changed_after:, 6] = 1.1
    mean = 100 * np.tile(week.ravel(), (series, 1))
    return np.random.default_rng(4).poisson(mean).astype(float), mean


def _foretold(counts: np.ndarray) -> np.ndarray:
    stamps = pd.date_range("2023-01-02", periods=counts.shape[1] + 28, freq="D")
    base = fit_base(counts, calendar_of(stamps, "D"), 28)
    return base.mean(counts.shape[1] - 1, np.arange(1, 29))


def test_a_weekday_that_changed_four_months_ago_is_followed_most_of_the_way():
    counts, _ = _ward(weeks=112, changed_after=96)

    sundays = _foretold(counts)[:, 6::7].mean()

    assert 97 < sundays < 115  # 80 for two years, 110 since: most of the way


def test_wards_that_never_changed_are_forecast_within_the_noise_of_their_counts():
    counts, mean = _ward(weeks=112, changed_after=112)

    miss = np.abs(_foretold(counts) / mean[:, :28] - 1).mean()

    assert miss < 0.03  # a Poisson count of 100 varies by 10 %


def test_the_weekday_is_looked_up_among_days_already_known():
    origin = 20

    found = latest(np.array([21, 27, 28, 14, 20, 3]), origin, 7)

    assert found.tolist() == [14, 20, 14, 14, 20, 17]
